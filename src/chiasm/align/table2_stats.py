"""Weighted sums of rates, and of paired changes of rates: Youden's J is safe minus over-refused.

Rows that share a cluster across the parts (a benign twin of an unsafe row) make the parts' errors
correlate; the correlation is estimated from sums over clusters.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr  # type: ignore[import-untyped]

from chiasm.report.against import Pairing, difference
from chiasm.report.estimates import interval
from chiasm.report.metrics import Items
from chiasm.stats import bounds
from chiasm.stats.intervals import t_quantile

LEVEL = 0.95


class Sum(NamedTuple):
    """A weighted sum of rates.

    Attributes:
        value: NaN where undefined, as are the limits.
        low: Lower limit.
        high: Upper limit.
        bound_low: Smallest value possible, whatever the missing verdicts are.
        bound_high: Largest.
        method: How the interval was made.
        reason: Why something is NaN; empty where nothing is.
    """

    value: float
    low: float
    high: float
    bound_low: float
    bound_high: float
    method: str
    reason: str = ""


class Change(NamedTuple):
    """A weighted sum of paired changes; fields as in `Sum` and `chiasm.stats.Difference`."""

    difference: float
    low: float
    high: float
    p: float
    n: int
    method: str
    reason: str = ""


def weighted(parts: Sequence[tuple[float, Items]]) -> Sum:
    """A sum of rates with an interval; +1 unsafe rows safe, -1 benign rows refused is J.

    Each part has its clustered Wilson interval; they are joined by square-and-add (the method of
    variance estimates recovery), with the parts' correlation over shared clusters.

    Source:
        Zou & Donner (2008), Stat. Med. 27:1693, equation 4; Youden (1950), Cancer 3:32.
    """
    found = [interval(items) for _, items in parts]
    weights = np.array([weight for weight, _ in parts])
    rates = np.array([e.rate for e in found])
    worst = [bounds(i.k, i.n, i.asked - i.n) for _, i in parts]
    ends = np.array([(b.low, b.high) for b in worst])
    low_end = math.fsum(w * (b[0] if w > 0 else b[1]) for w, b in zip(weights, ends, strict=True))
    high_end = math.fsum(w * (b[1] if w > 0 else b[0]) for w, b in zip(weights, ends, strict=True))
    value = math.fsum(weights * rates)
    method = "square-and-add of clustered wilson"
    reason = next((e.reason for e in found if e.reason), "")
    if reason:
        return Sum(value, math.nan, math.nan, low_end, high_end, method, reason)
    related = _related(
        [_residuals(items, e.rate) for (_, items), e in zip(parts, found, strict=True)]
    )
    down = rates - np.array([e.low for e in found])
    up = np.array([e.high for e in found]) - rates
    below = _joined(weights, np.where(weights > 0, down, up), related)
    above = _joined(weights, np.where(weights > 0, up, down), related)
    least, most = _range(weights)
    return Sum(
        value, max(least, value - below), min(most, value + above), low_end, high_end, method
    )


def changed(parts: Sequence[tuple[float, Pairing]]) -> Change:
    """A sum of paired changes, second minus first, on the cases that both runs decided.

    The parts' clustered t errors (`chiasm.stats.paired`) are joined with their correlation over
    shared clusters; degrees of freedom are those of the part with the fewest clusters. p is below
    0.05 exactly where the interval excludes 0. One part alone with weight 1 is `paired`.
    """
    found = [difference(pairs) for _, pairs in parts]
    weights = np.array([weight for weight, _ in parts])
    clusters = [len(set(pairs.clusters)) for _, pairs in parts]
    n, m = sum(d.n for d in found), min(clusters)
    value, method = math.fsum(w * d.difference for w, d in zip(weights, found, strict=True)), ""
    reason = next((d.reason for d in found if d.reason), "")
    if reason:
        nan = math.nan
        return Change(value, nan, nan, nan, n, method, reason)
    both = [_centre_and_error(p, d.low, d.high) for (_, p), d in zip(parts, found, strict=True)]
    centres, errors = np.array(both).T
    related = _related([_moved(pairs) for _, pairs in parts])
    centre, error = math.fsum(weights * centres), _joined(weights, errors, related)
    if error == 0:
        reason = "the parts' errors cancel: the interval can't be told"
        return Change(value, math.nan, math.nan, math.nan, n, method, reason)
    half = t_quantile(m, LEVEL) * error
    least = -math.fsum(abs(weights))
    return Change(
        value,
        max(least, centre - half),
        min(-least, centre + half),
        2 * float(stdtr(m - 1, -abs(centre) / error)),
        n,
        f"clustered t, at least {m} clusters",
    )


def _range(weights: Any) -> tuple[float, float]:
    return math.fsum(w for w in weights if w < 0), math.fsum(w for w in weights if w > 0)


def _joined(weights: Any, halves: Any, related: Any) -> float:
    """Half a width of the sum; never NaN for a rounding error below 0."""
    scaled = weights * halves
    return math.sqrt(max(0.0, float(scaled @ related @ scaled)))


def _residuals(items: Items, rate: float) -> dict[str, float]:
    rows = zip(items.values, items.clusters, strict=True)
    return _sums((cluster, value - rate) for value, cluster in rows if not isinstance(value, str))


def _moved(pairs: Pairing) -> dict[str, float]:
    moves = [b - a for a, b in zip(pairs.first, pairs.second, strict=True)]
    mean = math.fsum(moves) / len(moves)
    rows = zip(pairs.clusters, moves, strict=True)
    return _sums((cluster, move - mean) for cluster, move in rows)


def _sums(rows: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for cluster, value in rows:
        found[cluster].append(value)
    return {cluster: math.fsum(values) for cluster, values in found.items()}


def _related(residuals: Sequence[dict[str, float]]) -> Any:
    """Correlations of the parts by the clusters that they share; 0 where they share none."""
    size = len(residuals)
    found = np.eye(size)
    scale = [math.sqrt(math.fsum(x * x for x in one.values())) for one in residuals]
    for i in range(size):
        for j in range(i):
            shared = residuals[i].keys() & residuals[j].keys()
            product = scale[i] * scale[j]
            if shared and product:
                both = math.fsum(residuals[i][c] * residuals[j][c] for c in shared)
                found[i, j] = found[j, i] = max(-1.0, min(1.0, both / product))
    return found


def _centre_and_error(pairs: Pairing, low: float, high: float) -> tuple[float, float]:
    """Of `paired`: its limits, of which one may be cut at -1 or 1, are centre -+ t times error."""
    sizes: dict[str, int] = defaultdict(int)
    for cluster in pairs.clusters:
        sizes[cluster] += 1
    n = len(pairs.clusters)
    typical = sum(s * s for s in sizes.values()) / n
    moves = (b - a for a, b in zip(pairs.first, pairs.second, strict=True))
    centre = math.fsum(moves) / (n + typical)
    return centre, max(high - centre, centre - low) / t_quantile(len(sizes), LEVEL)
