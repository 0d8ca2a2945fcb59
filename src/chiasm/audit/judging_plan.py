"""What a judge is to be asked about a dataset, before anything is asked."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from chiasm import select
from chiasm.cases import Case, Dataset
from chiasm.data.images import ImageFile
from chiasm.errors import ConfigError
from chiasm.judges.guards import guard_of
from chiasm.judges.guards.spec import BLIND, Asked, Guard, Target

Input = Literal["both", "text", "image"]

INPUTS: tuple[Input, ...] = ("both", "text", "image")
"""What is shown: text and image, text alone, image alone."""

UNABLE = (BLIND, "the judge's", "the judge takes", "the row")
"""How a reason begins that asking again can't heal."""


class Question(NamedTuple):
    """What a judge is shown, and which time; equal for rows that share it."""

    text: str
    root: Path
    images: tuple[str, ...]
    repeat: int


class Item(NamedTuple):
    """One verdict that is wanted: its question, or why it can't be had."""

    dataset: str
    case: Case
    input: Input
    repeat: int
    question: Question | None
    reason: str


class Planned(NamedTuple):
    """What would be asked of one judge about one input.

    Attributes:
        judge: Its name.
        input: One of `INPUTS`.
        verdicts: How many are wanted, repeats included.
        calls: Requests at most; what is stored already is not asked again.
        unable: Why others can't be had, with their number.
    """

    judge: str
    input: Input
    verdicts: int
    calls: int
    unable: dict[str, int]


def plan(
    dataset: Dataset,
    judges: Sequence[str],
    *,
    controls: Dataset | None = None,
    repeats: int = 1,
    allow: Collection[str] = (),
) -> dict[str, list[Item]]:
    """The verdicts that are wanted of every judge; arguments and errors of `judge_dataset`."""
    if repeats < 1:
        raise ConfigError(f"--repeats {repeats}: expected 1 or more")
    guards = _guards(judges)
    parts = [(dataset, list(dataset.cases))]
    if controls is not None:
        parts.append((controls, _benign(controls)))
    looked_at = any(guard.sees_image for guard in guards.values())
    lost = {
        (data.name, skip.case)
        for data, cases in parts
        for skip in (select.without_images(data, cases, allow) if looked_at else ())
    }
    return {
        judge: [
            _item(data, case, what, repeat, guard, (data.name, case.id) in lost)
            for data, cases in parts
            for case in cases
            for what in INPUTS
            for repeat in range(repeats)
        ]
        for judge, guard in guards.items()
    }


def forecast(wanted: Mapping[str, Sequence[Item]]) -> list[Planned]:
    """What a plan would ask, at most; nothing is asked."""
    guards = _guards(list(wanted))
    return [
        _planned(judge, guards[judge], what, [i for i in items if i.input == what])
        for judge, items in wanted.items()
        for what in INPUTS
    ]


def _guards(judges: Sequence[str]) -> dict[str, Guard]:
    twice = [name for name, n in Counter(judges).items() if n > 1]
    if twice:
        raise ConfigError(f"--judge {twice[0]} is named twice; --repeats 2 asks it twice")
    found = {judge: guard_of(judge) for judge in judges}
    for judge, guard in found.items():
        if guard is None:
            raise ConfigError(
                f"--judge {judge}: expected guard/FORMAT@provider/model; "
                f"guard/prompted@{judge} asks a chat model with our instruction"
            )
    return {judge: guard for judge, guard in found.items() if guard is not None}


def _benign(controls: Dataset) -> list[Case]:
    found = [case for case in controls.cases if case.ground_truth == "safe"]
    if not found:
        raise ConfigError(
            f"--controls {controls.name}: it has no benign row, and benign rows are what tells a "
            "judge's alarms from false alarms"
        )
    return found


def _item(data: Dataset, case: Case, what: Input, repeat: int, guard: Guard, lost: bool) -> Item:
    text = "" if what == "image" else case.query
    images = () if what == "text" else case.images
    reason = unable(guard, what, text, len(images))
    if lost and what != "text":
        reason = reason or "the row's image is missing"
    question = None if reason else Question(text, data.root, images, repeat)
    return Item(data.name, case, what, repeat, question, reason)


def unable(guard: Guard, what: Input, text: str, images: int) -> str:
    """Why a judge can't judge this; empty where it can.

    Args:
        guard: The judge's format.
        what: What it would be shown.
        text: The text, empty for none.
        images: How many images.
    """
    if what != "image" and not text.strip():
        return "the row has no text"
    if what != "text" and not images:
        return "the row has no image"
    target: Target = "image" if what == "image" else "prompt"
    if images and not guard.sees_image:
        return BLIND
    if target not in guard.judges:
        return f"the judge's format is not for {'images alone' if what == 'image' else 'texts'}"
    if guard.max_images is not None and images > guard.max_images:
        return f"the judge takes {guard.max_images} image(s) at once"
    return ""


def _planned(judge: str, guard: Guard, what: Input, items: Sequence[Item]) -> Planned:
    blank = ImageFile(b"", "image/png", "", 1, 1)
    calls = 0
    for question in {item.question for item in items if item.question is not None}:
        images = (blank,) * len(question.images)
        target: Target = "prompt" if question.text else "image"
        calls += len(guard.calls(Asked(target, question.text, images=images), guard.instruction))
    reasons = Counter(item.reason for item in items if item.reason)
    return Planned(judge, what, len(items) - reasons.total(), calls, dict(reasons))
