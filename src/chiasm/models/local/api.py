"""Inspect's side of a local model: `chiasm_hf/ORG/NAME`, or `chiasm_hf/` and a folder."""

import secrets
from asyncio import wrap_future
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from anyio import to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    Logprob,
    Logprobs,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    TopLogprob,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from chiasm.errors import ConfigError
from chiasm.models.local.environment import check_torchvision, require
from chiasm.models.local.messages import decode, read_messages
from chiasm.models.local.options import read_options
from chiasm.models.local.requests import Request, Result, TokenLogprob
from chiasm.models.local.settings import MAX_TOKENS, read_settings


class LocalAPI(ModelAPI):
    """A checkpoint on this machine, loaded when the model is named.

    A request's random numbers follow from the seed, the prompt, the images and which of
    `num_choices` it is. So the same request with the same seed gets the same answer in any batch:
    for several different answers to one case, vary the seed by epoch or give none.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        """Load the checkpoint.

        Raises:
            ConfigError: A package is missing, an argument is wrong, or it can't be loaded.
        """
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        self.options = read_options(model_name, model_args)
        require()
        check_torchvision()
        from chiasm.models.local.engine import open_engine

        self.engine = open_engine(self.options)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The model's answer, or `num_choices` of them.

        Raises:
            CallError: There is not even memory for this request alone.
            ConfigError: The chat template can't express the conversation, or there are tools.
            ImageError: A picture can't be read.
        """
        if tools:
            raise ConfigError("chiasm_hf has no tools; vllm and others of Inspect's providers do")
        requests = await to_thread.run_sync(self._requests, input, config)
        futures = [wrap_future(self.engine.worker.submit(request)) for request in requests]
        try:
            results = [await future for future in futures]
        finally:
            for future in futures:
                future.cancel()
        return self._output(results)

    def _requests(self, input: list[ChatMessage], config: GenerateConfig) -> list[Request]:
        """A request for each choice."""
        turns = read_messages(input)
        uris = [part.value for turn in turns for part in turn.parts if part.kind == "image"]
        settings = read_settings(config, self.engine.defaults)
        prompt = self.engine.prompt(turns)
        images = tuple(decode(uri) for uri in uris)
        return [
            Request(
                prompt=prompt,
                images=images,
                settings=settings,
                key=random_key(settings.seed, choice, [prompt, *uris]),
            )
            for choice in range(config.num_choices or 1)
        ]

    def _output(self, results: Sequence[Result]) -> ModelOutput:
        outputs = sum(result.output_tokens for result in results)
        inputs = results[0].input_tokens
        return ModelOutput(
            model=self.model_name,
            choices=[self._choice(result) for result in results],
            usage=ModelUsage(
                input_tokens=inputs, output_tokens=outputs, total_tokens=inputs + outputs
            ),
            metadata={"chiasm_hf": self.engine.facts},
        )

    def _choice(self, result: Result) -> ChatCompletionChoice:
        content = None
        if result.logprobs is not None:
            content = Logprobs(content=[_logprob(token) for token in result.logprobs])
        return ChatCompletionChoice(
            message=ChatMessageAssistant(
                content=result.text, model=self.model_name, source="generate"
            ),
            stop_reason=result.stop,
            logprobs=content,
        )

    def close(self) -> None:
        """End the worker's thread; a later request starts it again."""
        self.engine.worker.close()

    def max_tokens(self) -> int | None:
        """Of an answer, where nobody says how many."""
        return MAX_TOKENS

    def max_connections(self) -> int:
        """Two batches: the next one waits, decoded, while the model is busy with the first."""
        return 2 * self.options.rows

    def connection_key(self) -> str:
        """Models do not share a limit of requests."""
        return str(self.options)

    def collapse_user_messages(self) -> bool:
        """Chat templates want turns to alternate."""
        return True

    def collapse_assistant_messages(self) -> bool:
        """Likewise."""
        return True


def random_key(seed: int | None, choice: int, parts: Sequence[str]) -> bytes:
    """What a request's random numbers follow from; fresh where there is no seed.

    >>> random_key(1, 0, ["a"]) == random_key(1, 0, ["a"]) != random_key(1, 1, ["a"])
    True
    """
    if seed is None:
        return secrets.token_bytes(16)
    digest = sha256(f"{seed} {choice}".encode())
    for part in parts:
        digest.update(sha256(part.encode()).digest())
    return digest.digest()[:16]


def _logprob(token: TokenLogprob) -> Logprob:
    top = [TopLogprob(token=t, logprob=p, bytes=list(t.encode())) for t, p in token.top]
    return Logprob(
        token=token.token,
        logprob=token.logprob,
        bytes=list(token.token.encode()),
        top_logprobs=top or None,
    )
