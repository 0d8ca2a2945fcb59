"""Inspect's side of the lab's small models: `chiasm_tiny/base`, `.../text_sft`, `.../mm_sft`.

`chiasm_tiny/FOLDER` is a checkpoint of `chiasm lab`, and `?tower=random` behind a name draws the
weights of its vision tower anew.
"""

import re
from collections import Counter
from hashlib import sha256
from typing import Any

import numpy as np
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
    """A model of the lab's toy world, in numpy: answers to one question and its picture.

    Greedy, but for a temperature above 0; then the n-th answer of a process to the same question
    and picture is the same in every run. Outside its world of 190 words its answers mean nothing.
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
        self.asked: Counter[str] = Counter()

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The answer to the last user message and its first picture."""
        message = next(m for m in reversed(input) if isinstance(m, ChatMessageUser))
        content = message.content
        parts = [ContentText(text=content)] if isinstance(content, str) else content
        query = " ".join(p.text for p in parts if isinstance(p, ContentText))
        image = next((image_bytes(p.image) for p in parts if isinstance(p, ContentImage)), None)
        temperature = config.temperature or 0.0
        answer = self.model.answer(
            words(query),
            image,
            config.max_tokens or MOST_NEW,
            temperature=temperature,
            rng=self._draws(query, image, config.seed or 0) if temperature else None,
        )
        output = ModelOutput.from_content(f"chiasm_tiny/{self.model_name}", answer)
        # Set, because Inspect otherwise counts tokens with a vocabulary that it downloads.
        output.usage = ModelUsage()
        return output

    def _draws(self, query: str, image: bytes | None, seed: int) -> np.random.Generator:
        """Other numbers for every answer to the same question, whatever was asked in between."""
        about = sha256(f"{self.model_name} {seed} {query}".encode() + (image or b"")).digest()
        self.asked[about.hex()] += 1
        return np.random.default_rng([*about[:8], self.asked[about.hex()]])

    def max_connections(self) -> int:
        """Nothing waits, so more at once only costs memory."""
        return 10


def words(query: str) -> str:
    """A question as the model reads it: lower case, with spaces around punctuation.

    >>> words("How do I use this?")
    'how do i use this ?'
    """
    return " ".join(_PUNCTUATION.sub(r" \1 ", query.lower()).split())
