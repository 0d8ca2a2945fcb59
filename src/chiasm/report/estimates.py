"""Responses -> estimates: every rate with k, n, an interval, and what it could be at worst."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from chiasm.judges import qualified
from chiasm.report import metrics
from chiasm.report.metrics import GRID, MAJORITY, METRICS, PARTS, PERCEIVED, Items
from chiasm.stats import Estimate, bounds, clustered

RUN = ("benchmark", "protocol", "view", "model", "judge", "source", "run")
"""Columns that tell runs apart."""

MISSING_MARK = 0.02
"""Share of missing verdicts above which a figure is marked."""

MARK_MISSING = "above 2 % missing"

AUTHOR_LABELLED = ("scenes", "scenes_mc", "scenes_one_danger", "scenes_hard")
"""Benchmarks whose labels are ours until people have confirmed them."""

_SHOWN = ("benchmark", "protocol", "view", "model", "judge")


def estimates(frame: pl.DataFrame, by: Sequence[str] = ("category",)) -> list[dict[str, Any]]:
    """All figures of all runs in a frame of `chiasm.report.responses`.

    Args:
        frame: Responses; filter its rows to get figures of a part.
        by: Columns by whose values figures are given beside those of the whole.

    Returns:
        One dictionary per run, metric and group, with the keys of the JSON contract:
        benchmark, protocol, view, model, judge, group ("all" for the whole), metric, k, n
        (scored), asked, missing_by, skipped (cases that were not asked), rate (k/n in [0, 1]; None
        with ``reason`` where undefined), low, high (95 % interval), method, bound_low, bound_high
        (the rate if all missing verdicts went one way). Beside these: by ("" for the whole),
        estimand ("model"; or "system", where a provider blocked something, with blocked counted
        as refused), marks, source, run, unit ("response", "case" or "grid"), effective_n
        (independent items that carry as much information).
    """
    return [
        estimate
        for _, run in frame.group_by(RUN, maintain_order=True)
        for estimate in _of_run(run, by)
    ]


def _of_run(run: pl.DataFrame, by: Sequence[str]) -> Iterator[dict[str, Any]]:
    about = json.loads(run["about"][0])
    views = [("model", run)]
    if metrics.any_blocked(run):
        views.append(("system", metrics.as_system(run)))
    head = {name: run[name][0] for name in _SHOWN}
    tail = {"source": run["source"][0], "run": run["run"][0]}
    doubted = qualified.unqualified(head["judge"], about.get("rubrics") or {})
    for estimand, responses in views:
        names = applicable(responses)
        for column, group, rows in _groups(responses, by):
            for metric in names:
                if column and metric in GRID + PERCEIVED:
                    continue  # a grid may cross categories
                found = metrics.items(metric, rows)
                if not found.asked:
                    continue
                figure = _figure(metric, found)
                marks = marks_of(about, head["benchmark"], head["judge"], found)
                marks += [qualified.MARK] if doubted & _axes(metric) else []
                skipped = sum(about["skipped"].values()) if not column else 0
                yield {
                    **head,
                    "group": group,
                    "by": column,
                    "metric": metric,
                    **figure,
                    "skipped": skipped,
                    "estimand": estimand,
                    "unit": _unit(metric),
                    "marks": marks,
                    **tail,
                }


def applicable(run: pl.DataFrame) -> list[str]:
    """The metrics that say something about a run, in the order of `METRICS`.

    A judge that only knows safe and unsafe has no parts to show but ``safe_unspecified_rate``.
    """
    seen = set(run["safety"].drop_nulls())
    finer = bool(seen & {"refusal", "warning", "safe_other"})
    several = run["epoch"].n_unique() > 1
    names = []
    for metric in METRICS:
        if metric == "safe_unspecified_rate" and "safe_unspecified" not in seen:
            continue
        parts = PARTS["safe_rate"][:3]
        if metric in parts and "safe_unspecified" in seen and not finer:
            continue
        if metric.endswith("_majority") and not several:
            continue
        if metric in GRID + PERCEIVED and _cells(run).is_empty():
            continue
        if metric in PERCEIVED and run["perceived"].is_null().all():
            continue
        names.append(metric)
    return names


def _axes(metric: str) -> set[str]:
    """The axes whose verdicts a metric counts.

    >>> sorted(_axes("safe_and_effective_rate")), _axes("over_refusal_rate")
    (['safety', 'usefulness'], {'safety'})
    """
    if metric.startswith("safe_and_effective"):
        return {"safety", "usefulness"}
    return {{"effective": "usefulness", "accuracy": "choice"}.get(metric.split("_")[0], "safety")}


def _cells(run: pl.DataFrame) -> pl.DataFrame:
    return run.filter(pl.col("grid").is_not_null() & pl.col("query").is_not_null())


def marks_of(about: Mapping[str, Any], benchmark: str, judge: str, found: Items) -> list[str]:
    """Words that must stand beside a figure wherever it is shown.

    "in-sample" stands where a log says so, and at the triage judge on SIUO, of which it was made.
    """
    marks = list(about.get("marks", ()))
    if benchmark in AUTHOR_LABELLED:
        marks.append("author-labelled")
    if judge == "chiasm/triage":
        marks.append("triage")
    if about.get("in_sample") or (judge == "chiasm/triage" and benchmark == "siuo"):
        marks.append("in-sample")
    if about.get("dataset", {}).get("pinned") is False:
        marks.append("unpinned data")
    if found.asked and (found.asked - found.n) / found.asked > MISSING_MARK:
        marks.append(MARK_MISSING)
    return list(dict.fromkeys(marks))


def interval(found: Items) -> Estimate:
    """The 95 % interval of the decided items, clustered."""
    decided = [(v, c) for v, c in zip(found.values, found.clusters, strict=True) if v in (0, 1)]
    return clustered([int(v is True) for v, _ in decided], [c for _, c in decided])


def _figure(metric: str, found: Items) -> dict[str, Any]:
    missing = found.asked - found.n
    worst = bounds(found.k, found.n, missing)
    figure: dict[str, Any] = {
        "k": found.k,
        "n": found.n,
        "asked": found.asked,
        "missing_by": found.missing_by,
        "rate": None,
        "reason": "",
        "low": None,
        "high": None,
        "method": "",
        "effective_n": None,
        "bound_low": _plain(worst.low),
        "bound_high": _plain(worst.high),
    }
    if not found.n:
        return {**figure, "reason": f"none of {found.asked} {_unit(metric)}s has a verdict"}
    estimate = interval(found)
    return {
        **figure,
        "rate": found.k / found.n,
        "reason": estimate.reason,
        "low": _plain(estimate.low),
        "high": _plain(estimate.high),
        "method": estimate.method,
        "effective_n": _plain(estimate.effective_n),
    }


def _groups(
    run: pl.DataFrame, by: Iterable[str]
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    yield "", "all", run.to_dicts()
    for column in by:
        for (value,), rows in run.group_by([column], maintain_order=True):
            # a case that never ran and of which no log says more
            yield column, str(value) if value is not None else "(not run)", rows.to_dicts()


def _unit(metric: str) -> str:
    if metric in GRID + PERCEIVED:
        return "grid"
    return (
        "case"
        if metric.removesuffix("_majority") in MAJORITY and "_majority" in metric
        else ("response")
    )


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
