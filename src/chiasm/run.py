"""Runs: safe defaults for Inspect's `eval_set`, one folder per set, resume and retry.

The same command continues what was killed and retries what failed: every answered call is stored
beside the logs (`calls.db`, JSON in SQLite) the moment it arrives, a failed call or judge fails its
sample, and a set of failed samples is an unfinished set. Nothing that was answered is asked again.
"""

import gc
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm import __version__
from chiasm.benchmarks import Benchmark, load, resolve
from chiasm.cases import dumps
from chiasm.errors import ChiasmError, ConfigError
from chiasm.grading import OFFLINE, Grading
from chiasm.judges.panel import Jury
from chiasm.progress import Tell, told

if TYPE_CHECKING:
    from inspect_ai.model import Model

STORE = "calls.db"

COLLECTIONS = (20_000, 2, 2)
"""Python's thresholds for the search for cycles during a run, see `_rare_collections`."""

MAX_CONNECTIONS = 16
"""Requests in flight per endpoint unless said otherwise; Inspect's own default adapts upward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How calls are made; the same for the model and the judge.

    Attributes:
        max_connections: Requests in flight per endpoint.
        max_retries: Tries after the first; Inspect's own default has no end.
        timeout: Seconds that a call may take with all its retries.
        attempt_timeout: Seconds that one try may take.
        batch: Whether the provider's batch interface is used.
        begin: Called once with the number of responses a model is asked for.
        tell: Called after every response.
        part: (k, n) takes every n-th case from the k-th on, with logs in a folder of its own
            inside the set's; None takes all (`chiasm.workers`).
    """

    max_connections: int = MAX_CONNECTIONS
    max_retries: int = 4
    timeout: int = 900
    attempt_timeout: int = 180
    batch: bool = False
    begin: Callable[[int], None] | None = None
    tell: Tell | None = None
    part: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: benchmarks x models, with one judge or several.

    Attributes:
        tasks: Names of `chiasm list`, or what Inspect runs (``pkg/task``, ``file.py@task``).
        models: Inspect's names.
        grader: The judge, or the name of several (`chiasm.judges.panel.Jury`); None where none is
            needed.
        captioner: The model that describes images, None for none.
        paraphraser: The model that rewords queries, None for none.
        task_args: Arguments of our tasks (protocol, view, ...).
        data: Folders of local data by benchmark; the key "" stands for all others.
        model_args: Arguments of the models (``-M``).
    """

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    grader: str | None = None
    captioner: str | None = None
    paraphraser: str | None = None
    task_args: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    model_args: Mapping[str, Any] = field(default_factory=dict)

    def folder(self) -> str:
        """Name of this set's folder: readable, and different whenever results could be."""
        digest = sha256(dumps({**asdict(self), "version": __version__}).encode()).hexdigest()[:8]
        stem = "+".join(t.rpartition("/")[2].replace(".py@", "-") for t in self.tasks)
        return f"{stem[:60]}-{digest}"


def evaluate(plan: Plan, log_dir: Path, settings: Settings | None = None) -> list[Path]:
    """Run, or continue, a plan.

    Args:
        plan: What to run.
        log_dir: The shelf; the set's logs are in a sub-folder of it.
        settings: How calls are made.

    Returns:
        The set's logs, also those that ended with failed samples.

    Raises:
        ConfigError: The plan can't work, and nothing was asked; or an endpoint never answered, see
            `chiasm.models.outage`.
    """
    settings = settings or Settings()
    ours, theirs = _by_owner(plan.tasks)
    if ours and theirs:
        # Inspect takes tasks or names of tasks, not both in one set.
        parts = [replace(plan, tasks=tasks) for tasks in (ours, theirs)]
        return [log for part in parts for log in evaluate(part, log_dir, settings)]
    return run_tasks(_tasks(plan), plan, log_dir / plan.folder(), settings)


