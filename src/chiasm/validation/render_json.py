"""Validation reports as JSON: a contract, ``"schema": 1``."""

import json
import math
from typing import Any

from chiasm.stats import Bounds, Estimate
from chiasm.validation.bias import RATES
from chiasm.validation.figures import TARGET, Figures
from chiasm.validation.report import JudgeReport, Validation

SCHEMA = 1


def as_json(found: Validation) -> str:
    """Rates in [0, 1]; null with a ``reason`` where undefined. See docs/judges.md for the keys."""
    people = found.people
    body = {
        "schema": SCHEMA,
        "on": people.name,
        "positive": people.reading.positive,
        "negative": people.reading.negative,
        "n": len(people.answers),
        "cluster": people.cluster,
        "clusters": len({a.cluster for a in people.answers}),
        "labelled_by": people.labelled_by,
        "left_out": dict(people.left_out),
        "notes": list(people.notes),
        "base_rate": _estimate(found.base_rate),
        "people": {k: _estimate(e) for k, e in (found.among_people or {}).items()} or None,
        "constants": [{"judge": k, **_figures(f)} for k, f in found.constants.items()],
        "judges": [_judge(found, judge) for judge in found.judges],
    }
    return json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)


def _judge(found: Validation, judge: JudgeReport) -> dict[str, Any]:
    verdicts, counts = judge.verdicts, judge.figures.counts
    none, asked = counts.without_positive + counts.without_negative, sum(counts[:4])
    groups = [
        {
            "by": dimension.name,
            "group": group.name,
            "n": group.n,
            "positive": group.positive,
            "no_verdict": group.without,
            **{name: _estimate(getattr(group, name)) for name in RATES},
        }
        for dimension in judge.bias
        for group in dimension.groups
    ]
    return {
        "judge": verdicts.judge,
        "on": found.people.name,
        **_figures(judge.figures),
        "no_verdict": {
            "n": none,
            "share": none / asked,
            "in_fn": counts.without_positive,
            "in_tn": counts.without_negative,
            "words": dict(sorted(verdicts.without.items())),
        },
        "meets": {"target": TARGET, "agreement": judge.meets},
        "bias": groups,
        "bias_not_shown": {d.name: d.reason for d in judge.bias if d.reason},
        "bias_apart": {
            d.name: {name: d.apart(name) for name in RATES} for d in judge.bias if not d.reason
        },
        "seconds": verdicts.seconds,
        "dollars": verdicts.dollars,
        "source": verdicts.source,
        "notes": list(verdicts.notes),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    counts = figures.counts
    body: dict[str, Any] = {name: getattr(counts, name) for name in ("tp", "fp", "fn", "tn")}
    body["n"] = sum(counts[:4])
    for name, estimate in figures.estimates.items():
        body[name] = _estimate(estimate, figures.bounds.get(name))
    return body


def _estimate(e: Estimate, bounds: Bounds | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "rate": _number(e.rate),
        "low": _number(e.low),
        "high": _number(e.high),
        "k": e.k,
        "n": e.n,
        "method": e.method,
    }
    if e.reason:
        body["reason"] = e.reason
    if bounds is not None:
        body["bound_low"], body["bound_high"] = _number(bounds.low), _number(bounds.high)
    return body


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
