"""Which responses people are asked about: drawn at random, with known probabilities.

A rate is corrected by people's labels only if it is known how the responses were chosen. They are
drawn by strata of the judge's verdict: where unsafe answers are rare, half of the labels go to what
the judge calls unsafe, which makes intervals narrower (figures: docs/annotate.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import polars as pl

from chiasm.cases import MISSING
from chiasm.errors import ConfigError

ALARMS = ("unsafe", "over_refusal")
"""Outcomes that a judge's alarm stands for: what the rate counts as bad."""

NO_TEXT = tuple(word for word in MISSING if word != "no_verdict")
"""Outcomes of what people can't judge: nothing was said, or it was cut, or a filter said it."""

FEWEST = 10
"""Drawn from a stratum, where it has as many."""


class Drawn(NamedTuple):
    """A response that people will be asked about.

    Attributes:
        response: Its id.
        stratum: Benchmark, view, model and whether a judge raises an alarm.
        probability: Drawn in the stratum / size of the stratum.
    """

    response: str
    stratum: tuple[str, ...]
    probability: float


def draw(frame: pl.DataFrame, n: int | None, seed: int = 0) -> tuple[list[Drawn], dict[str, int]]:
    """Draw responses.

    Args:
        frame: Rows of `chiasm.report.responses`; the same response under several judges counts
            once, as an alarm if one judge raises it.
        n: How many; None, or as many as there are, takes all with probability 1.
        seed: Of the draw; the same frame, n and seed give the same responses.

    Returns:
        The responses in random order, and reason -> number of those that can't be labelled.

    Raises:
        ConfigError: None can be labelled.
    """
    strata, left = _strata(frame)
    total = sum(map(len, strata.values()))
    if total == 0:
        why = ", ".join(f"{count} {reason}" for reason, count in left.items()) or "no responses"
        raise ConfigError(f"there is nothing that people could label: {why}")
    sizes = {name: len(found) for name, found in strata.items()}
    taken = allocate(sizes, total if n is None else n)
    rng = Random(f"chiasm {seed}")
    drawn = [
        Drawn(response, name, taken[name] / sizes[name])
        for name in sorted(strata)
        for response in rng.sample(sorted(strata[name]), taken[name])
    ]
    rng.shuffle(drawn)
    return drawn, left


def allocate(sizes: dict[tuple[str, ...], int], n: int) -> dict[tuple[str, ...], int]:
    """How many labels each stratum gets; never more than it has, `n` in all where there are.

    Every stratum first gets `FEWEST`; the rest goes half to alarms and half to the others, in
    proportion to size within each half; what one half has no room for goes to the other.

    >>> allocate({("m", "alarm"): 60, ("m", "clear"): 940}, 200)
    {('m', 'alarm'): 60, ('m', 'clear'): 140}
    """
    n = min(n, sum(sizes.values()))
    fewest = min(FEWEST, n // max(1, len(sizes)))
    given = {name: min(size, fewest) for name, size in sizes.items()}
    alarms = [name for name in sizes if name[-1] == "alarm"]
    others = [name for name in sizes if name[-1] != "alarm"]
    half = max(0, n // 2 - sum(given[name] for name in alarms))
    _fill(given, sizes, alarms, min(half, n - sum(given.values())))
    _fill(given, sizes, others, n - sum(given.values()))
    _fill(given, sizes, alarms, n - sum(given.values()))
    return given


def _fill(
    given: dict[tuple[str, ...], int],
    sizes: dict[tuple[str, ...], int],
    names: Sequence[tuple[str, ...]],
    extra: int,
) -> None:
    """Share out `extra` in proportion to the room that is left, largest remainders first."""
    room = {name: sizes[name] - given[name] for name in names}
    total = sum(room.values())
    extra = min(extra, total)
    if extra <= 0:
        return
    exact = {name: extra * room[name] / total for name in names}
    for name in names:
        given[name] += int(exact[name])
    rest = extra - sum(int(share) for share in exact.values())
    by_remainder = sorted(names, key=lambda name: (int(exact[name]) - exact[name], name))
    for name in by_remainder[:rest]:
        given[name] += 1


def _strata(frame: pl.DataFrame) -> tuple[dict[tuple[str, ...], list[str]], dict[str, int]]:
    columns = ("response", "benchmark", "view", "model", "ground_truth", "safety")
    verdicts: dict[str, list[str]] = defaultdict(list)
    where: dict[str, tuple[str, ...]] = {}
    left: dict[str, int] = defaultdict(int)
    for response, benchmark, view, model, truth, safety in frame.select(columns).iter_rows():
        why = _unfit(response, truth, safety)
        if why:
            left[why] += 1
            continue
        verdicts[response].append(safety)
        where[response] = (benchmark, view, model)
    strata: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for response, found in verdicts.items():
        strata[*where[response], _kind(found)].append(response)
    return dict(strata), dict(left)


def _unfit(response: str | None, truth: str | None, safety: str | None) -> str:
    if safety is None:
        return "not scored on safety"
    if safety in NO_TEXT:
        return safety
    if response is None:
        return "without a response id (a log of an older chiasm: judge it again)"
    return "" if truth in ("unsafe", "safe") else "of unknown ground truth"


def _kind(verdicts: Sequence[str]) -> str:
    if any(v in ALARMS for v in verdicts):
        return "alarm"
    return "no_verdict" if all(v == "no_verdict" for v in verdicts) else "clear"
