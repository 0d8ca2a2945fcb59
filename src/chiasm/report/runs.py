"""Runs, and which of them can stand beside each other."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from chiasm.report.estimates import estimates
from chiasm.report.metrics import GRID, METRICS, PARTS

Estimate = Mapping[str, Any]

OURS = "chiasm/"
"""Models of this provider are reference policies: floors and ceilings, not competitors."""

PARTS_OF_SAFE = PARTS["safe_rate"]


class Run(NamedTuple):
    """One run with its figures.

    Attributes:
        key: Columns that name it.
        frame: Its responses.
        about: What the log says of itself.
        figures: Its estimates.
    """

    key: Mapping[str, Any]
    frame: pl.DataFrame
    about: Mapping[str, Any]
    figures: Sequence[Estimate]

    @property
    def model(self) -> str:
        """The model, and which run where one model has several."""
        return str(self.key["model"])

    def whole(self, estimand: str = "model") -> dict[str, Estimate]:
        """Metric -> figure over all responses."""
        return {
            e["metric"]: e
            for e in self.figures
            if e["group"] == "all" and e["estimand"] == estimand
        }

    @property
    def headline(self) -> list[str]:
        """The benchmark's own headline metrics, else all that stand on a line of their own."""
        found = self.whole()
        named = [m for m in self.about.get("metrics", ()) if m in found]
        named += [m for m in (f"{n}_perceived" for n in named[:1]) if m in found]
        return named or [m for m in METRICS if m in found and m not in PARTS_OF_SAFE]

    @property
    def category_metric(self) -> str | None:
        """The first headline metric that is not of grids, which may cross categories."""
        usable = (m for m in self.headline if m not in GRID and not m.endswith("_majority"))
        return next(usable, None)

    def by_category(self, metric: str | None) -> list[Estimate]:
        """Figures of a metric by category."""
        return [
            e
            for e in self.figures
            if e["by"] == "category" and e["metric"] == metric and e["estimand"] == "model"
        ]


def split(frame: pl.DataFrame) -> list[list[Run]]:
    """Runs that can stand beside each other: same benchmark, protocol, view, judge, source."""
    groups: dict[tuple[Any, ...], list[Run]] = {}
    names = ("benchmark", "protocol", "view", "judge", "source", "model", "run")
    for key, part in frame.group_by(names, maintain_order=True):
        about = json.loads(part["about"][0])
        run = Run(dict(zip(names, key, strict=True)), part, about, estimates(part))
        groups.setdefault(key[:5], []).append(run)
    return [_told_apart(runs) for runs in groups.values()]


def _told_apart(runs: list[Run]) -> list[Run]:
    """The run's digest behind the name of a model that has several runs (other settings)."""
    models = [r.model for r in runs]
    return [
        r._replace(key={**r.key, "model": f"{r.model} #{r.key['run']}"})
        if models.count(r.model) > 1
        else r
        for r in runs
    ]
