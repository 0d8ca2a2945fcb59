"""What the corrected rates need of verdicts and labels: checks, and a judge's weighted accuracy."""

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit  # type: ignore[import-untyped]

from chiasm.stats.cells import Cells, IntArray, cell_rates, cell_sizes, halves, make_cells
from chiasm.stats.intervals import Estimate, FloatArray, check_level, clustered

Target = Literal["items", "population"]
FEWEST = 10  # labels in each of the judge's classes, unless all of the class is labelled


class Labelled(NamedTuple):
    """Verdicts, labels, probabilities, clusters and strata of N responses, checked."""

    verdicts: FloatArray
    labels: FloatArray
    probabilities: FloatArray
    clusters: IntArray
    strata: IntArray | None
    chosen: IntArray
    target: Target
    level: float


def verdict_classes(verdicts: FloatArray) -> IntArray:
    """0 and 1 as judged, 2 for no verdict."""
    return np.where(np.isnan(verdicts), 2, np.nan_to_num(verdicts)).astype(np.intp)


def numbered(values: Iterable[Hashable]) -> IntArray:
    """Whole numbers from 0 for equal values, the same whatever their order."""
    given = list(values)
    known = sorted(set(given), key=lambda value: (type(value).__name__, str(value)))
    numbers = {value: number for number, value in enumerate(known)}
    return np.array([numbers[value] for value in given], dtype=np.intp)


def student(degrees: int, level: float) -> float:
    """Two-sided quantile of Student's t."""
    return float(stdtrit(max(degrees, 1), (1 + level) / 2))


def checked(
    verdicts: ArrayLike,
    labels: ArrayLike,
    probabilities: ArrayLike,
    clusters: Iterable[Hashable] | None,
    strata: Sequence[Hashable] | None,
    target: Target,
    level: float,
) -> Labelled:
    """Put the arguments of `adjust` in one form.

    Raises:
        ValueError: As `adjust`.
    """
    check_level(level)
    if target not in ("items", "population"):
        raise ValueError(f'target must be "items" or "population", got {target!r}')
    arrays = [np.asarray(values, dtype=np.float64) for values in (verdicts, labels, probabilities)]
    n = len(arrays[0])
    groups = np.arange(n) if clusters is None else numbered(clusters)
    of_stratum = None if strata is None else numbered(strata)
    parts = [*arrays, groups, *([] if of_stratum is None else [of_stratum])]
    if any(part.shape != (n,) for part in parts):
        raise ValueError(f"all arguments must be of one length: {[part.shape for part in parts]}")
    for name, values in zip(("verdicts", "labels"), arrays[:2], strict=True):
        if not (np.isin(values, (0, 1)) | np.isnan(values)).all():
            raise ValueError(f"{name} must be 0, 1 or NaN")
    chances = arrays[2][~np.isnan(arrays[2])]
    if ((chances < 0) | (chances > 1)).any():
        raise ValueError("probabilities must be in [0, 1], or NaN where unknown")
    chosen = np.flatnonzero(~np.isnan(arrays[1]))
    return Labelled(arrays[0], arrays[1], arrays[2], groups, of_stratum, chosen, target, level)


def refused(data: Labelled) -> str:
    """Why no rate can be given; empty where one can."""
    if not len(data.chosen):
        return "no response is labelled" if len(data.verdicts) else "there are no responses"
    unknown = int((~(data.probabilities[data.chosen] > 0)).sum())
    if unknown:
        return f"{unknown} labels have no known probability of having been chosen"
    if (data.probabilities == 0).any():
        never = int((data.probabilities == 0).sum())
        return f"{never} responses could not have been chosen to be labelled"
    classes = verdict_classes(data.verdicts)
    for verdict in (0, 1):
        there, labelled = (int((of == verdict).sum()) for of in (classes, classes[data.chosen]))
        if labelled < min(FEWEST, there):
            return (
                f"{labelled} labels among the {there} responses that the judge calls {verdict}: "
                f"at least {min(FEWEST, there)} are needed"
            )
    if data.strata is not None:
        bare = len(set(data.strata.tolist()) - set(data.strata[data.chosen].tolist()))
        if bare:
            return f"{bare} strata have no label"
    if data.target == "population" and len(np.unique(data.clusters)) == 1:
        return "a single cluster says nothing about the spread between clusters"
    return ""


def raw_rate(data: Labelled) -> Estimate:
    """The judge's rate on the responses on which it has a verdict."""
    judged = ~np.isnan(data.verdicts)
    if not judged.any():
        nan = math.nan
        return Estimate(nan, nan, nan, 0, 0, "wilson", "the judge gave no verdict")
    return clustered(data.verdicts[judged], data.clusters[judged].tolist(), level=data.level)


def accuracy(data: Labelled, one: Cells) -> tuple[Estimate, Estimate]:
    """Sensitivity and specificity, each response weighted by 1 / its probability."""
    found = []
    for truth in (1, 0):
        right = np.where(np.isnan(data.verdicts), np.nan, data.verdicts == truth)
        here = one.chosen[(data.labels == truth)[one.chosen] & ~np.isnan(right[one.chosen])]
        name = f"weighted, {len(here)} labels"
        if not len(here):
            reason = f"no response that people call {truth} has a label and a verdict"
            nan = math.nan
            found.append(Estimate(nan, nan, nan, 0, 0, name, reason))
            continue
        cell = make_cells(np.zeros(len(right), dtype=np.intp), here, data.probabilities[here])
        rate = cell_rates(cell, right)
        size = np.minimum(cell_sizes(cell, right), len(here) if len(here) < len(right) else np.inf)
        reach = halves(rate, size, np.ones(1), student(len(here) - 1, data.level))
        limits = float(rate[0] - reach.below), float(rate[0] + reach.above)
        k = int(right[here].sum())
        found.append(
            Estimate(float(rate[0]), *limits, k, len(here), name, effective_n=float(size[0]))
        )
    return found[0], found[1]


def power(data: Labelled, one: Cells) -> float:
    """lambda: people's weighted rate where the judge says 1, less that where it says 0."""
    says, given = data.verdicts[one.chosen], data.labels[one.chosen]
    if not ((says == 1).any() and (says == 0).any()):
        return 0.0
    yes, no = (
        math.fsum((one.weights * given)[says == verdict]) / math.fsum(one.weights[says == verdict])
        for verdict in (1, 0)
    )
    return yes - no
