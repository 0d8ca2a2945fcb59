"""Rates from labels drawn within cells of responses: weights, effective sizes, joined intervals.

A cell is a set of responses that a judge's verdict (and a sampling stratum) puts together. Within
it labelled responses stand for all; across cells the known sizes do.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr  # type: ignore[import-untyped]

from chiasm.stats.intervals import FloatArray, score_limits

IntArray = NDArray[np.intp]


class Cells(NamedTuple):
    """Labelled responses by cell.

    Attributes:
        of_item: Cell of each of the N responses, 0 .. n_cells - 1, shape (N,).
        counts: Responses in each cell, shape (n_cells,).
        labels: Labelled ones, shape (n_cells,).
        chosen: Index of each labelled response, shape (n_labels,).
        weights: What each labelled one counts for in its cell; they add up to 1 in each.
        probabilities: With which each labelled one was chosen, in (0, 1].
    """

    of_item: IntArray
    counts: IntArray
    labels: IntArray
    chosen: IntArray
    weights: FloatArray
    probabilities: FloatArray


class Halves(NamedTuple):
    """How far an interval reaches below and above its estimate, numbers or arrays."""

    below: Any
    above: Any


def make_cells(of_item: IntArray, chosen: IntArray, probabilities: FloatArray) -> Cells:
    """Weigh the labelled responses by 1 / probability, within their cells.

    Args:
        of_item: Cell of each response, every cell with a labelled response; shape (N,).
        chosen: Index of each labelled response.
        probabilities: Of each labelled response, in (0, 1].
    """
    # The order of the responses must change no digit.
    order = np.lexsort((probabilities, of_item[chosen]))
    chosen, probabilities = chosen[order], probabilities[order]
    cell, n_cells = of_item[chosen], int(of_item.max()) + 1
    inverse = 1 / probabilities
    weights = inverse / np.bincount(cell, inverse, n_cells)[cell]
    counts, labels = (np.bincount(of, minlength=n_cells) for of in (of_item, cell))
    return Cells(of_item, counts, labels, chosen, weights, probabilities)


def cell_rates(cells: Cells, values: FloatArray) -> FloatArray:
    """Weighted mean of the labels' values in each cell; `values` has shape (N,)."""
    of_label = cells.of_item[cells.chosen]
    # By value first: equal probabilities within a cell then add up in one order.
    order = np.lexsort((values[cells.chosen], cells.weights, of_label))
    products = (cells.weights * values[cells.chosen])[order]
    sums = np.bincount(of_label[order], products, len(cells.counts))
    return np.asarray(np.clip(sums, -1.0, 1.0))


def cell_sizes(cells: Cells, values: FloatArray) -> FloatArray:
    """Independent labels worth as much as each cell's, finite-population correction included.

    Args:
        cells: The cells.
        values: 0 or 1 per response, read where labelled; shape (N,).

    Returns:
        Shape (n_cells,): never more than the unequal weights alone allow (Kish), however small the
        spread that the labels show. Infinite where every response of the cell is labelled.
    """
    of_label, n_cells = cells.of_item[cells.chosen], len(cells.counts)
    open_share = 1 - cells.probabilities
    rates = cell_rates(cells, values)
    spent = np.bincount(of_label, open_share * cells.weights**2, n_cells)
    with np.errstate(divide="ignore"):
        by_weights = 1 / spent
    off = (values[cells.chosen] - rates[of_label]) * cells.weights
    factor = cells.labels / np.maximum(cells.labels - 1, 1)
    variance = factor * np.bincount(of_label, open_share * off**2, n_cells)
    binomial = rates * (1 - rates)
    seen = (variance > 1e-15) & (binomial > 1e-12)
    by_spread = np.divide(binomial, variance, out=np.full(n_cells, np.inf), where=seen)
    widest = np.maximum.reduceat(cells.weights, np.r_[0, np.cumsum(cells.labels)[:-1]])
    equal = widest * cells.labels < 1 + 1e-9
    # Equal probabilities: the weights say all, and the spread only adds noise.
    sizes = np.where(equal, by_weights, np.minimum(by_weights, by_spread))
    return np.where(cells.labels == cells.counts, np.inf, sizes)


