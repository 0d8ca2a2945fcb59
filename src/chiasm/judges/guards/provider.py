"""Inspect's view of a guard: provider `guard`, ``guard/FORMAT@provider/model``.

The provider behind it does the talking, with its keys, retries and limits; only the name, and with
it every log and table, says that a guard's format was used.
"""

import json
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    RetryDecision,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from chiasm.errors import ConfigError
from chiasm.judges.guards.formats import guard_named, split


@modelapi(name="guard")
def guard() -> type[ModelAPI]:
    """Guard models: guard/llama_guard_4@openai-api/SERVICE/MODEL, ..."""
    return GuardAPI


class GuardAPI(ModelAPI):
    """One guard, behind another provider.

    Attributes:
        format: Name of the guard's format.
        inner: The provider's model.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        """Open the model behind the name.

        Raises:
            ConfigError: The name is malformed, or there is no such format.
        """
        config = config or GenerateConfig()
        super().__init__(model_name, base_url, api_key, [], config)
        self.format, name = split(model_name)
        self.guard = guard_named(self.format)
        # Not memoized: a model under test of the same name keeps its own way of writing prompts.
        self.inner = get_model(
            name, config=config, base_url=base_url, api_key=api_key, memoize=False, **model_args
        ).api
        self.base_url = self.inner.base_url
        if name.startswith("chiasm_hf/"):
            from chiasm.judges.guards.local import whole_conversations

            whole_conversations(self.inner)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> Any:
        """The reply of the model behind it."""
        if self.guard.endpoint == "moderations":
            return await self._moderate(input)
        return await self.inner.generate(input, tools, tool_choice, config)

    async def _moderate(self, input: list[ChatMessage]) -> ModelOutput:
        """The endpoint's reply as text: JSON of ``results``; `moderation` reads it."""
        from openai import AsyncOpenAI

        parts: list[Any] = []
        for message in input:
            content = message.content if not isinstance(message.content, str) else []
            if isinstance(message.content, str):
                parts.append({"type": "text", "text": message.content})
            for part in content:
                if part.type == "text":
                    parts.append({"type": "text", "text": part.text})
                elif part.type == "image":
                    parts.append({"type": "image_url", "image_url": {"url": part.image}})
        name = self.inner.service_model_name()
        key = self.inner.api_key or "none"
        # Inspect tries again; the client's own tries would multiply them.
        async with AsyncOpenAI(api_key=key, base_url=self.base_url, max_retries=0) as client:
            reply = await client.moderations.with_raw_response.create(input=parts, model=name)
            found = json.loads(reply.content)
        results = found.get("results") if isinstance(found, dict) else None
        output = ModelOutput.from_content(name, json.dumps({"results": results}))
        output.usage = ModelUsage()
        return output

    async def aclose(self) -> None:
        """Close the connections."""
        await self.inner.aclose()

    def close(self) -> None:
        """Likewise."""
        self.inner.close()

    def max_tokens(self) -> int | None:
        """The provider's own default."""
        return self.inner.max_tokens()

    def max_connections(self) -> int:
        """As many as the provider takes."""
        return self.inner.max_connections()

    def connection_key(self) -> str:
        """Whose limit of connections counts."""
        return self.inner.connection_key()

    def should_retry(self, ex: BaseException) -> bool | RetryDecision:
        """Whether to try again, as the provider says."""
        return self.inner.should_retry(ex)  # type: ignore[arg-type]

    def collapse_user_messages(self) -> bool:
        """As the provider does."""
        return self.inner.collapse_user_messages()

    def collapse_assistant_messages(self) -> bool:
        """Likewise."""
        return self.inner.collapse_assistant_messages()


def api_of(model: Any, form: str) -> GuardAPI:
    """The guard behind a model.

    Raises:
        ConfigError: The model is no guard, or one of another format.
    """
    found = model.api
    if not isinstance(found, GuardAPI):
        raise ConfigError(f"{model} is no guard: name it guard/{form}@{model}")
    # Strict and loose readings of one format take the same replies.
    if found.format.removesuffix("_loose") != form.removesuffix("_loose"):
        raise ConfigError(f"{model} has the format {found.format}, asked as {form}")
    return found
