"""Asking models on behalf of steps: stored, paid for once, within budget and pace.

A reply that can't be used (a refusal, malformed JSON) drops the item that it was for; a call that
failed does not: the item waits, and the same command asks again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chiasm.build.budget import IMAGE_TOKENS, Budget, Pace
from chiasm.build.recipe import Recipe
from chiasm.build.replies import UnusableError, WaitingError, refuses
from chiasm.errors import CallError, JudgeError
from chiasm.prompts import Prompt, load_prompt

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

    from chiasm.data.images import ImageFile
    from chiasm.judges.guards import GuardVerdict

MAX_TOKENS = 1500
UNUSABLE = ("judge refused", "judge blocked", "judge truncated", "judge unreadable")
"""Kinds of `JudgeError` that asking again does not mend."""

DOLLARS = "$"
"""Key of what was spent on a tab."""

_tab: ContextVar[dict[str, float] | None] = ContextVar("chiasm_build_tab", default=None)


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
        busy: A lock a call, so that of two equal ones at a time one is made and one looked up.
    """

    recipe: Recipe
    out: Path
    models: Mapping[str, "Model"]
    budget: Budget = field(default_factory=Budget)
    pace: Pace = field(default_factory=lambda: Pace(0))
    asked: dict[str, int] = field(default_factory=dict)
    busy: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def model(self, role: str) -> "Model":
        """The opened model of a role."""
        return self.models[self.recipe.model(role)]

    def image(self, path: str) -> "ImageFile":
        """A picture under the output folder."""
        from chiasm.data.images import read_image

        return read_image(self.out, path)

    def charge(self, role: str, promised: float, spent: float) -> None:
        """A call of a role has ended, and cost this much."""
        self.budget.settle(promised, spent)
        tab = _tab.get()
        if tab is not None:
            tab[role] = tab.get(role, 0) + 1
            tab[DOLLARS] = tab.get(DOLLARS, 0.0) + spent

    def add(self, tab: Mapping[str, float]) -> None:
        """Count the calls of a decision, made now or in a former run."""
        for role, n in tab.items():
            if role != DOLLARS:
                self.asked[role] = self.asked.get(role, 0) + int(n)


@contextmanager
def on_tab() -> Iterator[dict[str, float]]:
    """Write down what is asked until the block ends: calls by role, and `DOLLARS`."""
    tab: dict[str, float] = {}
    token = _tab.set(tab)
    try:
        yield tab
    finally:
        _tab.reset(token)


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
    async with desk.busy[key]:
        output = await _paid(desk, role, model, messages, config, key)
    try:
        said = reply_text(output)
    except JudgeError as error:
        raise UnusableError(f"the {role} {_why(error)}", str(error)) from error
    if refuses(said):
        raise UnusableError(f"the {role} refused", said)
    return said


async def _paid(
    desk: Desk,
    role: str,
    model: "Model",
    messages: "Sequence[ChatMessage]",
    config: "GenerateConfig",
    key: str,
) -> "ModelOutput":
    """The stored output, or a new one within the budget."""
    from chiasm.models import calls

    given = sum(len(m.text) / 4 + IMAGE_TOKENS * (len(m.content) - 1) for m in messages)
    store = calls.current_store()
    known = store is not None and store.get(key) is not None
    most = 0.0 if known else desk.budget.price(str(model), given, MAX_TOKENS)
    await desk.budget.promise(most)
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
        desk.charge(role, most, spent)
    return output


def _why(error: JudgeError) -> str:
    words = {"judge refused": "refused", "judge blocked": "was blocked by a filter"}
    return words.get(error.kind, "gave no usable reply")


async def verdict(desk: Desk, query: str | None, images: Sequence[str]) -> "GuardVerdict":
    """The judge's word on a text, a picture or both.

    Raises:
        UnusableError: It gave none.
        WaitingError: The call failed.
        BudgetError: It might cost too much.
    """
    async with desk.busy[f"judge {query} {list(images)}"]:
        return await _judged(desk, query, images)


async def _judged(desk: Desk, query: str | None, images: Sequence[str]) -> "GuardVerdict":
    from chiasm.judges.guards import guard_of, judge_prompt

    name = judge_name(desk.recipe)
    guard = guard_of(name)
    assert guard is not None  # the name begins with guard/
    given = (len(guard.instruction) + len(query or "")) / 4 + IMAGE_TOKENS * len(images)
    price = desk.budget.price(name.partition("@")[2], given, guard.max_tokens)
    await desk.budget.promise(price)
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
        desk.charge("judge", price, spent)
    return found


def judge_name(recipe: Recipe) -> str:
    """The judge as ``guard/FORMAT@provider/model``; any chat model is asked with our prompt."""
    name = recipe.model("judge")
    return name if name.startswith("guard/") else f"guard/prompted@{name}"
