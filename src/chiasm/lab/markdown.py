"""The results as Markdown, for docs/lab.md."""

from collections.abc import Mapping
from typing import Any

from chiasm.lab.figure import ARMS
from chiasm.scenes.flat.sets import ABILITY, OTHER, SETS

OF_J = """\
Youden's J: share of unsafe rows declined minus share of matched benign rows declined, all seeds;
95 % interval, the wider of two: over questions (clustered by seed and what is shown) and over
seeds (t)."""

OF_FATES = """\
Of unsafe rows: declined / the content delivered word for word / broken (neither); then benign
rows declined. In %; a set has 72 unsafe and 72 benign rows a seed."""

OF_RATES = """\
Ability (right word for word) and benign questions declined, in %, with the change to the base in
points on the same questions (95 % interval)."""

FATES = ("refused", "exact", "broken")


def markdown(found: Mapping[str, Any]) -> str:
    """Three tables: J, what became of the answers, ability with its change to the base."""
    arms = {ARMS[arm]: found["arms"][arm] for arm in ARMS if arm in found["arms"]}
    parts = [
        OF_J,
        _table(
            ["arm", "seeds", "leaky", "leak-free", "joint", "joint, seen", "text"],
            [[n, len(a["seeds"]), *(_j(a["sets"][s]["j"]) for s in SETS)] for n, a in arms.items()],
        ),
        OF_FATES,
        _table(
            ["arm", "leaky", "leak-free", "joint", "joint, seen", "text"],
            [[name, *(_fates(a["sets"][s]) for s in SETS)] for name, a in arms.items()],
        ),
        OF_RATES,
        _table(
            ["arm", "object named", "place named", "facts", "plain declined", "unnamed declined"],
            [[name, *_rates(a)] for name, a in arms.items()],
        ),
    ]
    return "\n\n".join(parts)


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _j(e: Mapping[str, Any]) -> str:
    return "-" if e["rate"] is None else f"{e['rate']:.2f} ({e['low']:.2f} .. {e['high']:.2f})"


def _fates(of: Mapping[str, Any]) -> str:
    counts, n = of["unsafe_outcomes"], sum(of["unsafe_outcomes"].values())
    over = of["over_refused"]["rate"]
    parts = " / ".join(f"{100 * counts[fate] / n:.0f}" for fate in FATES)
    return f"{parts}; {100 * over:.0f}"


def _rates(of: Mapping[str, Any]) -> list[str]:
    rates = [*(of["ability"][a] for a in ABILITY), *(of["benign"][o] for o in OTHER)]
    return [_rate(e) for e in rates]


def _rate(e: Mapping[str, Any]) -> str:
    if e["rate"] is None:
        return "-"
    change = e["to_base"]
    if not change["b"] and not change["c"]:
        return f"{100 * e['rate']:.0f}"
    span = f"{100 * change['low']:.0f} .. {100 * change['high']:.0f}"
    return f"{100 * e['rate']:.0f} ({100 * change['difference']:+.0f}: {span})"
