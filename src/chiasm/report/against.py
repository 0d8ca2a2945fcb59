"""Runs against each other: the same cases, answered by two models."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from chiasm.report import metrics
from chiasm.report.metrics import Items
from chiasm.stats import Difference, bounds, holm, mcnemar, paired

LEVEL = 0.05
"""Above this adjusted p value two models are not ranked."""


class Pairing(NamedTuple):
    """Two runs on the cases that both decided, in the order of the first run.

    Attributes:
        first: Mean over the decided answers to each case, in [0, 1].
        second: Likewise, same cases.
        clusters: Of the cases.
        left_out: Cases that either run asked for and not both decided.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]
    clusters: tuple[str, ...]
    left_out: int


class Comparison(NamedTuple):
    """Second minus first.

    Attributes:
        metric: Its name.
        first: Name of the first model.
        second: Name of the second.
        difference: Rate of the second minus that of the first, with interval.
        p: Exact McNemar where each case is one answer and independent, else clustered.
        adjusted: By Holm, over the pairs compared together.
        test: "McNemar, exact" or the method of the interval.
        left_out: See `Pairing`.
        overlap: Whether the worst-case bounds of the two rates overlap.
    """

    metric: str
    first: str
    second: str
    difference: Difference
    p: float
    adjusted: float
    test: str
    left_out: int
    overlap: bool

    @property
    def ranked(self) -> bool:
        """Whether the order of the two is more than chance and missing verdicts could make it."""
        return self.adjusted < LEVEL and not self.overlap


def pairing(first: Items, second: Items) -> Pairing:
    """Pair by case."""
    a, b = _means(first), _means(second)
    clusters = dict(zip(first.cases, first.clusters, strict=True))
    shared = [case for case in a if case in b]
    asked = {*first.cases, *second.cases}
    return Pairing(
        tuple(a[case] for case in shared),
        tuple(b[case] for case in shared),
        tuple(clusters[case] for case in shared),
        len(asked) - len(shared),
    )


def _means(items: Items) -> dict[str, float]:
    values: dict[str, list[bool]] = defaultdict(list)
    for case, value in zip(items.cases, items.values, strict=True):
        if not isinstance(value, str):
            values[case].append(value)
    return {case: sum(v) / len(v) for case, v in values.items()}


def difference(pairs: Pairing) -> Difference:
    """Second minus first, with its clustered interval."""
    return paired(pairs.first, pairs.second, pairs.clusters)


def test(pairs: Pairing) -> tuple[float, str]:
    """Two-sided p of no difference, and the test's name."""
    binary = set(pairs.first) | set(pairs.second) <= {0.0, 1.0}
    found = difference(pairs)
    if binary and len(set(pairs.clusters)) == len(pairs.clusters):
        return mcnemar(found.b, found.c), "McNemar, exact"
    return found.p, found.method


def compare_models(metric: str, runs: Sequence[tuple[str, pl.DataFrame]]) -> list[Comparison]:
    """All pairs of runs on one metric; of more than four runs, the best against the others.

    Args:
        metric: One of `chiasm.report.metrics.METRICS`.
        runs: Names and responses, of one benchmark, protocol, view and judge.

    Returns:
        Comparisons with p values adjusted for their number; empty where nothing can be paired.
    """
    items = {name: metrics.items(metric, frame.to_dicts()) for name, frame in runs}
    items = {name: found for name, found in items.items() if found.n}
    names = sorted(items, key=lambda name: (-items[name].k / items[name].n, name))
    pairs = list(combinations(names, 2))
    if len(names) > 4:
        pairs = [pair for pair in pairs if pair[0] == names[0]]
    found = [_compare(metric, (a, items[a]), (b, items[b])) for a, b in pairs]
    found = [one for one in found if one.difference.n]
    adjusted = holm([one.p for one in found]) if found else np.array([])
    return [
        one._replace(adjusted=float(p)) for one, p in zip(found, adjusted.tolist(), strict=True)
    ]


def _compare(metric: str, first: tuple[str, Items], second: tuple[str, Items]) -> Comparison:
    pairs = pairing(first[1], second[1])
    p, name = test(pairs)
    found = difference(pairs)
    return Comparison(
        metric,
        first[0],
        second[0],
        found,
        p,
        p,
        name,
        pairs.left_out,
        _overlap(first[1], second[1]),
    )


def _overlap(a: Items, b: Items) -> bool:
    first, second = (bounds(i.k, i.n, i.asked - i.n) for i in (a, b))
    return first.low <= second.high and second.low <= first.high


def as_json(found: Comparison) -> dict[str, Any]:
    """Plain data, rates in [-1, 1]."""
    d = found.difference
    return {
        "metric": found.metric,
        "first": found.first,
        "second": found.second,
        "difference": d.difference,
        "low": d.low,
        "high": d.high,
        "n": d.n,
        "left_out": found.left_out,
        "p": found.p,
        "p_holm": found.adjusted,
        "test": found.test,
        "bounds_overlap": found.overlap,
        "ranked": found.ranked,
    }
