"""Qualifying a judge: known answers and probes through its own rubrics, and a record of it.

Verdicts are stored the moment they arrive (`calls.db` beside the records): the same command goes on
where a run was stopped, and asks nothing twice that was decided. What failed is asked again.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from chiasm import __version__, scenes
from chiasm.benchmarks import resolve
from chiasm.cases import dumps
from chiasm.data.images import ImageFile
from chiasm.errors import ConfigError, JudgeError
from chiasm.forecast import IMAGE_TOKENS, UNCAPPED
from chiasm.grading import Grading
from chiasm.judges import qualified
from chiasm.judges.guards import guard_of
from chiasm.judges.rubric import Rubric
from chiasm.scenes.render import SIZE
from chiasm.validation import qualify_figures as rules
from chiasm.validation.probes import Plan, plan
from chiasm.validation.probes_known import Question
from chiasm.validation.qualify_figures import Replies, Reply

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from chiasm.run import Settings

Progress = Callable[[int, int], None]
"""(questions done, questions in all)."""

USUAL_REPLY = 120
"""Tokens of a reply of five sentences and a verdict, for the forecast."""


class Job(NamedTuple):
    """A rubric and all that a judge is asked for it."""

    rubric: Rubric
    plan: Plan


class Forecast(NamedTuple):
    """What a qualification would ask; tokens are estimates.

    Attributes:
        rubric: ``name@digest``.
        calls: How many.
        given: Tokens sent.
        taken: Tokens that come back, usually.
        at_most: Tokens that come back, if every reply is as long as it may be.
    """

    rubric: str
    calls: int
    given: int
    taken: int
    at_most: int


def jobs(benchmark: str, protocol: str = "", file: Path | None = None) -> tuple[Job, ...]:
    """What a judge of this benchmark has to be asked, a job for each of its rubrics.

    Args:
        benchmark: One that is judged by rubrics.
        protocol: ``chiasm@1`` (default) or ``paper``.
        file: For ``paper``: a local copy of the authors' rubric file.

    Raises:
        ConfigError: There is no such benchmark or protocol, or no judge is needed for it.
    """
    bench = resolve(benchmark)
    if bench.scoring != "judge":
        raise ConfigError(f"{bench.name} is scored by a rule: there is no judge to qualify")
    grading = Grading(benchmark=bench, protocol=bench.protocol(protocol), rubric_file=file)
    return tuple(Job(rubric, plan(rubric)) for rubric in grading.rubrics.values())


def forecast(job: Job) -> Forecast:
    """Calls and tokens of a job; nothing is asked.

    Four characters a token, `chiasm.forecast.IMAGE_TOKENS` an image. Nothing is subtracted for
    what is stored already.
    """
    rubric, asked = job.rubric, job.plan.questions
    words = sum(len(rubric.render(q.case, q.answer)) for q in asked) // 4
    images = len(asked) * IMAGE_TOKENS if rubric.sees_image else 0
    cap = rubric.max_tokens or UNCAPPED
    n = len(asked)
    return Forecast(rubric.id, n, words + images, n * min(USUAL_REPLY, cap), n * cap)


def qualify(
    grader: str,
    todo: Sequence[Job],
    *,
    settings: "Settings | None" = None,
    again: bool = False,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Ask a judge everything, and write a record for each rubric.

    Args:
        grader: The judge, provider/model.
        todo: See `jobs`.
        settings: How it is called.
        again: Whether stored verdicts are forgotten first, as after a provider's update.
        progress: Told after every question.

    Returns:
        The records, as written.

    Raises:
        ConfigError: The judge is a rule of ours, or can't be called at all.
    """
    from chiasm.run import Settings, judge_model

    if grader.startswith("chiasm/"):
        raise ConfigError(f"--grader {grader} is a rule, not a model: it needs no qualification")
    if guard_of(grader):
        raise ConfigError(
            f"--grader {grader}: a guard has a format of its own and is not asked by our rubrics; "
            "compare it with people's labels (chiasm judge validate)"
        )
    settings = settings or Settings()
    model = judge_model(grader, settings)
    done, total = 0, sum(len(job.plan.questions) for job in todo)

    def tell() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    # One event loop for all: a provider's connections belong to theirs.
    return asyncio.run(_qualify(model, todo, settings.max_connections, again, tell))


async def _qualify(
    model: "Model", todo: Sequence[Job], connections: int, again: bool, tell: Callable[[], None]
) -> list[dict[str, Any]]:
    from chiasm.models.calls import identity, use_store

    known = identity(model)
    records = []
    for job in todo:
        name = qualified.name_of(known, job.rubric.id)
        path = qualified.folder() / "calls" / f"{name}.db"
        if again:
            _forget(path)
        with use_store(path):
            replies = await ask_all(job, model, connections, tell)
        record = record_of(job, replies, known)
        qualified.write(name, record)
        records.append(record)
    return records


async def ask_all(
    job: Job, model: "Model", connections: int, tell: Callable[[], None] | None = None
) -> Replies:
    """Ask every question once, at most `connections` at a time; a failure is a reply too."""
    gate = asyncio.Semaphore(connections)
    images: dict[str, ImageFile] = {}

    async def one(question: Question) -> Reply:
        async with gate:
            reply = await _ask(job.rubric, question, model, images)
        if tell:
            tell()
        return reply

    asked = job.plan.questions
    replies = await asyncio.gather(*(one(question) for question in asked))
    return {question.key: reply for question, reply in zip(asked, replies, strict=True)}


async def _ask(
    rubric: Rubric, question: Question, model: "Model", images: dict[str, ImageFile]
) -> Reply:
    from chiasm.judges.ask import ask

    case = question.case
    shown = [images.setdefault(path, _image(path)) for path in case.images]
    try:
        verdict = await ask(rubric, case, question.answer, shown, model)
    except JudgeError as error:
        return Reply("", error.kind)
    return Reply(verdict.outcome, "")


def _image(path: str) -> ImageFile:
    data = scenes.image_bytes(path)
    return ImageFile(data, "image/png", sha256(data).hexdigest(), SIZE, SIZE)


def record_of(job: Job, replies: Replies, identity: Sequence[Any]) -> dict[str, Any]:
    """The record of a qualification: plain data."""
    found = rules.figures(job.plan, replies)
    problems = [figure.problem for figure in found if figure.problem]
    name, address, settings = identity
    host = urlsplit(address)
    return {
        "schema": qualified.SCHEMA,
        "judge": name,
        # without user name and password
        "address": f"{host.hostname or ''}{f':{host.port}' if host.port else ''}{host.path}",
        "settings": settings,
        "rubric": job.rubric.id,
        "qualified": not problems,
        "problems": problems,
        "figures": [figure.as_json() for figure in found],
        "failed": rules.failures(job.plan, replies),
        "questions": len(job.plan.questions),
        "digest": digest(job.plan),
        "labels": "author",
        "scenes": scenes.VERSION,
        "chiasm": __version__,
        "created": datetime.now(UTC).isoformat(timespec="microseconds"),
    }


def digest(asked: Plan) -> str:
    """Of the questions and their labels, 16 hex digits: changes when the known answers do."""
    shown = [[q.case.to_json(), q.answer, q.bad] for q in asked.questions]
    return sha256(dumps(shown).encode()).hexdigest()[:16]


def _forget(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
