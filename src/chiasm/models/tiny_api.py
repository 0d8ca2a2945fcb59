"""Inspect's side of the lab's small models: `chiasm_tiny/base`, `.../text_sft`, `.../mm_sft`."""

import re
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from chiasm.models.policies import image_bytes
from chiasm.models.tiny import MOST_NEW, load

_PUNCTUATION = re.compile(r"\s*([.,!?:]|')(?=\s|$)|(?<=\w)(?='s\b)")


class TinyAPI(ModelAPI):
    """A model of the lab's toy world, in numpy: greedy answers to one question and its picture.

    Outside its world of 190 words its answers mean nothing.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        self.model = load(model_name)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The greedy answer to the last user message and its first picture."""
        message = next(m for m in reversed(input) if isinstance(m, ChatMessageUser))
        content = message.content
        parts = [ContentText(text=content)] if isinstance(content, str) else content
        query = " ".join(p.text for p in parts if isinstance(p, ContentText))
        image = next((image_bytes(p.image) for p in parts if isinstance(p, ContentImage)), None)
        answer = self.model.answer(words(query), image, config.max_tokens or MOST_NEW)
        output = ModelOutput.from_content(f"chiasm_tiny/{self.model_name}", answer)
        # Set, because Inspect otherwise counts tokens with a vocabulary that it downloads.
        output.usage = ModelUsage()
        return output

    def max_connections(self) -> int:
        """Nothing waits, so more at once only costs memory."""
        return 10


def words(query: str) -> str:
    """A question as the model reads it: lower case, with spaces around punctuation.

    >>> words("How do I use this?")
    'how do i use this ?'
    """
    return " ".join(_PUNCTUATION.sub(r" \1 ", query.lower()).split())
