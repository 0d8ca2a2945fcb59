"""The model of a server that never ends."""

import asyncio
from collections.abc import Callable

from inspect_ai.log import transcript
from inspect_ai.model import ChatMessageUser, GenerateConfig, Model

from chiasm.guard.direct import DirectModel


def test_calls_leave_nothing_behind(scripted: Callable[..., Model]) -> None:
    model = DirectModel(scripted("safe", "safe", "unsafe"), 2)
    before = len(transcript().events)

    async def three() -> list[str]:
        asked = [ChatMessageUser(content="A vase?")]
        return [(await model.generate(asked, config=GenerateConfig())).completion for _ in range(3)]

    assert asyncio.run(three()) == ["safe", "safe", "unsafe"]
    assert len(transcript().events) == before
