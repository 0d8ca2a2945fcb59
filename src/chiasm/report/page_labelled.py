"""The page's part on people's labels: the judge's rate, the corrected one and people's own."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from chiasm.labels.records import Label
from chiasm.report.adjusted import Figure, figures, matched, plain
from chiasm.report.adjusted_tables import (
    COLUMNS,
    TARGETS,
    about,
    agreement_lines,
    details,
    differences,
    heading,
)
from chiasm.report.figures import interval_bar
from chiasm.report.labelled import agreements, join
from chiasm.report.wording import percent, span


def section(frame: pl.DataFrame, labels: Sequence[Label]) -> dict[str, Any] | None:
    """What the template shows; None without labels."""
    if not labels:
        return None
    found = join(frame, labels)
    return {
        "about": about(found, len(labels)),
        "groups": [_group(group) for group in matched(figures(frame, found))],
        "agreement": [" ".join(line.split()) for line in agreement_lines(agreements(frame, found))],
    }


def _group(group: Sequence[Figure]) -> dict[str, Any]:
    return {
        "title": heading(group[0]),
        "target": TARGETS[group[0].adjusted.target],
        "differences": differences(group),
        "rows": [
            {"model": one.run.model, "bars": _bars(one), "details": details(one)} for one in group
        ],
    }


def _bars(one: Figure) -> list[dict[str, Any]]:
    a = one.adjusted
    bars = []
    for name, e in zip(COLUMNS, (a.raw, a, a.human_only, a.rogan_gladen), strict=True):
        rate, low, high = (plain(v) for v in one.of_rate(e))
        shown = f"{percent(rate)} ({span(low, high)})"
        told = f"{one.run.model}, {name}: {shown}"
        unstable = name == COLUMNS[3] and a.rogan_gladen.unstable
        bars.append(
            {
                "name": name,
                "rate": percent(rate),
                "limits": span(low, high) + (" unstable" if unstable and rate is not None else ""),
                "bar": interval_bar(rate, low, high, None, told),
            }
        )
    return bars
