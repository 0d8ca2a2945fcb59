"""Rates of small categories, drawn towards their common mean."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from chiasm.stats.intervals import FloatArray


class Shrunk(NamedTuple):
    """Empirical-Bayes rates of several categories.

    Attributes:
        rates: One per category, in [0, 1]; NaN where nothing at all was scored.
        mean: The pooled rate, sum(k) / sum(n).
        sd: Estimated standard deviation of the categories' true rates, in rate units; 0 where
            they differ no more than chance would make them; NaN where it can't be estimated.
        reason: Why something is NaN; empty where nothing is.
    """

    rates: FloatArray
    mean: float
    sd: float
    reason: str = ""


def shrink(k: ArrayLike, n: ArrayLike) -> Shrunk:
    """Beta-binomial shrinkage of category rates, with moment estimates.

    Nine SIUO categories of 16 to 21 cases and one true rate of .5 spread over 34 points by
    chance; shrunk rates err less than raw or pooled ones. They are biased towards the mean, so
    print them beside the raw rate and its interval, and rank nothing by either.

    Args:
        k: Ones per category, shape (n_categories,). For clustered items give effective sizes
            (`Estimate.effective_n`) as n and rate times that as k: fractions are fine.
        n: Items per category, >= k. A category with n = 0 gets the pooled rate.

    Returns:
        See `Shrunk`. Where the spread can't be estimated (fewer than two categories with items,
        or one item in each) the rates are the pooled one.

    Raises:
        ValueError: Shapes differ, or not 0 <= k <= n.

    Source:
        Kleinman (1973), JASA 68:46, weights n.

    >>> shrunk = shrink([2, 10, 18], [20, 20, 20])
    >>> shrunk.rates.round(3).tolist(), round(shrunk.sd, 3)
    ([0.112, 0.5, 0.888], 0.394)
    """
    ones, items = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if ones.shape != items.shape or ones.ndim != 1:
        raise ValueError(f"k and n must be of one length: {ones.shape}, {items.shape}")
    if not ((ones >= 0) & (ones <= items)).all():
        raise ValueError("need 0 <= k <= n in every category")
    total = math.fsum(items)
    if total == 0:
        return Shrunk(np.full(items.shape, np.nan), math.nan, math.nan, "nothing was scored")
    mean = math.fsum(ones) / total
    groups = int((items > 0).sum())
    spread = total - math.fsum(items**2) / total - (groups - 1)
    if groups < 2 or spread <= 0:
        reason = "needs two categories with items, and more than one item in some"
        return Shrunk(np.full(items.shape, mean), mean, math.nan, reason)
    variance = mean * (1 - mean)
    if variance == 0:
        return Shrunk(np.full(items.shape, mean), mean, 0.0)
    raw = np.divide(ones, items, out=np.full(items.shape, mean), where=items > 0)
    squares = math.fsum(items * (raw - mean) ** 2)
    correlation = min(1.0, max(0.0, (squares / variance - (groups - 1)) / spread))
    filled = np.maximum(items, 1.0)  # an empty category is at the mean whatever its weight
    weight = filled * correlation / (1 + (filled - 1) * correlation)
    return Shrunk(mean + weight * (raw - mean), mean, math.sqrt(correlation * variance))
