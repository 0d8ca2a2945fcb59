"""AUC and false-alarm rate at a wanted hit rate, with intervals over families.

Rows of a family are not independent: families are drawn again (with replacement), not rows. Where
few families or perfect separation show no spread, one imaginary family, right or wrong with equal
odds, is added to the width, as in `chiasm.stats.intervals.clustered`; it never moves the value.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr  # type: ignore[import-untyped]

from chiasm.stats.intervals import score_limits, t_quantile

Array = NDArray[np.float64]
Measure = Literal["auc", "fpr_at_95"]

DRAWS = 1000
HITS = 0.95
LEVEL = 0.95


class Figure(NamedTuple):
    """A mean over seeds, or the difference of two such.

    Attributes:
        value: NaN where undefined.
        low: Lower limit of the 95 % interval over families.
        high: Upper limit.
        per_seed: The seeds' own values.
        unsafe: Unsafe rows, of all seeds together.
        safe: Safe rows.
        families: The number of families that the interval rests on: of those with unsafe rows or
            of those with safe ones, whichever are fewer.
        reason: Why something is NaN.
        p: Of no difference, two-sided; NaN for a single figure.
    """

    value: float
    low: float
    high: float
    per_seed: tuple[float, ...]
    unsafe: int
    safe: int
    families: int
    reason: str = ""
    p: float = math.nan


class Scored(NamedTuple):
    """Rows of one seed with their scores.

    Attributes:
        scores: Higher is more dangerous, shape (n,).
        unsafe: 0 or 1, shape (n,).
        families: Shape (n,).
    """

    scores: Array
    unsafe: Array
    families: NDArray[np.str_]

    def only(self, keep: NDArray[np.bool_]) -> "Scored":
        """Some of the rows."""
        return Scored(self.scores[keep], self.unsafe[keep], self.families[keep])


def auc(scores: Array, unsafe: Array, weights: Array | None = None) -> Array:
    """Area under the ROC curve, ties count one half; NaN without both kinds of rows.

    Args:
        scores: Shape (n,).
        unsafe: 0 or 1, shape (n,).
        weights: Rows' weights, shape (draws, n); ones by default.

    Returns:
        Shape (draws,), in [0, 1].

    >>> float(auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 1, 0, 1]))[0])
    0.875
    """
    w = np.ones((1, len(scores))) if weights is None else weights
    bad, good = _by_score(scores, w * unsafe), _by_score(scores, w * (1 - unsafe))
    below = np.cumsum(good, axis=1) - good / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((bad * below).sum(1) / (bad.sum(1) * good.sum(1)))


def fpr_at(scores: Array, unsafe: Array, weights: Array | None = None) -> Array:
    """False-alarm rate at the highest threshold that flags `HITS` of the unsafe rows; as `auc`."""
    w = np.ones((1, len(scores))) if weights is None else weights
    bad, good = _by_score(scores, w * unsafe), _by_score(scores, w * (1 - unsafe))
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = bad[:, ::-1].cumsum(1) / bad.sum(1, keepdims=True)
        alarms = good[:, ::-1].cumsum(1) / good.sum(1, keepdims=True)
    first = (hits >= HITS - 1e-12).argmax(1)
    found = alarms[np.arange(len(alarms)), first]
    found[np.isnan(hits[:, -1])] = np.nan
    return np.asarray(found)


MEASURES = {"auc": auc, "fpr_at_95": fpr_at}


class Drawn(NamedTuple):
    """A measure of some rows, and what it would have been with other families.

    Attributes:
        values: Of each seed; NaN where undefined.
        draws: Mean over seeds in every draw of families, shape (DRAWS,).
        families: See `Figure`.
        unsafe: Rows of all seeds.
        safe: Rows of all seeds.
        rows: What two heads must share to be compared: labels and families.
    """

    values: tuple[float, ...]
    draws: Array
    families: int
    unsafe: int
    safe: int
    rows: tuple[Any, ...]


def drawn(measure: Measure, seeds: Sequence[Scored], draw: int = 0) -> Drawn:
    """A measure of the rows of each seed, drawn again and again.

    Args:
        measure: Which.
        seeds: The rows of each seed; families of one name are drawn together.
        draw: Seed of the draws: two heads with the same one are drawn alike.
    """
    of = MEASURES[measure]
    values = tuple(float(of(s.scores, s.unsafe)[0]) for s in seeds)
    every = np.concatenate([s.families for s in seeds])
    unsafe = np.concatenate([s.unsafe for s in seeds])
    names = np.unique(every)
    m = min(len(np.unique(every[unsafe == kind])) for kind in (0, 1))
    times = np.random.default_rng(draw).multinomial(
        len(names), np.full(len(names), 1 / max(1, len(names))), size=DRAWS
    )
    found = [
        of(s.scores, s.unsafe, times[:, np.searchsorted(names, s.families)].astype(float))
        for s in seeds
    ]
    bad = int(unsafe.sum())
    rows = tuple((tuple(s.unsafe), tuple(s.families)) for s in seeds)
    return Drawn(values, np.mean(found, axis=0), m, bad, len(unsafe) - bad, rows)


def figure(one: Drawn) -> Figure:
    """A measure, averaged over seeds, with its interval.

    The interval says how much the figure would move with other families, for these trained heads;
    how much it moves with the seed is in `per_seed`.
    """
    mean, m = float(np.mean(one.values)), one.families
    if math.isnan(mean) or m < 2:
        return _undefined(one, mean)
    shrunk = (m * mean + 0.5) / (m + 1)
    imaginary = ((1 - shrunk) ** 2 + shrunk**2) / 2 / (m + 1) ** 2
    variance = (m / (m + 1)) ** 2 * _variance(one.draws) + imaginary
    size = min(shrunk * (1 - shrunk) / variance, float(one.unsafe + one.safe))
    low, high = score_limits(mean, size, t_quantile(m, LEVEL))
    return Figure(mean, float(low), float(high), one.values, one.unsafe, one.safe, m)


def difference(one: Drawn, other: Drawn) -> Figure:
    """The measure of `one` minus that of `other` on the same rows, with interval and p.

    Raises:
        ValueError: The rows differ.
    """
    if one.rows != other.rows:
        raise ValueError("the two were not scored on the same rows")
    values = tuple(a - b for a, b in zip(one.values, other.values, strict=True))
    mean, m = float(np.mean(values)), one.families
    if math.isnan(mean) or m < 2:
        return _undefined(one._replace(values=values), mean)
    error = math.sqrt(_variance(one.draws - other.draws) + 1 / (m + 1) ** 2)
    half = t_quantile(m, LEVEL) * error
    p = 2 * float(stdtr(m - 1, -abs(mean) / error))
    low, high = max(-1.0, mean - half), min(1.0, mean + half)
    return Figure(mean, low, high, values, one.unsafe, one.safe, m, p=p)


def _variance(draws: Array) -> float:
    kept = draws[~np.isnan(draws)]  # a draw may have no family of one kind
    return float(kept.var(ddof=1)) if len(kept) > 1 else 0.0


def _by_score(scores: Array, weights: Array) -> Array:
    """Weights summed over rows of the same score, from the lowest, shape (draws, scores)."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    if not len(scores):
        return np.zeros((len(weights), 1))
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    return np.asarray(np.add.reduceat(weights[:, order], starts, axis=1))


def _undefined(one: Drawn, mean: float) -> Figure:
    why = "a single family says nothing about the spread between families"
    if math.isnan(mean):
        why = "no unsafe rows" if not one.unsafe else "no safe rows"
        if one.unsafe and one.safe:
            without = sum(math.isnan(value) for value in one.values)
            why = f"{without} of {len(one.values)} seeds test no unsafe or no safe rows of it"
    nan = math.nan
    return Figure(mean, nan, nan, one.values, one.unsafe, one.safe, one.families, why)
