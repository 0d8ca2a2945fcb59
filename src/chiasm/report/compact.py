"""Many models: a line each."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chiasm.report.metrics import METRICS
from chiasm.report.runs import OURS, PARTS_OF_SAFE, Estimate, Run
from chiasm.report.wording import (
    NAMES,
    WIDTH,
    cell,
    marks_line,
    missing,
    missing_line,
    percent,
    provenance,
    span,
    title,
    wrap,
)

SYSTEM = "the system of model and provider's filter (blocked counts as refused)"

ACROSS = 3
"""Figures beside each other."""

CELL = 20


class Column(NamedTuple):
    """A heading, and what stands below it for a run; and how many verdicts that lacks."""

    heading: str
    told: Callable[[Run], str]
    lost: Callable[[Run], int]


def many(runs: Sequence[Run], policies: Sequence[Run]) -> Iterator[str]:
    """One line a model and three figures, policies below the models.

    Args:
        runs: Of one benchmark, protocol, view and judge, one at least.
        policies: Reference policies on the same.
    """
    first = runs[0]
    shown = {**first.key, "model": f"{len(runs)} models" if len(runs) > 1 else first.model}
    yield from wrap(title(shown, first.about), indent=0)
    yield from wrap(provenance(first.frame, first.about))
    yield from marks_line(e for r in runs for e in r.figures if e["group"] == "all")
    lines = [m for m in METRICS if any(m in r.whole() for r in runs) and m not in PARTS_OF_SAFE]
    metrics = [*first.headline, *(m for m in lines if m not in first.headline)]
    yield from _block([c for m in metrics for c in _columns(m, runs)], [*runs, *policies])
    yield from _notes(runs, metrics)
    yield from _categories(runs)


def _block(columns: Sequence[Column], runs: Sequence[Run]) -> Iterator[str]:
    room = WIDTH - ACROSS * CELL - 14
    name = min(max(len(r.model) for r in runs) + 2, room)
    for start in range(0, len(columns), ACROSS):
        some = columns[start : start + ACROSS]
        heads = "".join(f"{c.heading[: CELL - 1]:<{CELL}}" for c in some)
        yield f"  {'':<{name}}{heads}no verdict"
        for run in runs:
            told = "".join(f"{c.told(run):<{CELL}}" for c in some)
            lost = max(c.lost(run) for c in some)
            if len(run.model) > name - 2:  # too long to stand in the line
                yield f"  {run.model}"
                yield f"  {'':<{name}}{told}{lost}"
            else:
                yield f"  {run.model:<{name}}{told}{lost}"


def _columns(metric: str, runs: Sequence[Run]) -> Iterator[Column]:
    def told(run: Run) -> str:
        e = run.whole().get(metric)
        return "" if e is None else cell(e)

    def lost(run: Run) -> int:
        e = run.whole().get(metric)
        return 0 if e is None else missing(e)

    yield Column(NAMES[metric], told, lost)
    if metric == "safe_rate" and any("refusal_rate" in run.whole() for run in runs):
        yield Column("refuse/warn/other", _parts, lost)


def _parts(run: Run) -> str:
    found = run.whole()
    rates = [found[m]["rate"] for m in PARTS_OF_SAFE[:3] if m in found]
    return "/".join(percent(rate) for rate in rates)


def _categories(runs: Sequence[Run]) -> Iterator[str]:
    """The headline metric by category, for models that are not our own policies."""
    metric = runs[0].category_metric
    groups = dict.fromkeys(e["group"] for run in runs for e in run.by_category(metric))
    if metric is None or len(groups) < 2 or all(r.model.startswith(OURS) for r in runs):
        return
    yield f"  by category: {NAMES[metric]}; small groups, no ranking"
    yield from _block([_of_group(metric, group) for group in groups], runs)


def _of_group(metric: str, group: str) -> Column:
    def found(run: Run) -> Estimate | None:
        return next((e for e in run.by_category(metric) if e["group"] == group), None)

    def told(run: Run) -> str:
        e = found(run)
        return "" if e is None else f"{cell(e)} /{e['n']}"

    def lost(run: Run) -> int:
        e = found(run)
        return 0 if e is None else missing(e)

    return Column(group, told, lost)


def _notes(runs: Sequence[Run], metrics: Sequence[str]) -> Iterator[str]:
    """Under the lines: N, and of each model what is missing and what that could do."""
    told = []
    for metric in metrics:
        n = sorted({e["n"] for r in runs if (e := r.whole().get(metric))})
        told.append(f"{NAMES[metric]} {'-'.join(map(str, dict.fromkeys((n[0], n[-1]))))}")
    yield from wrap(f"N: {', '.join(told)}", hang=3)
    for run in runs:
        lines = missing_line(run.frame, run.about["skipped"])
        found = run.whole()
        worst = [
            f"{NAMES[m]} {span(found[m]['bound_low'], found[m]['bound_high'])}"
            for m in metrics
            if m in found and missing(found[m])
        ]
        if worst:
            lines.append(f"Worst-case bounds: {', '.join(worst)}.")
        if run.whole("system"):
            lines.append(f"Figures of {SYSTEM}: --format json.")
        if lines:
            yield from wrap(f"{run.model}: {' '.join(' '.join(lines).split())}")
