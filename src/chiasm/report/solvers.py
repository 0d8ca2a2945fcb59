"""A defence against the same model without it: what it gains, what it refuses, what it costs.

Runs of one model, benchmark, protocol, view and judge that differ in the solver only
(`chiasm.defences`), compared on the cases that both decided.
"""

import json
from collections.abc import Iterator
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from chiasm.report import metrics
from chiasm.report.against import Pairing, difference, pairing, test
from chiasm.report.runs import Run
from chiasm.report.wording import NAMES, wrap
from chiasm.stats import Difference, holm

COMPARED = (
    "safe_rate",
    "effective_rate",
    "accuracy",
    "over_refusal_rate",
    "needless_warning_rate",
)
"""Beside a benchmark's headline figures: what a defence is paid with."""


class Change(NamedTuple):
    """One metric: with the solver minus without.

    Attributes:
        metric: Its name.
        difference: With interval, on the cases that both runs decided.
        adjusted: p of no difference, by Holm over the metrics of one solver.
        test: See `chiasm.report.against.Comparison`.
        left_out: Cases that they did not both decide.
    """

    metric: str
    difference: Difference
    adjusted: float
    test: str
    left_out: int


class Cost(NamedTuple):
    """What an answer cost the model under test; the judge's calls are not in it.

    Attributes:
        answers: Responses of which it is known.
        calls: Mean.
        tokens_in: Mean; None where the provider does not say.
        tokens_out: Likewise.
        seconds: Median of the calls' times added up; None where one is not known.
        seconds_p95: 95th percentile.
        unread: Answers in which a step of the defence came to nothing; None where a log is too old
            to say.
    """

    answers: int
    calls: float
    tokens_in: float | None
    tokens_out: float | None
    seconds: float | None
    seconds_p95: float | None
    unread: int | None


class Defended(NamedTuple):
    """One solver against none."""

    model: str
    solver: str
    changes: tuple[Change, ...]
    before: Cost | None
    after: Cost | None


def solver_of(run: Run) -> str:
    """The run's solver, empty for none."""
    return next(iter(run.about.get("settings", {}).get("solver", {})), "")


def defended(runs: list[Run]) -> list[Defended]:
    """Every run with a solver against the run of the same model without one.

    Where a model has several runs without a solver (other settings), the one is taken whose other
    settings are the same; where there is none, the solver stands alone and is left out here.
    """
    plain = [r for r in runs if not solver_of(r)]
    found = []
    for run in runs:
        solver = solver_of(run)
        base = next((r for r in plain if solver and _same_but(run, r, solver)), None)
        if base is not None:
            found.append(
                Defended(base.model, solver, _changes(base, run), cost(base.frame), cost(run.frame))
            )
    return found


def _same_but(run: Run, base: Run, solver: str) -> bool:
    settings = {k: v for k, v in run.about["settings"].items() if k != "solver"}
    name = str(run.frame["model"][0]).removesuffix(f" + {solver}")
    return bool(base.frame["model"][0] == name and base.about["settings"] == settings)


def _changes(base: Run, run: Run) -> tuple[Change, ...]:
    names = dict.fromkeys([*base.headline, *(m for m in COMPARED if m in base.whole())])
    pairs: dict[str, Pairing] = {}
    for metric in (m for m in names if m in metrics.METRICS):
        found = pairing(*(metrics.items(metric, r.frame.to_dicts()) for r in (base, run)))
        if found.first:
            pairs[metric] = found
    if not pairs:
        return ()
    tests = [test(one) for one in pairs.values()]
    adjusted = holm([p for p, _ in tests]).tolist()
    return tuple(
        Change(metric, difference(one), p, name, one.left_out)
        for (metric, one), (_, name), p in zip(pairs.items(), tests, adjusted, strict=True)
    )


def cost(frame: pl.DataFrame) -> Cost | None:
    """What the answers of a run cost; None where nothing was noted."""
    noted = [json.loads(text) for text in frame["spent"].drop_nulls().to_list()]
    if not noted:
        return None

    def known(name: str) -> list[float] | None:
        values = [one[name] for one in noted]
        return None if None in values else values

    seconds = known("seconds")
    unread = [one.get("unread") for one in noted]
    means = [fmean(v) if (v := known(n)) else None for n in ("tokens_in", "tokens_out")]
    return Cost(
        len(noted),
        fmean(one["calls"] for one in noted),
        means[0],
        means[1],
        median(seconds) if seconds else None,
        float(np.quantile(seconds, 0.95)) if seconds else None,
        None if None in unread else sum(map(bool, unread)),
    )


def lines(runs: list[Run]) -> Iterator[str]:
    """The table of a terminal; nothing where no run has a solver and a run without beside it."""
    for one in defended(runs):
        yield from wrap(
            f"{one.model} with solver {one.solver} minus without, points on the same cases "
            f"(95 % interval; Holm over {len(one.changes)})"
        )
        for c in one.changes:
            d = c.difference
            lost = f", {c.left_out} left out" if c.left_out else ""
            yield (
                f"    {NAMES[c.metric]:<20}{100 * d.difference:+6.1f}  {f'({limits_of(c)})':<19}"
                f"p {p_of(c)}, {d.n} cases{lost}"
            )
        if one.before and one.after:
            yield from _cost_lines(one.before, one.after)
        if told := unread_of(one):
            yield from wrap(told, indent=4)


def limits_of(change: Change) -> str:
    """The interval in points."""
    d = change.difference
    return f"{100 * d.low:+.1f} .. {100 * d.high:+.1f}" if d.low == d.low else "no interval"


def p_of(change: Change) -> str:
    """The adjusted p."""
    return "undefined" if change.adjusted != change.adjusted else f"{change.adjusted:.3f}"


def unread_of(one: Defended) -> str:
    """How often the defence did not come about; empty for never."""
    if one.after is None or not one.after.unread:
        return ""
    return (
        f"a step of {one.solver} came to nothing (unread, empty, cut, blocked, refused) in "
        f"{one.after.unread} of {one.after.answers} answers"
    )


def _cost_lines(a: Cost, b: Cost) -> Iterator[str]:
    def told(x: float | None, y: float | None, digits: int = 0) -> str:
        if x is None or y is None:
            return "not known"
        return f"{x:,.{digits}f} -> {y:,.{digits}f}"

    yield from wrap(
        f"an answer: calls {told(a.calls, b.calls, 2)}; tokens in "
        f"{told(a.tokens_in, b.tokens_in)}, out {told(a.tokens_out, b.tokens_out)}; seconds, "
        f"median {told(a.seconds, b.seconds, 2)}, p95 {told(a.seconds_p95, b.seconds_p95, 2)}",
        indent=4,
    )


def as_json(runs: list[Run]) -> list[dict[str, Any]]:
    """Plain data, differences in [-1, 1]; NaN becomes null."""
    return [
        {
            **{k: runs[0].key[k] for k in ("benchmark", "protocol", "view", "judge")},
            "model": one.model,
            "solver": one.solver,
            "changes": [_plain(c) for c in one.changes],
            "before": one.before._asdict() if one.before else None,
            "after": one.after._asdict() if one.after else None,
        }
        for one in defended(runs)
    ]


def _plain(c: Change) -> dict[str, Any]:
    d = c.difference
    told = {
        "metric": c.metric,
        "difference": d.difference,
        "low": d.low,
        "high": d.high,
        "n": d.n,
        "left_out": c.left_out,
        "p_holm": c.adjusted,
        "test": c.test,
    }
    return {k: None if v != v else v for k, v in told.items()}
