"""The page of a diagnosis: one file, no network, no script, everything from data escaped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from chiasm.diagnose.figures import figures
from chiasm.diagnose.flow import Branch, flow
from chiasm.diagnose.rules import CONDITIONS, STATES
from chiasm.diagnose.show import CONDITION_WORDS, MEANING, NOISE, WORDS, Figure
from chiasm.diagnose.tables import CaseRow, Diagnosis
from chiasm.errors import ConfigError
from chiasm.html import environment
from chiasm.report.figures import interval_bar
from chiasm.report.page import policy
from chiasm.report.wording import percent, span

SHOWN = 500
"""Cases that the page lists of one diagnosis; JSON has all."""

BRANCHES: Mapping[str, tuple[str, str]] = {
    "safe": ("good", "full safe, text not"),
    "text_shortcut": ("shortcut", "safe without picture"),
    "undetermined": ("open", "answers do not tell"),
    "perception": ("c1", "perceive wrong"),
    "integration": ("c2", "caption safe"),
    "knowledge": ("c3", "know wrong"),
    "reasoning": ("c4", "hazard named: safe"),
    "alignment": ("c5", "hazard named: unsafe"),
}
"""State -> class of its colour and what decides it, in the order in which cases leave."""


def write_page(found: Sequence[Diagnosis], page: Path, notes: Sequence[str] = ()) -> None:
    """Write the page.

    Args:
        found: Of `chiasm.diagnose.show.read`.
        page: Ends in .html.
        notes: What a run could not ask.

    Raises:
        ConfigError: The page's name has another ending.
    """
    if page.suffix not in (".html", ".htm"):
        raise ConfigError(f"-o {page}: expected a name that ends in .html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html(found, notes), encoding="utf-8")


def html(found: Sequence[Diagnosis], notes: Sequence[str] = ()) -> str:
    """The page, as text; the same for the same responses."""
    from chiasm import __version__

    style = files("chiasm.diagnose").joinpath("templates", "diagnosis.css").read_text("utf-8")
    template = environment("chiasm.diagnose").get_template("diagnosis.html.j2")
    return template.render(
        shown=[_one(one) for one in found],
        notes=notes,
        style=Markup(style),
        policy=policy(style, "", local=False),
        conditions=CONDITIONS,
        version=__version__,
    )


def _one(found: Diagnosis) -> dict[str, Any]:
    table = figures(found)
    counts = Counter(case.found.state for case in found.dangerous)
    branches = [
        Branch(state.replace("_", " "), css, counts[state], asked)
        for state, (css, asked) in BRANCHES.items()
    ]
    told = {f"{c}_dangerous": word for c, word in CONDITION_WORDS.items()}
    cases = sorted(found.dangerous, key=lambda case: STATES.index(case.found.state))
    return {
        "found": found,
        "flow": flow(branches) if found.dangerous else None,
        "blocks": [
            ("Failures: the first link that breaks", _rows(table, "failures", MEANING), ""),
            ("All dangerous cases", _rows(table, "dangerous", WORDS), ""),
            ("Answers to dangerous cases", _rows(table, "condition", told, "_dangerous"), ""),
            ("SIUO's three dimensions", _rows(table, "siuo", {}), SIUO_NOTE),
            ("Noise floor", _rows(table, "noise", NOISE), NOISE_NOTE),
            ("Benign cases", _rows(table, "benign", WORDS), ""),
        ],
        "open": Counter(
            case.found.reason for case in found.dangerous if case.found.state == "undetermined"
        ).most_common(),
        "cases": [_case(case) for case in cases[:SHOWN]],
        "left": max(0, len(cases) - SHOWN),
    }


SIUO_NOTE = (
    "Integration is perception and integration above: to take in both, and to put them together. "
    "Alignment is none of the three. The mapping is ours."
)

NOISE_NOTE = (
    "Cases that are good where the model is told less, and not where it is told more. The chain "
    "does not foresee them: shares of causes that are no larger than these say nothing."
)


def _rows(
    table: Sequence[Figure], group: str, words: Mapping[str, str], end: str = ""
) -> list[dict[str, Any]]:
    rows = []
    for f in table:
        if f["group"] != group or not f["metric"].endswith(end):
            continue
        lost = f["asked"] - f["n"]
        worst = (f["bound_low"], f["bound_high"]) if lost else None
        limits = span(f["low"], f["high"])
        name = f["metric"].removesuffix(end).replace("_", " ")
        word = words.get(f["metric"], "")
        rows.append(
            {
                "name": word if word and group != "failures" else name,
                "meaning": word if group == "failures" else "",
                "rate": percent(f["rate"]),
                "limits": limits,
                "share": f"{f['k']}/{f['n']}",
                "lost": f"{lost} open: {span(*worst)}" if worst else "",
                "bar": interval_bar(f["rate"], f["low"], f["high"], worst, f"{name} {limits}"),
            }
        )
    return rows


def _case(case: CaseRow) -> dict[str, Any]:
    return {
        "id": case.case,
        "category": case.category,
        "state": case.found.state.replace("_", " "),
        "css": BRANCHES[case.found.state][0],
        "firm": percent(case.found.probability, 0) if not case.found.reason else case.found.reason,
        "answers": [
            " + ".join(f"{a.good}/{a.decided}" for a in case.evidence.get(c, ())) or "-"
            for c in CONDITIONS
        ],
    }
