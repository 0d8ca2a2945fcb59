"""Rogan and Gladen's correction of a judge's rate by its sensitivity and specificity."""

import math
from typing import NamedTuple

from scipy.special import ndtri  # type: ignore[import-untyped]

from chiasm.stats.intervals import check_level

UNSTABLE = 0.3  # sensitivity + specificity - 1 below which the correction magnifies errors > 3 x


class Corrected(NamedTuple):
    """A rate corrected for a judge's errors.

    Attributes:
        rate: In [0, 1], clipped; NaN where undefined.
        low: Lower limit, clipped.
        high: Upper limit, clipped.
        youden: Sensitivity + specificity - 1.
        unstable: `youden` is below 0.3: small errors of sensitivity and specificity grow more
            than threefold. Do not print such a rate without the word.
        method: How the interval was made.
        reason: Why something is NaN, or what `unstable` means here; empty where nothing is wrong.
    """

    rate: float
    low: float
    high: float
    youden: float
    unstable: bool
    method: str
    reason: str = ""


def rogan_gladen(
    raw: tuple[float, float],
    sensitivity: tuple[float, float],
    specificity: tuple[float, float],
    *,
    level: float = 0.95,
) -> Corrected:
    """(raw + specificity - 1) / (sensitivity + specificity - 1), with Lang and Reiczigel's limits.

    Args:
        raw: The judge's rate and the independent items behind it; infinity where the rate is of
            exactly the items that one asks about.
        sensitivity: Rate and number of independent items behind it (effective, may be a fraction),
            from labels on responses of the *same* kind: a judge's sensitivity elsewhere is not it.
        specificity: The same.
        level: Nominal coverage, in (0, 1).

    Returns:
        See `Corrected`; rate and limits are clipped to [0, 1]. NaN with a reason where sensitivity
        or specificity is unknown, or where the judge is no better than chance; limits of NaN where
        no rate in [0, 1] fits.

    Raises:
        ValueError: A rate is outside [0, 1], a size negative, or the level out of range.

    Source:
        Rogan & Gladen (1978), Am. J. Epidemiol. 107:71; Lang & Reiczigel (2014), Prev. Vet. Med.
        113:13 (the interval).

    >>> found = rogan_gladen((0.217, 4000), (0.906, 181), (0.815, 3819))
    >>> [round(x, 3) for x in found[:3]], found.unstable
    ([0.044, 0.02, 0.069], False)
    """
    check_level(level)
    for name, (rate, size) in (
        ("raw", raw),
        ("sensitivity", sensitivity),
        ("specificity", specificity),
    ):
        if not (math.isnan(rate) or 0 <= rate <= 1) or size < 0:
            raise ValueError(f"{name} must be a rate in [0, 1] and a size >= 0")
    nan, method = math.nan, "rogan-gladen, lang-reiczigel limits, clipped to [0, 1]"
    (observed, n), (sens, n_sens), (spec, n_spec) = raw, sensitivity, specificity
    youden = sens + spec - 1
    if not n * n_sens * n_spec > 0 or math.isnan(observed + youden):
        reason = "sensitivity, specificity or the judge's rate is not known"
        return Corrected(nan, nan, nan, youden, True, method, reason)
    shrunk = tuple((rate * size + 1) / (size + 2) for rate, size in (sensitivity, specificity))
    if min(youden, sum(shrunk) - 1) <= 0:
        reason = "the judge is no better than chance: nothing can be corrected by it"
        return Corrected(nan, nan, nan, youden, True, method, reason)
    z = float(ndtri((1 + level) / 2))
    share = observed if math.isinf(n) else (observed * n + z**2 / 2) / (n + z**2)
    centre = (share + shrunk[1] - 1) / (sum(shrunk) - 1)
    of_sens = centre**2 * shrunk[0] * (1 - shrunk[0]) / (n_sens + 2)
    of_spec = (1 - centre) ** 2 * shrunk[1] * (1 - shrunk[1]) / (n_spec + 2)
    error = math.sqrt(share * (1 - share) / (n + z**2) + of_sens + of_spec) / (sum(shrunk) - 1)
    shift = centre * shrunk[0] * (1 - shrunk[0]) / (n_sens + 2)
    shift -= (1 - centre) * shrunk[1] * (1 - shrunk[1]) / (n_spec + 2)
    middle = centre + 2 * z**2 * shift
    rate = min(1.0, max(0.0, (observed + spec - 1) / youden))
    low, high = middle - z * error, middle + z * error
    if high <= 0 or low >= 1:
        reason = "the judge's rate and its sensitivity and specificity do not fit together"
        return Corrected(rate, nan, nan, youden, True, method, reason)
    low, high = max(0.0, low), min(1.0, high)
    unstable = youden < UNSTABLE
    reason = ""
    if unstable:
        reason = f"unstable: sensitivity + specificity - 1 is {youden:.2f}, below {UNSTABLE}"
    return Corrected(rate, min(low, rate), max(high, rate), youden, unstable, method, reason)
