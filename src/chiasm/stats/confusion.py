"""A judge against people on the same items: the confusion matrix and what follows from it."""

import math
from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chiasm.stats.agreement import cohen_kappa
from chiasm.stats.intervals import Estimate, FloatArray, clustered
from chiasm.stats.raters import gwet_ac1

BoolArray = NDArray[np.bool_]


class Confusion(NamedTuple):
    """Counts of a yes-or-no judge, "unsafe" being yes, and rates with intervals.

    Attributes:
        tp: Both say yes.
        fp: The judge says yes, people no.
        fn: The judge says no, people yes.
        tn: Both say no.
        base_rate: Share of yes among people, (tp + fn) / n.
        judged_rate: Share of yes of the judge, (tp + fp) / n.
        sensitivity: tp / (tp + fn).
        specificity: tn / (tn + fp).
        precision: tp / (tp + fp).
        accuracy: (tp + tn) / n.
        balanced_accuracy: Mean of sensitivity and specificity.
        youden: Sensitivity + specificity - 1, in [-1, 1]: 0 is no better than a constant judge.
        kappa: Cohen's.
        ac1: Gwet's, two categories.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    base_rate: Estimate
    judged_rate: Estimate
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    accuracy: Estimate
    balanced_accuracy: Estimate
    youden: Estimate
    kappa: Estimate
    ac1: Estimate


def confusion(
    people: ArrayLike,
    judge: ArrayLike,
    clusters: Iterable[Hashable] | None = None,
    *,
    level: float = 0.95,
) -> Confusion:
    """Compare a judge's verdicts with people's on the same items.

    Args:
        people: 0 or 1 per item (1: unsafe, say), shape (n_items,).
        judge: The judge's verdicts, same order. Items without a verdict of both must be left out
            by the caller, and counted.
        clusters: The cluster of each item; None where items are independent.
        level: Nominal coverage, in (0, 1).

    Returns:
        See `Confusion`. Shares have `clustered` intervals; balanced accuracy and Youden's J join
        those of sensitivity and specificity by square-and-add, with their correlation between
        clusters. What is undefined (no item of a class) is NaN with a reason.

    Raises:
        ValueError: Lengths differ, a value is neither 0 nor 1, or the level is out of range.

    Source:
        Zou & Donner (2008), Stat. Med. 27:1693 (square-and-add); Youden (1950), Cancer 3:32.

    >>> found = confusion([1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0, 0])
    >>> found[:4], round(found.sensitivity.rate, 3), round(found.youden.rate, 3)
    ((2, 1, 1, 4), 0.667, 0.467)
    """
    truth, says = _binary("people", people), _binary("judge", judge)
    labels: list[Hashable] = list(range(len(truth))) if clusters is None else list(clusters)
    if not len(truth) == len(says) == len(labels):
        raise ValueError(f"lengths differ: {len(truth)}, {len(says)}, clusters {len(labels)}")

    def share(of: BoolArray, among: BoolArray, reason: str) -> Estimate:
        groups = [label for label, kept in zip(labels, among.tolist(), strict=True) if kept]
        found = clustered(of[among], groups, level=level)
        return found if found.n else found._replace(reason=reason)

    everything = np.ones(len(truth), dtype=np.bool_)
    nothing = "no item has both verdicts"
    sensitivity = share(says, truth, "people call no item positive")
    specificity = share(~says, ~truth, "people call every item positive")
    balanced = _balanced(sensitivity, specificity, _correlation(truth, says, labels))
    youden = balanced._replace(
        **{name: 2 * getattr(balanced, name) - 1 for name in ("rate", "low", "high")}
    )
    pair = np.column_stack([truth, says]).astype(np.int64)
    return Confusion(
        tp=int((truth & says).sum()),
        fp=int((~truth & says).sum()),
        fn=int((truth & ~says).sum()),
        tn=int((~truth & ~says).sum()),
        base_rate=share(truth, everything, nothing),
        judged_rate=share(says, everything, nothing),
        sensitivity=sensitivity,
        specificity=specificity,
        precision=share(truth, says, "the judge calls no item positive"),
        accuracy=share(truth == says, everything, nothing),
        balanced_accuracy=balanced,
        youden=youden,
        kappa=cohen_kappa(truth.tolist(), says.tolist(), clusters=labels, level=level),
        ac1=gwet_ac1(pair, clusters=labels, categories=(0, 1), level=level),
    )


def confusion_from_counts(tp: int, fp: int, fn: int, tn: int, *, level: float = 0.95) -> Confusion:
    """The same from the four counts of a paper, whose items count as independent.

    Raises:
        ValueError: A count is negative or the level is out of range.

    >>> gpt4o = confusion_from_counts(164, 705, 17, 3114)
    >>> round(gpt4o.sensitivity.rate, 3), round(gpt4o.precision.rate, 3)
    (0.906, 0.189)
    """
    counts = (tp, fp, fn, tn)
    if min(counts) < 0:
        raise ValueError(f"counts must not be negative, got {counts}")
    return confusion(np.repeat([1, 0, 1, 0], counts), np.repeat([1, 1, 0, 0], counts), level=level)


def _binary(name: str, values: ArrayLike) -> BoolArray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must be 0 or 1 per item; leave items without a verdict out")
    return np.asarray(array == 1)


def _balanced(sensitivity: Estimate, specificity: Estimate, correlation: float) -> Estimate:
    a, b = sensitivity, specificity
    rate = (a.rate + b.rate) / 2
    low = rate - _joined(a.rate - a.low, b.rate - b.low, correlation) / 2
    high = rate + _joined(a.high - a.rate, b.high - b.rate, correlation) / 2
    clusters = [part.method.partition(", ")[2] for part in (a, b)]
    method = "square-and-add of wilson" + (", clustered" if any(clusters) else "")
    return Estimate(rate, low, high, a.k + b.k, a.n + b.n, method, a.reason or b.reason)


def _joined(first: float, second: float, correlation: float) -> float:
    square = first**2 + second**2 + 2 * correlation * first * second
    # Not max(): of a number and NaN it gives the number, and an unknown width would become 0.
    return 0.0 if square < 0 else math.sqrt(square)


def _correlation(truth: BoolArray, says: BoolArray, labels: list[Hashable]) -> float:
    """Correlation of sensitivity and specificity between clusters; 0 for independent items."""
    if len(set(labels)) == len(labels) or truth.all() or not truth.any():
        return 0.0
    numbers: dict[Hashable, int] = {}
    of_item = np.array([numbers.setdefault(label, len(numbers)) for label in labels])

    def residuals(right: BoolArray, among: BoolArray) -> FloatArray:
        values = np.where(among, right - right[among].mean(), 0.0)
        return np.asarray(np.bincount(of_item, values, len(numbers)), dtype=np.float64)

    yes, no = residuals(says, truth), residuals(~says, ~truth)
    scale = math.sqrt(math.fsum(yes**2) * math.fsum(no**2))
    return min(1.0, max(-1.0, math.fsum(yes * no) / scale)) if scale > 0 else 0.0
