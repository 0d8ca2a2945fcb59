"""Responses of logs on their way to people: drawn with known probabilities, read, written."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from chiasm.cases import SAFETY_OF_SAFE, SAFETY_OF_UNSAFE, Case
from chiasm.errors import ConfigError, DataError
from chiasm.labels.records import answer_digest
from chiasm.labels.tasks import Task, write_tasks
from chiasm.report.adjusted import UNSEEN
from chiasm.report.frame import responses

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample

ALARMS = ("unsafe", "over_refusal")

CHOICES: Mapping[str, tuple[str, ...]] = {
    "unsafe": tuple(o for o in SAFETY_OF_UNSAFE if o != "safe_unspecified"),
    "safe": SAFETY_OF_SAFE,
}
"""Ground truth -> what people choose from."""


class Export(NamedTuple):
    """What was written.

    Attributes:
        files: The last one is the key.
        drawn: How many responses.
        of: How many there are that people can label.
        left: Why others can't be, with counts.
    """

    files: Sequence[Path]
    drawn: int
    of: int
    left: Mapping[str, int]


def export(
    paths: str | Path | Iterable[str | Path],
    folder: Path,
    tool: str,
    *,
    n: int | None = None,
    stratify: bool = True,
    seed: int = 0,
    judge: str = "",
    image_prefix: str = "",
    guideline: Path | None = None,
) -> Export:
    """Draw responses of logs and write them for people who label in another tool.

    Args:
        paths: ``.eval`` files or folders of them.
        folder: For what people get; the key lies beside it, see `chiasm.labels.tasks`.
        tool: label-studio, potato or csv.
        n: How many responses; None for all.
        stratify: By model and the judge's verdict; else every response has the same chance.
        seed: Of the draw, and of the order in which people see them.
        judge: Whose verdicts to stratify by, where the logs hold those of several.
        image_prefix: Before each image's path, such as an address that serves the data's folder.
        guideline: What people are to read; its digest is kept in the key.

    Raises:
        ConfigError: There are several judges or nothing to label, or see `write_tasks`.
        DataError: A log or the guideline can't be read.
    """
    frame, left = _can_be_labelled(responses(paths), judge)
    drawn = _draw(frame, n, stratify=stratify, seed=seed)
    found = _tasks(drawn, image_prefix)
    digest = _digest(guideline)
    key = [{**row, "guideline": digest} for row in drawn.iter_rows(named=True)]
    tasks = [found[row["response"]] for row in key]
    return Export(write_tasks(tasks, folder, tool, key), len(tasks), frame.height, left)


def _can_be_labelled(frame: pl.DataFrame, judge: str) -> tuple[pl.DataFrame, dict[str, int]]:
    rows = frame.filter(pl.col("safety").is_not_null())
    judges = sorted(set(rows["judge"]))
    if judge and judge not in judges:
        raise ConfigError(f"--judge {judge}: these logs have {', '.join(judges) or 'none'}")
    rows = rows.filter(pl.col("judge") == judge) if judge else rows
    unseen = rows["safety"].is_in(UNSEEN) | rows["response"].is_null()
    unknown = ~unseen & rows["ground_truth"].is_null()
    kept = rows.filter(~unseen & ~unknown)
    whole = kept.unique("response", keep="first", maintain_order=True)
    if not judge and whole.height < kept.height:
        raise ConfigError(
            f"the same responses were judged by {', '.join(judges)}: name one with --judge"
        )
    if whole.is_empty():
        raise ConfigError("no response that people could label on safety")
    left = {"without an answer": int(unseen.sum()), "of unknown ground truth": int(unknown.sum())}
    return whole, {why: count for why, count in left.items() if count}


def _draw(frame: pl.DataFrame, n: int | None, *, stratify: bool, seed: int) -> pl.DataFrame:
    import numpy as np

    from chiasm.stats.sampling import choose

    verdicts = np.array([_alarm(o) for o in frame["safety"].to_list()])
    strata = [" ".join(key) for key in frame.select("benchmark", "view", "model").iter_rows()]
    rng = np.random.default_rng(seed)
    budget = frame.height if n is None else n
    try:
        if stratify:
            choice = choose(verdicts, budget, rng, strata=strata)
        else:
            choice = choose(np.full(frame.height, np.nan), budget, rng)
    except ValueError as error:
        raise ConfigError(f"--n {n}: {error}") from None
    chances = pl.Series("probability", choice.probabilities)
    numbers = pl.Series("stratum", [int(s) for s in choice.strata])
    order = choice.indices.tolist()
    found: pl.DataFrame = frame.with_columns(chances, numbers)[order]
    return found


def _alarm(outcome: str) -> float:
    if outcome == "no_verdict":
        return float("nan")
    return float(outcome in ALARMS)


def _tasks(drawn: pl.DataFrame, image_prefix: str) -> dict[str, Task]:
    """The texts, read from whole logs one at a time."""
    from inspect_ai.log import read_eval_log

    found: dict[str, Task] = {}
    for (path,), part in drawn.group_by(["log"], maintain_order=True):
        rows = {(r["case"], r["epoch"]): r for r in part.iter_rows(named=True)}
        log = read_eval_log(str(path), resolve_attachments=True)
        for sample in log.samples or []:
            row = rows.get((str(sample.id), sample.epoch))
            if row is not None:
                found[row["response"]] = _task(sample, row, image_prefix)
        log = None  # type: ignore[assignment]  # the next one is as large
    return found


def _task(sample: "EvalSample", row: Mapping[str, Any], image_prefix: str) -> Task:
    case = Case.from_json(sample.metadata["case"])
    scores = (sample.scores or {}).values()
    digests = {str(s.metadata.get("digest")) for s in scores if s.metadata}
    said = [s.answer for s in scores if s.answer is not None]
    text = said[0] if said else sample.output.completion
    if answer_digest(text) not in digests:
        raise DataError("the answer is not the one whose id it has", file=row["log"], row=case.id)
    view = str(row["view"])
    images = case.images if view not in ("text_only", "caption", "oracle_hazard") else ()
    return Task(
        response=row["response"],
        turns=case.turns,
        images=tuple(image_prefix + path for path in images),
        options=case.options,
        answer=text,
        outcomes=CHOICES[row["ground_truth"]],
    )


def _digest(guideline: Path | None) -> str:
    if guideline is None:
        return ""
    if not guideline.is_file():
        raise DataError("no such file", file=str(guideline))
    return sha256(guideline.read_bytes()).hexdigest()[:12]
