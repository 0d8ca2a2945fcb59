"""Agreement of two judges on the same responses."""

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri  # type: ignore[import-untyped]

from chiasm.stats.intervals import Estimate, FloatArray, check_level, score_limits, t_quantile


class _Kappa(NamedTuple):
    kappa: float
    observed: float  # share of items on which both agree
    expected: float  # the same by chance, from the two judges' own frequencies
    influence: FloatArray  # of each item on kappa; mean 0


def cohen_kappa(
    x: Sequence[Hashable],
    y: Sequence[Hashable],
    *,
    clusters: Iterable[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Cohen's kappa of two judges, unweighted, with an interval.

    kappa = (observed - expected) / (1 - expected) agreement: 1 is perfect, 0 what chance gives,
    below 0 worse. Its variance is the delta method's (per cluster where clusters are given); the
    interval has Wilson's shape on the observed agreement, at the sample size that gives that
    variance and at most n. So it is asymmetric near 1, stays at or below 1, and has a width
    where two judges always agree.

    Args:
        x: One judge's label per item. Items without a verdict of both must be left out by the
            caller, and counted.
        y: The other judge's labels, same order; exchanging x and y changes nothing.
        clusters: The cluster of each item; None where items are independent.
        level: Nominal coverage, in (0, 1).

    Returns:
        kappa in [-1, 1] as `rate`; k is the number of agreements. NaN with a reason without
        items, or where both use one and the same label throughout (0/0); with a single cluster
        of several items only the interval is NaN.

    Raises:
        ValueError: Lengths differ or the level is out of range.

    Source:
        Cohen (1960), Educ. Psychol. Meas. 20:37; Fleiss, Cohen & Everitt (1969), Psychol. Bull.
        72:323 (the variance). Wilson's shape for kappa is ours; coverage in docs/statistics.md.

    >>> kappa = cohen_kappa("aaaaaabbbb", "aaaaabbbba")
    >>> [round(v, 3) for v in kappa[:3]], kappa.k, kappa.n
    ([0.583, -0.062, 0.882], 8, 10)
    """
    check_level(level)
    groups: list[Hashable] = list(range(len(x))) if clusters is None else list(clusters)
    if not len(x) == len(y) == len(groups):
        raise ValueError(f"lengths differ: x {len(x)}, y {len(y)}, clusters {len(groups)}")
    n, m = len(x), len(set(groups))
    k = sum(a == b for a, b in zip(x, y, strict=True))
    nan, method = math.nan, "kappa" if m == n else f"kappa, {m} clusters"
    if n == 0:
        return Estimate(nan, nan, nan, 0, 0, method, "no item has both labels")
    found = _kappa(x, y)
    if found is None:
        return Estimate(nan, nan, nan, k, n, method, "both judges use a single label throughout")
    if m == 1 and n > 1:
        reason = "a single cluster says nothing about the spread between clusters"
        return Estimate(found.kappa, nan, nan, k, n, method, reason)
    quantile = float(ndtri((1 + level) / 2)) if m == n else t_quantile(m, level)
    size = _effective_size(found, _variance(found.influence, groups), n, m)
    low, high = (
        max(-1.0, (float(limit) - found.expected) / (1 - found.expected))
        for limit in score_limits(found.observed, size, quantile)
    )
    return Estimate(found.kappa, low, high, k, n, method, effective_n=size)


def _kappa(x: Sequence[Hashable], y: Sequence[Hashable]) -> _Kappa | None:
    codes: dict[Hashable, int] = {}
    left = np.array([codes.setdefault(label, len(codes)) for label in x])
    right = np.array([codes.setdefault(label, len(codes)) for label in y])
    share_x = np.bincount(left, minlength=len(codes)) / len(left)
    share_y = np.bincount(right, minlength=len(codes)) / len(right)
    expected = math.fsum(share_x * share_y)
    if len(codes) == 1:
        return None
    agree = (left == right).astype(np.float64)
    observed = float(agree.mean())
    of_item = share_y[left] + share_x[right] - 2 * expected
    influence = (agree - observed) / (1 - expected)
    influence -= (1 - observed) / (1 - expected) ** 2 * of_item
    return _Kappa((observed - expected) / (1 - expected), observed, expected, influence)


def _variance(influence: FloatArray, groups: list[Hashable]) -> float:
    members: dict[Hashable, list[float]] = {}
    for group, value in zip(groups, influence.tolist(), strict=True):
        members.setdefault(group, []).append(value)
    m, n = len(members), len(groups)
    squares = math.fsum(math.fsum(values) ** 2 for values in members.values())
    # Independent items: exactly the published variance, which has no small-sample factor.
    return squares / n**2 * (1.0 if m == n else m / (m - 1))


def _effective_size(found: _Kappa, variance: float, n: int, m: int) -> float:
    binomial = found.observed * (1 - found.observed) / (1 - found.expected) ** 2
    if binomial == 0:  # they agree always or never: no spread to judge dependence by
        return float(m)
    return min(float(n), binomial / variance) if variance > 0 else float(n)
