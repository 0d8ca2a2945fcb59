"""R1, R2 and what they leave out as plain data (schema 1)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from chiasm.audit.vsil import Leakage, Rate
from chiasm.audit.vsil_controls import RateDifference
from chiasm.audit.vsil_figures import Audited
from chiasm.audit.vsil_published import Line, caveat, lines, published_judge
from chiasm.stats import Estimate

SCHEMA = 1

METRICS = {
    "r1": "r1",
    "r2": "r2",
    "leak_share": "leak_share",
    "text_alarm": "text_alarm_rate",
    "image_alarm": "image_alarm_rate",
    "text_only": "text_only_alarm_rate",
}
"""Attributes of `Leakage`, and the names of their figures."""


def as_json(found: Sequence[Audited]) -> dict[str, Any]:
    """All figures: estimates, differences to benign rows, tables of verdicts, the paper's lines."""
    return {
        "schema": SCHEMA,
        "estimates": [e for one in found for e in _estimates(one)],
        "differences": [
            {**_difference(d), "benchmark": one.dataset, "judge": one.judge, "input": what}
            for one in found
            for what, d in one.alarms.items()
        ],
        "tables": [
            {
                "benchmark": one.dataset,
                "judge": one.judge,
                "columns": ["both", "text", "image", "rows"],
                "rows": [[*verdicts, n] for verdicts, n in one.leakage.table.items()],
                "without_verdict": {what: dict(why) for what, why in one.failures.items()},
            }
            for one in found
        ],
        "published": [_published(line, found) for line in lines()],
    }


def _estimates(one: Audited) -> list[dict[str, Any]]:
    head = {"benchmark": one.dataset, "protocol": "vsil", "view": "full", "judge": one.judge}
    marks = list(one.marks)
    told = [
        {**head, "group": group, "metric": name, **_rate(getattr(leak, key)), "marks": marks}
        for group, leak in _groups(one)
        for key, name in METRICS.items()
    ]
    for entry in told:
        if entry["group"] == "all":
            key = next(k for k, name in METRICS.items() if name == entry["metric"])
            entry["missing_by"] = dict(one.missing[key])
    for what, d in one.alarms.items():
        entry = {**head, "group": "controls", "metric": f"{what}_alarm_rate"}
        told.append({**entry, **_rate(d.controls), "marks": marks})
    for what, rate in one.flips.items():
        entry = {**head, "group": "all and controls", "metric": f"{what}_flip_rate"}
        told.append({**entry, **_rate(rate), "marks": marks})
    return told


def _groups(one: Audited) -> list[tuple[str, Leakage]]:
    return [("all", one.leakage), *one.by_category.items()]


def _rate(rate: Rate) -> dict[str, Any]:
    e = rate.estimate
    return {
        **_figure(e),
        "asked": e.n + rate.missing,
        "bound_low": _defined(rate.bounds.low),
        "bound_high": _defined(rate.bounds.high),
    }


def _figure(e: Estimate) -> dict[str, Any]:
    return {
        "k": e.k,
        "n": e.n,
        "rate": _defined(e.rate),
        "low": _defined(e.low),
        "high": _defined(e.high),
        "method": e.method,
        "reason": e.reason or None,
    }


def _difference(d: RateDifference) -> dict[str, Any]:
    return {
        "difference": _defined(d.difference),
        "low": _defined(d.low),
        "high": _defined(d.high),
        "bound_low": _defined(d.bounds.low),
        "bound_high": _defined(d.bounds.high),
        "rows": _rate(d.rows),
        "controls": _rate(d.controls),
        "method": d.method,
        "reason": d.reason or None,
    }


def _published(line: Line, found: Sequence[Audited]) -> Mapping[str, Any]:
    return {
        "benchmark": line.dataset,
        "judge": line.judge,
        "place": line.place,
        "n": line.n,
        "r1": {**_figure(line.r1), "printed": line.r1_printed},
        "r2": {**_figure(line.r2), "printed": line.r2_printed},
        "leak_share": _figure(line.leak_share),
        "notes": list(line.notes),
        "beside": [
            {"benchmark": one.dataset, "judge": one.judge, "caveat": caveat(line.judge) or None}
            for one in found
            if one.rows and published_judge(one) == line.judge
        ],
    }


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
