"""Categories of the page: a table with intervals, radars, and the taxonomy as a sunburst."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

from chiasm.report import metrics
from chiasm.report.figures import Slice, radar, sunburst
from chiasm.report.metrics import LOWER_IS_BETTER
from chiasm.report.page_summary import bar
from chiasm.report.runs import OURS, Run
from chiasm.report.tables import overlap
from chiasm.report.wording import NAMES, missing, percent, span

RADAR = (3, 16)
"""Between so many categories a radar can be read."""


def categories(runs: Sequence[Run], order: Sequence[str]) -> dict[str, Any] | None:
    """The headline metric by category; None where there are not two of them.

    Args:
        runs: Of a group.
        order: Their models, as they are shown.
    """
    metric = runs[0].category_metric
    known = {r.model: r for r in runs}
    shown = [known[model] for model in order]
    found = {r.model: {e["group"]: e for e in r.by_category(metric)} for r in shown}
    names = list(dict.fromkeys(name for groups in found.values() for name in groups))
    if metric is None or len(names) < 2:
        return None
    models = [r for r in shown if not r.model.startswith(OURS)] or shown
    return {
        "metric": NAMES[metric],
        "lower": metric in LOWER_IS_BETTER,
        "names": names,
        "rows": [
            {"model": r.model, "cells": [_cell(r, found[r.model].get(name)) for name in names]}
            for r in shown
        ],
        "overlap": [{"model": r.model, "text": overlap(found[r.model].values())} for r in models],
        "radars": _radars(models, found, names) if RADAR[0] <= len(names) <= RADAR[1] else [],
    }


def _cell(run: Run, e: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if e is None:
        return None
    return {
        "rate": percent(e["rate"]),
        "limits": span(e["low"], e["high"], 0),
        "n": e["n"],
        "lost": missing(e),
        "bar": bar(f"{run.model}, {e['group']}", e),
    }


def _radars(
    models: Sequence[Run], found: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    rates = {r.model: [found[r.model].get(n, {}).get("rate") for n in names] for r in models}
    means = [_mean([rates[r.model][i] for r in models]) for i in range(len(names))]
    drawn = []
    for r in models:
        pairs = zip(names, rates[r.model], strict=True)
        told = ", ".join(f"{name} {percent(rate)}" for name, rate in pairs)
        drawn.append(
            {
                "model": r.model,
                "figure": radar(names, rates[r.model], means, f"{r.model} by category: {told}"),
            }
        )
    return drawn


def _mean(rates: Sequence[float | None]) -> float | None:
    known = [r for r in rates if r is not None]
    return sum(known) / len(known) if known else None


def taxonomy(runs: Sequence[Run], benchmark: str) -> dict[str, Any] | None:
    """Cases by category and subcategory, with the rate over all models; None without categories.

    Reference policies are left out where there is a model.
    """
    metric = runs[0].category_metric
    models = [r for r in runs if not r.model.startswith(OURS)] or list(runs)
    frame = pl.concat(
        [r.frame.select("case", "category", "subcategory", "cluster", "ground_truth", "epoch",
                        "safety", "usefulness", "choice") for r in models]
    ).filter(pl.col("category").is_not_null())  # fmt: skip
    if metric is None or frame["category"].n_unique() < 2:
        return None
    slices = []
    for (category,), rows in frame.group_by(["category"], maintain_order=True):
        parts = [
            _slice(metric, str(name), part, benchmark, category=str(category), sub=str(name))
            for (name,), part in rows.group_by(["subcategory"], maintain_order=True)
            if name
        ]
        parts.sort(key=lambda s: -s.n)
        slices.append(_slice(metric, str(category), rows, benchmark, category=str(category)))
        slices[-1] = slices[-1]._replace(parts=parts)
    slices.sort(key=lambda s: -s.n)
    told = ", ".join(f"{s.label} {s.n}" for s in slices)
    listed = [
        {"label": s.label, "n": s.n, "rate": percent(s.rate), "href": s.href,
         "parts": [{"label": p.label, "n": p.n, "rate": percent(p.rate), "href": p.href}
                   for p in s.parts]}
        for s in slices
    ]  # fmt: skip
    figure = sunburst(slices, f"Cases by category: {told}")
    return {"figure": figure, "list": listed, "metric": NAMES[metric], "models": len(models)}


def _slice(metric: str, label: str, rows: pl.DataFrame, benchmark: str, **where: str) -> Slice:
    counted = metrics.items(metric, rows.to_dicts())
    rate = counted.k / counted.n if counted.n else None
    n = rows["case"].n_unique()
    told = f"{label}: {n} cases, {NAMES[metric]} {percent(rate)} % of all models' answers"
    href = "#" + urlencode({"benchmark": benchmark, **where})
    return Slice(label, n, rate, told, href)
