"""Asking models on behalf of steps: stored, paid for once, within budget and pace.

A reply that can't be used (a refusal, malformed JSON) drops the item that it was for; a call that
failed does not: the item waits, and the same command asks again.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiasm.build.budget import IMAGE_TOKENS, Budget, Pace
from chiasm.build.recipe import Recipe
from chiasm.errors import CallError, ChiasmError, JudgeError
from chiasm.prompts import Prompt, load_prompt

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from chiasm.data.images import ImageFile
    from chiasm.judges.guards import GuardVerdict

MAX_TOKENS = 1500
UNUSABLE = ("judge refused", "judge blocked", "judge truncated", "judge unreadable")
"""Kinds of `JudgeError` that asking again does not mend."""

_FENCE = re.compile(r"^```(?:json)?\s*\n(.*?)\n?```\s*$", re.DOTALL)
_REFUSES = re.compile(
    r"^\W*(?:i'?m |i am )?(?:very |really )?(?:sorry|unable|unfortunately)\b"
    r"|^\W*(?:i|we) (?:can(?:no|')t|can not|won'?t|will not)\b"
    r"|^\W*(?:es tut mir leid|leider|je suis désolé|lo siento)\b",
    re.IGNORECASE,
)


class UnusableError(ChiasmError):
    """A reply that an item can't be made of.

    Attributes:
        reason: What is counted: "the writer refused", "the writer gave malformed JSON".
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail[:300]
        super().__init__(f"{reason}: {detail[:200]}")


class WaitingError(ChiasmError):
    """A call failed after its retries; the item waits for the next run."""


@dataclass(slots=True)
class Desk:
    """What steps may use.

    Attributes:
        recipe: What is built.
        out: The output folder; images are under ``out/images``.
        models: Inspect's name -> model, opened once.
        budget: See `chiasm.build.budget`.
        pace: Likewise.
        asked: Calls by role, stored ones included.
    """

    recipe: Recipe
    out: Path
    models: Mapping[str, "Model"]
    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=lambda: Pace(0))
    asked: dict[str, int] = field(default_factory=dict)

    def model(self, role: str) -> "Model":
        """The opened model of a role."""
        return self.models[self.recipe.model(role)]

    def image(self, path: str) -> "ImageFile":
        """A picture under the output folder."""
        from chiasm.data.images import read_image

        return read_image(self.out, path)

    def count(self, role: str) -> None:
        """One more call of a role."""
        self.asked[role] = self.asked.get(role, 0) + 1


@cache
def prompt(name: str) -> Prompt:
    """A prompt of the pipeline, ``prompts/NAME.md``."""
    return load_prompt("chiasm.build", name)


async def ask(
    desk: Desk,
    role: str,
    name: str,
    *,
    images: Sequence[str] = (),
    temperature: float = 0.0,
    about: str = "",
    **values: str,
) -> str:
    """A role's reply to one of our prompts.

    Args:
        desk: Whom to ask.
        role: See `chiasm.build.settings.ROLES`.
        name: Of the prompt.
        images: Pictures to show, under the output folder.
        temperature: 0 for judgements, higher for ideas.
        about: What tells two equal questions apart.
        values: Of the prompt's fields; untrusted.

    Raises:
        UnusableError: It refused, was cut or blocked, or said nothing.
        WaitingError: The call failed.
        BudgetError: It might cost too much.
    """
    text = prompt(name).render(**values)
    key = f"{prompt(name).id} {about}"
    return await say(desk, role, desk.model(role), text, images, temperature, key)


