"""Rates with intervals: Wilson, Wilson for clustered items, and worst-case bounds.

Items that share an image, a query, a hazard family, or are answers to one question, are not
independent: counted as if they were, a 95 % interval covers the truth in as few as 40 % of
cases. `clustered` is the interval for every rate of the package; it is Wilson's where each item
is a cluster of its own. Coverage: docs/statistics.md, tests/stats/test_coverage.py.
"""

import math
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit  # type: ignore[import-untyped]

FloatArray = NDArray[np.float64]


class Estimate(NamedTuple):
    """A rate (or a kappa) with its interval.

    Attributes:
        rate: In [0, 1] (a kappa: in [-1, 1]); NaN where undefined.
        low: Lower limit; NaN where undefined.
        high: Upper limit; NaN where undefined.
        k: Items that count, 0 <= k <= n.
        n: Items with a verdict.
        method: How the interval was made, for a table's footnote.
        reason: Why something is NaN; empty where nothing is.
        effective_n: Independent items that carry as much information, in (0, n]; NaN where
            undefined.
    """

    rate: float
    low: float
    high: float
    k: int
    n: int
    method: str
    reason: str = ""
    effective_n: float = math.nan


class Bounds(NamedTuple):
    """Smallest and largest rate possible, whatever the missing items are; NaN without items."""

    low: float
    high: float


class Sums(NamedTuple):
    """What the clustered interval needs of the data: sums over clusters, numbers or arrays.

    Attributes:
        clusters: How many clusters, m >= 2.
        k: Sum of the clusters' ones.
        n: Sum of the clusters' sizes.
        kk: Sum of squared ones.
        kn: Sum of ones times size.
        nn: Sum of squared sizes.
    """

    clusters: int
    k: Any
    n: Any
    kk: Any
    kn: Any
    nn: Any


def wilson(k: int, n: int, *, level: float = 0.95) -> Estimate:
    """Wilson score interval of a binomial proportion.

    Args:
        k: Number of ones, 0 <= k <= n.
        n: Independent items. Items that share an image are not: use `clustered`.
        level: Nominal coverage, in (0, 1).

    Returns:
        k / n and its two-sided interval, never of width 0; NaN with a reason for n = 0.

    Raises:
        ValueError: An argument is out of range.

    Source:
        Wilson (1927), JASA 22:209. Brown, Cai & DasGupta (2001), Stat. Sci. 16:101, for why.

    >>> [round(x, 4) for x in wilson(7, 20)[:3]]
    [0.35, 0.1812, 0.5671]
    """
    _check(k, n, level)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, 0, "wilson", "nothing was scored")
    low, high = score_limits(k / n, n, float(ndtri((1 + level) / 2)))
    return Estimate(k / n, float(low), float(high), k, n, "wilson", effective_n=float(n))


def clustered(
    successes: ArrayLike, clusters: Iterable[Hashable], *, level: float = 0.95
) -> Estimate:
    """Wilson's interval on the effective sample size of clustered items.

    The design effect is the cluster-robust variance of k/n over its binomial variance, at least
    1, with one imaginary cluster of typical size added, half ones and half zeros; n divided by
    it takes the place of n in Wilson's formula, Student's t with clusters - 1 degrees of freedom
    that of the normal quantile. The imaginary cluster moves the width only, never the rate:
    where few clusters or extreme rates show no spread, it keeps the estimated design effect from
    collapsing to 1 (at k = 0 it gives about one independent item a cluster).

    Args:
        successes: 0 or 1 per item, shape (n_items,).
        clusters: The cluster of each item, same length.
        level: Nominal coverage, in (0, 1).

    Returns:
        k / n with its interval, never of width 0. Where every item is a cluster of its own it is
        `wilson`. The same whatever the items' order. NaN with a reason without items; with a
        single cluster of several items the rate is defined and its interval NaN.

    Raises:
        ValueError: Lengths differ, a value is neither 0 nor 1, or the level is out of range.

    Source:
        Korn & Graubard (1998), Survey Methodology 24:193 (effective sample size); Dean & Pagano
        (2015), J. Surv. Stat. Methodol. 3:484 (Wilson's form). The imaginary cluster is ours.

    >>> thrice = clustered([1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0], list("aaabbbcccddd"))
    >>> [round(x, 3) for x in thrice[:3]]
    [0.417, 0.054, 0.9]
    """
    ones = np.asarray(successes, dtype=np.float64)
    labels = list(clusters)
    if ones.shape != (len(labels),):
        raise ValueError(f"successes has shape {ones.shape}, clusters has {len(labels)} items")
    if not np.isin(ones, (0, 1)).all():
        raise ValueError("successes must be 0 or 1; leave items without a verdict out")
    sums = _sums(ones, labels)
    _check(sums.k, sums.n, level)
    if sums.clusters == sums.n:
        return wilson(sums.k, sums.n, level=level)
    method = f"wilson, {sums.clusters} clusters"
    rate = sums.k / sums.n
    if sums.clusters == 1:
        reason = "a single cluster says nothing about the spread between clusters"
        return Estimate(rate, math.nan, math.nan, sums.k, sums.n, method, reason)
    size, quantile = float(effective_size(sums)), t_quantile(sums.clusters, level)
    low, high = score_limits(rate, size, quantile)
    return Estimate(rate, float(low), float(high), sums.k, sums.n, method, effective_n=size)


