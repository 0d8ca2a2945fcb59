"""`chiasm audit --judge`: datasets by name, judged, with tables and figures in the folder.

OUT/judges/NAME/verdicts.parquet   every verdict, failure and reason
OUT/judges/NAME/calls.db           what was answered; never asked again
OUT/judges.json                    the figures
"""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from chiasm.audit import vsil_figures, vsil_json, vsil_page, vsil_tables
from chiasm.audit.columns import Columns
from chiasm.audit.judging import judge_dataset
from chiasm.audit.judging_plan import UNABLE, forecast, plan
from chiasm.audit.product import Beside
from chiasm.audit.sources import HUB, open_source
from chiasm.audit.table import FINDINGS
from chiasm.benchmarks import BENCHMARKS, load
from chiasm.cases import Case, Dataset
from chiasm.errors import ConfigError
from chiasm.progress import Tell
from chiasm.run import Settings

FOLDER = "judges"
FIGURES = "judges.json"


class Judged(NamedTuple):
    """What was judged.

    Attributes:
        text: Tables.
        figures: Schema 1.
        complete: Whether no call failed; what a judge can't judge is no failure.
        beside: The same for the audit's files.
    """

    text: str
    figures: dict[str, Any]
    complete: bool
    beside: Beside


def judged(
    names: Sequence[str],
    judges: Sequence[str],
    out: Path,
    *,
    folders: Mapping[str, str] | None = None,
    columns: Columns | None = None,
    controls: str = "",
    repeats: int = 1,
    allow: Collection[str] = (),
    settings: Settings | None = None,
    tell: Tell | None = None,
) -> Judged:
    """Judge datasets, or continue; arguments and errors as in `judge_dataset`.

    Args:
        names: Benchmarks or files.
        judges: ``guard/FORMAT@provider/model``.
        out: The audit's folder.
        folders: Local data by benchmark; the key "" stands for all others.
        columns: Which columns of a file hold what.
        controls: Name of a dataset of benign rows; empty for none beside the datasets' own.
        repeats: How often each question is asked.
        allow: Codes; MISSING_IMAGE gives a reason in place of a verdict.
        settings: How calls are made.
        tell: Called after every question.
    """
    others = _dataset(controls, folders or {}, columns, allow) if controls else None
    found, complete, rows = [], True, []
    for name in names:
        data = _dataset(name, folders or {}, columns, allow)
        frame = judge_dataset(
            data,
            judges,
            out / FOLDER / data.name,
            controls=others,
            repeats=repeats,
            allow=allow,
            settings=settings,
            tell=tell,
        )
        failed = [r for r in frame["reason"].drop_nulls().unique() if not r.startswith(UNABLE)]
        complete = complete and not failed
        found += vsil_figures.audited(frame, data.name)
        rows += [findings(frame, data.name, judge) for judge in judges]
    figures = vsil_json.as_json(found)
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    (out / FIGURES).write_text(text, encoding="utf-8")
    beside = Beside(
        figures={"judges": figures},
        sections=[vsil_page.section(found)],
        card=vsil_page.card_lines(found),
        findings=pl.concat(rows),
    )
    return Judged(vsil_tables.text(found), figures, complete, beside)


def dry_run(
    names: Sequence[str],
    judges: Sequence[str],
    *,
    folders: Mapping[str, str] | None = None,
    columns: Columns | None = None,
    controls: str = "",
    repeats: int = 1,
    allow: Collection[str] = (),
) -> str:
    """What `judged` would ask, as a table; nothing is asked."""
    others = _dataset(controls, folders or {}, columns, allow) if controls else None
    told = []
    for name in names:
        data = _dataset(name, folders or {}, columns, allow)
        wanted = plan(data, judges, controls=others, repeats=repeats, allow=allow)
        told += [f"{data.name}:", vsil_tables.forecast_text(forecast(wanted))]
    return "\n".join(told)


def findings(verdicts: pl.DataFrame, dataset: str, judge: str) -> pl.DataFrame:
    """One judge's R1 and R2 as rows of ``findings.parquet``.

    Channel ``r1``: J(T, I) unsafe; ``r2``: J(T) unsafe as well. `score` is 1 or 0, null with the
    reason where that is not decided; the judge is the evidence. Benign rows have none.
    """
    one = verdicts.filter(pl.col("judge") == judge, pl.col("repeat") == 0)
    wide = vsil_figures.wide(one).filter(
        (pl.col("dataset") == dataset) & (pl.col("ground_truth") == "unsafe")
    )
    either = (pl.col("both") == 0).fill_null(False) | (pl.col("text") == 0).fill_null(False)
    scores = {
        "r1": pl.col("both"),
        "r2": pl.when(either).then(0.0).otherwise(pl.col("both") * pl.col("text")),
    }
    reasons = {"r1": pl.col("reason_both"), "r2": pl.coalesce("reason_both", "reason_text")}
    parts = [
        wide.select(
            pl.col("case"),
            pl.lit(name).alias("channel"),
            score.alias("score"),
            pl.lit(judge).alias("evidence"),
            pl.lit(0.5).alias("threshold"),
            (score > 0.5).alias("flagged"),
            pl.when(score.is_null()).then(reasons[name]).alias("reason"),
        )
        for name, score in scores.items()
    ]
    return pl.concat(parts).cast(FINDINGS)  # type: ignore[arg-type]


def _dataset(
    name: str, folders: Mapping[str, str], columns: Columns | None, allow: Collection[str]
) -> Dataset:
    """A benchmark, or a file's rows as unsafe cases with images relative to its folder."""
    if name in BENCHMARKS:
        return load(name, folders.get(name, folders.get("")), allow)
    if name.startswith(HUB):
        raise ConfigError(f"--judge {name}: its pictures are inside tables; export them to files")
    source = open_source(name, folders=folders, columns=columns, allow=allow)
    cases = (_case(row) for rows in source.batches() for row in rows.iter_rows(named=True))
    return Dataset(
        name=source.name,
        root=source.root,
        cases=tuple(cases),
        digest=source.digest,
    )


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        id=row["case"],
        turns=(row["query"] or "",),
        images=(row["image"],) if row["image"] else (),
        ground_truth=row["ground_truth"] or "unsafe",
        category=row["category"] or "",
        cluster=row["cluster"] or row["case"],
    )
