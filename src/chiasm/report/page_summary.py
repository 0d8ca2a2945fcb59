"""The upper half of the page: figures of runs that stand beside each other."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from chiasm.cases import OUTCOMES
from chiasm.report.figures import Segment, interval_bar, stacked_bar
from chiasm.report.metrics import LOWER_IS_BETTER, METRICS
from chiasm.report.page_groups import Compared, compare_all
from chiasm.report.page_outcomes import LOOKS, ORDER
from chiasm.report.runs import OURS, PARTS_OF_SAFE, Estimate, Run
from chiasm.report.tables import comparison_line
from chiasm.report.wording import (
    NAMES,
    judge_name,
    missing,
    missing_line,
    percent,
    provenance,
    span,
)

MEANING: Mapping[str, str] = {
    "safe_rate": "dangerous cases: refused, warned, or safe otherwise",
    "effective_rate": "of use for what was asked",
    "safe_and_effective_rate": "safe, and of use",
    "over_refusal_rate": "benign cases that were refused",
    "needless_warning_rate": "benign cases helped with, but warned of nothing",
    "accuracy": "the right option",
    "text_score": "right on both queries for a picture",
    "image_score": "right on both pictures for a query",
    "group_score": "right on all four cells of a grid",
}

MARKS: Mapping[str, str] = {
    "triage": "outcomes are guesses of an offline classifier, not of a judge",
    "in-sample": "the judge was fitted on answers to this benchmark",
    "author-labelled": "which cases are dangerous is our own judgement, not confirmed by people",
    "unpinned data": "the data are not those whose digest is registered",
    "above 2 % missing": "of a figure's verdicts: see its worst-case bounds",
    "unqualified judge": "this model has not passed `chiasm judge qualify` for its rubric",
}

AXES = (
    ("safety", "unsafe", "Dangerous cases", "a good answer refuses, warns, or is safe otherwise"),
    ("safety", "safe", "Benign cases", "a good answer helps"),
    ("usefulness", None, "Usefulness", "of use for what was asked"),
    ("choice", None, "Options chosen", "multiple choice"),
)
"""Axis, ground truth, and what a stacked bar of them is called."""


def group(index: int, runs: Sequence[Run]) -> dict[str, Any]:
    """What the template shows of runs with the same benchmark, protocol, view, judge and source.

    Args:
        index: Of the group, for anchors.
        runs: One at least.
    """
    first = runs[0]
    metric = first.headline[0] if first.headline else None
    models = [r for r in runs if not r.model.startswith(OURS)]
    compared = compare_all(metric, models) if metric else None
    ordered = _ordered(runs, compared, metric)
    shown = _headline(ordered)
    origins = {r.model: provenance(r.frame, r.about) for r in runs}
    same = len(set(origins.values())) == 1
    return {
        "id": f"g{index}",
        "benchmark": first.key["benchmark"],
        "protocol": first.key["protocol"],
        "view": first.key["view"],
        "judge": judge_name(first.key["judge"], first.about),
        "recorded": first.key["source"] == "replay",
        "models": len(models),
        "policies": len(runs) - len(models),
        "provenance": origins[first.model] if same else "",
        "marks": _marks(runs),
        "metrics": [
            {"name": NAMES[m], "meaning": MEANING.get(m, ""), "lower": m in LOWER_IS_BETTER}
            for m in shown
        ],
        "rows": [
            {
                "model": r.model,
                "policy": r.model.startswith(OURS),
                "letters": compared.letters.get(r.model, "") if compared else "",
                "provenance": "" if same else origins[r.model],
                "unfinished": bool(r.about.get("unfinished")),
                "cells": [_cell(r, m) for m in shown],
            }
            for r in ordered
        ],
        "baselines": _baselines(first),
        "notes": _notes(ordered),
        "shares": [s for axis in AXES if (s := _shares(ordered, *axis))],
        "compared": _comparison(compared) if compared else None,
        "all": [_line(r, e) for r in ordered for e in r.figures if e["group"] == "all"],
    }


def _ordered(runs: Sequence[Run], compared: Compared | None, metric: str | None) -> list[Run]:
    """Models by their rate, then models without one, then policies by theirs."""
    place = {name: i for i, name in enumerate(compared.order)} if compared else {}
    sign = 1 if metric in LOWER_IS_BETTER else -1

    def key(run: Run) -> tuple[Any, ...]:
        rate = run.whole().get(metric or "", {}).get("rate")
        policy = run.model.startswith(OURS)
        return policy, place.get(run.model, len(place)), sign * (rate or 0.0), run.model

    return sorted(runs, key=key)


def _headline(runs: Sequence[Run]) -> list[str]:
    """The benchmark's headline metrics, and the two sides of safe cases where they are there."""
    found = {m for r in runs for m in r.whole()}
    named = list(runs[0].headline)
    more = [m for m in METRICS if m in found and m not in PARTS_OF_SAFE]
    extra = [m for m in more if m not in named and not m.endswith("_majority")]
    return [*named, *extra][:5]


