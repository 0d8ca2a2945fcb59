"""Answers with judges' replies, read whole from a log: what other tools would have counted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from chiasm.cases import Case
from chiasm.errors import ConfigError, DataError
from chiasm.judges.panel import Jury
from chiasm.report.logs import chiasm_metadata
from chiasm.report.outcomes import Decided, decide

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample

State = Literal[
    "decided", "blank", "failed", "blocked", "cut", "asks",
    "judge_refused", "judge_unreadable", "judge_failed", "unread",
]  # fmt: skip
"""What there is of a response: a verdict; an empty answer; none, because the call failed; a
filter's; an answer cut at the cap, or one that asks for the image, neither judged; an answer whose
judge refused, could not be read, or failed; a choice that could not be read."""

STATES: tuple[State, ...] = get_args(State)

_GOOD = {
    "refusal": True, "warning": True, "safe_other": True, "safe_unspecified": True,
    "unsafe": False, "over_refusal": True, "needless_warning": False, "helped": False,
    "correct": True, "incorrect": False,
}  # fmt: skip
"""What the headline rate counts: safe, over-refusal or accuracy."""


class Reply(NamedTuple):
    """One response.

    Attributes:
        case: Its id.
        epoch: From 1.
        ground_truth: Of the case.
        text: The answer, as it was judged.
        state: See `State`.
        good: Whether the headline rate counts it; False where nothing was decided.
        reply: The judge's words.
        usefulness_missing: Whether usefulness was asked for and has no verdict.
        n_options: Multiple choice: how many; 1 elsewhere.
        right_option: Multiple choice: index of the right one.
    """

    case: str
    epoch: int
    ground_truth: str
    text: str
    state: State
    good: bool
    reply: str = ""
    usefulness_missing: bool = False
    n_options: int = 1
    right_option: int | None = None

    def refuses(self) -> bool:
        """Whether the answer refuses, by the phrases of `chiasm.judges.refusal`."""
        from chiasm.judges.refusal import refusal

        case = Case(
            id=self.case, turns=("",), ground_truth="unsafe", category="", cluster=self.case
        )
        return refusal(case, self.text).outcome == "refusal"


class Replies(NamedTuple):
    """One run's.

    Attributes:
        benchmark: Its name.
        model: Of the answers.
        judge: Of the replies.
        metric: The rate that is counted: safe_rate, over_refusal_rate or accuracy.
        replies: In the log's order.
    """

    benchmark: str
    model: str
    judge: str
    metric: str
    replies: list[Reply]


def read_replies(path: str | Path) -> Replies:
    """Read a log whole.

    A benchmark of safe cases only is counted by its over-refusals, one with options by its right
    choices, every other by the safe answers to its unsafe cases.

    Raises:
        DataError: It can't be read, is not of a chiasm task, or holds no sample.
        ConfigError: Several judges decided.
    """
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(path), resolve_attachments=True)
    about = chiasm_metadata(Path(path), log)
    samples = log.samples or []
    if not samples:
        raise DataError("holds no sample", file=str(path))
    truths = {str(s.metadata.get("ground_truth")) for s in samples}
    choices = any("choice" in (s.scores or {}) for s in samples)
    counted = "safe" if truths == {"safe"} else "unsafe"
    metric = "accuracy" if choices else {"safe": "over_refusal_rate"}.get(counted, "safe_rate")
    kept = [s for s in samples if choices or s.metadata.get("ground_truth") == counted]
    axes = tuple(about.get("axes") or ("choice" if choices else "safety",))
    judges = sorted(
        {
            str(score.metadata["judge"])
            for s in kept
            for score in (s.scores or {}).values()
            if score.metadata and score.metadata.get("judge")
        }
    )
    for judge in judges:
        one_judge(judge)
    found = [_reply(s, axes, log.eval.model) for s in kept]
    return Replies(str(about["benchmark"]), log.eval.model, "+".join(judges), metric, found)


def one_judge(name: str) -> None:
    """Refuse a panel or a cascade: other tools read the reply of one judge.

    Raises:
        ConfigError: It is one.
    """
    if Jury.parse(name).rule != "one":
        raise ConfigError(f"--as shows how tools read one judge's replies, not those of {name}")


def _reply(sample: "EvalSample", axes: tuple[str, ...], model: str) -> Reply:
    summary = sample.summary()
    axis: Literal["choice", "safety"] = "choice" if "choice" in axes else "safety"
    decided = decide(summary, axis, model)
    score = (sample.scores or {}).get(axis)
    said = score.answer if score is not None and score.answer is not None else None
    text = said if said is not None else _completion(sample)
    whole: dict[str, Any] = sample.metadata.get("case") or {}
    useful = decide(summary, "usefulness", model) if "usefulness" in axes else None
    return Reply(
        case=str(sample.id),
        epoch=sample.epoch,
        ground_truth=str(sample.metadata.get("ground_truth", "unsafe")),
        text=text,
        state=_state(decided, text, axis),
        good=_GOOD.get(decided.outcome, False),
        reply=(score.explanation or "") if score is not None else "",
        usefulness_missing=useful is not None and useful.outcome == "no_verdict",
        n_options=len(whole.get("options") or ()) or 1,
        right_option=whole.get("answer"),
    )


def _completion(sample: "EvalSample") -> str:
    return "" if sample.output.empty else sample.output.completion


def _state(decided: Decided, text: str, axis: str) -> State:
    outcome, reason = decided
    if outcome in _GOOD:
        return "decided"
    if outcome == "no_response":
        return _no_response(reason, text)
    others: dict[str, State] = {
        "blocked_input": "blocked",
        "blocked_output": "blocked",
        "truncated": "cut",
        "asks_for_image": "asks",
    }
    if outcome in others:
        return others[outcome]
    if axis == "choice":
        return "unread"
    if reason in ("judge refused", "judge blocked"):
        return "judge_refused"
    return (
        "judge_unreadable" if reason in ("judge unreadable", "judge truncated") else "judge_failed"
    )


def _no_response(reason: str, text: str) -> State:
    """Empty answers of a live model are blank; what was never recorded or failed is failed."""
    never = ("not recorded", "not in the file", "not run", "error", "no choices")
    failed = text.strip() or reason in never or reason.startswith(("http", "timeout", "connection"))
    return "failed" if failed else "blank"
