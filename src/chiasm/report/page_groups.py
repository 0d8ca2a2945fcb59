"""Which models can be told apart: every pair tested, and letters for those that can't."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from chiasm.report import metrics
from chiasm.report.against import Comparison, difference, pairing, test
from chiasm.report.metrics import LOWER_IS_BETTER, Items
from chiasm.report.runs import Run
from chiasm.stats import bounds, holm


class Compared(NamedTuple):
    """All models of a group on one metric.

    Attributes:
        metric: Its name.
        order: Models, the better rate first; no ranking by itself.
        pairs: Second minus first for every pair, in that order; p values adjusted over all.
        letters: Model -> letters; models that share one can't be told apart.
    """

    metric: str
    order: tuple[str, ...]
    pairs: tuple[Comparison, ...]
    letters: Mapping[str, str]


def compare_all(metric: str, runs: Sequence[Run]) -> Compared | None:
    """Compare every pair; None where fewer than two models have a figure.

    Two models are told apart where `Comparison.ranked` says so: adjusted p below .05, and
    worst-case bounds that don't overlap.
    """
    items = {r.model: metrics.items(metric, r.frame.to_dicts()) for r in runs}
    items = {name: found for name, found in items.items() if found.n}
    if len(items) < 2:
        return None
    sign = 1 if metric in LOWER_IS_BETTER else -1
    order = sorted(items, key=lambda name: (sign * items[name].k / items[name].n, name))
    pairs = [_pair(metric, a, b, items) for a, b in combinations(order, 2)]
    tested = [pair for pair in pairs if pair.difference.n]
    adjusted = holm([pair.p for pair in tested]) if tested else ()
    tested = [t._replace(adjusted=float(p)) for t, p in zip(tested, adjusted, strict=True)]
    apart = {(t.first, t.second) for t in tested if t.ranked}
    return Compared(metric, tuple(order), tuple(tested), letters(order, apart))


def letters(order: Sequence[str], apart: set[tuple[str, str]]) -> dict[str, str]:
    """Letters such that two share one exactly where they are not told apart.

    Insert and absorb (Piepho 2004, JCGS 13:456): every pair that is told apart splits the groups
    that hold both; groups inside others go.

    Args:
        order: Names; letters are given in this order.
        apart: Pairs that are told apart, each in the order of `order`.

    >>> letters("xyz", {("x", "z")})
    {'x': 'a', 'y': 'ab', 'z': 'b'}
    """
    groups = [frozenset(order)]
    for first, second in sorted(apart):
        split: list[frozenset[str]] = []
        for group in groups:
            both = first in group and second in group
            split += [group - {first}, group - {second}] if both else [group]
        groups = [g for g in dict.fromkeys(split) if not any(g < other for other in split)]
    place = {name: i for i, name in enumerate(order)}
    groups.sort(key=lambda group: sorted(place[name] for name in group))
    return {
        name: "".join(_letter(i) for i, group in enumerate(groups) if name in group)
        for name in order
    }


def _letter(i: int) -> str:
    """A to z, then a2 and so on."""
    return chr(ord("a") + i % 26) + (str(i // 26 + 1) if i >= 26 else "")


def _pair(metric: str, first: str, second: str, items: Mapping[str, Items]) -> Comparison:
    a, b = items[first], items[second]
    pairs = pairing(a, b)
    p, name = test(pairs) if pairs.first else (float("nan"), "")
    found = difference(pairs)
    worst = [bounds(i.k, i.n, i.asked - i.n) for i in (a, b)]
    overlap = worst[0].low <= worst[1].high and worst[1].low <= worst[0].high
    return Comparison(metric, first, second, found, p, p, name, pairs.left_out, overlap)
