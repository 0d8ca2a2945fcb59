"""Agreement of two or more raters on the same items, missing ratings allowed.

Every coefficient is (observed - expected) / (1 - expected) agreement; they differ in what they
call expected, and which rating pairs they weigh how.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chiasm.stats.coefficients import (
    Coefficient,
    alpha_nominal,
    alpha_ordinal,
    averages,
    coincidences,
    fleiss,
    gwet,
    no_chance,
)
from chiasm.stats.intervals import Estimate, FloatArray, check_level, score_limits, t_quantile

STEP = 1e-4  # relative change of a cluster's weight, for derivatives by central differences


class _Rated(NamedTuple):
    """Ratings as counts.

    Attributes:
        counts: How many raters gave item i category k, shape (n_items, n_categories).
        clusters: Number of the cluster of each item, shape (n_items,).
    """

    counts: FloatArray
    clusters: NDArray[np.intp]


def percent_agreement(
    ratings: Any,
    *,
    clusters: Iterable[Hashable] | None = None,
    categories: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Share of rating pairs that agree, averaged over items; not corrected for chance.

    Args:
        ratings: One row per item, one column per rater, shape (n_items, n_raters): labels of any
            kind or coded numbers; None or NaN where a rater gave none.
        clusters: The cluster of each item; None where items are independent.
        categories: The labels that can be given; None for those that occur.
        level: Nominal coverage, in (0, 1).

    Returns:
        `rate` in [0, 1]; n counts the items with two ratings or more, k those on which all their
        raters agree (with two raters rate = k / n). The interval is Wilson's on the effective
        sample size: see `fleiss_kappa`. NaN with a reason where no item has two ratings.

    Raises:
        ValueError: A wrong shape, an unknown label, or a level out of range.

    >>> round(percent_agreement([["a", "a", None], ["a", "b", "b"], ["b", "b", "b"]]).rate, 3)
    0.778
    """
    rated = _rated(ratings, clusters, categories)
    return _estimate(rated, averages(rated.counts), no_chance, "percent agreement", level)


def fleiss_kappa(
    ratings: Any,
    *,
    clusters: Iterable[Hashable] | None = None,
    categories: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Fleiss' kappa: expected agreement from the pooled shares of the categories, squared.

    With two raters it is Scott's pi. Items may lack ratings (Gwet's form): agreement is over items
    with two ratings or more, the shares over all with one or more.

    The variance of this and the following coefficients is the delta method's, summed by cluster.
    The interval has Wilson's shape on the observed agreement, at the sample size that gives that
    variance (at most the number of ratings less one an item), with Student's t on clusters - 1
    degrees of freedom: it stays at or below 1 and has a width where all agree.

    Args:
        ratings: Shape (n_items, n_raters); None or NaN where a rater gave none.
        clusters: The cluster of each item; None where items are independent.
        categories: The labels that can be given; None for those that occur.
        level: Nominal coverage, in (0, 1).

    Returns:
        kappa in [-1, 1] as `rate`; k and n as in `percent_agreement`. NaN with a reason where no
        item has two ratings, or where one category is used throughout (0/0).

    Raises:
        ValueError: A wrong shape, an unknown label, or a level out of range.

    Source:
        Fleiss (1971), Psychol. Bull. 76:378; Gwet (2014), Handbook of Inter-Rater Reliability,
        4th ed., ch. 2 and 5 (missing ratings). The interval is ours.

    >>> round(fleiss_kappa([[1, 1, 1], [1, 2, 2], [2, 2, 2], [1, 1, None]]).rate, 3)
    0.657
    """
    rated = _rated(ratings, clusters, categories)
    return _estimate(rated, averages(rated.counts), fleiss, "fleiss kappa", level)


def gwet_ac1(
    ratings: Any,
    *,
    clusters: Iterable[Hashable] | None = None,
    categories: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Gwet's AC1: expected agreement is small where one category prevails, not large.

    It stays high where nearly all items are alike, and so rewards a constant rater (its AC1 on a
    25 % base rate is .68, its kappa 0): print it beside kappa, never alone.

    Args:
        ratings: Shape (n_items, n_raters); None or NaN where a rater gave none.
        clusters: The cluster of each item; None where items are independent.
        categories: The labels that can be given: AC1 depends on how many there are, used or not.
            None for those that occur.
        level: Nominal coverage, in (0, 1).

    Returns:
        AC1 in [-1, 1] as `rate`, as `fleiss_kappa` otherwise. Defined where a single category of
        two or more possible ones is used.

    Raises:
        ValueError: A wrong shape, an unknown label, or a level out of range.

    Source:
        Gwet (2008), Br. J. Math. Stat. Psychol. 61:29.

    >>> round(gwet_ac1([[1, 1, 1], [1, 2, 2], [2, 2, 2], [1, 1, None]]).rate, 3)
    0.676
    """
    rated = _rated(ratings, clusters, categories)
    return _estimate(rated, averages(rated.counts), gwet, "gwet ac1", level)


