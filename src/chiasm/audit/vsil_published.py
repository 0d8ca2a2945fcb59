"""The VLSBench paper's R1 and R2 (tables 1 and 7) from the table of published figures.

A rate is what its judge says: a run of one's own stands beside figures of the same judge, and is
never compared with those of another.
"""

import math
from typing import NamedTuple

from chiasm.audit.vsil_figures import Audited
from chiasm.judges.guards.formats import split
from chiasm.published.beside import judge_name
from chiasm.published.grim import near_totals
from chiasm.published.table import Rate, estimate, load, sources
from chiasm.stats import Estimate, wilson

NAMES = {
    "figstep": "FigStep",
    "jailbreakv_mini_raw": "JailBreakV mini, raw",
    "harmbench_mm": "HarmBench multimodal",
    "vlsafe": "VLSafe",
}
"""Datasets of the paper's tables, for people."""

FORMAT_OF = {"llama-guard-3-11b-vision": "llama_guard_3", "gpt-4o": "prompted"}
"""The paper's judges, and how chiasm asks each."""


class Line(NamedTuple):
    """A dataset of the paper.

    Attributes:
        dataset: Our name for it.
        judge: Without its provider.
        place: Where it stands.
        n: As stated.
        r1: With the interval of the only k that it can be of n; else NaN limits and a reason.
        r2: Likewise.
        leak_share: R2 / R1 where both have a k; else NaN with a reason.
        r1_printed: The digits in print.
        r2_printed: Likewise.
        notes: Figures that no count of n gives.
    """

    dataset: str
    judge: str
    place: str
    n: int
    r1: Estimate
    r2: Estimate
    leak_share: Estimate
    r1_printed: str
    r2_printed: str
    notes: tuple[str, ...]


def lines() -> list[Line]:
    """The paper's lines, by judge, in its order."""
    rates = [rate for rate in load() if rate.metric in ("r1", "r2")]
    found = {(r.judge, r.benchmark, r.metric): r for r in rates}
    keys = dict.fromkeys((r.judge, r.benchmark) for r in rates)
    made = [_line(found[j, b, "r1"], found[j, b, "r2"]) for j, b in keys]
    return sorted(made, key=lambda line: line.place)


def _line(r1: Rate, r2: Rate) -> Line:
    both = estimate(r1), estimate(r2)
    return Line(
        r1.benchmark,
        r1.judge,
        sources()[r1.source].place,
        r1.n or 0,
        *both,
        _share(*both),
        r1.printed,
        r2.printed,
        tuple(note for rate in (r1, r2) for note in _impossible(rate)),
    )


def _share(r1: Estimate, r2: Estimate) -> Estimate:
    for name, found in (("R1", r1), ("R2", r2)):
        if found.reason:
            nan = math.nan
            return Estimate(nan, nan, nan, 0, 0, "wilson", f"{name}: {found.reason}")
    return wilson(r2.k, r1.k)


def _impossible(rate: Rate) -> list[str]:
    """What is wrong with a figure that no count gives."""
    if rate.n is None or rate.counts(rate.n):
        return []
    near = near_totals(rate.printed, rate.n, rate.decimals, most=3)
    fits = f"; it fits N = {', '.join(map(str, near))}" if near else ""
    name = NAMES.get(rate.benchmark, rate.benchmark)
    return [f"{name} {rate.metric.upper()} {rate.printed} %: no k of {rate.n} gives it{fits}"]


def published_judge(found: Audited) -> str:
    """The paper's judge that this one is; empty where it is none of them.

    A model's name alone is not enough: asked in another format it is another judge.
    """
    named = split(found.judge)
    judge = judge_name(named.model)
    return judge if FORMAT_OF.get(judge) == named.format else ""


def caveat(judge: str) -> str:
    """What differs from the paper's judge although it is the same model; empty for nothing."""
    if FORMAT_OF.get(judge) == "prompted":
        return "same model, another instruction than the paper's: not compared"
    return ""