def run_tasks(
    tasks: list[Any], plan: Plan, folder: Path, settings: Settings | None = None
) -> list[Path]:
    """Run, or continue, tasks on the models and with the judges of a plan.

    Args:
        tasks: Inspect tasks, or names that Inspect resolves.
        plan: Models, judges and helpers; its own tasks are not looked at.
        folder: The set's folder on the shelf: logs and the store of calls.
        settings: How calls are made.

    Returns:
        See `evaluate`.

    Raises:
        ConfigError: See `evaluate`.
    """
    from inspect_ai import eval_set

    from chiasm.models.calls import use_store
    from chiasm.models.outage import give_up

    settings = settings or Settings()
    folder.mkdir(parents=True, exist_ok=True)
    for name in set(plan.models) & set(OFFLINE):
        raise ConfigError(f"--model {name} is a judge (--grader), it answers no query")
    models = [named_model(name, settings, plan.model_args) for name in plan.models]
    judges = Jury.parse(plan.grader).members if plan.grader else ()
    roles = _roles(plan, judges, settings)
    logs = folder
    if settings.part:
        tasks = _part(tasks, *settings.part)
        logs = folder / "part-{}-of-{}".format(*settings.part)
    if settings.begin:
        settings.begin(sum(len(t.dataset) * (t.epochs or 1) for t in tasks if hasattr(t, "epochs")))
    if not tasks:
        return []
    with (
        give_up(),
        use_store(folder / STORE),
        told(settings.tell),
        _plain_errors(),
        _rare_collections(),
    ):
        eval_set(
            tasks=tasks,
            log_dir=str(logs),
            model=models,
            model_roles=roles or None,
            # One try a command: what failed is asked again when the user says so.
            retry_attempts=0,
            retry_immediate=False,
            fail_on_error=True,
            continue_on_fail=True,
            max_samples=settings.max_connections * (1 + len(judges)),
            max_connections=settings.max_connections,
            max_retries=settings.max_retries,
            timeout=settings.timeout,
            attempt_timeout=settings.attempt_timeout,
            batch=settings.batch or None,
            log_images=False,
            # Inspect's live copy of the log costs a tenth of all CPU; `calls.db` is what resumes.
            log_realtime=False,
            log_buffer=50,
            log_model_api=False,
            score_display=False,
            display="none",
            log_dir_allow_dirty=True,
            ctl_server=False,
        )
    return sorted(logs.glob("*.eval"))


