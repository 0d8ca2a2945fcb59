"""Rates as they stand: what the judge says, what people say, the judge corrected by people."""

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from chiasm.labels.records import Label
from chiasm.report.adjusted import Figure, as_json, figures
from chiasm.report.labelled import join
from chiasm.stats import labels_needed


def rates(
    frame: pl.DataFrame | None, labels: Sequence[Label], width: float
) -> list[dict[str, Any]]:
    """A row for each run and rate that somebody has labelled a response of.

    Args:
        frame: All responses, with the judge's verdicts; None where there are no logs.
        labels: Those that count.
        width: Half of the width that the interval should have, in (0, 0.5).

    Returns:
        ``raw``, ``human`` and ``adjusted`` with rate, low, high, reason; ``labels``: responses that
        people decided; ``needed``: further ones until the interval is as narrow as wanted, None
        with ``why`` where that can't be said.
    """
    if frame is None:
        return []
    return [_row(one, width) for one in figures(frame, join(frame, labels))]


def _row(one: Figure, width: float) -> dict[str, Any]:
    found = as_json(one)
    needed, why = _needed(one, width)
    return {
        **{name: found[name] for name in ("benchmark", "view", "model", "judge", "metric")},
        "raw": found["raw"],
        "human": found["human_only"],
        "adjusted": found["adjusted"],
        "labels": found["n_labels"],
        "needed": needed,
        "why": why,
    }


def _needed(one: Figure, width: float) -> tuple[int | None, str]:
    """Further labels, planned from the judge's sensitivity and specificity as measured so far."""
    a = one.adjusted
    if a.reason:
        return None, a.reason
    if (a.high - a.low) / 2 <= width:
        return 0, ""
    assumed = a.rate, a.sensitivity.rate, a.specificity.rate
    if any(math.isnan(value) for value in assumed):
        return None, "the judge's sensitivity or specificity is not known yet"
    prevalence = min(0.995, max(0.005, a.rate))
    plan = labels_needed(
        width, prevalence=prevalence, sensitivity=assumed[1], specificity=assumed[2], total=a.n
    )
    return max(1, plan.adjusted - a.n_labels), ""
