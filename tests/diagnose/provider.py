"""The minds as an Inspect provider: ``mind/NAME``, the name's spaces as hyphens."""

from typing import Any

from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, ModelUsage, modelapi

from chiasm.models.policies import image_bytes
from tests.diagnose.policies import MINDS, Model


class MindAPI(ModelAPI):
    """Hands text and pictures of the last message to the mind."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        self.mind = Model(MINDS[model_name.replace("-", " ")], noise=0)

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        content = input[-1].content
        parts = [] if isinstance(content, str) else content
        text = content if isinstance(content, str) else ""
        text += "\n".join(p.text for p in parts if p.type == "text")
        images = [image_bytes(p.image) for p in parts if p.type == "image"]
        output = ModelOutput.from_content("mind", self.mind.answer(text, images))
        output.usage = ModelUsage()
        return output


@modelapi(name="mind")
def mind() -> type[ModelAPI]:
    """Found by its name once this file is imported."""
    return MindAPI