def _roles(plan: Plan, judges: Sequence[str], settings: Settings) -> dict[str, Any]:
    named = {"captioner": plan.captioner, "paraphraser": plan.paraphraser}
    roles: dict[str, Any] = {r: judge_model(name, settings) for r, name in named.items() if name}
    graders = [judge_model(name, settings) for name in judges]
    if graders:
        roles["grader"] = graders if len(graders) > 1 else graders[0]
    return roles


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Have Python look for cycles less often: every sample makes thousands of objects that stay.

    With the default (700, 10, 10) the search is a sixth of all CPU; with these less than half of
    that. Rarer still would be cheaper, but cycles hold pictures: (20000, 10, 10) takes half as
    much memory again. Back to the former thresholds when the block ends.
    """
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _part(tasks: Sequence[Any], k: int, n: int) -> list[Any]:
    """The tasks with every n-th case from the k-th on (0 <= k < n), without those left empty."""
    for task in tasks:
        if isinstance(task, str):
            raise ConfigError(f"{task}: only benchmarks of `chiasm list` can be shared by workers")
        task.dataset = task.dataset[k::n]
    return [task for task in tasks if len(task.dataset)]


def judge_model(name: str, settings: Settings) -> "Model":
    """A judge (or captioner) with bounded retries and its own time-out a try.

    Inspect hands a role the run's retries and time-out, but not the time-out of a single try.
    """
    return named_model(name, settings)


def named_model(
    name: str, settings: Settings, model_args: Mapping[str, Any] | None = None
) -> "Model":
    """The model of that name, called as the settings say.

    Raises:
        ConfigError: There is no such provider, its package or key is missing, or it does not know
            an argument.
    """
    from inspect_ai.model import GenerateConfig, get_model

    config = GenerateConfig(
        max_connections=settings.max_connections,
        max_retries=settings.max_retries,
        timeout=settings.timeout,
        attempt_timeout=settings.attempt_timeout,
        batch=settings.batch or None,
    )
    given = "".join(f" -M {key}={value}" for key, value in (model_args or {}).items())
    with _plain_errors(f"{name}{given}: ", ValueError, TypeError, ImportError):
        return get_model(name, config=config, **(model_args or {}))


@contextmanager
def _plain_errors(what: str = "", *kinds: type[Exception]) -> Iterator[None]:
    """Make errors of these kinds, and what Inspect tells its users, a `ConfigError`."""
    try:
        yield
    except Exception as error:
        # Inspect's own kind, for a missing key, package or task, is not public: told by its name.
        if not isinstance(error, kinds) and type(error).__name__ != "PrerequisiteError":
            raise
        if isinstance(error, ChiasmError):
            raise
        said = re.sub(r"\[/?\w+\]|(?i:error):", "", str(getattr(error, "message", error)))
        raise ConfigError(f"{what}{' '.join(said.split())}") from error


def arguments(plan: Plan, name: str) -> dict[str, Any]:
    """The arguments of one of our tasks under this plan."""
    return {
        **plan.task_args,
        "data": plan.data.get(name, plan.data.get("")),
        "grader": plan.grader,
        "captioner": plan.captioner is not None,
        "paraphraser": plan.paraphraser is not None,
    }


def views_of(plan: Plan, name: str) -> list[str]:
    """The input conditions of a benchmark under this plan: one, or for ``perturbed`` all changes.

    ``perturbed`` is the unchanged condition and every change; rewording only where there are
    reworded queries, or somebody who writes them.
    """
    from chiasm.views import PERTURBED, VIEWS

    view = str(plan.task_args.get("view", "full"))
    if view != "perturbed":
        if view not in VIEWS:
            known = ", ".join([*VIEWS, "perturbed"])
            raise ConfigError(f"--view {view}: no such input condition; known: {known}")
        return [view]
    args = arguments(plan, name)
    cases = load(name, args["data"], str(args.get("allow", "")).split(","))
    reworded = plan.paraphraser or all(case.extra.get("paraphrase") for case in cases)
    return ["full", *(v for v in PERTURBED if reworded or v != "perturbed_paraphrase")]


def _by_owner(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Benchmarks of `chiasm list`, and what only Inspect can resolve.

    >>> _by_owner(["siuo", "file.py@task"])
    (('siuo',), ('file.py@task',))
    """
    theirs = tuple(name for name in names if "/" in name or ".py" in name)
    return tuple(name for name in names if name not in theirs), theirs


def _check_grader(benchmark: Benchmark, grader: str | None) -> None:
    """Refuse a run without a judge before anything is asked; Inspect would notice it per sample."""
    if grader is None:
        Grading(benchmark=benchmark, protocol=benchmark.protocol()).axes(None)


def _tasks(plan: Plan) -> list[Any]:
    from chiasm._registry import task_of

    ours, theirs = _by_owner(plan.tasks)
    for name in theirs:
        file = Path(name.partition("@")[0])
        if file.suffix == ".py" and not file.is_file():
            raise ConfigError(f"{name}: there is no file {file}")
    tasks: list[Any] = list(theirs)
    for name in ours:
        known = resolve(name).name
        _check_grader(resolve(name), plan.grader)
        args = arguments(plan, name)
        tasks += [task_of(known)(**{**args, "view": v}) for v in views_of(plan, known)]
    return tasks


class Foreign(NamedTuple):
    """What Inspect says of a log of somebody else's task."""

    path: Path
    failed: bool
    text: str


def foreign(logs: Sequence[Path]) -> list[Foreign]:
    """The logs of tasks that are not ours (``file.py@task``), with Inspect's own figures."""
    from inspect_ai.log import read_eval_log

    found = []
    for path in logs:
        log = read_eval_log(str(path), header_only=True)
        if "chiasm" in (log.eval.metadata or {}):
            continue
        scores = log.results.scores if log.results else []
        figures = [f"{s.name} {m.name} {m.value:.4g}" for s in scores for m in s.metrics.values()]
        text = f"{log.eval.task} - {log.eval.model}: {', '.join(figures) or log.status}"
        found.append(Foreign(path, log.status != "success", text))
    return found
