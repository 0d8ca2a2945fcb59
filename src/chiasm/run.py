"""Runs: safe defaults for Inspect's `eval_set`, one folder per set, resume and retry.

The same command continues what was killed and retries what failed: every answered call is stored
beside the logs (`calls.db`, JSON in SQLite) the moment it arrives, a failed call or judge fails its
sample, and a set of failed samples is an unfinished set. Nothing that was answered is asked again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from chiasm import __version__
from chiasm.cases import dumps
from chiasm.errors import ConfigError

STORE = "calls.db"

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
        display: Inspect's progress display.
    """

    max_connections: int = MAX_CONNECTIONS
    max_retries: int = 4
    timeout: int = 900
    attempt_timeout: int = 180
    batch: bool = False
    display: str = "rich"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: benchmarks x models, with one judge.

    Attributes:
        tasks: Names of `chiasm list`, or what Inspect runs (``pkg/task``, ``file.py@task``).
        models: Inspect's names.
        grader: The judge, None where none is needed.
        captioner: The model that describes images, None for none.
        task_args: Arguments of our tasks (protocol, view, data, ...).
        model_args: Arguments of the models (``-M``).
        config: Generation settings that override the protocol's.
    """

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    grader: str | None = None
    captioner: str | None = None
    task_args: Mapping[str, Any] = field(default_factory=dict)
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
        ConfigError: The plan can't work; nothing was asked.
    """
    from inspect_ai import eval_set
    from inspect_ai.model import Model

    from chiasm.models.calls import use_store

    settings = settings or Settings()
    folder = log_dir / plan.folder()
    folder.mkdir(parents=True, exist_ok=True)
    roles: dict[str, str | Model] = {
        role: name
        for role, name in (("grader", plan.grader), ("captioner", plan.captioner))
        if name is not None
    }
    with use_store(folder / STORE):
        eval_set(
            tasks=_tasks(plan),
            log_dir=str(folder),
            model=list(plan.models),
            model_args=dict(plan.model_args),
            model_roles=roles or None,
            # One try a command: what failed is asked again when the user says so.
            retry_attempts=0,
            fail_on_error=True,
            continue_on_fail=True,
            max_samples=settings.max_connections * (2 if plan.grader else 1),
            max_connections=settings.max_connections,
            max_retries=settings.max_retries,
            timeout=settings.timeout,
            attempt_timeout=settings.attempt_timeout,
            batch=settings.batch or None,
            log_images=False,
            log_buffer=50,
            log_model_api=False,
            score_display=False,
            display=settings.display,  # type: ignore[arg-type]
            log_dir_allow_dirty=True,
            ctl_server=False,
        )
    return sorted(folder.glob("*.eval"))


def _tasks(plan: Plan) -> list[Any]:
    from chiasm import _registry
    from chiasm.benchmarks import BENCHMARKS

    tasks: list[Any] = []
    for name in plan.tasks:
        if name in BENCHMARKS:
            tasks.append(_registry.TASKS[name](**plan.task_args))
        elif "/" in name or ".py" in name:
            tasks.append(name)
        else:
            raise ConfigError(f"{name}: no such benchmark; `chiasm list` shows them")
    return tasks

