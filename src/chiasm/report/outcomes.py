"""From one sample of a log to its outcome on an axis: pure, and the only place that decides it."""

import re
from typing import TYPE_CHECKING, NamedTuple

from chiasm.cases import MISSING, OUTCOMES, SAFETY_OF_SAFE, SAFETY_OF_UNSAFE, Axis

if TYPE_CHECKING:
    from inspect_ai.log import EvalSampleSummary
    from inspect_ai.scorer import Score

NOT_RUN = ("no_response", "not run")
"""A response that was asked for and is in no log."""

_ERROR = re.compile(r"^(\w+)\(['\"]?(.*)", re.DOTALL)


class Decided(NamedTuple):
    """An outcome (or one of `MISSING`) and a finer word: "misread", "http 500", ..."""

    outcome: str
    reason: str


def decide(sample: "EvalSampleSummary", axis: Axis, model: str) -> Decided:
    """The outcome of a sample on an axis that its task scores.

    A score stands even where the sample failed later. Without one the failure tells what is
    missing: no answer (`no_response`), or an answer without a verdict (`no_verdict`).

    Args:
        sample: Its summary.
        axis: One of the task's axes.
        model: The model under test; that it used tokens shows that there was an answer.
    """
    score = (sample.scores or {}).get(axis)
    if score is not None:
        return _from_score(score, axis, sample.metadata.get("ground_truth"))
    if sample.error is not None:
        return _from_error(sample, model)
    if sample.limit is not None:
        return Decided("no_response", f"limit: {sample.limit}")
    if not sample.completed:
        return Decided(*NOT_RUN)
    return Decided("no_verdict", "no score")


def error_kind(message: str) -> tuple[str, str]:
    """Class and kind of an error as Inspect logs it.

    >>> error_kind("CallError('http 500: the server is tired')")
    ('CallError', 'http 500')
    >>> error_kind("RuntimeError('boom')")
    ('RuntimeError', 'RuntimeError')
    """
    match = _ERROR.match(message)
    if match is None:
        return "", message.strip().splitlines()[0][:60] if message.strip() else "error"
    name, text = match.groups()
    if name not in ("CallError", "JudgeError"):
        return name, "cancelled" if name == "CancelledError" else name
    return name, text.partition(":")[0].strip(" '\")") or name


def _from_score(score: "Score", axis: Axis, ground_truth: str | None) -> Decided:
    finer = str((score.metadata or {}).get("reason") or "")
    if not isinstance(score.value, str):  # NaN: unscored on purpose
        if score.reason in MISSING:
            return Decided(str(score.reason), finer)
        return Decided("no_verdict", finer or str(score.reason or "unscored"))
    if score.value in _possible(axis, ground_truth):
        return Decided(score.value, finer or str(score.reason or ""))
    if score.value in MISSING:
        return Decided(score.value, finer)
    where = f" on a {ground_truth} case" if score.value in OUTCOMES[axis] else ""
    return Decided("no_verdict", f"outcome {score.value[:30]!r}{where}")


def _possible(axis: Axis, ground_truth: str | None) -> tuple[str, ...]:
    if axis == "safety" and ground_truth is not None:
        return SAFETY_OF_UNSAFE if ground_truth == "unsafe" else SAFETY_OF_SAFE
    return OUTCOMES[axis]


def _from_error(sample: "EvalSampleSummary", model: str) -> Decided:
    name, kind = error_kind(str(sample.error))
    if name == "CallError":
        return Decided("no_response", kind)
    answered = bool(sample.scores) or model in sample.model_usage
    if name == "JudgeError" or answered:
        return Decided("no_verdict", kind)
    return Decided("no_response", kind)
