"""The calls of a defence: stored, counted, and told apart by step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

from chiasm.models import calls

HELPER = GenerateConfig(max_tokens=1024, temperature=0)
"""Of the calls beside the answer: a protocol's cap may be a single letter's."""

KEPT = 2000
"""Characters of a step's text that are noted in the log."""


@dataclass
class Spent:
    """What the answers to one case cost the model under test; a stored call counts like a new one.

    Attributes:
        calls: Answered calls.
        tokens_in: Sent, as the provider counts; None where it does not say.
        tokens_out: Returned, likewise.
        seconds: Sum of the calls' times; a defence makes them one after the other. None where one
            is not known.
        unread: Whether a step came to nothing: a check that can't be read, or a helping call that
            came back empty, cut, blocked or as a refusal.
    """

    calls: int = 0
    tokens_in: int | None = 0
    tokens_out: int | None = 0
    seconds: float | None = 0.0
    unread: bool = False

    def add(self, output: ModelOutput) -> None:
        """Count one call."""
        usage = output.usage
        self.calls += 1
        self.tokens_in = _sum(self.tokens_in, usage.input_tokens if usage else None)
        self.tokens_out = _sum(self.tokens_out, usage.output_tokens if usage else None)
        known = self.seconds is not None and output.time is not None
        self.seconds = round(self.seconds + output.time, 3) if known else None  # type: ignore[operator]


def _sum(before: int | None, more: int | None) -> int | None:
    return None if before is None or more is None else before + more


@dataclass
class Asker:
    """Asks the model under test, step by step.

    Attributes:
        model: The model.
        name: The defence, empty for none.
        about: Case and epoch: two answers to one question are two calls.
        spent: What was spent so far.
        notes: What the steps said, for the log.
    """

    model: Model
    name: str
    about: str
    spent: Spent = field(default_factory=Spent)
    notes: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, messages: Sequence[ChatMessage]) -> ModelOutput:
        """An answer to the person, with the settings of the protocol."""
        return await self._call("answer", messages, GenerateConfig())

    async def help(self, step: str, messages: Sequence[ChatMessage]) -> ModelOutput:
        """A call beside the answer."""
        return await self._call(f"{self.name}/{step}", messages, HELPER)

    def note(self, step: str, said: str, **more: Any) -> None:
        """Keep what a step said."""
        self.notes.append({"step": step, "said": said[:KEPT], **more})

    async def _call(
        self, kind: str, messages: Sequence[ChatMessage], config: GenerateConfig
    ) -> ModelOutput:
        key = calls.key(kind, self.model, messages, self.about)
        output = await calls.generate(self.model, messages, config, key=key)
        self.spent.add(output)
        return output
