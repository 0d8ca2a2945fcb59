"""A judge's alarms on a dataset's texts against its alarms on benign ones.

J(T) unsafe on 60 % of the unsafe rows says nothing of leakage if the judge calls 55 % of matched
benign texts unsafe too. The two groups are different rows, but may share clusters (a benign twin
of an unsafe row): their rates are then correlated.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chiasm.audit.vsil import Rate, rate
from chiasm.stats.intervals import Bounds, Estimate


class RateDifference(NamedTuple):
    """The rate of the rows minus that of the controls.

    Attributes:
        difference: In [-1, 1]; NaN where undefined.
        low: Lower limit; NaN where undefined.
        high: Upper limit; NaN where undefined.
        rows: The rate of the rows.
        controls: That of the controls.
        bounds: Of the difference, whatever the undecided rows are.
        method: How the interval was made.
        reason: Why something is NaN; empty where nothing is.
    """

    difference: float
    low: float
    high: float
    rows: Rate
    controls: Rate
    bounds: Bounds
    method: str
    reason: str = ""


def rate_difference(
    rows: ArrayLike,
    row_clusters: Sequence[Hashable],
    controls: ArrayLike,
    control_clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
) -> RateDifference:
    """Difference of two rates on different rows, with a clustered interval.

    The limits of the two clustered Wilson intervals are combined by the method of variance
    estimates recovery: it keeps its coverage where a rate is 0 or 1. Clusters in both groups
    correlate the rates; the correlation is estimated from sums over clusters.

    Args:
        rows: 1, 0, or NaN where undecided, shape (n,).
        row_clusters: Their clusters, same length.
        controls: Likewise, shape (m,).
        control_clusters: Likewise.
        level: Nominal coverage of each interval and of the difference, in (0, 1).

    Returns:
        NaN with a reason where a group has no decided row or no interval.

    Source:
        Newcombe (1998), Stat. Med. 17:873; Zou & Donner (2008), Stat. Med. 27:1693, equation 4.

    >>> found = rate_difference([1] * 7 + [0] * 3, range(10), [1] + [0] * 9, range(20, 30))
    >>> [round(x, 3) for x in found[:3]]
    [0.6, 0.171, 0.809]
    """
    a, b = np.asarray(rows, dtype=np.float64), np.asarray(controls, dtype=np.float64)
    first, second = rate(a, row_clusters, level), rate(b, control_clusters, level)
    one, two = first.estimate, second.estimate
    apart = Bounds(
        first.bounds.low - second.bounds.high,
        first.bounds.high - second.bounds.low,
    )
    method = "MOVER of two clustered Wilson intervals"
    difference = one.rate - two.rate
    reason = _reason(one, two)
    if reason:
        nan = math.nan
        return RateDifference(difference, nan, nan, first, second, apart, method, reason)
    r = _correlation((a, row_clusters, one.rate), (b, control_clusters, two.rate))
    low = _combined(one.rate - one.low, two.high - two.rate, r)
    high = _combined(one.high - one.rate, two.rate - two.low, r)
    return RateDifference(
        difference,
        max(-1.0, difference - low),
        min(1.0, difference + high),
        first,
        second,
        apart,
        method,
    )


def _reason(rows: Estimate, controls: Estimate) -> str:
    if not controls.n:
        return "no benign row has a verdict"
    return rows.reason or controls.reason


def _combined(x: float, y: float, r: float) -> float:
    return math.sqrt(max(0.0, x * x - 2 * r * x * y + y * y))


_Group = tuple[NDArray[np.float64], Sequence[Hashable], float]


def _correlation(first: _Group, second: _Group) -> float:
    """Of the two rates, by the clusters that both have; 0 where they share none."""
    a, b = _residuals(*first), _residuals(*second)
    shared = sorted(a.keys() & b.keys(), key=str)
    covariance = math.fsum(a[cluster] * b[cluster] for cluster in shared)
    scale = math.sqrt(math.fsum(x * x for x in a.values()) * math.fsum(x * x for x in b.values()))
    return covariance / scale if scale else 0.0


def _residuals(
    values: NDArray[np.float64], clusters: Sequence[Hashable], rate: float
) -> dict[Hashable, float]:
    sums: dict[Hashable, list[float]] = defaultdict(list)
    for value, cluster in zip(values.tolist(), clusters, strict=True):
        if not math.isnan(value):
            sums[cluster].append(value - rate)
    return {cluster: math.fsum(found) for cluster, found in sums.items()}
