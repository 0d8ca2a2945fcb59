"""Many tests at once: Holm's correction."""

import numpy as np
from numpy.typing import ArrayLike

from chiasm.stats.intervals import FloatArray


def holm(pvalues: ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p values, for the categories of one benchmark.

    Reject where the adjusted value is below 0.05: the chance of any false rejection is then
    below 0.05, whatever the dependence between the tests.

    Args:
        pvalues: In [0, 1], shape (n_tests,). NaN is a test that could not be done: it stays NaN
            and does not count as a test.

    Returns:
        Adjusted values in [0, 1], in the order given.

    Raises:
        ValueError: A value is outside [0, 1] or the array has more than one dimension.

    Source:
        Holm (1979), Scand. J. Statist. 6:65.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(pvalues, dtype=np.float64)
    if p.ndim != 1:
        raise ValueError(f"pvalues must have one dimension, got shape {p.shape}")
    if ((p < 0) | (p > 1)).any():
        raise ValueError("p values must be in [0, 1]")
    done = np.flatnonzero(~np.isnan(p))
    order = done[np.argsort(p[done], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted = np.full(p.shape, np.nan)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * p[order]))
    return adjusted
