"""The judge's rates, the corrected ones and people's own, side by side, for terminals and files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from chiasm.labels.records import Label
from chiasm.report.adjusted import (
    HALF_WIDTH,
    Figure,
    as_json,
    compared,
    compared_json,
    estimate_json,
    figures,
    matched,
    plain,
)
from chiasm.report.labelled import Agreement, Labelled, agreements, join, told
from chiasm.report.wording import NAMES, cell, judge_name, percent, span, wrap
from chiasm.stats import Estimate

COLUMNS = ("judge (raw)", "adjusted", "people only", "Rogan-Gladen")

HOW: Mapping[str, str] = {
    "one": "by one person",
    "majority": "by majority",
    "adjudication": "adjudicated",
    "tie": "undecided: people are divided",
    "flagged": "flagged by all",
    "impossible": "with an outcome that such a case can't have",
}

TARGETS: Mapping[str, str] = {
    "items": "exactly these responses",
    "population": "cases and answers like these",
}


def lines(frame: pl.DataFrame, labels: Sequence[Label]) -> list[str]:
    """The tables; empty without labels."""
    if not labels:
        return []
    found = join(frame, labels)
    made = figures(frame, found)
    text = ["", "People's labels", *wrap(about(found, len(labels)))]
    for group in matched(made):
        text += ["", *_group(group)]
    agreed = agreements(frame, found)
    for line in agreement_lines(agreed):
        text += ["", *wrap(line, indent=0)]
    return text


def as_json_parts(frame: pl.DataFrame, labels: Sequence[Label]) -> dict[str, Any]:
    """What JSON says beside the estimates: "adjusted", "agreement", "labels"."""
    found = join(frame, labels)
    made = figures(frame, found)
    pairs = [pair for group in matched(made) for pair in compared(group)]
    return {
        "adjusted": [as_json(one) for one in made],
        "adjusted_comparisons": [compared_json(pair) for pair in pairs],
        "agreement": [agreement_json(one) for one in agreements(frame, found)],
        "labels": {
            "labels": len(found.labels),
            "people": found.people,
            "responses": found.responses,
            "superseded": found.superseded,
            "unknown": found.unknown,
            "flagged": found.flagged,
            "guidelines": dict(found.guidelines),
            "sources": dict(found.sources),
        },
    }


def as_rows(frame: pl.DataFrame, labels: Sequence[Label]) -> Iterator[dict[str, Any]]:
    """Rows of the CSV of estimates; `estimand` says which of the four rates it is."""
    for one in figures(frame, join(frame, labels)):
        a = one.adjusted
        of = (("raw", a.raw), ("adjusted", a), ("human_only", a.human_only),
              ("rogan_gladen", a.rogan_gladen))  # fmt: skip
        key = {n: one.run.key[n] for n in ("benchmark", "protocol", "view", "model", "judge",
                                           "source", "run")}  # fmt: skip
        for name, e in of:
            yield {
                **key, **_limits(one, e), "group": "all", "metric": one.rate.metric,
                "estimand": name, "unit": "response", "asked": a.n, "reason": e.reason,
                "method": e.method, "n": a.n if name == "raw" else a.n_labels,
            }  # fmt: skip


def about(found: Labelled, given: int) -> str:
    """How many labels there are, and what became of those that don't count."""
    parts = [f"{len(found.labels)} labels of {found.people} people on {found.responses} responses"]
    left = {
        "taken back by a later one": found.superseded,
        "on responses that are in none of these logs": found.unknown,
    }
    parts += [f"{n} {what}" for what, n in left.items() if n]
    parts += [f"{found.flagged} flagged"] if found.flagged else []
    guidelines = ", ".join(found.guidelines)
    parts += [f"guideline {guidelines}"] if guidelines else []
    parts += [f"from {', '.join(found.sources)}"] if found.sources else []
    return f"{given} read: {'; '.join(parts)}."


def cells(one: Figure) -> list[str]:
    """Rates and limits of the four columns, of the metric itself."""
    a = one.adjusted
    shown = [a.raw, a, a.human_only, a.rogan_gladen]
    told = [cell(_limits(one, e)) for e in shown]
    if a.rogan_gladen.unstable and told[3] != "-":
        told[3] += " !"
    return told


def _limits(one: Figure, e: Any) -> dict[str, float | None]:
    return dict(zip(("rate", "low", "high"), map(plain, one.of_rate(e)), strict=True))


