"""Runs what a diagnosis needs: the input conditions of a benchmark, and its two probes.

Each condition is a set of its own on the shelf, so that what was run before (``chiasm eval --view
text_only``) is taken as it is when its settings are the same. The same command continues.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, get_args

from chiasm import run, select
from chiasm.benchmarks import load, resolve
from chiasm.benchmarks.probes import SCENES, Probe, companion, dangerous, supports
from chiasm.cases import Case, dumps
from chiasm.diagnose.probing import probe_task, rubric
from chiasm.diagnose.tables import VIEWS
from chiasm.errors import ConfigError
from chiasm.grading import OFFLINE
from chiasm.judges.guards import guard_of
from chiasm.judges.panel import Jury

EPOCHS = 5

TEMPERATURE = 0.7
"""Answers at temperature 0 are copies of one another and say nothing about how firm they are."""


HAZARD = "oracle_hazard"

_EXTENT = ("limit", "sample", "seed")
"""Arguments that choose cases; companions are made of the chosen ones."""


class Ran(NamedTuple):
    """What was run.

    Attributes:
        logs: All of them.
        notes: What could not be asked, and why.
    """

    logs: tuple[Path, ...]
    notes: tuple[str, ...]


def diagnose(plan: run.Plan, log_dir: Path, settings: run.Settings | None = None) -> Ran:
    """Run, or continue, all that the diagnosis of these benchmarks and models needs.

    Args:
        plan: Benchmarks of `chiasm list`, with models, judge and arguments; ``epochs`` and
            ``temperature`` are `EPOCHS` and `TEMPERATURE` unless it says otherwise.
        log_dir: The shelf.
        settings: How calls are made.

    Raises:
        ConfigError: See `chiasm.run.evaluate`.
        DataError: A dataset is not what it should be.
    """
    settings = settings or run.Settings()
    args = {"epochs": EPOCHS, "temperature": TEMPERATURE, **plan.task_args}
    args.pop("view", None)
    plan = replace(plan, task_args=args)
    logs: list[Path] = []
    notes: list[str] = []
    for name in plan.tasks:
        found, told = _of_benchmark(replace(plan, tasks=(name,)), name, log_dir, settings)
        logs += found
        notes += [f"{name}: {note}" for note in told]
    return Ran(tuple(logs), tuple(notes))


def _of_benchmark(
    plan: run.Plan, name: str, log_dir: Path, settings: run.Settings
) -> tuple[list[Path], list[str]]:
    args = run.arguments(plan, name)
    allow = [code for code in str(args.get("allow", "")).split(",") if code]
    cases = _chosen(name, args, allow)
    logs: list[Path] = []
    notes: list[str] = []
    tasks: list[Any] = []
    for view in VIEWS:
        shown = [c for c in cases if c.ground_truth == "unsafe"] if view == HAZARD else cases
        if not shown:
            continue
        try:
            select.check_view(shown, view, captioner=bool(args["captioner"]), name=name)
        except ConfigError as error:
            notes.append(str(error))
            continue
        if len(shown) < len(cases):
            tasks.append(_hazard_task(name, args, cases, allow))
            continue
        viewed = replace(plan, task_args={**plan.task_args, "view": view})
        logs += run.evaluate(viewed, log_dir, settings)
    for probe in get_args(Probe):
        lack = supports(name, cases, probe) or _unread(name, plan.grader)
        if lack:
            notes.append(f"probe {probe} is unavailable: {lack}")
        else:
            tasks.append(_task(plan, name, probe, cases, allow))
    if tasks:
        logs += run.run_tasks(tasks, plan, log_dir / _folder(plan), settings)
    return logs, notes


def _hazard_task(name: str, args: Mapping[str, Any], cases: list[Case], allow: list[str]) -> Any:
    from chiasm.tasks import make_task

    bench = resolve(name)
    root = load(bench, args["data"], allow).root
    kept = {k: v for k, v in args.items() if k not in (*_EXTENT, "data", "allow")}
    beside = dangerous(bench, cases)
    return make_task(beside, **{**kept, "view": HAZARD, "data": str(root), "allow": allow})


def _chosen(name: str, args: Mapping[str, Any], allow: list[str]) -> list[Case]:
    """The cases that the conditions are run on, before those that are skipped."""
    dataset = load(name, args["data"], allow)
    chosen = select.subset(
        dataset.cases,
        limit=args.get("limit"),
        sample=args.get("sample"),
        seed=int(args.get("seed", 0)),
    )
    return [case for case in chosen if case.query.strip()]


def _unread(name: str, grader: str | None) -> str:
    """Why nobody can read the answers to a probe; empty where somebody can."""
    if name in SCENES:
        return ""
    if grader is None:
        return "its answers are read by a judge, and none is named (--grader)"
    first = Jury.parse(grader).members[0]
    if first in OFFLINE or guard_of(first):
        return f"{first} can't read its answers; a judge that follows a rubric is needed"
    return ""


def _task(plan: run.Plan, name: str, probe: Probe, cases: list[Case], allow: list[str]) -> Any:
    bench = resolve(name)
    root = load(bench, run.arguments(plan, name)["data"], allow).root
    asked = {k: plan.task_args[k] for k in ("epochs", "temperature") if k in plan.task_args}
    probed = companion(bench, cases, probe)
    return probe_task(name, probed, probe, root, plan.grader, allow=allow, **asked)


def _folder(plan: run.Plan) -> str:
    """Of the set with what is no benchmark of `chiasm list`; the probes' wording is part of it."""
    rubrics = [rubric(probe).id for probe in get_args(Probe)]
    digest = sha256(dumps([plan.folder(), rubrics]).encode()).hexdigest()[:8]
    return f"{plan.tasks[0]}-beside-{digest}"
