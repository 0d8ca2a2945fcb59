"""Inspect's view of the reference policies and of the offline graders: provider `chiasm`."""

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

from chiasm.errors import ConfigError
from chiasm.models.policies import POLICIES, image_bytes

GRADERS = ("refusal", "triage", "exact")
"""Judges that are rules or small models on this machine: named like a model, never called."""


class ChiasmAPI(ModelAPI):
    """`chiasm/NAME`: a reference policy as model, or an offline grader as model role."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        known = [*POLICIES, *GRADERS]
        if model_name not in known:
            raise ConfigError(f"chiasm/{model_name}: no such policy or grader; known: {known}")

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The policy's answer to the last user message."""
        if self.model_name not in POLICIES:
            raise ConfigError(f"chiasm/{self.model_name} is a grader (--grader), not a model")
        message = next(m for m in reversed(input) if isinstance(m, ChatMessageUser))
        content = message.content
        parts = [ContentText(text=content)] if isinstance(content, str) else content
        query = "\n".join(p.text for p in parts if isinstance(p, ContentText))
        images = [image_bytes(p.image) for p in parts if isinstance(p, ContentImage)]
        answer = POLICIES[self.model_name](query, images)
        output = ModelOutput.from_content(f"chiasm/{self.model_name}", answer)
        # Set, because Inspect otherwise counts tokens with a vocabulary that it downloads.
        output.usage = ModelUsage()
        return output

    def max_connections(self) -> int:
        """Nothing waits, so more at once only costs memory."""
        return 10
