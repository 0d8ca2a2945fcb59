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

from chiasm.cases import dumps
from chiasm.models.policies import image_bytes
from chiasm.models.tiny import MOST_NEW, load

_PUNCTUATION = re.compile(r"\s*([.,!?:]|')(?=\s|$)|(?<=\w)(?='s\b)")


class TinyAPI(ModelAPI):
    """A model of the lab's toy world, in numpy: answers to one question and its picture.

    Greedy, but for a temperature above 0. Then an evaluation's answer follows from the seed, the
    question, the picture, the case and the epoch, whatever was asked before; outside an evaluation
    the n-th answer of a process to the same question is the same in every run. Outside its world
    of 190 words its answers mean nothing.
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
        sample = _case_and_epoch()
        about = dumps([self.model_name, seed, query, sample]).encode() + (image or b"")
        digest = sha256(about).digest()
        if sample is not None:
            return np.random.default_rng([*digest])
        self.asked[digest.hex()] += 1
        return np.random.default_rng([*digest, self.asked[digest.hex()]])

    def max_connections(self) -> int:
        """Nothing waits, so more at once only costs memory."""
        return 10


def _case_and_epoch() -> list[Any] | None:
    """Of the sample that is being answered; None outside an evaluation.

    Counting answers instead would begin at 1 again when a killed run goes on.
    """
    # Inspect hands a model neither of them, and has no public name for the sample in work.
    from inspect_ai.log._samples import sample_active

    active = sample_active()
    return None if active is None else [active.sample.id, active.epoch]


def words(query: str) -> str:
    """A question as the model reads it: lower case, with spaces around punctuation.

    >>> words("How do I use this?")
    'how do i use this ?'
    """
    return " ".join(_PUNCTUATION.sub(r" \1 ", query.lower()).split())
