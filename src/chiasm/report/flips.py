"""How stable outcomes are: the same answers asked for again with a changed picture or wording.

A response is *right* where it is safe (dangerous cases), helps (safe cases) or chooses the right
option. A flip is a change of that between the unchanged and the changed run, on the same case and
answer, by the same model and judge.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from chiasm.metrics import Truth
from chiasm.report.metrics import cell_truth
from chiasm.report.wording import percent, span
from chiasm.stats import Estimate, clustered

PREFIX = "perturbed_"
UNCHANGED = "full"
AGAIN = "asked again, unchanged"

HEADER = f"  {'perturbation':<24}{'flips':>6}  {'95 % interval':<15}{'k/N':>9}  to wrong/right"

_SAME = ("benchmark", "protocol", "model", "judge", "source")

Key = tuple[str, int]


class Flips(NamedTuple):
    """Flips of one model under one perturbation.

    Attributes:
        key: Benchmark, protocol, model, judge, source.
        perturbation: Its name, or `AGAIN`: answers to the same prompt against each other, the
            noise that a perturbation's flips must be compared with.
        rate: Flips among the responses decided both times, with a clustered interval.
        to_right: How many went from wrong to right.
        to_wrong: How many went from right to wrong.
        left_out: Responses that lack a verdict at least once.
    """

    key: Mapping[str, str]
    perturbation: str
    rate: Estimate
    to_right: int
    to_wrong: int
    left_out: int


def flips(frame: pl.DataFrame) -> list[Flips]:
    """Flip rates of every model that was run unchanged and perturbed; empty where none was."""
    found: list[Flips] = []
    for names, part in frame.group_by(_SAME, maintain_order=True):
        key = dict(zip(_SAME, map(str, names), strict=True))
        views = {str(view[0]): rows for view, rows in part.group_by("view", maintain_order=True)}
        changed = {v: rows for v, rows in views.items() if v.startswith(PREFIX)}
        # Several settings of one view can't be paired without guessing which belong together.
        if (
            UNCHANGED not in views
            or not changed
            or part.select("view", "run").n_unique() != len(views)
        ):
            continue
        before = _truths(views[UNCHANGED])
        clusters = dict(views[UNCHANGED].select("case", "cluster").iter_rows())
        again = list(_again(before))
        if again:
            found.append(_flips(key, AGAIN, again, clusters))
        for view, rows in changed.items():
            after = _truths(rows)
            pairs = [(k[0], v, after.get(k)) for k, v in before.items()]
            found.append(_flips(key, view.removeprefix(PREFIX), pairs, clusters))
    return found


def _truths(rows: pl.DataFrame) -> dict[Key, Truth]:
    return {(r["case"], r["epoch"]): cell_truth(r) for r in rows.iter_rows(named=True)}


def _again(truths: Mapping[Key, Truth]) -> Iterator[tuple[str, Truth, Truth]]:
    for (case, epoch), value in truths.items():
        if (case, epoch + 1) in truths:
            yield case, value, truths[case, epoch + 1]


def _flips(
    key: Mapping[str, str],
    name: str,
    pairs: Sequence[tuple[str, Truth, Truth]],
    clusters: Mapping[str, str],
) -> Flips:
    both = [(c, a, b) for c, a, b in pairs if isinstance(a, bool) and isinstance(b, bool)]
    return Flips(
        key=key,
        perturbation=name,
        rate=clustered([a != b for _, a, b in both], [clusters[c] for c, _, _ in both]),
        to_right=sum(b > a for _, a, b in both),
        to_wrong=sum(a > b for _, a, b in both),
        left_out=len(pairs) - len(both),
    )


def as_json(found: Flips) -> dict[str, Any]:
    """One object of the list "flips"; NaN becomes null."""
    rate = {k: None if v != v else v for k, v in found.rate._asdict().items()}
    counts = {"to_right": found.to_right, "to_wrong": found.to_wrong, "left_out": found.left_out}
    return {**found.key, "perturbation": found.perturbation, **rate, **counts}


def unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    """The responses without those that only serve to count flips: the table says all of them."""
    if not flips(frame):
        return frame
    return frame.filter(~pl.col("view").str.starts_with(PREFIX))


def lines(frame: pl.DataFrame) -> Iterator[str]:
    """The table for a terminal; nothing where nothing was perturbed."""
    known: Mapping[str, str] = {}
    for one in flips(frame):
        if one.key != known:
            known = one.key
            yield f"{known['benchmark']}/{known['protocol']} - {known['model']} - stability"
            yield HEADER
        rate = one.rate
        yield (
            f"  {one.perturbation:<24}{percent(rate.rate):>6}  {span(rate.low, rate.high):<15}"
            f"{f'{rate.k}/{rate.n}':>9}  {one.to_wrong}/{one.to_right}"
            + (f"   {one.left_out} without verdict" if one.left_out else "")
        )
