"""Which responses people should label next, with known probabilities."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from chiasm.stats.cells import IntArray
from chiasm.stats.intervals import FloatArray
from chiasm.stats.labelled import numbered, verdict_classes

LEAST_SCORE = 0.2  # of the mean score: nothing is so certain that it can't be drawn


class Choice(NamedTuple):
    """What to label next.

    Attributes:
        indices: Of the responses to label now, in the order in which to label them.
        probabilities: Of each of the N responses to be labelled by the end of this round, earlier
            rounds included. Use these, not earlier ones, for *all* labels so far.
        strata: Number of each response's stratum, for `adjust`'s `strata`.
    """

    indices: IntArray
    probabilities: FloatArray
    strata: IntArray


def choose(
    verdicts: ArrayLike,
    budget: int,
    rng: Generator,
    *,
    labels: ArrayLike | None = None,
    strata: Sequence[Hashable] | None = None,
    scores: ArrayLike | None = None,
    floor: int = 10,
) -> Choice:
    """Draw responses to be labelled, stratified by the judge's verdict.

    First round: in proportion to the square root of each stratum's size, between an equal split
    (good for a good judge) and a proportional one (safe with a useless one). Later rounds (`labels`
    given): Neyman's allocation, in proportion to size times the spread that the labels show
    (smoothed by one yes and one no). Within a stratum every response has the same chance, so after
    any number of rounds its probability is labelled / size, exactly. With `scores` the chance is
    in proportion to the score, at least a fifth of the mean, by systematic sampling in random
    order: exact as well.

    Args:
        verdicts: Of the judge, 0 or 1, NaN for none (a stratum of its own); shape (N,).
        budget: Responses to label now, fewer where there are not as many.
        rng: Source of randomness; keep its seed with the labels.
        labels: Those so far, NaN where there is none, all drawn by this function with the same
            strata and without scores; None in the first round.
        strata: To be separated beside the verdict, such as the model.
        scores: How much a label is worth, >= 0, such as a judge's uncertainty. First round only.
        floor: Labels that each stratum has at least by the end of this round, where it is as large
            and the budget allows it.

    Returns:
        See `Choice`.

    Raises:
        ValueError: Lengths differ, the budget is smaller than the number of strata, a score is
            negative or NaN, or both labels and scores are given.

    Source:
        Bankier (1988), Am. Stat. 42:174 (square root); Neyman (1934), J. R. Stat. Soc. 97:558;
        Madow (1949), Ann. Math. Stat. 20:333.

    >>> drawn = choose([1] * 20 + [0] * 80, 30, np.random.default_rng(0))
    >>> len(drawn.indices), drawn.probabilities[[0, -1]].tolist()
    (30, [0.5, 0.25])
    """
    judged = np.asarray(verdicts, dtype=np.float64)
    n = len(judged)
    if strata is not None and len(strata) != n:
        raise ValueError(f"verdicts has {n} items, strata {len(strata)}")
    beside = np.zeros(n, dtype=np.intp) if strata is None else numbered(strata)
    cells = np.unique(beside * 3 + verdict_classes(judged), return_inverse=True)[1].astype(np.intp)
    given = np.full(n, np.nan) if labels is None else np.asarray(labels, dtype=np.float64)
    worth = None if scores is None else np.asarray(scores, dtype=np.float64)
    if given.shape != (n,) or (worth is not None and worth.shape != (n,)):
        raise ValueError("verdicts, labels and scores must be of one length")
    if worth is not None and (labels is not None or not (worth >= 0).all()):
        raise ValueError("scores must be >= 0, and can't be given together with labels")
    done = ~np.isnan(given)
    sizes = np.bincount(cells)
    before = np.bincount(cells[done], minlength=len(sizes))
    spread = _spread(given, cells, sizes) if done.any() else 1 / np.sqrt(np.maximum(sizes, 1))
    wanted = _allocate(sizes, spread, before, budget, floor)
    probabilities, drawn = np.empty(n), []
    for cell, (total, so_far) in enumerate(zip(wanted, before, strict=True)):
        inside = np.flatnonzero(cells == cell)
        if worth is None:
            probabilities[inside] = total / len(inside)
            drawn.append(rng.choice(inside[~done[inside]], total - so_far, replace=False))
        else:
            probabilities[inside] = _proportional(worth[inside], total)
            drawn.append(_systematic(inside, probabilities[inside], rng))
    indices = rng.permutation(np.concatenate(drawn)) if drawn else np.empty(0, dtype=np.intp)
    return Choice(indices, probabilities, cells)


def _spread(given: FloatArray, cells: IntArray, sizes: NDArray[np.intp]) -> FloatArray:
    done = ~np.isnan(given)
    ones = np.bincount(cells[done], given[done], len(sizes))
    rate = (ones + 1) / (np.bincount(cells[done], minlength=len(sizes)) + 2)
    return np.asarray(np.sqrt(rate * (1 - rate)))


def _allocate(
    sizes: NDArray[np.intp],
    spread: FloatArray,
    before: NDArray[np.intp],
    budget: int,
    floor: int,
) -> list[int]:
    """Labels per stratum by the end of the round: at least the floor and what there is."""
    total = min(int(before.sum()) + budget, int(sizes.sum()))
    if budget < 1 or total < len(sizes):
        raise ValueError(f"a budget of {budget} is too small for {len(sizes)} strata")
    while True:
        least = np.maximum(before, np.minimum(floor, sizes))
        if least.sum() <= total:
            break
        floor -= 1
    shares = neyman(sizes, spread, total, least)
    whole = np.floor(shares + 1e-9).astype(np.intp)
    rest = total - int(whole.sum())
    fraction = np.where(whole < sizes, shares - whole, -1.0)
    whole[np.argsort(-fraction, kind="stable")[:rest]] += 1
    return [int(count) for count in whole]


def neyman(sizes: ArrayLike, spread: ArrayLike, total: float, least: ArrayLike) -> FloatArray:
    """Split labels in proportion to size times spread, within `least` and `sizes`.

    Returns:
        Not rounded, shape (n_strata,); adds up to `total` where sum(least) <= total <= sum(sizes).

    >>> neyman([100, 900], [0.5, 0.1], 70, [10, 10]).tolist()
    [25.0, 45.0]
    """
    top, low = np.asarray(sizes, dtype=np.float64), np.asarray(least, dtype=np.float64)
    weight = np.maximum(top * np.asarray(spread, dtype=np.float64), 1e-12)
    share, fixed = np.zeros_like(top), np.zeros(len(top), dtype=np.bool_)
    for _ in range(2 * len(top) + 1):
        left = total - share[fixed].sum()
        share = np.where(fixed, share, left * weight / max(weight[~fixed].sum(), 1e-300))
        over, under = np.maximum(share - top, 0), np.maximum(low - share, 0)
        if fixed.all() or not (over.sum() + under.sum() > 1e-9):
            break
        # The larger violation is settled first: the other may vanish with it.
        move = over > 0 if over.sum() > under.sum() else under > 0
        share, fixed = np.where(move & ~fixed, np.clip(share, low, top), share), fixed | move
    return np.asarray(np.clip(share, low, top))


def _proportional(scores: FloatArray, total: int) -> FloatArray:
    """Probabilities in proportion to the scores that add up to `total`, none above 1."""
    mean = scores.mean()
    weight = np.maximum(scores, LEAST_SCORE * mean) if mean > 0 else np.ones(len(scores))
    certain = np.zeros(len(scores), dtype=np.bool_)
    while True:
        left = total - int(certain.sum())
        room = weight[~certain].sum()
        chance = np.where(certain, 1.0, weight * left / room if room > 0 else 1.0)
        more = (chance > 1) & ~certain
        if not more.any():
            return np.asarray(chance)
        certain |= more


def _systematic(inside: IntArray, chance: FloatArray, rng: Generator) -> IntArray:
    order = rng.permutation(len(inside))
    steps = np.floor(np.cumsum(chance[order]) + 1e-9 + rng.random())
    return np.asarray(inside[order][np.diff(steps, prepend=0.0) > 0])