def bounds(k: int, n: int, missing: int) -> Bounds:
    """Worst-case bounds of a rate: every missing item a zero, or every one a one.

    Args:
        k: Ones among the n items with a verdict.
        n: Items with a verdict.
        missing: Items asked for and without a verdict.

    Returns:
        k / (n + missing) and (k + missing) / (n + missing), in [0, 1]; NaN where both are 0.

    Raises:
        ValueError: A count is negative or k > n.

    Source:
        Manski (1989), J. Human Resources 24:343.

    >>> [round(limit, 3) for limit in bounds(69, 165, 2)]
    [0.413, 0.425]
    """
    if not 0 <= k <= n or missing < 0:
        raise ValueError(f"need 0 <= k <= n and missing >= 0, got k={k}, n={n}, missing={missing}")
    asked = n + missing
    if asked == 0:
        return Bounds(math.nan, math.nan)
    return Bounds(k / asked, (k + missing) / asked)


def effective_size(sums: Sums) -> Any:
    """Number of independent items worth as much as the clustered ones, in (0, n]; elementwise."""
    size = sums.nn / sums.n  # of the cluster that a random item is in: equal sizes give that size
    m, n = sums.clusters + 1, sums.n + size
    p = (sums.k + size / 2) / n
    squares = (sums.kk + size**2 / 2) - 2 * p * (sums.kn + size**2 / 2) + p**2 * (sums.nn + size**2)
    design_effect = m / (m - 1) * squares / (n * p * (1 - p))
    return sums.n / np.maximum(1.0, design_effect)


def score_limits(rate: Any, size: Any, quantile: float) -> tuple[FloatArray, FloatArray]:
    """Wilson's limits for a rate in [0, 1] seen on `size` > 0 items; elementwise."""
    z2 = quantile**2 / size
    centre = (rate + z2 / 2) / (1 + z2)
    half = np.sqrt(rate * (1 - rate) * z2 + z2**2 / 4) / (1 + z2)
    # At the ends the formula is 0 or 1 but for rounding, which must not exclude the rate itself.
    return np.where(rate == 0, 0.0, centre - half), np.where(rate == 1, 1.0, centre + half)


def t_quantile(clusters: int, level: float) -> float:
    """Two-sided quantile of Student's t with clusters - 1 degrees of freedom."""
    return float(stdtrit(clusters - 1, (1 + level) / 2))


def _sums(ones: FloatArray, labels: list[Hashable]) -> Sums:
    # Whole numbers: exact, so that the order in which a resumed run finished changes no digit.
    counts: dict[Hashable, list[int]] = {}
    for label, one in zip(labels, ones, strict=True):
        count = counts.setdefault(label, [0, 0])
        count[0] += int(one)
        count[1] += 1
    pairs = counts.values()
    return Sums(
        clusters=len(pairs),
        k=sum(k for k, _ in pairs),
        n=len(labels),
        kk=sum(k * k for k, _ in pairs),
        kn=sum(k * n for k, n in pairs),
        nn=sum(n * n for _, n in pairs),
    )


def _check(k: int, n: int, level: float) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"need 0 <= k <= n, got k={k}, n={n}")
    check_level(level)


def check_level(level: float) -> None:
    """Raise ValueError unless the level is in (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
