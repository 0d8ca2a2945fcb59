"""The page's part on defences: what each gains and costs beside the same model without one."""

from collections.abc import Sequence
from typing import Any

from chiasm.report.figures import difference_bar
from chiasm.report.metrics import LOWER_IS_BETTER
from chiasm.report.runs import Run
from chiasm.report.solvers import Change, Cost, Defended, defended, limits_of, p_of, unread_of
from chiasm.report.wording import NAMES

UNKNOWN = "not known"


def section(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A table a model; none where no run with a solver stands beside one without."""
    tables: dict[str, list[Defended]] = {}
    for one in defended(list(runs)):
        tables.setdefault(one.model, []).append(one)
    return [_table(model, found) for model, found in tables.items()]


def _table(model: str, found: Sequence[Defended]) -> dict[str, Any]:
    metrics = list(dict.fromkeys(c.metric for one in found for c in one.changes))
    return {
        "model": model,
        "metrics": [{"name": NAMES[m], "lower": m in LOWER_IS_BETTER} for m in metrics],
        "rows": [
            {
                "solver": one.solver,
                "cells": [_cell(one, metric) for metric in metrics],
                "price": _price(one.before, one.after),
                "unread": unread_of(one),
            }
            for one in found
        ],
    }


def _cell(one: Defended, metric: str) -> dict[str, Any] | None:
    change = next((c for c in one.changes if c.metric == metric), None)
    if change is None:
        return None
    d = change.difference
    shown, limits = f"{100 * d.difference:+.1f}", limits_of(change)
    told = f"{one.solver}, {NAMES[metric]}: {shown} points {limits}"
    low, high = (d.low, d.high) if d.low == d.low else (None, None)
    return {
        "difference": shown,
        "limits": limits,
        "apart": change.adjusted < 0.05,
        "p": p_of(change),
        "cases": _cases(change),
        "bar": difference_bar(d.difference, low, high, told),
    }


def _cases(change: Change) -> str:
    lost = f", {change.left_out} left out" if change.left_out else ""
    return f"{change.difference.n} cases{lost}"


def _price(before: Cost | None, after: Cost | None) -> list[tuple[str, str, str]]:
    """What an answer costs: name, without the defence, with it."""
    if before is None or after is None:
        return []
    told = (
        ("calls", before.calls, after.calls, 2),
        ("tokens in", before.tokens_in, after.tokens_in, 0),
        ("tokens out", before.tokens_out, after.tokens_out, 0),
        ("seconds, median", before.seconds, after.seconds, 2),
        ("seconds, p95", before.seconds_p95, after.seconds_p95, 2),
    )
    return [(name, _number(x, digits), _number(y, digits)) for name, x, y, digits in told]


def _number(x: float | None, digits: int) -> str:
    return UNKNOWN if x is None else f"{x:,.{digits}f}"