def krippendorff_alpha(
    ratings: Any,
    *,
    metric: Literal["nominal", "ordinal"] = "nominal",
    clusters: Iterable[Hashable] | None = None,
    categories: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Krippendorff's alpha: 1 - observed / expected disagreement over all pairable ratings.

    Args:
        ratings: Shape (n_items, n_raters); None or NaN where a rater gave none. Items with a
            single rating do not count.
        metric: "nominal": labels are equal or not. "ordinal": a disagreement weighs the more the
            more ratings lie between the two labels.
        clusters: The cluster of each item; None where items are independent.
        categories: The labels that can be given, for "ordinal" from lowest to highest; None for
            those that occur, which for "ordinal" must then be numbers.
        level: Nominal coverage, in (0, 1).

    Returns:
        alpha, at most 1, as `rate`, as `fleiss_kappa` otherwise.

    Raises:
        ValueError: A wrong shape, an unknown label or metric, ordinal labels without an order, or
            a level out of range.

    Source:
        Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    >>> round(krippendorff_alpha([[1, 1, 1], [1, 2, 2], [2, 2, 2], [1, 1, None]]).rate, 3)
    0.667
    """
    if metric not in ("nominal", "ordinal"):
        raise ValueError(f'metric must be "nominal" or "ordinal", got {metric!r}')
    rated = _rated(ratings, clusters, categories, ordered=metric == "ordinal")
    # Alone on its item a rating says nothing about agreement; its item's cluster neither.
    pairable = rated.counts.sum(1) >= 2
    rated = _Rated(rated.counts[pairable], rated.clusters[pairable])
    coefficient = alpha_ordinal if metric == "ordinal" else alpha_nominal
    statistics = coincidences(rated.counts)
    return _estimate(rated, statistics, coefficient, f"krippendorff alpha, {metric}", level)


def _rated(
    ratings: Any,
    clusters: Iterable[Hashable] | None,
    categories: Sequence[Hashable] | None,
    *,
    ordered: bool = False,
) -> _Rated:
    """Count the labels of each item; items without any are left out.

    Raises:
        ValueError: A wrong shape, or a label without a place.
    """
    cells = np.asarray(ratings, dtype=object)
    if cells.size == 0:
        cells = cells.reshape(len(cells), 0)
    if cells.ndim != 2:
        raise ValueError(f"ratings must be items x raters, got shape {cells.shape}")
    groups = list(range(len(cells))) if clusters is None else list(clusters)
    if len(groups) != len(cells):
        raise ValueError(f"ratings has {len(cells)} items, clusters {len(groups)}")
    given = [[None if cell != cell else cell for cell in row] for row in cells.tolist()]
    codes = _category_codes(given, categories, ordered=ordered)
    counts = np.zeros((len(given), len(codes)))
    for row, labels in enumerate(given):
        for label in labels:
            if label is not None:
                counts[row, codes[label]] += 1
    kept = counts.sum(1) > 0
    numbers: dict[Hashable, int] = {}
    of_item = np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.intp)
    return _Rated(counts[kept], of_item[kept])


def _category_codes(
    given: list[list[Any]], categories: Sequence[Hashable] | None, *, ordered: bool
) -> dict[Hashable, int]:
    found = {label for labels in given for label in labels if label is not None}
    if categories is not None:
        if unknown := found - set(categories):
            raise ValueError(
                f"labels that are not among the categories: {sorted(map(str, unknown))}"
            )
        return {label: code for code, label in enumerate(dict.fromkeys(categories))}
    if ordered and not all(isinstance(label, int | float | np.number) for label in found):
        raise ValueError("ordinal labels that are not numbers need categories, lowest first")
    key = None if ordered else (lambda label: (type(label).__name__, str(label)))
    return {label: code for code, label in enumerate(sorted(found, key=key))}


def _estimate(
    rated: _Rated, statistics: FloatArray, coefficient: Coefficient, name: str, level: float
) -> Estimate:
    check_level(level)
    raters = rated.counts.sum(1)
    n = int((raters >= 2).sum())
    k = int(((raters >= 2) & (rated.counts.max(1, initial=0) == raters)).sum())
    m = len(np.unique(rated.clusters))
    method = name if m == len(raters) else f"{name}, {m} clusters"
    nan = math.nan
    if n == 0:
        return Estimate(nan, nan, nan, 0, 0, method, "no item has two ratings")
    sums = _cluster_sums(statistics, rated.clusters)
    total = sums.sum(0)
    observed, expected = (float(value) for value in coefficient(total))
    if expected > 1 - 1e-12:
        return Estimate(nan, nan, nan, k, n, method, "a single category is used throughout")
    rate = (observed - expected) / (1 - expected)
    if m == 1:
        reason = "a single cluster says nothing about the spread between clusters"
        return Estimate(rate, nan, nan, k, n, method, reason)
    variance = _variance(total, sums, coefficient)
    binomial = observed * (1 - observed) / (1 - expected) ** 2
    # Where they agree always or never there is no spread to judge dependence by.
    size = float(m) if binomial <= 0 else float((raters - 1).sum())
    if binomial > 0 and variance > 0:
        size = min(size, binomial / variance)
    low, high = (
        max(-1.0, (float(limit) - expected) / (1 - expected))
        for limit in score_limits(min(1.0, max(0.0, observed)), size, t_quantile(m, level))
    )
    return Estimate(rate, low, high, k, n, method, effective_n=size)


def _cluster_sums(statistics: FloatArray, clusters: NDArray[np.intp]) -> FloatArray:
    # Sorted rows, within clusters and of the sums: the order of the items changes no digit.
    order = np.lexsort(statistics.T)
    _, number = np.unique(clusters[order], return_inverse=True)
    sums = np.zeros((number.max() + 1, statistics.shape[1]))
    np.add.at(sums, number, statistics[order])
    return np.asarray(sums[np.lexsort(sums.T)])


def _variance(total: FloatArray, sums: FloatArray, coefficient: Coefficient) -> float:
    """Delta method: the derivative of the coefficient to each cluster's weight, squared, summed."""
    up, down = (coefficient(total + sign * STEP * sums) for sign in (1, -1))
    influence = ((up[0] - up[1]) / (1 - up[1]) - (down[0] - down[1]) / (1 - down[1])) / (2 * STEP)
    m = len(sums)
    return m / (m - 1) * math.fsum((influence - influence.mean()) ** 2)
