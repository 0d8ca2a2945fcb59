"""What may stand together: figures of one benchmark, view, metric, protocol and judge.

A rate is what its judge says. On 4,000 answers with people's labels the unsafe share by eight
judges runs from 1.4 % to 21.7 % (truth: 4.5 %), so an order across judges would be one of judges.
Within a group an order is claimed only where intervals do not overlap.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chiasm.published.table import STANDS_ALONE, Rate, estimate
from chiasm.stats import Estimate

LOWER_IS_BETTER = frozenset(
    ("attack_success_rate", "unsafe_rate", "over_refusal_rate", "false_positive_rate")
)


class Key(NamedTuple):
    """What figures must share to be compared.

    Attributes:
        benchmark: See `Rate`.
        view: Likewise.
        metric: Likewise.
        protocol: Likewise; a source's own names the source.
        judge: Likewise; one that is not stated names the source.
    """

    benchmark: str
    view: str
    metric: str
    protocol: str
    judge: str


class Entry(NamedTuple):
    """A line of a group.

    Attributes:
        model: Whose.
        estimate: Rate and interval.
        shown: The published digits; of a run of one's own its rate in percent.
        source: Key of the source; empty for a run of one's own.
        notes: What must be known with it.
        unit: "percent" or "points".
        overlaps_best: Whether its interval overlaps that of the group's first line; None where
            one of the two has none.
    """

    model: str
    estimate: Estimate
    shown: str
    source: str
    notes: tuple[str, ...] = ()
    unit: str = "percent"
    overlaps_best: bool | None = None

    @property
    def yours(self) -> bool:
        """Whether it is a run of one's own."""
        return not self.source


class Group(NamedTuple):
    """Figures that may stand together.

    Attributes:
        key: What they share.
        entries: Best first where lower or higher is better; see `Entry.overlaps_best`.
    """

    key: Key
    entries: tuple[Entry, ...]

    @property
    def has_yours(self) -> bool:
        """Whether a run of one's own is in it."""
        return any(entry.yours for entry in self.entries)


def key_of(rate: Rate) -> Key:
    """The group of a figure."""
    protocol, judge = (
        f"{word} ({rate.source})" if word in STANDS_ALONE else word
        for word in (rate.protocol, rate.judge)
    )
    return Key(rate.benchmark, rate.view, rate.metric, protocol, judge)


def group(rates: Iterable[Rate], own: Iterable[tuple[Key, Entry]] = ()) -> list[Group]:
    """Figures by what they share, in the order of the table; groups with one's own runs first.

    Args:
        rates: Of `load` or `select`.
        own: Runs of one's own with their keys; one that fits no group makes its own.
    """
    found: dict[Key, list[Entry]] = {}
    for rate in rates:
        found.setdefault(key_of(rate), []).append(_entry(rate))
    for key, entry in own:
        found.setdefault(key, []).append(entry)
    groups = [Group(key, _ordered(key, entries)) for key, entries in found.items()]
    return sorted(groups, key=lambda g: not g.has_yours)


def _entry(rate: Rate) -> Entry:
    found = estimate(rate)
    notes = [rate.note] if rate.note else []
    if rate.kind == "rate" and rate.n is not None:
        if math.isnan(found.low):
            notes.append(found.reason)
        elif rate.n_fits:
            notes.append(f"this model's figures fit N = {rate.n_fits:,}, not {rate.n:,}")
    return Entry(rate.model, found, rate.value, rate.source, tuple(notes), rate.unit)


def _ordered(key: Key, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    sign = 1 if key.metric in LOWER_IS_BETTER else -1
    lines = sorted(entries, key=lambda e: _order(e, sign))
    best = lines[0].estimate
    return tuple(line._replace(overlaps_best=_overlap(best, line.estimate)) for line in lines)


def _order(entry: Entry, sign: int) -> tuple[bool, float, str]:
    """Figures that are undefined come last."""
    rate = entry.estimate.rate
    return math.isnan(rate), 0.0 if math.isnan(rate) else sign * rate, entry.model


def _overlap(a: Estimate, b: Estimate) -> bool | None:
    if any(math.isnan(x) for x in (a.low, a.high, b.low, b.high)):
        return None
    return a.low <= b.high and b.low <= a.high
