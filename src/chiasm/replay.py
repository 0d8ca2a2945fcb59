"""Scoring answers that exist: the same judges, logs and tables as a live run, no model asked.

A file becomes one Inspect log; an Inspect log that is given becomes a second one beside it, with
the other judge's verdicts. Inspect's runner is not used: it would cost more than the judging.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

from chiasm import select
from chiasm.cases import Axis, Case, Dataset, Skip, Verdict, dumps
from chiasm.errors import DataError
from chiasm.grading import OFFLINE, Grading
from chiasm.judges.output import Answer, read_output, read_text
from chiasm.judges.panel import Jury, Rule
from chiasm.recorded import Answers, read_answers
from chiasm.replay_log import Judged, Response, Source, write_log

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import Model

    from chiasm.run import Settings

Progress = Callable[[int, int], None]
"""(responses done, responses in all)."""


def responses_of(answers: Answers, dataset: Dataset, *, partial: bool) -> list[Response]:
    """The recorded answers as responses, in the dataset's order.

    Every case has as many responses as the case with the most: what the file does not hold is
    `no_response`, so that a rate is never made of the answers that happened to arrive. With
    `partial`, the file is meant to hold a part of the benchmark, and only cases that it names
    count.
    """
    found = {(r.case, r.epoch): r.text for r in answers.rows}
    epochs = max(r.epoch for r in answers.rows)
    named = {r.case for r in answers.rows}
    made = []
    for case in dataset:
        if partial and case.id not in named:
            continue
        for epoch in range(1, epochs + 1):
            if (case.id, epoch) in found:
                answer = read_text(found[case.id, epoch])
            else:
                answer = Answer("", "", "no_response", "not in the file")
            made.append(Response(case, epoch, answer))
    return made


async def judge_all(
    grading: Grading,
    responses: Sequence[Response],
    graders: "Sequence[Model]",
    *,
    axes: Sequence[Axis],
    connections: int,
    rule: Rule = "majority",
    progress: Progress | None = None,
) -> list[Judged]:
    """Judge all responses, at most `connections` at once a judge; a failure is kept as an error."""
    gate = asyncio.Semaphore(connections * max(1, len(graders)))
    done = 0

    async def one(response: Response) -> Judged:
        nonlocal done
        verdicts: dict[Axis, Verdict] = {}
        errors: dict[Axis, str] = {}
        async with gate:
            for axis in axes:
                verdict, error = await grading.judge(
                    axis, response.case, response.answer, graders, rule
                )
                if error:
                    errors[axis] = error
                if verdict is not None:
                    verdicts[axis] = verdict
        done += 1
        if progress:
            progress(done, len(responses))
        return Judged(response, verdicts, errors)

    if all(str(grader) in OFFLINE for grader in graders):
        return [await one(r) for r in responses]
    return await asyncio.gather(*(one(r) for r in responses))


def from_file(path: Path, dataset: Dataset, *, partial: bool) -> Source:
    """Recorded answers of a file that is no Inspect log."""
    answers = read_answers(path, dataset)
    responses = responses_of(answers, dataset, partial=partial)
    digest = sha256(path.read_bytes()).hexdigest()[:16]
    return Source(
        path.stem, answers.model, "full", responses, {"file": path.name, "digest": digest}
    )


def is_log(path: Path) -> bool:
    """Whether the file is an Inspect log, by its name and, for JSON, its first fields."""
    if path.suffix == ".eval":
        return True
    if path.suffix != ".json" or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as stream:
        head = stream.read(2000)
    return '"eval"' in head and '"status"' in head


def from_log(path: Path, grading: Grading) -> Source:
    """The responses of an Inspect log that one of our tasks wrote.

    Raises:
        DataError: It can't be read, is of another benchmark, or was not written by our tasks.
    """
    from inspect_ai.log import read_eval_log

    try:
        log = read_eval_log(str(path), resolve_attachments=True)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        what = f"not a readable Inspect log ({type(error).__name__}: {str(error)[:80]})"
        raise DataError(what, file=str(path)) from error
    facts = (log.eval.metadata or {}).get("chiasm")
    if not isinstance(facts, dict):
        raise DataError("not a log of a chiasm task", file=str(path))
    if facts["benchmark"] != grading.benchmark.name:
        raise DataError(
            f"is of {facts['benchmark']}, not of {grading.benchmark.name}", file=str(path)
        )
    samples = {(s.id, s.epoch): s for s in log.samples or []}
    cases = {s.id: Case.from_json(s.metadata["case"]) for s in log.samples or []}
    epochs = log.eval.config.epochs or 1
    ids = log.eval.dataset.sample_ids or list(cases)
    responses = [
        Response(cases[i], e, _logged(samples.get((i, e)), grading, facts["view"]))
        for i in ids
        if i in cases
        for e in range(1, epochs + 1)
    ]
    config = {"file": path.name, "run": log.eval.run_id}
    solver = facts.get("solver")
    model = f"{log.eval.model} + {solver}" if solver else log.eval.model
    return Source(path.stem, model, facts["view"], responses, config)


def _logged(sample: "EvalSample | None", grading: Grading, view: str) -> Answer:
    from chiasm.views import SHOWS_IMAGE

    if sample is None:
        return Answer("", "", "no_response", "not run")
    if sample.output.empty:
        why = sample.error.message if sample.error else "empty"
        return Answer("", "", "no_response", why)
    return read_output(
        sample.output,
        judge_truncated=grading.protocol.judge_truncated,
        image_shown=view in SHOWS_IMAGE,
    )


def score(
    paths: Collection[Path],
    grading: Grading,
    dataset: Dataset,
    *,
    grader: str | None,
    log_dir: Path,
    partial: bool = False,
    allow: Collection[str] = (),
    settings: "Settings | None" = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Judge the answers of each file; one log per file and judge.

    Args:
        paths: Files of recorded answers, or Inspect logs.
        grading: Benchmark and protocol.
        dataset: Its cases.
        grader: The judge, or the name of several (`chiasm.judges.panel.Jury`).
        log_dir: Where the logs go.
        partial: Whether a file may hold only a part of the benchmark.
        allow: With MISSING_IMAGE, answers whose image the judge should see and that is missing
            are left out and counted.
        settings: How the judge is called.
        progress: Told after every response.

    Returns:
        The logs written, in the order of the paths.

    Raises:
        ConfigError: The judge can't be this one, or there is none; or its endpoint never answered,
            see `chiasm.models.outage`.
        DataError: A file can't be read, or is of another benchmark.
        ImageError: The judge should see images that are missing; nothing was asked.
    """
    from chiasm.models.calls import use_store
    from chiasm.models.outage import give_up
    from chiasm.run import STORE, Settings

    settings = settings or Settings()
    axes = grading.axes(grader)
    judge = _Judge(grading, grader, axes, settings, progress)
    sources = [
        from_log(path, grading) if is_log(path) else from_file(path, dataset, partial=partial)
        for path in paths
    ]
    seen = grading.sees_image(grader)
    kept = [_with_images(s, dataset, allow) if seen else (s, []) for s in sources]
    log_dir.mkdir(parents=True, exist_ok=True)
    with give_up(), use_store(log_dir / STORE):
        return [_score(source, skipped, dataset, judge, log_dir) for source, skipped in kept]


