"""One cell of the before-and-after table, and what is counted in it."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from chiasm.align.table2_groups import Entry
from chiasm.align.table2_stats import Change, Sum, changed
from chiasm.report.against import Pairing, difference, pairing, test
from chiasm.report.estimates import interval
from chiasm.report.metrics import Items
from chiasm.stats import bounds

_SAME = ("protocol", "judge")

Part = tuple[float, Items]


class Cell(NamedTuple):
    """One model on one benchmark and its benign rows.

    Attributes:
        entry: What is said of the benchmark.
        benign_name: The benchmark with its benign rows.
        unsafe: Its responses.
        benign: Those to the benign rows; None where none were asked.
        items: safe, over, warned -> what is counted; what was not asked is left out.
    """

    entry: Entry
    benign_name: str
    unsafe: pl.DataFrame
    benign: pl.DataFrame | None
    items: Mapping[str, Items]


def single(pairs: Pairing) -> dict[str, Any]:
    """One paired difference with its test, ready for JSON."""
    found = difference(pairs)
    p, name = test(pairs) if found.n else (math.nan, "")
    return {**plain(found._replace(p=p)), "test": name, "left_out": pairs.left_out}


def figure(items: Items) -> dict[str, Any]:
    """One rate with everything that belongs to it, ready for JSON."""
    estimate, worst = interval(items), bounds(items.k, items.n, items.asked - items.n)
    return {
        **plain(estimate),
        "asked": items.asked,
        "missing_by": items.missing_by,
        "bound_low": None if math.isnan(worst.low) else worst.low,
        "bound_high": None if math.isnan(worst.high) else worst.high,
    }


def youden(cell: Cell) -> list[Part]:
    """J as a sum of rates."""
    return [(1.0, cell.items["safe"]), (-1.0, cell.items["over"])]


def averaged(cells: Sequence[Cell]) -> list[Part]:
    """Mean J as a sum; a benign set that several benchmarks share is one part of it."""
    share = 1 / len(cells)
    benign: dict[str, list[Items]] = {}
    for cell in cells:
        benign.setdefault(cell.benign_name, []).append(cell.items["over"])
    shared = [(-share * len(same), same[0]) for same in benign.values()]
    return [*((share, cell.items["safe"]) for cell in cells), *shared]


def pairs_of(cell: Cell, base: Cell) -> list[tuple[float, Pairing]]:
    """The change of J as a sum of paired changes."""
    before = [items for _, items in youden(base)]
    return [(w, pairing(b, i)) for (w, i), b in zip(youden(cell), before, strict=True)]


def mean_change(cells: Sequence[Cell], bases: Sequence[Cell]) -> dict[str, Any]:
    """The change of mean J; null with a reason where two runs differ in more than the model."""
    for cell, base in zip(cells, bases, strict=True):
        reason = incomparable(cell, base, "j")
        if reason:
            return {"difference": None, "p": None, "reason": reason}
    parts = zip(averaged(cells), averaged(bases), strict=True)
    return plain(changed([(w, pairing(b, i)) for (w, i), (_, b) in parts]))


def incomparable(cell: Cell, base: Cell, rate: str) -> str:
    """Why two runs can't be set beside each other; empty where they can."""
    sides = {"safe": [(cell.unsafe, base.unsafe)], "j": [(cell.unsafe, base.unsafe)]}
    for one, two in [*sides.get(rate, []), *([(cell.benign, base.benign)] * (rate != "safe"))]:
        if one is None or two is None:
            return "no benign rows of both"
        for name in _SAME:
            if one[name][0] != two[name][0]:
                return f"another {name}: {two[name][0]} before, {one[name][0]} after"
        about = [json.loads(rows["about"][0]) for rows in (one, two)]
        for name in ("rubrics", "dataset"):
            kept = [a.get(name, {}) for a in about]
            kept = [k.get("digest") for k in kept] if name == "dataset" else kept
            if kept[0] != kept[1]:
                return f"another {'data digest' if name == 'dataset' else 'rubric'} than before"
    return ""


def absent(entry: Entry, name: str) -> dict[str, Any]:
    """Instead of a rate of benign rows that were not asked."""
    if entry.benign:
        return {"rate": None, "add": entry.benign, "reason": f"add {entry.benign} to the run"}
    return {"rate": None, "reason": f"no benign row of {name} was asked"}


def no_j(over: Mapping[str, Any]) -> dict[str, Any]:
    """Instead of J where there are no benign rows."""
    return {"value": None, "reason": f"no matched benign rows: {over['reason']}"}


def plain(found: Sum | Change | Any) -> dict[str, Any]:
    """JSON has no NaN: null."""
    fields = found._asdict().items()
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in fields}
