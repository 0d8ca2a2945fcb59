"""A guard's model without an evaluation around it.

Inspect keeps every call of a process in its transcript, pictures included: right for a run that
writes a log, a leak in a server that never ends. Here the provider is called directly; it brings
its keys, formats and its own idea of what is worth another try.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

TRIES = 2


class DirectModel:
    """What `chiasm.judges.guards` needs of a model, and no more."""

    def __init__(self, model: Model, max_connections: int) -> None:
        self.api, self.config = model.api, model.config
        self._name = str(model)
        self._free = asyncio.Semaphore(max_connections)

    def __str__(self) -> str:
        return self._name

    async def generate(
        self, input: Sequence[ChatMessage], *, config: GenerateConfig
    ) -> ModelOutput:
        """The reply; errors of the provider as they are."""
        merged = self.config.merge(config)
        async with self._free:
            for again in range(TRIES):
                try:
                    found: Any = await self.api.generate(list(input), [], "none", merged)
                    break
                except Exception as error:  # the provider says which of its own are passing ones
                    if again + 1 == TRIES or not self.api.should_retry(error):
                        raise
        output = found[0] if isinstance(found, tuple) else found
        if isinstance(output, Exception):
            raise output
        assert isinstance(output, ModelOutput)
        return output
