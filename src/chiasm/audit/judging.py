"""A judge's verdicts on text and image, text alone and image alone: J(T, I), J(T), J(I).

Every row is judged three ways by every judge. Equal questions (an image that twelve rows share)
are asked once. A verdict is stored in ``calls.db`` beside the findings the moment it arrives, so
that the same command continues what was killed and asks again only what failed. What a judge can't
judge, and what failed, is null with a reason: never safe, never unsafe.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from chiasm.audit.judging_plan import Item, Question, plan
from chiasm.cases import Dataset
from chiasm.data.images import read_image
from chiasm.errors import ConfigError, JudgeError
from chiasm.judges.guards import guard_of, judge_prompt
from chiasm.judges.guards.spec import Guard, GuardVerdict
from chiasm.models.calls import use_store
from chiasm.models.outage import give_up
from chiasm.progress import Tell
from chiasm.run import STORE, Settings, judge_model

if TYPE_CHECKING:
    from inspect_ai.model import Model


VERDICTS = "verdicts.parquet"
"""The file of verdicts in the folder of an audit."""

SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "judge": pl.String,
    "dataset": pl.String,
    "case": pl.String,
    "cluster": pl.String,
    "category": pl.String,
    "ground_truth": pl.String,
    "input": pl.String,
    "repeat": pl.Int64,
    "label": pl.String,
    "reason": pl.String,
    "categories": pl.List(pl.String),
    "mark": pl.String,
    "reply": pl.String,
}
"""Columns of the verdicts, a row per judge, case, input and repeat. `label` is "unsafe", "safe" or
null, and then `reason` says why; `mark` is what must stand beside figures made of it; `reply` is
the judge's own words, untrusted."""


def judge_dataset(
    dataset: Dataset,
    judges: Sequence[str],
    out: Path,
    *,
    controls: Dataset | None = None,
    repeats: int = 1,
    allow: Collection[str] = (),
    settings: Settings | None = None,
    tell: Tell | None = None,
) -> pl.DataFrame:
    """Ask every judge about every row, or continue where it was stopped.

    Args:
        dataset: The rows.
        judges: Names as in ``guard/FORMAT@provider/model``.
        out: Folder of the audit: verdicts go to ``verdicts.parquet``, calls to ``calls.db``.
        controls: Benign rows to compare with; their unsafe rows are not asked about.
        repeats: How often each question is asked, >= 1; two tell how often a judge flips.
        allow: With MISSING_IMAGE, rows without their image get a reason in place of a verdict.
        settings: How calls are made.
        tell: Called after every question with (judge, whether it failed).

    Returns:
        Columns of `SCHEMA`; judge by judge, rows in their published order, controls behind them.

    Raises:
        ConfigError: A name is malformed, a judge is named twice, the controls have no benign row,
            or an endpoint never answered.
        ImageError: An image is missing, and that is not allowed; or it is no image. Names it.
    """
    settings = settings or Settings()
    wanted = plan(dataset, judges, controls=controls, repeats=repeats, allow=allow)
    models = {judge: judge_model(judge, settings) for judge in judges}
    with give_up(), use_store(out / STORE):
        found = asyncio.run(_ask_judges(wanted, models, settings.max_connections, tell))
    rows = [row for judge, items in wanted.items() for row in _rows(judge, items, found[judge])]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    write(frame, out)
    return frame


def write(frame: pl.DataFrame, out: Path) -> Path:
    """Keep verdicts; the file is whole or not there."""
    path = out / VERDICTS
    part = path.with_suffix(".part")
    frame.write_parquet(part)
    part.replace(path)
    return path


def read(out: Path) -> pl.DataFrame:
    """The verdicts of an audit.

    Raises:
        ConfigError: There are none, or the file is another one.
    """
    path = out / VERDICTS
    if not path.is_file():
        raise ConfigError(f"{out}: there is no {VERDICTS}; chiasm audit NAME --judge ... makes it")
    frame = pl.read_parquet(path)
    if frame.schema != pl.Schema(SCHEMA):
        raise ConfigError(f"{path}: its columns are not those of verdicts; delete it and run again")
    return frame


Said = Mapping[Question, GuardVerdict | str]
"""By question: the verdict, or the kind of failure."""


async def _ask_judges(
    wanted: Mapping[str, Sequence[Item]],
    models: Mapping[str, "Model"],
    connections: int,
    tell: Tell | None,
) -> dict[str, Said]:
    found = await asyncio.gather(
        *(_ask_all(j, items, models[j], connections, tell) for j, items in wanted.items())
    )
    return dict(zip(wanted, found, strict=True))


async def _ask_all(
    judge: str, items: Iterable[Item], model: "Model", connections: int, tell: Tell | None
) -> Said:
    guard = guard_of(judge)
    assert guard is not None  # planned with it
    gate = asyncio.Semaphore(connections)

    async def one(question: Question) -> GuardVerdict | str:
        async with gate:
            said = await _ask(guard, question, model)
        if tell:
            tell(judge, isinstance(said, str))
        return said

    questions = list(dict.fromkeys(item.question for item in items if item.question is not None))
    said = await asyncio.gather(*(one(question) for question in questions))
    return dict(zip(questions, said, strict=True))


async def _ask(guard: Guard, question: Question, model: "Model") -> GuardVerdict | str:
    images = [read_image(question.root, path) for path in question.images]
    text = question.text or None
    try:
        return await judge_prompt(guard, text, images, model, repeat=question.repeat)
    except JudgeError as error:
        return error.kind


def _rows(judge: str, items: Iterable[Item], said: Said) -> Iterator[tuple[Any, ...]]:
    for item in items:
        verdict = item.reason if item.question is None else said[item.question]
        case = item.case
        facts = (case.id, case.cluster, case.category, case.ground_truth)
        head = (judge, item.dataset, *facts, item.input, item.repeat)
        if isinstance(verdict, str):
            yield (*head, None, verdict, [], None, None)
        else:
            mark = "; ".join(verdict.marks) or None
            yield (*head, verdict.label, None, list(verdict.categories), mark, verdict.raw)