def details(one: Figure) -> list[str]:
    """What stands below a row, each a sentence."""
    a, alarm = one.adjusted, one.rate.alarm.replace("_", " ")
    decided = ", ".join(f"{n} {HOW[how]}" for how, n in told(one.known.decided).items())
    found = [f"{a.n_labels} labelled of {a.n} responses ({decided})"]
    if one.known.unseen:
        found.append(f"{one.known.unseen} more have no answer to label and are in no rate here")
    if a.reason:
        return [*found, f"not adjusted: {a.reason}"]
    found.append(
        f"{alarm}: judge {_bare(a.raw)} ({a.raw.k}/{a.raw.n}), adjusted {_bare(a)}, people only "
        f"{_bare(a.human_only)} ({a.human_only.k}/{a.human_only.n} labels, weighted)"
    )
    found.append(
        f"lambda {a.power:.2f}, worth {a.effective_n:.0f} labels drawn at random; the judge on "
        f"these: sensitivity {_counted(a.sensitivity)}, specificity {_counted(a.specificity)}"
    )
    found += [a.note] if a.note else []
    if one.needed:
        points = f"{100 * HALF_WIDTH:.0f}"
        found.append(
            f"for +-{points} points: {one.needed.adjusted} labels stratified by this judge's "
            f"verdict, or {one.needed.human_only} without it"
        )
    found += [f"Rogan-Gladen: {a.rogan_gladen.reason}"] if a.rogan_gladen.reason else []
    return found


def _bare(e: Any) -> str:
    return f"{percent(plain(e.rate))} ({span(plain(e.low), plain(e.high))})"


def _counted(e: Estimate) -> str:
    return f"{_bare(e)} on {e.n}" if e.n else f"- ({e.reason})"


def heading(one: Figure) -> str:
    """Rate, benchmark, input condition and judge of a group of figures."""
    key = one.run.key
    where = "/".join(p for p in (key["benchmark"], key["protocol"]) if p)
    view = f", view {key['view']}" if key["view"] != "full" else ""
    judge = judge_name(key["judge"], one.run.about) or "no judge"
    return f"{NAMES[one.rate.metric]}, {where}{view}, {judge}"


def _group(group: Sequence[Figure]) -> Iterator[str]:
    target = TARGETS[group[0].adjusted.target]
    yield from wrap(f"{heading(group[0])}; target: {target}", indent=0)
    yield f"  {'':<24}" + "".join(f"{c:<18}" for c in COLUMNS)
    for one in group:
        yield f"  {one.run.model[:23]:<24}" + "".join(f"{c:<18}" for c in cells(one))
        for told_ in details(one):
            yield from wrap(told_, indent=4)
    for line in differences(group):
        yield from wrap(line)


def differences(group: Sequence[Figure]) -> list[str]:
    """Corrected differences between models, a line a pair."""
    told_ = []
    for one in compared(group):
        d = one.difference
        low, high, raw = 100 * d.low, 100 * d.high, 100 * d.raw
        apart = "apart" if d.low > 0 or d.high < 0 else "not told apart"
        told_.append(
            f"{one.second.run.model} - {one.first.run.model}, adjusted: {100 * d.difference:+.1f} "
            f"points ({low:+.1f} .. {high:+.1f}), raw {raw:+.1f}: {apart}"
        )
    return told_


def agreement_lines(found: Sequence[Agreement]) -> list[str]:
    """How far people agree, a line a rate."""
    lines_ = []
    for one in found:
        view = f", view {one.view}" if one.view != "full" else ""
        kappa = "Cohen's kappa" if one.people == 2 else "Fleiss' kappa"
        again = f"; the same again on {one.same} of {one.repeats} repeats" if one.repeats else ""
        lines_.append(
            f"People among themselves, {NAMES[one.rate.metric]}, {one.benchmark}{view}: "
            f"{one.people} people, {one.percent.n} responses with two labels or more (not "
            f"weighted); pairs agree on {_bare(one.percent)} %; {kappa} {_kappa(one.kappa)}, "
            f"Krippendorff's alpha {_kappa(one.alpha)}, AC1 {_kappa(one.ac1)}{again}."
        )
    return lines_


def _kappa(e: Estimate) -> str:
    if plain(e.rate) is None:
        return f"- ({e.reason})"
    limits = "no interval" if plain(e.low) is None else f"{e.low:.2f} .. {e.high:.2f}"
    return f"{e.rate:.2f} ({limits})"


def agreement_json(one: Agreement) -> dict[str, Any]:
    """For programs."""
    return {
        "schema": 1,
        "benchmark": one.benchmark,
        "view": one.view,
        "metric": one.rate.metric,
        "people": one.people,
        "percent": estimate_json(one.percent),
        "kappa": {**estimate_json(one.kappa), "kind": "cohen" if one.people == 2 else "fleiss"},
        "alpha": estimate_json(one.alpha),
        "ac1": estimate_json(one.ac1),
        "repeats": one.repeats,
        "repeats_same": one.same,
    }
