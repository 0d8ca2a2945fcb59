"""Judged answers as an Inspect log, so that reports and the viewer read them like a run's."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm.cases import Axis, Case, Verdict
from chiasm.judges.output import Answer

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample


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


class Source(NamedTuple):
    """What is scored: responses, and where they are from."""

    name: str
    model: str
    view: str
    responses: list[Response]
    config: dict[str, Any]


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
