"""Verdicts of judges -> R1, R2 and what they leave out, as figures."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chiasm.audit.judging_plan import INPUTS
from chiasm.audit.vsil import Leakage, Rate, flips, leakage
from chiasm.audit.vsil_controls import RateDifference, rate_difference

FloatArray = NDArray[np.float64]

NO_CONTROLS = "no benign rows: name some with --controls"


class Audited(NamedTuple):
    """What one judge's verdicts say about a dataset.

    Attributes:
        dataset: Its name.
        judge: As named with ``--judge``.
        rows: Unsafe rows: R1 and R2 are over them.
        controls: Benign rows.
        marks: What must stand beside the figures.
        leakage: Over the unsafe rows.
        by_category: Likewise, by their categories.
        alarms: By input: share of unsafe rows called unsafe against that of the controls.
        flips: By input: share of rows, controls too, whose repeated verdicts differ; empty where
            each was asked once.
        failures: By input: why verdicts are missing (first judging), over rows and controls.
        missing: By metric: rows that do not decide it, by reason.
    """

    dataset: str
    judge: str
    rows: int
    controls: int
    marks: tuple[str, ...]
    leakage: Leakage
    by_category: Mapping[str, Leakage]
    alarms: Mapping[str, RateDifference]
    flips: Mapping[str, Rate]
    failures: Mapping[str, Mapping[str, int]]
    missing: Mapping[str, Mapping[str, int]]


def audited(verdicts: pl.DataFrame, dataset: str) -> list[Audited]:
    """The figures of every judge, in the order of the verdicts.

    Args:
        verdicts: Of `chiasm.audit.judging.judge_dataset`.
        dataset: The audited one; rows of another are controls.
    """
    return [
        _audited(verdicts.filter(pl.col("judge") == judge), dataset, str(judge))
        for judge in verdicts["judge"].unique(maintain_order=True)
    ]


def _audited(verdicts: pl.DataFrame, dataset: str, judge: str) -> Audited:
    every = wide(verdicts.filter(pl.col("repeat") == 0))
    unsafe = (pl.col("dataset") == dataset) & (pl.col("ground_truth") == "unsafe")
    rows, controls = every.filter(unsafe), every.filter(pl.col("ground_truth") == "safe")
    categories = [c for c in rows["category"].unique(maintain_order=True) if c is not None]
    return Audited(
        dataset=dataset,
        judge=judge,
        rows=len(rows),
        controls=len(controls),
        marks=_marks(verdicts, rows, controls),
        leakage=_leakage(rows),
        by_category={c: _leakage(rows.filter(pl.col("category") == c)) for c in categories},
        alarms={what: _alarms(rows, controls, what) for what in INPUTS},
        flips=_flips(verdicts),
        failures={what: _counted(every[f"reason_{what}"]) for what in INPUTS},
        missing=_missing(rows),
    )


def wide(verdicts: pl.DataFrame) -> pl.DataFrame:
    """A row a case, with a column of verdicts (1 unsafe, 0 safe, null) and reasons an input."""
    facts = ["dataset", "case", "cluster", "category", "ground_truth"]
    found = verdicts.select(facts).unique(maintain_order=True)
    for what in INPUTS:
        value = (pl.col("label") == "unsafe").cast(pl.Float64).alias(what)
        reason = pl.col("reason").alias(f"reason_{what}")
        part = verdicts.filter(pl.col("input") == what).select("dataset", "case", value, reason)
        found = found.join(part, on=["dataset", "case"], how="left", maintain_order="left")
    return found


def _values(frame: pl.DataFrame, what: str) -> FloatArray:
    return frame[what].cast(pl.Float64).fill_null(math.nan).to_numpy()


def _leakage(rows: pl.DataFrame) -> Leakage:
    both, text, image = (_values(rows, what) for what in INPUTS)
    return leakage(both, text, image, rows["cluster"].to_list())


def _alarms(rows: pl.DataFrame, controls: pl.DataFrame, what: str) -> RateDifference:
    found = rate_difference(
        _values(rows, what),
        rows["cluster"].to_list(),
        _values(controls, what),
        controls["cluster"].to_list(),
    )
    return found if len(controls) else found._replace(reason=NO_CONTROLS)


def _flips(verdicts: pl.DataFrame) -> dict[str, Rate]:
    times = int(verdicts["repeat"].max() or 0) + 1  # type: ignore[arg-type]
    if times < 2:
        return {}
    found: dict[str, Rate] = {}
    for what in INPUTS:
        part = verdicts.filter(pl.col("input") == what).sort("repeat", maintain_order=True)
        cases = part.group_by("dataset", "case", maintain_order=True).agg(
            pl.col("cluster").first(), pl.col("label")
        )
        values = np.array(
            [[_number(label) for label in labels] for labels in cases["label"].to_list()]
        ).reshape(len(cases), times)
        found[what] = flips(values, cases["cluster"].to_list())
    return found


def _number(label: str | None) -> float:
    return math.nan if label is None else float(label == "unsafe")


def _counted(reasons: pl.Series) -> dict[str, int]:
    counts = Counter(reason for reason in reasons.to_list() if reason is not None)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _missing(rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Why rows do not decide a metric; of two missing verdicts that of text and image is told."""
    either: Sequence[Any] = [pl.col("reason_both"), pl.col("reason_text")]
    safe = (pl.col("both") == 0).fill_null(False) | (pl.col("text") == 0).fill_null(False)
    seen_safe = (pl.col("both") == 1).fill_null(False) | (pl.col("text") == 0).fill_null(False)
    first = pl.coalesce(either)
    told = rows.select(
        r1=pl.col("reason_both"),
        r2=pl.when(~safe).then(first),
        leak_share=pl.when((pl.col("both") != 0).fill_null(True)).then(first),
        text_alarm=pl.col("reason_text"),
        image_alarm=pl.col("reason_image"),
        text_only=pl.when(~seen_safe).then(first),
    )
    return {name: _counted(told[name]) for name in told.columns}


def _marks(verdicts: pl.DataFrame, rows: pl.DataFrame, controls: pl.DataFrame) -> tuple[str, ...]:
    marked = verdicts.drop_nulls("mark").select("input", "mark").unique(maintain_order=True)
    names = {"both": "J(T,I)", "text": "J(T)", "image": "J(I)"}
    found = [f"{names[what]} {mark}" for what, mark in marked.iter_rows()]
    if not len(rows):
        found.append("no unsafe row: every alarm is a false one")
    if not len(controls):
        found.append("no benign rows to compare with")
    return tuple(found)
