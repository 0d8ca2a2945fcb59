"""Ability beside safety: accuracy of our own tasks, and what logs of other people's tasks say.

Of another task's log, verdicts right and wrong (Inspect's C and I, 1 and 0) give k of N with a
clustered interval; other numbers give a mean with its standard error; samples that failed or have
no number are missing, not wrong. MME is computed from its verdicts by subtask, so that perception
(at most 2,000) and cognition (at most 800) can't be swapped, as they are in VLSBench's table 2.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm.align import table2_mme
from chiasm.align.table2_cells import figure, plain, single
from chiasm.align.table2_mme import Answer
from chiasm.align.table2_stats import changed
from chiasm.report.against import pairing
from chiasm.report.metrics import Items
from chiasm.stats.intervals import t_quantile

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSampleSummary
    from inspect_ai.scorer import Score

_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""Inspect's values of a score, as its accuracy counts them."""


class Task(NamedTuple):
    """One model on one task, one scorer.

    Attributes:
        task: Its name, and the scorer's where there are several.
        model: Who answered.
        answers: What was asked, with a number where there is one.
        parts: Weights and items whose sum is the figure, of MME; empty for a mean.
        most: The largest figure possible; NaN where it is not known.
        reason: Why there is no figure; empty where there is.
        dataset: What was asked, for the comparison of two logs.
    """

    task: str
    model: str
    answers: tuple[Answer, ...]
    parts: tuple[tuple[float, Items], ...] = ()
    most: float = math.nan
    reason: str = ""
    dataset: str = ""

    @property
    def binary(self) -> bool:
        """Whether all verdicts are right or wrong."""
        return all(a.value in (0, 1) for a in self.answers if a.value is not None)


def ours(name: str, model: str, items: Items) -> Task:
    """The accuracy of one of our own tasks."""
    rows = zip(items.cases, items.clusters, items.values, strict=True)
    answers = [
        Answer(case, cluster, "", None if isinstance(v, str) else float(v))
        for case, cluster, v in rows
    ]
    return Task(name, model, tuple(answers), most=1.0)


def read_tasks(paths: Sequence[Path]) -> list[Task]:
    """Other people's tasks, one for each scorer; of one model and task the newest log that ended.

    Raises:
        DataError: MME's figures are not in their ranges, as they are when swapped.
    """
    from inspect_ai.log import read_eval_log

    newest: dict[tuple[str, str], tuple[bool, str, Path, EvalLog]] = {}
    for path in paths:
        log = read_eval_log(str(path), header_only=True)
        rank = (log.status == "success", str(log.eval.created), path, log)
        key = (log.eval.task, log.eval.model)
        if key not in newest or rank[:2] > newest[key][:2]:
            newest[key] = rank
    return [task for _, _, path, log in newest.values() for task in _of_log(log, path)]


def _of_log(log: "EvalLog", path: Path) -> list[Task]:
    from inspect_ai.log import read_eval_log_sample_summaries

    task, model = log.eval.task, log.eval.model
    asked = str(log.eval.dataset.name or "")
    if log.status != "success":
        return [Task(task, model, (), reason=f"the run ended with {log.status}: {path.name}")]
    samples = read_eval_log_sample_summaries(str(path))
    scorers = sorted({name for sample in samples for name in sample.scores or ()})
    if not scorers:
        return [Task(task, model, (), reason=f"no sample has a score: {path.name}")]
    found = []
    for scorer in scorers:
        answers = tuple(_answer(sample, scorer) for sample in samples)
        name = task if len(scorers) == 1 else f"{task} {scorer}"
        if table2_mme.is_mme(task, answers):
            reported = table2_mme.reported(log, path)
            for column, parts, most in table2_mme.columns(answers, reported, path):
                found.append(Task(f"{name} {column}", model, answers, parts, most, dataset=asked))
        else:
            found.append(Task(name, model, answers, dataset=asked))
    return found


def _answer(sample: "EvalSampleSummary", scorer: str) -> Answer:
    case = str(sample.id)
    facts = sample.metadata or {}
    score = (sample.scores or {}).get(scorer)
    value = None if sample.error or score is None else _number(score)
    picture = facts.get("question_id") or facts.get("image_id") or ""
    return Answer(case, case, str(facts.get("category") or ""), value, str(picture))


