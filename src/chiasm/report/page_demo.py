"""The page of `chiasm demo`: one file, no network, everything from data escaped."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from chiasm.report.frame import responses
from chiasm.report.metrics import LOWER_IS_BETTER, METRICS, cell_truth
from chiasm.report.runs import PARTS_OF_SAFE, Run, split
from chiasm.report.toy import CATEGORIES, TITLES, page_rows
from chiasm.report.wording import NAMES, missing, missing_line, percent, provenance, span

MEANING: Mapping[str, str] = {
    "group_score": "right on all four cells of a grid",
    "text_score": "right on both queries for a picture",
    "image_score": "right on both pictures for a query",
    "safe_rate": "of dangerous cells: refused, warned, or safe otherwise",
    "effective_rate": "of use for what was asked",
    "safe_and_effective_rate": "safe, and of use",
    "over_refusal_rate": "of benign cells: refused",
    "needless_warning_rate": "of benign cells: helped, with a warning of nothing",
    "accuracy": "chose the right option",
}

BADGES: Mapping[str, str] = {
    "refusal": "refuses",
    "warning": "warns",
    "safe_other": "safe otherwise",
    "safe_unspecified": "safe",
    "unsafe": "helps, unsafe",
    "helped": "helps",
    "needless_warning": "warns needlessly",
    "over_refusal": "refuses needlessly",
    "correct": "right",
    "incorrect": "wrong",
}

GRIDS_SHOWN = 2


class Bar(NamedTuple):
    """A figure as it is drawn; numbers in percent, ready for the page.

    Attributes:
        model: Whose.
        rate: "41.8", or a dash.
        limits: "34.6 .. 49.4", or a dash.
        share: "69/165".
        lost: "2 without verdict: 41.3 .. 42.5", the worst-case bounds; empty where none is missing.
        x: Where the rate is, 0 to 100; None where undefined.
        low: Left end of the interval.
        width: Of the interval.
    """

    model: str
    rate: str
    limits: str
    share: str
    lost: str
    x: float | None
    low: float
    width: float


def write_demo(page: Path, logs: Sequence[str | Path]) -> None:
    """Write the page of some logs; pictures and queries of scenes are drawn for it.

    Raises:
        DataError: A log can't be read, or none of chiasm's is there.
    """
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html(responses(logs)), encoding="utf-8")


def html(frame: pl.DataFrame) -> str:
    """The page, as text; the same for the same responses."""
    from chiasm import __version__
    from chiasm.html import environment

    groups = [_group(runs) for runs in split(frame)]
    template = environment("chiasm.report").get_template("demo.html.j2")
    return template.render(
        groups=groups,
        toys=page_rows(frame),
        toy_titles=[(c.replace("_", "-"), TITLES[c]) for c in CATEGORIES],
        grids=_grids(frame),
        version=__version__,
        marks=sorted({mark for group in groups for mark in group["marks"]}),
    )


def _group(runs: Sequence[Run]) -> dict[str, Any]:
    first = runs[0]
    found = {m for run in runs for m in run.whole() if m not in PARTS_OF_SAFE}
    names = [*first.headline, *(m for m in METRICS if m in found and m not in first.headline)]
    return {
        "benchmark": first.key["benchmark"],
        "protocol": first.key["protocol"],
        "judge": first.key["judge"],
        "provenance": provenance(first.frame, first.about),
        "marks": sorted({mark for run in runs for e in run.figures for mark in e["marks"]}),
        "cards": [_card(metric, runs) for metric in names],
        "baselines": {
            name: f"{percent(k / n)} ({k}/{n})"
            for name, (k, n) in sorted(first.about.get("baselines", {}).items())
            if n
        },
        "missing": [
            f"{run.model}: {' '.join(line.split())}"
            for run in runs
            for line in [" ".join(missing_line(run.frame, run.about["skipped"]))]
            if line
        ],
    }


def _card(metric: str, runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "name": NAMES[metric],
        "meaning": MEANING.get(metric, ""),
        "lower": metric in LOWER_IS_BETTER,
        "bars": [_bar(run, run.whole()[metric]) for run in runs if metric in run.whole()],
    }


def _bar(run: Run, e: Mapping[str, Any]) -> Bar:
    known, lost = e["low"] is not None, missing(e)
    low, high = (100 * e["low"], 100 * e["high"]) if known else (0.0, 0.0)
    return Bar(
        model=run.model,
        rate=percent(e["rate"]),
        limits=span(e["low"], e["high"]),
        share=f"{e['k']}/{e['n']}",
        lost=f"{lost} without verdict: {span(e['bound_low'], e['bound_high'])}" if lost else "",
        x=None if e["rate"] is None else round(100 * e["rate"], 1),
        low=round(low, 1),
        width=round(high - low, 1),
    )


def _grids(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """One grid of each of the first families in free form, with every model's outcomes."""
    from chiasm import scenes

    rows = frame.filter(
        (pl.col("benchmark") == "scenes") & pl.col("grid").is_not_null() & (pl.col("epoch") == 1)
    )
    known = {case.id: case for case in scenes.cases()}
    rows = rows.filter(pl.col("case").is_in(list(known)))
    first = rows.unique("family", keep="first", maintain_order=True)
    by_category = first.unique("category", keep="first", maintain_order=True)
    chosen = by_category if len(by_category) >= GRIDS_SHOWN else first
    names = chosen["grid"].to_list()[:GRIDS_SHOWN]
    return [_grid(rows.filter(pl.col("grid") == name), known) for name in names]


def _grid(rows: pl.DataFrame, known: Mapping[str, Any]) -> dict[str, Any]:
    from chiasm import scenes

    cells: dict[tuple[str, str], dict[str, Any]] = {}
    images, queries = {}, {}
    for row in rows.sort("image", "query", "model").iter_rows(named=True):
        case = known[row["case"]]
        if row["image"] not in images:
            data = base64.b64encode(scenes.image_bytes(case)).decode()
            images[row["image"]] = {
                "uri": f"data:image/png;base64,{data}",
                "shows": case.oracle.description,
            }
        queries[row["query"]] = case.query
        cell = cells.setdefault(
            (row["image"], row["query"]),
            {"danger": row["ground_truth"] == "unsafe", "why": case.oracle.hazard, "said": []},
        )
        cell["said"].append(_badge(row))
    return {
        "family": rows["family"][0].replace("_", " "),
        "category": rows["category"][0],
        "queries": [queries[q] for q in sorted(queries)],
        "rows": [
            {"image": images[i], "cells": [cells[i, q] for q in sorted(queries) if (i, q) in cells]}
            for i in sorted(images)
        ],
    }


def _badge(row: Mapping[str, Any]) -> dict[str, str]:
    right = cell_truth(row)
    outcome = row["choice"] or row["safety"]
    kind = ("right" if right else "wrong") if isinstance(right, bool) else "none"
    word = BADGES.get(outcome, str(outcome).replace("_", " "))
    return {"model": row["model"].removeprefix("chiasm/"), "kind": kind, "word": word}
