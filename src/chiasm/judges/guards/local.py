"""Guards on this machine (`chiasm_hf`): the processor's chat template, over whole conversations.

A local model continues a conversation that ends with the assistant's turn, so its prompt is cut
there. A guard's template is meant to write that turn out and to ask about it; so it is told to
prepare for a reply of its own, and the answer must be in what it writes.
"""

from collections.abc import Sequence
from typing import Any

from chiasm.errors import ConfigError
from chiasm.models.local.messages import Turn, defuse
from chiasm.models.local.templates import write_prompt


def whole_conversations(api: Any) -> None:
    """Have this model (and no other that shares its weights) write prompts as a guard needs."""
    api.engine = _Judging(api.engine)


class _Judging:
    """An engine, but for `prompt`."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def prompt(self, turns: Sequence[Turn]) -> str:
        """The text that the processor is given.

        Raises:
            ConfigError: The chat template refuses the conversation, or loses a part of it.
        """
        engine = self._engine

        def render(messages: list[dict[str, Any]], go_on: bool) -> str:
            return str(
                engine.tokenizer.apply_chat_template(
                    messages,
                    chat_template=engine.processor.chat_template,
                    tokenize=False,
                    add_generation_prompt=True,
                )
            )

        prompt = write_prompt(turns, render, place=engine._place, control=engine._control)
        for turn in turns:
            texts = [defuse(p.value, engine._control) for p in turn.parts if p.kind == "text"]
            lost = [text for text in texts if text.strip() not in prompt]
            if turn.role == "assistant" and lost:
                raise ConfigError(
                    f"the guard's chat template loses the answer {lost[0][:40]!r}; "
                    "get_model(..., chat_template=FILE) sets another"
                )
        return prompt
