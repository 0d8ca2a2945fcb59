"""Scoring answers that exist: the same judges, logs and tables as a live run, no model asked.

A file becomes one Inspect log; an Inspect log that is given becomes a second one beside it, with
the other judge's verdicts. Inspect's runner is not used: it would cost more than the judging.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm.cases import Axis, Case, Dataset, Skip, Verdict
from chiasm.errors import DataError, JudgeError
from chiasm.grading import OFFLINE, Grading
from chiasm.judges.output import Answer, read_output, read_text
from chiasm.recorded import Answers, read_answers

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample
    from inspect_ai.model import Model

    from chiasm.run import Settings

Progress = Callable[[int, int], None]
"""(responses done, responses in all)."""


class Response(NamedTuple):
    """One answer to be judged."""

    case: Case
    epoch: int
    answer: Answer


class Judged(NamedTuple):
    """A response with its verdicts; the errors are those of judges that gave none."""

    response: Response
    verdicts: dict[Axis, Verdict]
    errors: dict[Axis, str]


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
    grader: "Model | None",
    *,
    axes: Sequence[Axis],
    connections: int,
    progress: Progress | None = None,
) -> list[Judged]:
    """Judge all responses, at most `connections` at once; a failed judge is kept as an error."""
    gate = asyncio.Semaphore(connections)
    done = 0

    async def one(response: Response) -> Judged:
        nonlocal done
        verdicts: dict[Axis, Verdict] = {}
        errors: dict[Axis, str] = {}
        async with gate:
            for axis in axes:
                try:
                    verdict = await grading.decide(axis, response.case, response.answer, grader)
                except JudgeError as error:
                    errors[axis] = str(error)
                    verdict = Verdict("no_verdict", error.kind, str(error), str(grader))
                if verdict is not None:
                    verdicts[axis] = verdict
        done += 1
        if progress:
            progress(done, len(responses))
        return Judged(response, verdicts, errors)

    if grader is None or str(grader) in OFFLINE:
        return [await one(r) for r in responses]
    return await asyncio.gather(*(one(r) for r in responses))


class Source(NamedTuple):
    """What is scored: responses, and where they are from."""

    name: str
    model: str
    view: str
    responses: list[Response]
    config: dict[str, Any]


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

    log = read_eval_log(str(path), resolve_attachments=True)
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
    return Source(path.stem, log.eval.model, facts["view"], responses, config)


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


def write_log(
    path: Path,
    source: Source,
    judged: Sequence[Judged],
    facts: dict[str, Any],
    axes: Sequence[Axis],
) -> "EvalLog":
    """Write the judged responses as an Inspect log."""
    from inspect_ai.log import (
        EvalConfig,
        EvalDataset,
        EvalLog,
        EvalPlan,
        EvalResults,
        EvalSpec,
        EvalStats,
        write_eval_log,
    )

    now = datetime.now(UTC).isoformat(timespec="seconds")
    ids = list(dict.fromkeys(j.response.case.id for j in judged))
    epochs = max((j.response.epoch for j in judged), default=1)
    failed = any(j.errors for j in judged)
    log = EvalLog(
        status="error" if failed else "success",
        eval=EvalSpec(
            created=now,
            task=f"chiasm/{facts['benchmark']}",
            task_args={"protocol": facts["protocol"], "view": facts["view"]},
            dataset=EvalDataset(
                name=facts["benchmark"], samples=len(ids), sample_ids=list(ids), shuffled=False
            ),
            model=source.model,
            config=EvalConfig(epochs=epochs),
            metadata={"chiasm": facts},
        ),
        plan=EvalPlan(),
        stats=EvalStats(started_at=now, completed_at=now),
        results=EvalResults(
            total_samples=len(judged),
            completed_samples=sum(not j.errors for j in judged),
            scores=_results(judged, axes),
        ),
        samples=[_sample(j, source) for j in judged],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_eval_log(log, str(path))
    return log


def _results(judged: Sequence[Judged], axes: Sequence[Axis]) -> list[Any]:
    from inspect_ai.log import EvalMetric, EvalScore

    from chiasm.metrics import rates_of_axis

    scores = []
    for axis in axes:
        held = [j for j in judged if axis in j.verdicts]
        outcomes = [None if j.verdicts[axis].missing else j.verdicts[axis].outcome for j in held]
        cases = [j.response.case for j in held]
        found = rates_of_axis(
            axis, outcomes, [c.ground_truth for c in cases], [c.cluster for c in cases]
        )
        scores.append(
            EvalScore(
                name=axis,
                scorer=f"chiasm/{axis}",
                scored_samples=sum(o is not None for o in outcomes),
                unscored_samples=sum(o is None for o in outcomes),
                metrics={n: EvalMetric(name=n, value=r.rate) for n, r in found.items()},
            )
        )
    return scores


def _sample(judged: Judged, source: Source) -> "EvalSample":
    from inspect_ai.log import EvalError, EvalSample
    from inspect_ai.model import ModelOutput

    from chiasm.tasks import sample_metadata, score_of

    case, epoch, answer = judged.response
    error = None
    if judged.errors:
        text = "; ".join(f"{axis}: {why}" for axis, why in judged.errors.items())
        message = f"JudgeError({text!r})"
        error = EvalError(message=message, traceback=message, traceback_ansi=message)
    return EvalSample(
        id=case.id,
        epoch=epoch,
        input=case.query,
        target=chr(ord("A") + case.answer) if case.answer is not None else case.ground_truth,
        output=ModelOutput.from_content(source.model, answer.text),
        metadata=sample_metadata(case, source.view),
        scores={axis: score_of(v, answer.text) for axis, v in judged.verdicts.items()},
        error=error,
    )


def score(
    paths: Collection[Path],
    grading: Grading,
    dataset: Dataset,
    *,
    grader: str | None,
    log_dir: Path,
    partial: bool = False,
    settings: "Settings | None" = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Judge the answers of each file; one log per file and judge.

    Args:
        paths: Files of recorded answers, or Inspect logs.
        grading: Benchmark and protocol.
        dataset: Its cases.
        grader: The judge.
        log_dir: Where the logs go.
        partial: Whether a file may hold only a part of the benchmark.
        settings: How the judge is called.
        progress: Told after every response.

    Returns:
        The logs written, in the order of the paths.
    """
    from chiasm import tasks
    from chiasm.models.calls import use_store
    from chiasm.run import STORE, Settings, judge_model

    settings = settings or Settings()
    axes = grading.axes(grader)
    written: list[Path] = []
    log_dir.mkdir(parents=True, exist_ok=True)
    with use_store(log_dir / STORE):
        for path in paths:
            source = (
                from_log(path, grading)
                if is_log(path)
                else from_file(path, dataset, partial=partial)
            )
            model = judge_model(grader, settings) if grader else None
            judged = asyncio.run(
                judge_all(
                    grading,
                    source.responses,
                    model,
                    axes=axes,
                    connections=settings.max_connections,
                    progress=progress,
                )
            )
            facts = tasks.facts(
                grading, dataset, source.view, list[Skip](), axes, source="replay", judge=grader
            )
            facts["answers"] = source.config
            judge = (grader or "exact").replace("/", "-")
            target = log_dir / f"{source.name}--{grading.benchmark.name}--{judge}.eval"
            write_log(target, source, judged, facts, axes)
            written.append(target)
    return written
