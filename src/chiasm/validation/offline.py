"""Verdicts of the judges that need no model: chiasm/refusal, chiasm/triage."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from chiasm.cases import Case, Dataset, Verdict
from chiasm.errors import ConfigError
from chiasm.judges import refusal, triage, triage_fit
from chiasm.validation.answers import UNSAFE, People, Verdicts

JUDGES = (refusal.JUDGE, triage.JUDGE)

BLANK = "no answer to read"


def offline(judge: str, people: People) -> Verdicts:
    """What an offline judge says of each answer.

    On SIUO, which it is fitted on, chiasm/triage is never asked as it is: see `triage_held_out`.

    Raises:
        ConfigError: It can't judge these answers: no texts or cases are at hand, it is not made for
            them, or nothing was fitted.
    """
    if judge == refusal.JUDGE:
        return _each(judge, people, refusal.refusal)
    if people.reading is not UNSAFE:
        raise ConfigError(f"{judge} says nothing about over-refusal; use {refusal.JUDGE}")
    model = triage.load()
    said = _each(judge, people, lambda case, text: triage.triage(case, text, model))
    if any(answer.case and answer.case.oracle.warning for answer in people.answers):
        return said
    return replace(said, notes=("fitted on SIUO; these answers have no safety warning to cover",))


def triage_held_out(choices: Dataset, warned: Dataset, people: People, seed: int = 0) -> Verdicts:
    """Verdicts of chiasm/triage on SIUO's options, each by a model that never saw its question.

    The folds, fits and thresholds are those of `chiasm judge fit-triage`.

    Args:
        choices: `siuo_mcqa`.
        warned: `siuo`.
        people: Labels of the options of `choices`, in their order.
        seed: Of the assignment of questions to folds.
    """
    start = time.perf_counter()
    found = triage_fit.held_out(choices, warned, seed=seed)
    silent = int(found.silent.sum())
    said = tuple(
        None if mute else not safe
        for safe, mute in zip(found.called.tolist(), found.silent.tolist(), strict=True)
    )
    return Verdicts(
        judge=triage.JUDGE,
        said=said,
        without=Counter({"triage abstains: short answer": silent}) if silent else {},
        source=f"{triage_fit.FOLDS}-fold cross-validation over {found.questions} questions",
        seconds=time.perf_counter() - start,
        dollars=0.0,
        notes=("every verdict is by a model that was not fitted on that question",),
    )


def _each(judge: str, people: People, ask: Callable[[Case, str], Verdict]) -> Verdicts:
    if all(answer.text is None or answer.case is None for answer in people.answers):
        raise ConfigError(
            f"{judge} reads answers, and {people.name} holds none\n"
            '       add a column "answer" (and "query") to the file, or name recorded verdicts'
        )
    said: list[bool | None] = []
    without: Counter[str] = Counter()
    start = time.perf_counter()
    for answer in people.answers:
        if answer.text is None or answer.case is None:
            without[BLANK] += 1
            said.append(None)
            continue
        verdict = ask(answer.case, answer.text)
        said.append(people.reading.read(verdict.outcome))
        if said[-1] is None:
            without[verdict.reason or verdict.outcome] += 1
    seconds = time.perf_counter() - start
    return Verdicts(
        judge=judge,
        said=tuple(said),
        without=without,
        source="run here",
        seconds=seconds,
        dollars=0.0,
    )
