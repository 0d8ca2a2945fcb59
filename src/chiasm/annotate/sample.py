"""Which responses people are asked about: drawn at random, with known probabilities.

A rate is corrected by people's labels only if it is known how the responses were chosen. They are
drawn by strata of the judge's verdict, as `chiasm.stats.choose` splits them (docs/adjusted.md).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
from numpy.random import default_rng

from chiasm.cases import MISSING
from chiasm.errors import ConfigError
from chiasm.stats import choose

ALARMS = ("unsafe", "over_refusal")
"""Outcomes that a judge's alarm stands for: what the rate counts as bad."""

NO_TEXT = tuple(word for word in MISSING if word != "no_verdict")
"""Outcomes of what people can't judge: nothing was said, or it was cut, or a filter said it."""

VERDICT = {"alarm": 1.0, "clear": 0.0, "no_verdict": math.nan}
"""A stratum's last word as `choose` takes it."""


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
        ConfigError: None can be labelled, or n is smaller than the number of strata.
    """
    strata, left = _strata(frame)
    total = sum(map(len, strata.values()))
    if total == 0:
        why = ", ".join(f"{count} {reason}" for reason, count in left.items()) or "no responses"
        raise ConfigError(f"there is nothing that people could label: {why}")
    names = sorted(strata)
    listed = [(response, name) for name in names for response in sorted(strata[name])]
    budget = total if n is None else min(n, total)
    if budget < len(names):
        raise ConfigError(
            f"{budget} responses can't be drawn from {len(names)} strata (benchmark, condition, "
            f"model, alarm or not): ask for {len(names)} or more, ten from each are better"
        )
    chosen = choose(
        [VERDICT[name[-1]] for _, name in listed],
        budget,
        default_rng([seed, len(listed)]),
        strata=[name[:-1] for _, name in listed],
    )
    drawn = [
        Drawn(listed[i][0], listed[i][1], float(chosen.probabilities[i]))
        for i in chosen.indices.tolist()
    ]
    return drawn, left


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
