"""Two models, adjusted: the difference of the rates that people would have given."""

import math
from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from chiasm.stats.adjusted import Adjusted
from chiasm.stats.cells import (
    Cells,
    Halves,
    IntArray,
    cell_rates,
    design_effect,
    make_cells,
    signed_halves,
)
from chiasm.stats.intervals import FloatArray
from chiasm.stats.labelled import FEWEST, Target, checked, student


class AdjustedDifference(NamedTuple):
    """The rate of b minus the rate of a that people would have given.

    Attributes:
        difference: In [-1, 1]; NaN where undefined.
        low: Lower limit.
        high: Upper limit.
        n_labels: Labelled cases (in the independent form: labels of both models).
        n: Cases.
        target: "items" or "population".
        method: For a table's footnote.
        reason: Why something is NaN; empty where nothing is.
        human_only: The same from labels and probabilities alone, as (difference, low, high).
        raw: The judge's difference, over cases on which it has both verdicts.
    """

    difference: float
    low: float
    high: float
    n_labels: int
    n: int
    target: Target
    method: str
    reason: str
    human_only: tuple[float, float, float]
    raw: float


def adjusted_difference(a: Adjusted, b: Adjusted) -> AdjustedDifference:
    """B minus a from two adjusted rates whose labels were drawn independently of each other.

    Args:
        a: Of the first model; same target as b.
        b: Of the second.

    Returns:
        Limits by square-and-add of the two intervals. For a population the two models' shared
        cases are not made use of: the interval is then wider than `adjusted_pairs`' would be.
        NaN with a reason where either rate is.

    Raises:
        ValueError: The targets differ.

    Source:
        Newcombe (1998), Stat. Med. 17:873, with any two intervals (Zou & Donner 2008).
    """
    if a.target != b.target:
        raise ValueError(f"targets differ: {a.target}, {b.target}")
    labels, n = a.n_labels + b.n_labels, min(a.n, b.n)
    method = "difference of two adjusted rates, labels independent"
    reason = "; ".join(
        f"{name}: {x.reason}" for name, x in (("first", a), ("second", b)) if x.reason
    )
    alone = _newcombe(*(tuple(x.human_only[:3]) for x in (a, b)))
    raw = b.raw.rate - a.raw.rate
    found = _newcombe((a.rate, a.low, a.high), (b.rate, b.low, b.high))
    return AdjustedDifference(*found, labels, n, a.target, method, reason, alone, raw)


def adjusted_pairs(
    verdicts: tuple[ArrayLike, ArrayLike],
    labels: tuple[ArrayLike, ArrayLike],
    probabilities: ArrayLike,
    *,
    clusters: Iterable[Hashable] | None = None,
    target: Target = "items",
    level: float = 0.95,
) -> AdjustedDifference:
    """Difference on the same cases, people having labelled both models' answers to some.

    PPI++ on the differences case by case: cases on which the judge finds b worse, a worse, and
    neither are separate cells, each with its labels' mean difference and its known size. A cell
    with fewer than 10 labels is joined to the largest: there the verdicts are not made use of.

    Args:
        verdicts: Of the judge on the answers of a and of b, 0, 1 or NaN, each of shape (n_cases,).
        labels: People's, the same; a case counts as labelled where both are there.
        probabilities: With which each *case* was chosen to have both labelled.
        clusters: The cluster of each case, for the target "population".
        target: As in `adjust`.
        level: Nominal coverage, in (0, 1).

    Returns:
        See `AdjustedDifference`. NaN with a reason where fewer than 10 cases are labelled, or a
        probability is unknown or 0.

    Raises:
        ValueError: As `adjust`.
    """
    first = checked(verdicts[0], labels[0], probabilities, clusters, None, target, level)
    second = checked(verdicts[1], labels[1], probabilities, first.clusters, None, target, level)
    change = second.labels - first.labels
    judged = second.verdicts - first.verdicts
    chosen, n, nan = np.flatnonzero(~np.isnan(change)), len(change), math.nan
    raw = float(np.nanmean(judged)) if not np.isnan(judged).all() else nan
    chances = first.probabilities
    reason = ""
    if len(chosen) < min(FEWEST, n) or n == 0:
        reason = f"{len(chosen)} cases have labels of both models: at least {FEWEST} are needed"
    elif not (chances[chosen] > 0).all() or (chances == 0).any():
        reason = "the probability of having been chosen is not known, or 0, for some cases"
    if reason:
        alone = (nan, nan, nan)
        return AdjustedDifference(
            nan, nan, nan, len(chosen), n, target, "ppi++", reason, alone, raw
        )
    group = _groups(judged, chosen)
    found = [
        _difference(cells, change, first.clusters, target, level)
        for cells in (
            make_cells(numbers, chosen, chances[chosen])
            for numbers in (group, np.zeros(n, dtype=np.intp))
        )
    ]
    method = f"ppi++ on differences in {len(np.unique(group))} cells of verdicts"
    return AdjustedDifference(*found[0], len(chosen), n, target, method, "", found[1], raw)


def _groups(judged: FloatArray, chosen: IntArray) -> IntArray:
    group = np.where(np.isnan(judged), 3, np.nan_to_num(judged) + 1).astype(np.intp)
    counts = np.bincount(group, minlength=4)
    labelled = np.bincount(group[chosen], minlength=4)
    largest = int(labelled.argmax())
    few = labelled < np.minimum(FEWEST, np.maximum(counts, 1))
    group[few[group]] = largest
    return np.asarray(np.unique(group, return_inverse=True)[1], dtype=np.intp)


def _difference(
    cells: Cells, change: FloatArray, clusters: IntArray, target: Target, level: float
) -> tuple[float, float, float]:
    n, m = len(change), len(np.unique(clusters))
    shares = cells.counts / n
    up, down = (cell_rates(cells, (change == sign).astype(np.float64)) for sign in (1, -1))
    of_label = cells.of_item[cells.chosen]
    spent = np.bincount(of_label, (1 - cells.probabilities) * cells.weights**2, len(shares))
    with np.errstate(divide="ignore"):
        sizes = np.where(cells.labels == cells.counts, np.inf, 1 / spent)
    quantile = student(min(len(cells.chosen) - len(shares), m - 1), level)
    reach = signed_halves(up, down, sizes, shares, quantile)
    centre = math.fsum(shares * (up - down))
    if target == "population":
        if m == 1:
            return centre, math.nan, math.nan
        ups, downs = np.array([math.fsum(shares * up)]), np.array([math.fsum(shares * down)])
        values = (up - down)[cells.of_item] - centre
        off = change[cells.chosen] - (up - down)[of_label]
        values[cells.chosen] += off * cells.weights * cells.counts[of_label]
        effect = design_effect(values, clusters, float(ups[0] + downs[0]) - centre**2)
        drawn = signed_halves(ups, downs, n / effect, np.ones(1), quantile)
        reach = Halves(np.hypot(reach.below, drawn.below), np.hypot(reach.above, drawn.above))
    low, high = centre - float(reach.below), centre + float(reach.above)
    return centre, max(-1.0, low), min(1.0, high)


def _newcombe(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
    centre = b[0] - a[0]
    low = centre - math.hypot(b[0] - b[1], a[2] - a[0])
    high = centre + math.hypot(b[2] - b[0], a[0] - a[1])
    return centre, max(-1.0, low), min(1.0, high)