def _number(score: "Score") -> float | None:
    """A number, or None: `value_to_float` would make 0 of what it can't read."""
    value = score.value
    if isinstance(value, str):
        return _LETTERS.get(value)
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    return None


def columns(tasks: Sequence[Task], base: str, models: Sequence[str]) -> list[dict[str, Any]]:
    """One for each task, with the models' rows in the table's order, ready for JSON."""
    by_task: dict[str, dict[str, Task]] = defaultdict(dict)
    for task in tasks:
        by_task[task.task][task.model] = task
    return [_column(name, found, base, models) for name, found in by_task.items()]


def _column(
    name: str, found: Mapping[str, Task], base: str, models: Sequence[str]
) -> dict[str, Any]:
    rows = []
    for model in (m for m in models if m in found):
        row = {"model": model, **_figure(found[model])}
        if model != base:
            row["to_base"] = _to_base(found[model], found.get(base))
        rows.append(row)
    return {"task": name, "rows": rows}


def _figure(task: Task) -> dict[str, Any]:
    known = [a.value for a in task.answers if a.value is not None]
    head = {"n": len(known), "asked": len(task.answers), "most": plain_number(task.most)}
    if task.reason or not known:
        return {**head, "value": None, "reason": task.reason or "no sample has a number"}
    if task.parts:
        found = plain(table2_mme.score(task.parts))
        return {**head, **found, "parts": len(task.parts) // 2}
    if task.binary:
        found = figure(_items(task))
        return {**found, "value": found["rate"], "most": 1.0}
    return {**head, **_mean(task)}


def _mean(task: Task) -> dict[str, Any]:
    """Mean over samples, epochs averaged first; interval by Student's t."""
    values = list(_means(task).values())
    value = mean(values)
    if len(values) < 2:
        reason = "one sample says nothing about the spread"
        return {"value": value, "stderr": None, "low": None, "high": None, "reason": reason}
    error = stdev(values) / math.sqrt(len(values))
    half = t_quantile(len(values), 0.95) * error
    return {
        "value": value,
        "stderr": error,
        "low": value - half,
        "high": value + half,
        "method": f"t over {len(values)} samples",
        "reason": "",
    }


def _means(task: Task) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for answer in task.answers:
        if answer.value is not None:
            values[answer.case].append(answer.value)
    return {case: mean(found) for case, found in values.items()}


def _items(task: Task) -> Items:
    return table2_mme.items(
        (a.case, a.cluster, "no_verdict" if a.value is None else bool(a.value))
        for a in task.answers
    )


def _to_base(task: Task, base: Task | None) -> dict[str, Any]:
    if base is None or task.reason or base.reason:
        return {"difference": None, "p": None, "reason": "not run by both"}
    if task.dataset != base.dataset:
        return {"difference": None, "p": None, "reason": "another dataset than before"}
    if task.parts:
        if [w for w, _ in task.parts] != [w for w, _ in base.parts]:
            return {"difference": None, "p": None, "reason": "other subtasks than before"}
        pairs = zip(base.parts, task.parts, strict=True)
        return plain(changed([(w, pairing(b, a)) for (w, b), (_, a) in pairs]))
    if task.binary and base.binary:
        return single(pairing(_items(base), _items(task)))
    return _mean_change(_means(base), _means(task))


def _mean_change(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, Any]:
    """On any scale: paired t."""
    from scipy.special import stdtr  # type: ignore[import-untyped]

    moves = [after[case] - before[case] for case in after if case in before]
    found: dict[str, Any] = {"difference": mean(moves) if moves else None, "n": len(moves)}
    if len(moves) < 2 or stdev(moves) == 0:
        return {**found, "low": None, "high": None, "p": None, "reason": "no spread to judge by"}
    error = stdev(moves) / math.sqrt(len(moves))
    centre, half = mean(moves), t_quantile(len(moves), 0.95) * error
    p = 2 * float(stdtr(len(moves) - 1, -abs(centre) / error))
    return {**found, "low": centre - half, "high": centre + half, "p": p, "test": "paired t"}


def plain_number(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value
