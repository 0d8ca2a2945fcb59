"""What people would have said: a judge's rate corrected by labels of the same responses.

Prediction-powered inference for a yes-or-no judge. The power-tuned estimate is

    mean(label) - lambda (mean(verdict of the labelled) - mean(verdict of all)),

and with lambda at its best value, P(yes of people | yes of the judge) - P(yes | no of the judge),
it is the estimate stratified by verdict: the labels' rate among what the judge calls unsafe and
among what it calls safe, each weighted by the known number of such responses. That form is
computed here; it needs no lambda and has honest limits where a class shows no error at all.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chiasm.stats.cells import (
    Cells,
    Halves,
    IntArray,
    cell_rates,
    cell_sizes,
    design_effect,
    halves,
    make_cells,
)
from chiasm.stats.intervals import Estimate, FloatArray
from chiasm.stats.labelled import (
    Labelled,
    Target,
    accuracy,
    checked,
    power,
    raw_rate,
    refused,
    student,
    verdict_classes,
)
from chiasm.stats.rogan_gladen import Corrected, rogan_gladen

NO_GAIN = 1.05  # labels worth less than this many drawn at random: the judge adds nothing


class Adjusted(NamedTuple):
    """The share of yes ("unsafe", say) that people would have given.

    Attributes:
        rate: In [0, 1]; NaN where undefined.
        low: Lower limit.
        high: Upper limit.
        power: lambda of PPI++, in [-1, 1]: 1 for a judge whose verdicts are people's, near 0 for
            one whose verdicts say nothing.
        n_labels: Labelled responses.
        n: Responses that the rate is about.
        effective_n: Labels drawn at random, without any judge, that give as narrow an interval.
        target: "items" (these N responses) or "population" (cases and answers like these).
        method: How it was made, for a table's footnote.
        reason: Why something is NaN; empty where nothing is.
        note: What to say beside the figure, such as that the judge adds nothing; often empty.
        human_only: The labels and their probabilities alone, verdicts unused.
        at_random: What as many labels drawn at random would give, at the same rate.
        raw: What the judge says of the responses on which it has a verdict.
        sensitivity: Of the judge on these responses, weighted; `n` counts labels.
        specificity: The same.
        rogan_gladen: The classical correction, from the same labels.
    """

    rate: float
    low: float
    high: float
    power: float
    n_labels: int
    n: int
    effective_n: float
    target: Target
    method: str
    reason: str
    note: str
    human_only: Estimate
    at_random: Estimate
    raw: Estimate
    sensitivity: Estimate
    specificity: Estimate
    rogan_gladen: Corrected


def adjust(
    verdicts: ArrayLike,
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    clusters: Iterable[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
    target: Target = "items",
    level: float = 0.95,
) -> Adjusted:
    """Correct a judge's rate by people's labels of some of the same responses.

    Args:
        verdicts: The judge's verdict on each response, 0 or 1; NaN where it gave none. Shape (N,).
        labels: People's, 0 or 1; NaN where not labelled. Same order.
        probabilities: With which each response was chosen to be labelled, in (0, 1], as `choose`
            gives them (equal for a simple random sample: n_labels / N). NaN for a labelled one
            means unknown, and then nothing is corrected; for others it may be NaN, but responses
            without a verdict of which none is labelled then widen the interval by all of their
            share.
        clusters: The case of each response; used for the target "population" (and for the raw
            rate). For "items" only the drawing of labels is random, one response at a time.
        strata: What the drawing was stratified by beside the verdict, each stratum with labels;
            None for nothing. The estimate always separates the judge's verdict classes.
        target: "items": the rate of exactly these N responses, with finite-population correction.
            "population": of cases and answers like these.
        level: Nominal coverage, in (0, 1).

    Returns:
        See `Adjusted`. NaN with a reason where there is no label, where a probability is not
        known, where a class of the judge has fewer than 10 labels (and is not fully labelled),
        where a stratum has none, or with one cluster for a population.

    Raises:
        ValueError: Lengths differ, a value is out of range, or the target is unknown.

    Source:
        Angelopoulos, Duchi & Zrnic (2023), arXiv:2311.01453 (PPI++); Fisch et al. (2024),
        arXiv:2406.04291 (strata); Cochran (1977), Sampling Techniques, ch. 5A. The limits
        are joined over cells: `chiasm.stats.cells.halves`. Coverage: docs/adjusted.md.

    >>> verdicts = [1] * 40 + [0] * 160
    >>> labels = [1] * 15 + [0] * 5 + [math.nan] * 20 + [1] + [0] * 19 + [math.nan] * 140
    >>> found = adjust(verdicts, labels, [0.5] * 40 + [0.125] * 160)
    >>> [round(x, 3) for x in found[:4]], found.n_labels
    ([0.19, 0.144, 0.324, 0.7], 40)
    """
    data = checked(verdicts, labels, probabilities, clusters, strata, target, level)
    reason = refused(data)
    return _nothing(data, reason) if reason else _adjusted(data)


def _adjusted(data: Labelled) -> Adjusted:
    n, n_labels = len(data.verdicts), len(data.chosen)
    cells = make_cells(_cell_numbers(data), data.chosen, data.probabilities[data.chosen])
    shares = cells.counts / n
    rates, sizes = cell_rates(cells, data.labels), cell_sizes(cells, data.labels)
    effect = _clustering(data, cells, rates, math.fsum(shares * rates))
    unknown = float(_unknown(data).mean())
    rate, low, high = _interval(data, rates, sizes, shares, effect)
    low, high = low - unknown * rate, high + unknown * (1 - rate)
    one = make_cells(np.zeros(n, dtype=np.intp), data.chosen, data.probabilities[data.chosen])
    human, random = _without_judge(data, one, rate, effect)
    worth = _worth(random.high - random.low, high - low, n_labels, n)
    sensitivity, specificity = accuracy(data, one)
    raw, lam, notes = raw_rate(data), power(data, one), []
    if worth < NO_GAIN * n_labels < n:
        notes.append(
            f"no gain from the judge (lambda {lam:.2f}): "
            f"{n_labels} labels are worth {worth:.0f} drawn at random"
        )
    if unknown:
        notes.append(f"{unknown * n:.0f} responses without a verdict count as 0 to 1")
    corrected = rogan_gladen(
        (raw.rate, math.inf if data.target == "items" and raw.n == n else raw.effective_n),
        (sensitivity.rate, sensitivity.effective_n),
        (specificity.rate, specificity.effective_n),
        level=data.level,
    )
    return Adjusted(
        rate, low, high, lam, n_labels, n, worth, data.target, _method(data, cells),
        "", "; ".join(notes), human, random, raw, sensitivity, specificity, corrected,
    )  # fmt: skip


def _interval(
    data: Labelled, rates: FloatArray, sizes: FloatArray, shares: FloatArray, effect: float
) -> tuple[float, float, float]:
    """Rate and limits; for a population the drawing of the N responses is added in squares."""
    n, m = len(data.verdicts), len(np.unique(data.clusters))
    quantile = student(min(len(data.chosen) - len(shares), m - 1), data.level)
    rate = min(1.0, max(0.0, math.fsum(shares * rates)))
    reach = halves(rates, sizes, shares, quantile)
    if data.target == "population":
        drawn = halves(np.array([rate]), n / effect, np.ones(1), quantile)
        reach = Halves(np.hypot(reach.below, drawn.below), np.hypot(reach.above, drawn.above))
    return rate, max(0.0, rate - float(reach.below)), min(1.0, rate + float(reach.above))


def _without_judge(
    data: Labelled, one: Cells, rate: float, effect: float
) -> tuple[Estimate, Estimate]:
    """The labels and their weights alone, and as many labels had they been drawn at random."""
    n, n_labels = len(data.verdicts), len(data.chosen)
    k, whole = int(data.labels[data.chosen].sum()), np.ones(1)
    sizes = cell_sizes(one, data.labels)
    found = _interval(data, cell_rates(one, data.labels), sizes, whole, effect)
    size = math.inf if n_labels == n else n_labels / (1 - n_labels / n)
    chance = _interval(data, np.array([rate]), np.array([size]), whole, effect)
    human = "weighted labels alone"
    return (
        Estimate(*found, k, n_labels, human, effective_n=float(sizes[0])),
        Estimate(*chance, k, n_labels, "as many labels drawn at random", effective_n=size),
    )


def _cell_numbers(data: Labelled) -> IntArray:
    """Stratum and verdict class of each response, every cell with at least one label."""
    classes = verdict_classes(data.verdicts)
    strata = np.zeros_like(classes) if data.strata is None else data.strata
    number = strata * 3 + classes
    for stratum in np.unique(strata):
        inside = strata == stratum
        labelled = np.bincount(classes[data.chosen[inside[data.chosen]]], minlength=3)
        most = int(labelled.argmax())
        for bare in np.flatnonzero(labelled == 0):
            # None of this class happened to be drawn: it shares the weighted rate of another.
            number[inside & (classes == bare)] = stratum * 3 + most
    return np.asarray(np.unique(number, return_inverse=True)[1], dtype=np.intp)


def _unknown(data: Labelled) -> NDArray[np.bool_]:
    """Responses without a verdict of which none is labelled, nor known to have had a chance."""
    without = np.isnan(data.verdicts)
    if without[data.chosen].any() or not np.isnan(data.probabilities[without]).any():
        return np.zeros_like(without)
    return without


def _clustering(data: Labelled, cells: Cells, rates: FloatArray, rate: float) -> float:
    if data.target == "items":
        return 1.0
    values = rates[cells.of_item] - rate
    of_label = cells.of_item[cells.chosen]
    off = data.labels[cells.chosen] - rates[of_label]
    values[cells.chosen] += off * cells.weights * cells.counts[of_label]
    return design_effect(values, data.clusters, rate * (1 - rate))


def _worth(at_random: float, width: float, n_labels: int, n: int) -> float:
    return float(n) if width <= 0 else min(float(n), n_labels * (at_random / width) ** 2)


def _method(data: Labelled, cells: Cells) -> str:
    of = "these items" if data.target == "items" else "population"
    m = len(np.unique(data.clusters))
    grouped = f", {m} clusters" if data.target == "population" and m < len(data.verdicts) else ""
    return f"ppi++ in {len(cells.counts)} cells of verdict, {of}{grouped}"


def _nothing(data: Labelled, reason: str) -> Adjusted:
    nan = math.nan
    missing = Estimate(nan, nan, nan, 0, len(data.chosen), "", reason)
    corrected = Corrected(nan, nan, nan, nan, True, "", reason)
    return Adjusted(
        nan, nan, nan, nan, len(data.chosen), len(data.verdicts), nan, data.target, "ppi++",
        reason, "", missing, missing, raw_rate(data), missing, missing, corrected,
    )  # fmt: skip