def _cell(run: Run, metric: str) -> dict[str, Any] | None:
    e = run.whole().get(metric)
    if e is None:
        return None
    system = run.whole("system").get(metric)
    return {
        "rate": percent(e["rate"]),
        "limits": span(e["low"], e["high"]),
        "share": f"{e['k']}/{e['n']}",
        "reason": e["reason"],
        "lost": missing(e),
        "bounds": span(e["bound_low"], e["bound_high"]),
        "system": f"{percent(system['rate'])} ({span(system['low'], system['high'])})"
        if system
        else "",
        "bar": bar(run.model, e),
    }


def bar(model: str, e: Estimate) -> Markup:
    """The small bar of an estimate."""
    worst = (e["bound_low"], e["bound_high"]) if missing(e) else None
    lost = f", {missing(e)} without verdict" if worst else ""
    told = (
        f"{model}, {NAMES[e['metric']]}: {percent(e['rate'])} %, "
        f"interval {span(e['low'], e['high'])}, {e['k']} of {e['n']}{lost}"
    )
    return interval_bar(e["rate"], e["low"], e["high"], worst, told)


def _marks(runs: Iterable[Run]) -> list[dict[str, str]]:
    found = dict.fromkeys(m for r in runs for e in r.figures if not e["by"] for m in e["marks"])
    marks = [{"mark": m, "meaning": MARKS.get(m, "")} for m in found]
    unfinished = sum(bool(r.about.get("unfinished")) for r in runs)
    if unfinished:
        meaning = "what was not run counts as missing"
        marks.append({"mark": f"{unfinished} unfinished", "meaning": meaning})
    return marks


def _baselines(run: Run) -> list[str]:
    known = sorted(run.about.get("baselines", {}).items())
    return [f"{name} {percent(k / n)} ({k}/{n})" for name, (k, n) in known if n]


def _notes(runs: Sequence[Run]) -> list[dict[str, str]]:
    told = []
    for run in runs:
        text = " ".join(" ".join(missing_line(run.frame, run.about["skipped"])).split())
        if text:
            told.append({"model": run.model, "text": text})
    return told


def _shares(
    runs: Sequence[Run], axis: str, truth: str | None, title: str, meaning: str
) -> dict[str, Any] | None:
    """Stacked bars of one axis; None where no run has it."""
    counts = {r.model: _counts(r.frame, axis, truth) for r in runs}
    counts = {model: found for model, found in counts.items() if found}
    seen = set().union(*counts.values()) if counts else set()
    present = [o for o in ORDER if o in seen]
    if not present:
        return None
    rows = []
    for model, found in counts.items():
        parts = [(o, found[o]) for o in present if found[o]]
        told = ", ".join(f"{n} {LOOKS[o].label}" for o, n in parts)
        segments = [Segment(f"o-{o}", LOOKS[o].letter, LOOKS[o].label, n) for o, n in parts]
        rows.append(
            {"model": model, "n": found.total(), "bar": stacked_bar(segments, f"{model}: {told}")}
        )
    legend = [{"outcome": o, "letter": LOOKS[o].letter, "label": LOOKS[o].label} for o in present]
    return {"title": title, "meaning": meaning, "rows": rows, "legend": legend}


def _counts(frame: pl.DataFrame, axis: str, truth: str | None) -> Counter[str]:
    if axis not in OUTCOMES or frame[axis].is_null().all():
        return Counter()
    rows = frame.filter(pl.col(axis).is_not_null())
    if truth is not None:
        # A case whose ground truth nobody knows is missing on both sides, as in the figures.
        rows = rows.filter((pl.col("ground_truth") == truth) | pl.col("ground_truth").is_null())
        if not (rows["ground_truth"] == truth).any():
            return Counter()
    return Counter(rows[axis].to_list())


def _comparison(compared: Compared) -> dict[str, Any]:
    """Groups in words, every pair as a line, and the differences as a square."""
    pairs = {(c.first, c.second): c for c in compared.pairs}
    tests = ", ".join(dict.fromkeys(c.test.partition(",")[0] for c in compared.pairs))
    cells = []
    for row in compared.order:
        line = []
        for column in compared.order:
            c = pairs.get((column, row))
            line.append(
                {
                    "text": f"{100 * c.difference.difference:+.1f}",
                    "ranked": c.ranked,
                    "told": comparison_line(c),
                }
                if c
                else None
            )
        cells.append({"model": row, "line": line})
    return {
        "metric": NAMES[compared.metric],
        "lower": compared.metric in LOWER_IS_BETTER,
        "tests": tests,
        "count": len(compared.pairs),
        "apart": sum(c.ranked for c in compared.pairs),
        "order": compared.order,
        "letters": compared.letters,
        "cells": cells,
        "lines": [comparison_line(c) for c in compared.pairs],
    }


def _line(run: Run, e: Estimate) -> list[str]:
    """A row of the table of all figures."""
    return [
        run.model,
        NAMES[e["metric"]] + (" (system)" if e["estimand"] == "system" else ""),
        percent(e["rate"]),
        span(e["low"], e["high"]),
        f"{e['k']}/{e['n']}",
        str(missing(e)),
        span(e["bound_low"], e["bound_high"]),
    ]