class _Judge(NamedTuple):
    """Who decides, and how."""

    grading: Grading
    grader: str | None
    axes: Sequence[Axis]
    settings: "Settings"
    progress: Progress | None


def _with_images(
    source: Source, dataset: Dataset, allow: Collection[str]
) -> tuple[Source, list[Skip]]:
    """The responses that a judge can be shown the image of, and the cases of the others."""
    judged = {r.case.id: r.case for r in source.responses if not r.answer.missing}
    skipped = select.without_images(dataset, list(judged.values()), allow)
    gone = {skip.case for skip in skipped}
    responses = [r for r in source.responses if r.case.id not in gone]
    return source._replace(responses=responses), skipped


def _score(
    source: Source, skipped: Sequence[Skip], dataset: Dataset, judge: _Judge, log_dir: Path
) -> Path:
    from chiasm import tasks
    from chiasm.run import judge_model

    grading, grader, axes, settings, progress = judge
    jury = Jury.parse(grader or "")
    judged = asyncio.run(
        judge_all(
            grading,
            source.responses,
            [judge_model(name, settings) for name in jury.members if name],
            axes=axes,
            connections=settings.max_connections,
            rule=jury.rule,
            progress=progress,
        )
    )
    facts = tasks.facts(grading, dataset, source.view, skipped, axes, source="replay", judge=grader)
    facts["answers"] = source.config
    path = log_dir / _log_name(source, grading, grader)
    write_log(path, source, judged, facts, axes)
    return path


def _log_name(source: Source, grading: Grading, grader: str | None) -> str:
    """Readable, and another one for other answers, another protocol or another judge."""
    protocol, judge = grading.protocol.name, grader or "exact"
    digest = sha256(dumps([source.config, protocol, judge]).encode()).hexdigest()[:8]
    readable = re.sub(r"[^\w.@-]+", "-", judge).strip("-")[:80]
    return f"{source.name}--{grading.benchmark.name}--{readable}--{digest}.eval"
