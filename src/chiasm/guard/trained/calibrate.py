"""From a head's logits to probabilities that mean what they say, and to a threshold."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]

Array = NDArray[np.float64]

BINS = 10
COLDEST, HOTTEST = 0.05, 20.0
"""Where the temperature is looked for: a head that separates perfectly has none."""


class Reliability(NamedTuple):
    """How far probabilities are from what happens; NaN without rows.

    Attributes:
        ece: Expected calibration error: mean over rows of |mean probability - share unsafe| of
            their bin, in [0, 1]; `BINS` bins of equal width.
        brier: Mean squared error of the probability, in [0, 1].
        bins: (mean probability, share unsafe, rows) of each bin that has rows.
        n: Rows.
    """

    ece: float
    brier: float
    bins: tuple[tuple[float, float, int], ...]
    n: int


def probability(logits: Array, temperature: float = 1.0) -> Array:
    """Of "unsafe", in [0, 1]."""
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(logits) / temperature / 2)))


def temperature(logits: Array, unsafe: Array) -> float:
    """The temperature with the least cross-entropy, between 0.05 and 20.

    Args:
        logits: Of rows that the head was not trained on, shape (n,).
        unsafe: 0 or 1, shape (n,), both present.

    Source:
        Guo et al. (2017), arXiv:1706.04599.
    """

    def loss(log_t: float) -> float:
        scaled = logits / math.exp(log_t)
        return float((np.logaddexp(0, scaled) - unsafe * scaled).mean())

    found = minimize_scalar(
        loss, bounds=(math.log(COLDEST), math.log(HOTTEST)), method="bounded",
        options={"xatol": 1e-5},
    )  # fmt: skip
    return math.exp(float(found.x))


def reliability(probabilities: Array, unsafe: Array) -> Reliability:
    """See `Reliability`; both arguments of shape (n,).

    >>> reliability(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 0, 1, 0]))[:2]
    (0.25, 0.21)
    """
    n = len(probabilities)
    if not n:
        return Reliability(math.nan, math.nan, (), 0)
    of = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    bins = []
    for k in range(BINS):
        here = of == k
        if here.any():
            mean, share = float(probabilities[here].mean()), float(unsafe[here].mean())
            bins.append((round(mean, 6), round(share, 6), int(here.sum())))
    ece = sum(count * abs(mean - share) for mean, share, count in bins) / n
    brier = float(((probabilities - unsafe) ** 2).mean())
    return Reliability(round(ece, 6), round(brier, 6), tuple(bins), n)


def threshold(probabilities: Array, unsafe: Array, false_alarms: float) -> float:
    """The lowest threshold at which at most that share of safe rows is flagged.

    A row is flagged where its probability is *above* the threshold. Without safe rows NaN.

    Args:
        probabilities: Shape (n,).
        unsafe: 0 or 1, shape (n,).
        false_alarms: In [0, 1).
    """
    safe = np.sort(probabilities[unsafe == 0])
    if not len(safe):
        return math.nan
    may = math.floor(false_alarms * len(safe) + 1e-9)
    return float(safe[len(safe) - 1 - may])
