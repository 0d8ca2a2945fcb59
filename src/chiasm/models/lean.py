"""`chiasm_openai/SERVICE/MODEL`: OpenAI-compatible servers with a third less CPU a call.

Same names, environment variables, requests and outputs as Inspect's ``openai-api/SERVICE/MODEL``
(``SERVICE_BASE_URL``, ``SERVICE_API_KEY``), for local servers that answer faster than one core can
ask. A data URI is sent as it is, in pieces: never copied whole, never searched for what to escape.

Only the usual case is here: text and pictures in, no tools, a reply of status 200. Everything else
goes to Inspect's provider, which is kept beside this one: unusual settings before they are asked,
and what a server turns down with a status of 4xx by asking once more, since that provider knows
how servers say that a filter or the context length stopped them.
"""

import asyncio
import json
import logging
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.payload import AsyncIterablePayload
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    RetryDecision,
    get_model,
    model_output_from_openai,
)
from inspect_ai.tool import ToolChoice, ToolInfo
from openai.types.chat import ChatCompletion

from chiasm.models.wire import HANDLED, message_of, pieces, plain_output, settings, stream

logger = logging.getLogger(__name__)

CONNECT_S = 30.0
"""How long a connection may take to be made."""


class StatusError(Exception):
    """A reply that says: not now. `status_code` is 408, 409, 429 or 5xx."""

    def __init__(self, status_code: int, text: str) -> None:
        self.status_code = status_code
        super().__init__(f"HTTP {status_code}: {text[:300]}")


class LeanAPI(ModelAPI):
    """One model of one server."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        config = config or GenerateConfig()
        super().__init__(model_name, base_url, api_key, [], config)
        stock = get_model(
            f"openai-api/{model_name}",
            base_url=base_url,
            api_key=api_key,
            config=config,
            memoize=False,
            **model_args,
        )
        self.stock = stock.api
        self.base_url, self.api_key = self.stock.base_url, self.stock.api_key
        self._only_stock = bool(model_args)
        self._session: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> Any:
        """The model's reply.

        Raises:
            StatusError: The server is busy or broken; Inspect tries again.
            ConnectionError: It can't be reached, or closed the connection.
        """
        unusual = set(config.model_fields_set) - HANDLED
        if tools or self._only_stock or any(getattr(config, name) is not None for name in unusual):
            return await self.stock.generate(input, tools, tool_choice, config)
        uris: list[str] = []
        messages = [await message_of(message, uris) for message in input]
        request = {"messages": messages, "model": self.service_model_name(), **settings(config)}
        status, text = await self._post(pieces(request, uris))
        if status == 200:
            reply = json.loads(text)
            if isinstance(reply, dict) and reply.get("choices"):
                return plain_output(reply) or await model_output_from_openai(
                    ChatCompletion.construct(**reply)
                )
        elif status in (408, 409, 429) or status >= 500:
            raise StatusError(status, text)
        output = await self.stock.generate(input, tools, tool_choice, config)
        self._note(output)
        return output

    def _note(self, output: Any) -> None:
        """After a request that only Inspect's provider could make answered: leave all to it."""
        found = output[0] if isinstance(output, tuple) else output
        if isinstance(found, ModelOutput) and not found.empty and found.stop_reason == "stop":
            logger.warning("%s needs what chiasm_openai does not do: openai-api", self.model_name)
            self._only_stock = True

    async def _post(self, body: list[bytes | str]) -> tuple[int, str]:
        # base64 and JSON made here are ASCII: one byte a character.
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(sum(map(len, body))),
            "Authorization": f"Bearer {self.api_key}",
        }
        url = f"{str(self.base_url).rstrip('/')}/chat/completions"
        try:
            data = AsyncIterablePayload(stream(body), content_type="application/json")
            async with self._client().post(
                url, data=data, headers=headers, allow_redirects=False
            ) as reply:
                return reply.status, await reply.text()
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise ConnectionError(f"{url}: {type(error).__name__}: {error}") from error

    def _client(self) -> aiohttp.ClientSession:
        """The connections, which belong to an event loop; how many is Inspect's to limit."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session[0] is not loop or self._session[1].closed:
            # Inspect ends an attempt that takes too long (`attempt_timeout`).
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
            connector = aiohttp.TCPConnector(limit=0)
            client = aiohttp.ClientSession(
                connector=connector, timeout=timeout, proxy=proxy_of(str(self.base_url))
            )
            self._session = loop, client
        return self._session[1]

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None and self._session[0] is asyncio.get_running_loop():
            await self._session[1].close()
        await self.stock.aclose()

    def should_retry(self, ex: BaseException) -> bool | RetryDecision:
        """Whether to try again: what may pass, and what Inspect's provider says."""
        if isinstance(ex, StatusError):
            kind = RetryDecision.rate_limit if ex.status_code == 429 else RetryDecision.transient
            return kind()
        if isinstance(ex, ConnectionError | TimeoutError):
            return RetryDecision.transient()
        return self.stock.should_retry(ex)  # type: ignore[arg-type]

    def connection_key(self) -> str:
        """Whose limit of connections counts."""
        return self.stock.connection_key()

    def service_model_name(self) -> str:
        """The model's name as the server knows it."""
        return self.model_name.partition("/")[2]


def proxy_of(url: str) -> str | None:
    """The proxy of the environment for this address, None for none.

    Looked up once: aiohttp's own ``trust_env`` reads files in a thread at every request, which
    costs more than the request.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)
