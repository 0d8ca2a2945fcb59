"""The formulas of the coefficients of agreement, on sums over items.

A coefficient is (observed - expected) / (1 - expected) agreement. Every function takes sums over
items of some statistics, shape (..., n_statistics), and returns observed and expected agreement
elementwise, so that one call gives it for many weightings of the items.
"""

import math
from collections.abc import Callable

import numpy as np

from chiasm.stats.intervals import FloatArray

Coefficient = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def averages(counts: FloatArray) -> FloatArray:
    """Per item: has pairs, share of agreeing pairs, is rated, share of each category."""
    raters = counts.sum(1)
    pairs = raters * (raters - 1)
    agreeing = (counts * (counts - 1)).sum(1)
    share = np.divide(agreeing, pairs, out=np.zeros_like(pairs), where=pairs > 0)
    has_pairs = (pairs > 0).astype(np.float64)
    return np.column_stack([has_pairs, share, np.ones(len(counts)), counts / raters[:, None]])


def coincidences(counts: FloatArray) -> FloatArray:
    """Per item: ordered pairs of labels over raters - 1, shape (n_items, n_categories squared)."""
    n, categories = counts.shape
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(categories)
    return np.asarray((pairs / (counts.sum(1) - 1)[:, None, None]).reshape(n, categories**2))


def no_chance(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Agreement alone: nothing is expected."""
    observed = sums[..., 1] / sums[..., 0]
    return observed, np.zeros_like(observed)


def fleiss(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Expected from the pooled shares squared, of `averages`."""
    shares = sums[..., 3:] / sums[..., 2:3]
    return sums[..., 1] / sums[..., 0], (shares**2).sum(-1)


def gwet(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Expected from the spread of the pooled shares, of `averages`."""
    shares = sums[..., 3:] / sums[..., 2:3]
    categories = shares.shape[-1]
    spread = (shares * (1 - shares)).sum(-1)
    expected = spread / (categories - 1) if categories > 1 else np.ones_like(spread)
    return sums[..., 1] / sums[..., 0], expected


def alpha_nominal(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Labels are equal or not, of `coincidences`."""
    table = _square(sums)
    return _alpha(table, 1 - np.eye(table.shape[-1]))


def alpha_ordinal(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Labels differ by the ratings between them, of `coincidences`."""
    table = _square(sums)
    totals = table.sum(-1)
    below = np.cumsum(totals, axis=-1) - totals / 2  # midpoints: their distance is the metric
    distance = (below[..., :, None] - below[..., None, :]) ** 2
    return _alpha(table, distance / np.maximum(distance.max((-2, -1), keepdims=True), 1e-300))


def _square(sums: FloatArray) -> FloatArray:
    categories = math.isqrt(sums.shape[-1])
    return sums.reshape(*sums.shape[:-1], categories, categories)


def _alpha(table: FloatArray, distance: FloatArray) -> tuple[FloatArray, FloatArray]:
    totals = table.sum(-1)
    n = totals.sum(-1)
    observed = (table * distance).sum((-2, -1)) / n
    pairs = totals[..., :, None] * totals[..., None, :]
    expected = (pairs * distance).sum((-2, -1)) / (n * (n - 1))
    return 1 - observed, 1 - expected
