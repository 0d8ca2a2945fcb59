"""Inspect logs as far as figures need them: the header and the summaries of the samples.

Whole logs hold every message and event; figures need none of them, and reading summaries is some
ten times faster.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile

from chiasm.cases import OUTCOMES, dumps
from chiasm.errors import DataError

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSampleSummary

SCHEMA = 1
"""The newest layout of ``eval.metadata["chiasm"]`` that this version reads."""

ANSWER_SETTINGS = (
    "temperature",
    "max_tokens",
    "top_p",
    "top_k",
    "seed",
    "stop_seqs",
    "num_choices",
    "frequency_penalty",
    "presence_penalty",
    "system_message",
    "reasoning_effort",
    "reasoning_tokens",
)
"""Settings that change answers. Connections, time-outs and retries only change how they come."""

_ARGS_OF_PLACE_AND_EXTENT = ("data", "rubric", "allow", "limit", "sample", "grader")
"""Arguments of our tasks that say where things are and which cases are asked, not how."""

logger = logging.getLogger(__name__)


class LogFile(NamedTuple):
    """One log.

    Attributes:
        path: As it was found.
        finished: Whether it ended by itself: a killed or cancelled run's log did not.
        created: When the run began.
        about: What the task wrote about itself, ``eval.metadata["chiasm"]``.
        model: The model under test.
        grader: The model role `grader`, empty where there is none.
        settings: Generation settings and arguments that can change an answer.
        axes: The axes that are scored.
        asked: Ids of the cases that were to be asked.
        epochs: Answers per case that were to be given.
        samples: What is in the log, finished or failed.
    """

    path: Path
    finished: bool
    created: datetime
    about: Mapping[str, Any]
    model: str
    grader: str
    settings: Mapping[str, Any]
    axes: tuple[str, ...]
    asked: tuple[str, ...]
    epochs: int
    samples: tuple["EvalSampleSummary", ...]

    @property
    def answerer(self) -> str:
        """Who answered: the model, and the solver around it where there is one."""
        solver = self.about.get("solver")
        return f"{self.model} + {solver}" if solver else self.model

    @property
    def judge(self) -> str:
        """The judge of the scores in this log; the header's where there is no score yet.

        `inspect score` can replace scores with another judge's; the header keeps the first one.
        """
        judges = {
            str(score.metadata["judge"])
            for sample in self.samples
            for axis, score in (sample.scores or {}).items()
            if axis in self.axes and score.metadata and score.metadata.get("judge")
        }
        return "+".join(sorted(judges)) or str(self.about.get("judge") or self.grader)

    def identity(self, judge: str) -> str:
        """Equal for the logs of one run that was stopped and started again, 8 hex digits."""
        same = ("benchmark", "protocol", "view", "rubrics", "source", "dataset", "answers")
        parts = {name: self.about.get(name) for name in same}
        key = dumps([parts, self.model, judge, self.settings])
        return sha256(key.encode()).hexdigest()[:8]


def find(paths: Iterable[str | Path]) -> list[Path]:
    """The log files among the paths; folders are searched for ``*.eval`` at any depth.

    Raises:
        DataError: A path does not exist, or there is no log in a folder.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(path.rglob("*.eval"))
            if not inside:
                raise DataError("no .eval file in this folder", file=str(path))
            found.update(dict.fromkeys(inside))
        elif path.is_file():
            found[path] = None
        else:
            raise DataError("no such file or folder", file=str(path))
    return list(found)


def read(paths: Iterable[str | Path]) -> list[LogFile]:
    """Read all logs of the paths.

    Logs of other tasks and logs that were cut while they were written are left out with a
    warning that counts and names them, unless nothing else is there.

    Raises:
        DataError: A path does not exist, or there is no readable log of chiasm's.
    """
    logs, problems = [], []
    files = find(paths)
    for file in files:
        try:
            logs.append(_read(file))
        except DataError as error:
            problems.append(error)
    if problems and not logs:
        raise problems[0]
    if problems:
        names = "; ".join(str(p) for p in problems[:3])
        more = ", ..." if len(problems) > 3 else ""
        logger.warning("%d of %d logs left out: %s%s", len(problems), len(files), names, more)
    return logs


def _read(path: Path) -> LogFile:
    from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries

    try:
        header = read_eval_log(path, header_only=True)
        about = chiasm_metadata(path, header)
        samples = tuple(read_eval_log_sample_summaries(path))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        what = f"not a readable Inspect log ({type(error).__name__}: {str(error)[:80]})"
        raise DataError(what, file=str(path)) from error
    return LogFile(
        path=path,
        finished=header.status in ("success", "error"),
        created=datetime.fromisoformat(str(header.eval.created)),
        about=about,
        model=header.eval.model,
        grader=_roles(header).get("grader", ""),
        settings=_settings(about, header),
        axes=_axes(about, header, samples),
        asked=tuple(str(i) for i in header.eval.dataset.sample_ids or ()),
        epochs=header.eval.config.epochs or 1,
        samples=samples,
    )


def chiasm_metadata(path: Path, header: "EvalLog") -> dict[str, Any]:
    """What the task wrote about itself.

    Raises:
        DataError: The log is not of a chiasm task, or was written by a newer chiasm.
    """
    about = (header.eval.metadata or {}).get("chiasm")
    if not isinstance(about, dict) or "benchmark" not in about:
        raise DataError(
            f"a log of the task {header.eval.task!r}, which is not one of chiasm's",
            file=str(path),
        )
    if about.get("schema", SCHEMA) > SCHEMA:
        raise DataError(
            f"written by a newer chiasm (schema {about['schema']}, this one reads {SCHEMA})",
            file=str(path),
        )
    return about


def _settings(about: Mapping[str, Any], header: "EvalLog") -> dict[str, Any]:
    """Task's config under the model's, as Inspect merges them, and arguments and roles."""
    merged: dict[str, Any] = {}
    for config in (header.plan.config, header.eval.model_generate_config):
        values = config.model_dump(include=set(ANSWER_SETTINGS), exclude_none=True, mode="json")
        merged.update(values)
    shown = ("benchmark", "protocol", "view", "solver", *_ARGS_OF_PLACE_AND_EXTENT)
    args = {k: v for k, v in header.eval.task_args.items() if k not in shown and v}
    roles = {k: v for k, v in _roles(header).items() if k != "grader"}
    model = {k: str(v) for k, v in header.eval.model_args.items()}
    named = {"task_args": args, "roles": roles, "model_args": model}
    if about.get("solver"):
        named["solver"] = {about["solver"]: ", ".join(about.get("solver_prompts") or ())}
    return {**merged, **{k: v for k, v in named.items() if v}}


def _roles(header: "EvalLog") -> dict[str, str]:
    roles = header.eval.model_roles or {}
    return {
        name: "+".join(m.model for m in (config if isinstance(config, list) else [config]))
        for name, config in roles.items()
    }


def _axes(
    about: Mapping[str, Any], header: "EvalLog", samples: Iterable["EvalSampleSummary"]
) -> tuple[str, ...]:
    """Axes that the task names, else those of its rubrics, its scorers and its scores."""
    named = set(about.get("axes") or ())
    if not named:
        named |= set(about.get("rubrics") or ())
        named |= {s.name.rpartition("/")[2] for s in header.eval.scorers or ()}
        named |= {axis for s in samples for axis in s.scores or ()}
    return tuple(axis for axis in OUTCOMES if axis in named)