async def say(
    desk: Desk,
    role: str,
    model: "Model",
    text: str,
    images: Sequence[str],
    temperature: float,
    about: str,
) -> str:
    """A model's reply to a text with pictures; see `ask`."""
    from inspect_ai.model import (
        ChatMessage,
        ChatMessageUser,
        Content,
        ContentImage,
        ContentText,
        GenerateConfig,
    )

    from chiasm.data.images import data_uri
    from chiasm.judges.ask import reply_text
    from chiasm.models import calls

    shown: list[Content] = [ContentImage(image=data_uri(desk.image(p))) for p in images]
    messages: list[ChatMessage] = [ChatMessageUser(content=[*shown, ContentText(text=text)])]
    key = calls.key("build", model, messages, f"{about} t={temperature}")
    config = GenerateConfig(temperature=temperature, max_tokens=MAX_TOKENS)
    given = len(text) / 4 + IMAGE_TOKENS * len(images)
    store = calls.current_store()
    known = store is not None and store.get(key) is not None
    most = 0.0 if known else desk.budget.price(str(model), given, MAX_TOKENS)
    desk.budget.promise(most)
    spent = 0.0
    try:
        if not known:
            await desk.pace.wait(str(model))
        output = await calls.generate(model, messages, config, key=key)
        used = output.usage
        tokens = (used.input_tokens, used.output_tokens) if used else (given, MAX_TOKENS)
        spent = desk.budget.price(str(model), *tokens)
    except CallError as error:
        raise WaitingError(f"{role} {error}") from error
    finally:
        desk.budget.settle(most, spent)
    desk.count(role)
    try:
        said = reply_text(output)
    except JudgeError as error:
        raise UnusableError(f"the {role} {_why(error)}", str(error)) from error
    if _REFUSES.match(said.replace("’", "'")):
        raise UnusableError(f"the {role} refused", said)
    return said


def _why(error: JudgeError) -> str:
    words = {"judge refused": "refused", "judge blocked": "was blocked by a filter"}
    return words.get(error.kind, "gave no usable reply")


def fields_of(reply: str, role: str, names: Sequence[str]) -> dict[str, Any]:
    """The object of a reply that is JSON, with these fields in it.

    Raises:
        UnusableError: It is no JSON, no object, or lacks a field.
    """
    fenced = _FENCE.match(reply.strip())
    try:
        found = json.loads(fenced[1] if fenced else reply.strip())
    except (ValueError, RecursionError):
        raise UnusableError(f"the {role} gave malformed JSON", reply) from None
    if not isinstance(found, dict):
        raise UnusableError(f"the {role} gave malformed JSON", reply)
    for name in names:
        if name not in found:
            raise UnusableError(f"the {role}'s JSON lacks {name}", reply)
    return found


def text_of(found: Mapping[str, Any], name: str, role: str) -> str:
    """A field that is a text, not blank.

    Raises:
        UnusableError: It is something else.
    """
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UnusableError(f"the {role}'s JSON has no text in {name}", str(value))
    return " ".join(value.split())


def texts_of(found: Mapping[str, Any], name: str, role: str) -> tuple[str, ...]:
    """A field that is a list of texts, at least one.

    Raises:
        UnusableError: It is something else.
    """
    value = found.get(name)
    listed = value if isinstance(value, list) else []
    texts = tuple(" ".join(t.split()) for t in listed if isinstance(t, str) and t.strip())
    if not texts or len(texts) < len(listed):
        raise UnusableError(f"the {role}'s JSON has no texts in {name}", str(value))
    return texts


async def verdict(desk: Desk, query: str | None, images: Sequence[str]) -> "GuardVerdict":
    """The judge's word on a text, a picture or both.

    Raises:
        UnusableError: It gave none.
        WaitingError: The call failed.
        BudgetError: It might cost too much.
    """
    from chiasm.judges.guards import guard_of, judge_prompt

    name = judge_name(desk.recipe)
    guard = guard_of(name)
    assert guard is not None  # the name begins with guard/
    given = (len(guard.instruction) + len(query or "")) / 4 + IMAGE_TOKENS * len(images)
    price = desk.budget.price(name.partition("@")[2], given, guard.max_tokens)
    desk.budget.promise(price)
    spent = 0.0
    try:
        await desk.pace.wait(name)
        found = await judge_prompt(guard, query, [desk.image(p) for p in images], desk.models[name])
        spent = price
    except JudgeError as error:
        if error.kind not in UNUSABLE:
            raise WaitingError(f"judge: {error}") from error
        spent = price
        raise UnusableError(f"the judge {_why(error)}", str(error)) from error
    finally:
        desk.budget.settle(price, spent)
    desk.count("judge")
    return found


def judge_name(recipe: Recipe) -> str:
    """The judge as ``guard/FORMAT@provider/model``; any chat model is asked with our prompt."""
    name = recipe.model("judge")
    return name if name.startswith("guard/") else f"guard/prompted@{name}"
