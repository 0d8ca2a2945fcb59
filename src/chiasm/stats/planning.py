"""How many labels for an interval of a wanted width?"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri  # type: ignore[import-untyped]

from chiasm.stats.cells import halves
from chiasm.stats.intervals import check_level
from chiasm.stats.labelled import FEWEST
from chiasm.stats.sampling import neyman

MOST = 10_000_000


class LabelsNeeded(NamedTuple):
    """Labels for a half-width, under assumed error rates of the judge.

    Attributes:
        human_only: Drawn at random, verdicts unused.
        adjusted: Stratified by the verdict and adjusted.
        unsafe: Of those, among the responses that the judge calls 1.
        safe: Of those, among the responses that the judge calls 0.
        power: lambda: the judge's worth, in [-1, 1].
    """

    human_only: int
    adjusted: int
    unsafe: int
    safe: int
    power: float


def labels_needed(
    half_width: float,
    *,
    prevalence: float,
    sensitivity: float,
    specificity: float,
    total: int | None = None,
    level: float = 0.95,
) -> LabelsNeeded:
    """Labels until the interval is the rate +- `half_width`, without and with a judge.

    Args:
        half_width: Half of the interval's width, in rate units: 0.05 is +-5 points.
        prevalence: Assumed rate of yes, in (0, 1); .5 is the most demanding.
        sensitivity: Of the judge, in [0, 1], from a pilot or from its validation.
        specificity: The same.
        total: Responses there are, for the target "items"; None: many.
        level: Nominal coverage, in (0, 1).

    Returns:
        See `LabelsNeeded`; of the widths at the counts to be expected, Neyman's allocation with at
        least 10 labels of each verdict. The two numbers of the split add up to `adjusted`.

    Raises:
        ValueError: An argument is out of range.

    >>> labels_needed(0.05, prevalence=0.5, sensitivity=0.9, specificity=0.9, total=2241)[:2]
    (326, 141)
    """
    check_level(level)
    rates = (prevalence, sensitivity, specificity)
    if not 0 < half_width < 0.5 or not 0 < prevalence < 1 or not all(0 <= r <= 1 for r in rates):
        raise ValueError("half_width must be in (0, 0.5), rates in [0, 1], prevalence not 0 or 1")
    if total is not None and total < 1:
        raise ValueError(f"total must be positive, got {total}")
    z, n = float(ndtri((1 + level) / 2)), float(MOST if total is None else total)
    yes = np.array([prevalence * sensitivity, prevalence * (1 - sensitivity)])
    no = np.array([(1 - prevalence) * (1 - specificity), (1 - prevalence) * specificity])
    shares = yes + no
    used = shares > 0
    within = yes[used] / shares[used]
    sizes = shares[used] * n

    def split(labels: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        least = np.minimum(np.minimum(FEWEST, labels / len(sizes)), sizes)
        return neyman(sizes, np.sqrt(within * (1 - within)), labels, least)

    def width(rates: object, labels: object, of: object, weight: object) -> float:
        drawn, there = np.asarray(labels, np.float64), np.asarray(of, np.float64)
        room = np.maximum(1 - drawn / there, 0.0)
        size = np.divide(drawn, room, out=np.full_like(drawn, np.inf), where=room > 1e-12)
        reach = halves(rates, np.maximum(size, 1e-6), weight, z)
        return float(reach.below + reach.above) / 2

    most = int(n)
    human = _smallest(
        lambda k: width(np.array([prevalence]), np.array([float(k)]), [n], np.ones(1)),
        half_width, most,
    )  # fmt: skip
    judged = _smallest(lambda k: width(within, split(k), sizes, shares[used]), half_width, most)
    share = np.zeros(2)
    share[used] = split(judged)
    unsafe = min(judged, math.ceil(share[0] - 1e-9))
    power = float(within[0] - within[1]) if used.all() else 0.0
    return LabelsNeeded(human, judged, unsafe, judged - unsafe, power)


def _smallest(width: Callable[[int], float], wanted: float, most: int) -> int:
    """Fewest labels whose half-width is small enough; widths fall with the number of labels."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if width(middle) <= wanted:
            high = middle
        else:
            low = middle + 1
    return low
