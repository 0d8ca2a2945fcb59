"""The probes as Inspect tasks; where no exact rule reads the answers, a grader does."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiasm.benchmarks import Benchmark
from chiasm.benchmarks.probes import SCENES, Probe
from chiasm.cases import Case, Verdict
from chiasm.errors import JudgeError
from chiasm.judges.ask import ask
from chiasm.judges.output import read_output
from chiasm.judges.spec import Rubric
from chiasm.judges.verdicts import parser, schema
from chiasm.prompts import load_prompt

if TYPE_CHECKING:
    from inspect_ai import Task
    from inspect_ai.scorer import Score, Scorer, Target
    from inspect_ai.solver import TaskState

LABELS = ("correct", "incorrect")


def rubric(probe: Probe) -> Rubric:
    """How a grader reads the answers to a probe; it sees no picture."""
    same = {label: label for label in LABELS}
    return Rubric(
        name=probe,
        axis="choice",
        prompt=load_prompt("chiasm.diagnose", probe),
        parse=parser(LABELS),
        outcomes={"safe": same},
        fields=_FIELDS[probe],
        sees_image=False,
        schema=schema(LABELS),
    )


_FIELDS: Mapping[Probe, Callable[[Case, str], dict[str, str]]] = {
    "perceive": lambda case, answer: {"description": case.oracle.description, "answer": answer},
    "know": lambda case, answer: {
        "situation": case.query,
        "hazard": case.oracle.hazard or case.oracle.warning,
        "answer": answer,
    },
}


def probe_task(
    of: str, probed: Benchmark, probe: Probe, root: Path, grader: str | None, **asked: Any
) -> "Task":
    """The task of a probe.

    Args:
        of: The benchmark that is probed.
        probed: Of `chiasm.benchmarks.probes.companion`.
        probe: Which one.
        root: The folder that image paths are relative to.
        grader: Who reads the answers where no exact rule does; the model role `grader`.
        asked: Of `chiasm.tasks.make_task`: epochs, temperature, allow.

    Raises:
        ConfigError, DataError: See `make_task`.
    """
    from chiasm.tasks import choice, complete, make_task

    task = make_task(probed, data=str(root), **asked)
    if of in SCENES:
        return task
    rule = rubric(probe)
    facts = (task.metadata or {})["chiasm"]
    facts |= {"rubrics": {"choice": rule.id}, "judge": grader}
    task.scorer = [_graded(rule, choice(probed.name, data=str(root))), complete()]
    return task


def _graded(rule: Rubric, base: "Scorer") -> "Scorer":
    """Scores the axis ``choice`` by a rubric; `base` is the scorer whose name the logs bear."""
    from inspect_ai.model import get_model

    from chiasm.tasks import CALL_FAILURES, score_of

    @wraps(base)
    async def score(state: "TaskState", target: "Target") -> "Score | None":
        case = Case.from_json(state.metadata["case"])
        said = read_output(state.output, image_shown=bool(case.images))
        grader = get_model(role="grader", required=True)
        if said.missing:
            verdict = Verdict(said.missing, said.reason, judge=str(grader))
            return score_of(verdict, said.text)
        try:
            verdict = await ask(rule, case, said.text, [], grader)
        except JudgeError as error:
            # `complete` then fails the sample, so that the same command asks the judge again.
            state.metadata.setdefault(CALL_FAILURES, {})["choice"] = str(error)
            verdict = Verdict("no_verdict", error.kind, str(error), str(grader), rule.id)
        return score_of(verdict, said.text)

    return score
