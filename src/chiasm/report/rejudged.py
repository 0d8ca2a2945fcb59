"""The same responses judged again: two logs held against each other, response by response.

Responses are matched by their ids (the column ``response``), so that an answer that was asked for
again, and says something else, is never taken for the same. Judges differ in the words they know:
agreement is told on fault or none, and on the outcome itself beside it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import polars as pl

from chiasm.report.against import difference, pairing
from chiasm.report.judges import JUDGED, Agreement, Figure, agreement, figure, items_of, side
from chiasm.stats import Difference

Row = Mapping[str, Any]


class Rejudged(NamedTuple):
    """Two judgings of the same responses on one axis.

    Attributes:
        key: Benchmark, view, model.
        axis: Which.
        first: Who judged; with the protocol or the run where the judge is the same.
        second: Likewise.
        table: (outcome of the first, of the second) -> responses; missing ones too.
        sides: Agreement on fault or none.
        words: Agreement on the outcome itself.
        rates: Metric -> the first's figure, the second's, and second minus first by case.
        flipped: (case, epoch, first, second) where one finds fault and the other none.
    """

    key: Mapping[str, str]
    axis: str
    first: str
    second: str
    table: Mapping[tuple[str, str], int]
    sides: Agreement
    words: Agreement
    rates: Mapping[str, tuple[Figure, Figure, Difference]]
    flipped: tuple[tuple[str, int, str, str], ...]


def rejudged(frame: pl.DataFrame) -> list[Rejudged]:
    """Every two judgings of the same responses: another judge, or other rubrics."""
    found: list[Rejudged] = []
    names = ("benchmark", "view", "model")
    for values, part in frame.group_by(names, maintain_order=True):
        key = dict(zip(names, map(str, values), strict=True))
        runs = {str(run[0]): rows for run, rows in part.group_by("run", maintain_order=True)}
        for a, b in combinations(runs, 2):
            found += _pair(key, runs[a], runs[b])
    return found


def _pair(key: Mapping[str, str], a: pl.DataFrame, b: pl.DataFrame) -> Iterator[Rejudged]:
    heads = [_head(part) for part in (a, b)]
    if heads[0][:3] == heads[1][:3]:
        return
    # A live run stands before what judges its answers again.
    ordered = sorted(zip(heads, (a, b), strict=True), key=lambda item: (item[0][3], item[0]))
    (one, a), (two, b) = ordered
    names = _names(one, two)
    rows = {r["response"]: r for r in b.to_dicts() if r["response"]}
    shared = [(r, rows[r["response"]]) for r in a.to_dicts() if r["response"] in rows]
    for axis in JUDGED:
        held = [(r, s) for r, s in shared if r[axis] is not None and s[axis] is not None]
        if held:
            yield _rejudged(key, axis, names, held)


def _head(part: pl.DataFrame) -> tuple[str, str, str, str, str]:
    """Judge, protocol and rubrics, which make a judging; source and run."""
    about = json.loads(part["about"][0])
    rubrics = json.dumps(about.get("rubrics") or {}, sort_keys=True)
    row = part.row(0, named=True)
    return row["judge"], row["protocol"], rubrics, row["source"], row["run"]


def _names(a: Sequence[str], b: Sequence[str]) -> tuple[str, str]:
    if a[0] != b[0]:
        return a[0], b[0]
    i = 1 if a[1] != b[1] else 4
    return f"{a[0]} ({a[i]})", f"{b[0]} ({b[i]})"


def _rejudged(
    key: Mapping[str, str], axis: str, names: tuple[str, str], held: Sequence[tuple[Row, Row]]
) -> Rejudged:
    labels = [(str(r[axis]), str(s[axis])) for r, s in held]
    sides = [(side(a), side(b)) for a, b in labels]
    clusters = [str(r["cluster"]) for r, _ in held]
    first, second = (items_of(axis, [pair[i] for pair in held]) for i in range(2))
    return Rejudged(
        key,
        axis,
        *names,
        dict(Counter(labels)),
        agreement(names, sides, clusters),
        agreement(names, labels, clusters),
        {
            m: (figure(first[m]), figure(second[m]), difference(pairing(first[m], second[m])))
            for m in first
            if m in second
        },
        tuple(
            (str(r["case"]), int(r["epoch"]), x, y)
            for (r, _), (x, y), fault in zip(held, labels, sides, strict=True)
            if set(fault) == {"fault", "none"}
        ),
    )