def limits(rates: Any, sizes: Any, quantile: float) -> tuple[FloatArray, FloatArray]:
    """Mean of Wilson's and Jeffreys' limits; elementwise.

    Joined over cells, Wilson's alone cover 81 % in the worst small case tried and are wide where a
    cell shows no yes, Jeffreys' alone 87 %; their mean 89 % (docs/adjusted.md).

    Args:
        rates: In [0, 1].
        sizes: Independent labels behind each, > 0; infinite where the rate is known.
        quantile: Of the normal or Student's distribution.

    Source:
        Wilson (1927), JASA 22:209; Brown, Cai & DasGupta (2001), Stat. Sci. 16:101 (Jeffreys').
    """
    rate, size = np.broadcast_arrays(np.asarray(rates, np.float64), np.asarray(sizes, np.float64))
    finite = np.minimum(size, 1e12)
    low, high = score_limits(rate, finite, quantile)
    tail = ndtr(-quantile)
    ones, zeros = rate * finite + 0.5, (1 - rate) * finite + 0.5
    below = np.where(rate == 0, 0.0, betaincinv(ones, zeros, tail))
    above = np.where(rate == 1, 1.0, betaincinv(ones, zeros, 1 - tail))
    low, high = np.minimum((low + below) / 2, rate), np.maximum((high + above) / 2, rate)
    known = np.isinf(size)
    return np.where(known, rate, low), np.where(known, rate, high)


def halves(rates: Any, sizes: Any, shares: Any, quantile: float) -> Halves:
    """Interval of a weighted sum of rates: that of each cell, joined by square-and-add.

    Args:
        rates: Rate of each cell, in [0, 1], shape (..., n_cells).
        sizes: Independent labels behind it, > 0, may be infinite; same shape.
        shares: What the cell counts for, shape (n_cells,).
        quantile: Of the normal or Student's distribution.

    Source:
        Zou & Donner (2008), Stat. Med. 27:1693; for strata Yan & Su (2010), Biometrics 66:1287.
    """
    low, high = limits(rates, sizes, quantile)
    return Halves(_root(shares * (rates - low)), _root(shares * (high - rates)))


def signed_halves(up: Any, down: Any, sizes: Any, shares: Any, quantile: float) -> Halves:
    """The same for a weighted sum of differences up - down of two shares of the same labels.

    Args:
        up: Share of labels at +1, shape (..., n_cells).
        down: Share at -1; up + down <= 1.
        sizes: As in `halves`.
        shares: As in `halves`.
        quantile: As in `halves`.
    """
    (up_low, up_high), (down_low, down_high) = (
        limits(rates, sizes, quantile) for rates in (up, down)
    )
    room = np.maximum((1 - up) * (1 - down), 1e-300)
    together = np.sqrt(up * down / room)  # minus the correlation of two shares of one sample

    def joined(first: Any, second: Any) -> Any:
        return _root(shares * np.sqrt(first**2 + second**2 + 2 * together * first * second))

    return Halves(joined(up - up_low, down_high - down), joined(up_high - up, down - down_low))


def design_effect(values: FloatArray, clusters: IntArray, variance: float) -> float:
    """How many times the variance of a mean grows because items share clusters.

    Args:
        values: Pseudo-values minus their mean, shape (N,): prediction plus weighted residual.
        clusters: Number of the cluster of each, shape (N,).
        variance: Of one item; where 0, every cluster counts as one item.

    Returns:
        Between 1 and the typical cluster size; only pairs of *different* items of a cluster enter,
        so that what labelling adds to each pseudo-value does not.
    """
    order = np.lexsort((values, clusters))
    sums = np.bincount(clusters, minlength=int(clusters.max()) + 1) * 0.0
    np.add.at(sums, clusters[order], values[order])
    sizes = np.bincount(clusters).astype(np.float64)
    typical = float((sizes**2).sum() / sizes.sum())
    if variance <= 0:
        return typical
    pairs = math.fsum(sums**2) - math.fsum(values**2)
    return min(typical, max(1.0, 1 + pairs / (len(values) * variance)))


def _root(parts: Any) -> Any:
    return np.sqrt((parts**2).sum(-1))
