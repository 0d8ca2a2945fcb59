"""Chat requests and replies as OpenAI-compatible servers take and give them, for `lean`."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from secrets import token_hex
from typing import Any, Literal

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Content,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    messages_to_openai,
)

from chiasm.models.calls import TRANSPORT

SENT = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop_seqs": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "num_choices": "n",
    "reasoning_effort": "reasoning_effort",
}
"""Settings by Inspect's name, and the name in a request."""

HANDLED = {*SENT, *TRANSPORT, "system_message", "response_schema"}
"""Settings that are understood here; a request with another one goes to Inspect's provider."""

NO_SCHEMA_FIELDS = {"pattern", "minLength", "maxLength", "minimum", "maximum", "examples"}
"""Fields of a schema that Inspect's provider leaves out."""

STOP_REASONS: Mapping[str, Literal["stop", "max_tokens"]] = {"stop": "stop", "length": "max_tokens"}

PIECE = 1 << 16
"""Characters of a data URI that are sent at once."""

MARK = token_hex(16)
"""Stands for the next data URI while a request is made; no text can know it."""


def settings(config: GenerateConfig) -> dict[str, Any]:
    """The settings of a request; those outside `HANDLED` are not looked at."""
    found = {sent: getattr(config, name) for name, sent in SENT.items()}
    found = {name: value for name, value in found.items() if value is not None}
    if schema := config.response_schema:
        found["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": schema.name,
                "schema": _plain(schema.json_schema.model_dump(exclude_none=True)),
                "description": schema.description,
                "strict": schema.strict,
            },
        }
    return found


def _plain(schema: Any) -> Any:
    """A schema without `NO_SCHEMA_FIELDS`, at any depth; names of properties are no fields."""
    if isinstance(schema, list):
        return [_plain(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {k: _plain(v) for k, v in value.items()}
        if name in ("properties", "$defs") and isinstance(value, dict)
        else _plain(value)
        for name, value in schema.items()
        if name not in NO_SCHEMA_FIELDS
    }


async def message_of(message: ChatMessage, uris: list[str]) -> Any:
    """A message as sent; the data URIs that may go as they are move to the list."""
    if message.role not in ("user", "system") or isinstance(message.content, str):
        return (await messages_to_openai([message]))[0]
    parts = [_part(part, uris) for part in message.content]
    if None in parts:
        return (await messages_to_openai([message]))[0]
    return {"role": message.role, "content": parts}


def _part(part: Content, uris: list[str]) -> dict[str, Any] | None:
    """A text or picture as sent, None for what Inspect has to convert."""
    if part.type == "text":
        return {"type": "text", "text": part.text}
    if part.type != "image" or not part.image.startswith("data:"):
        return None
    detail = "high" if part.detail == "original" else part.detail
    uri = part.image
    if uri.isascii() and not any(mark in uri for mark in '"\\\n\r\t'):
        uris.append(uri)
        uri = MARK
    return {"type": "image_url", "image_url": {"url": uri, "detail": detail}}


def pieces(request: dict[str, Any], uris: Sequence[str]) -> list[bytes | str]:
    """A request's body: JSON, with the data URIs between its parts.

    >>> pieces({"url": MARK, "n": 1}, ["data:,x"])
    [b'{"url": "', 'data:,x', b'", "n": 1}']
    """
    first, *rest = json.dumps(request).encode().split(MARK.encode())
    body: list[bytes | str] = [first]
    for uri, part in zip(uris, rest, strict=True):
        body += [uri, part]
    return body


async def stream(body: Sequence[bytes | str]) -> AsyncIterator[bytes]:
    """The body in pieces, so that no second copy of a picture is ever made."""
    for part in body:
        if isinstance(part, bytes):
            yield part
        else:
            for start in range(0, len(part), PIECE):
                yield part[start : start + PIECE].encode("ascii")


def plain_output(reply: Mapping[str, Any]) -> ModelOutput | None:
    """A reply of one text that ended or was cut; None for all others, which Inspect converts.

    Inspect's public converter looks up the version of an installed package each time, which takes
    longer than sending the request.
    """
    usage, choices = reply.get("usage") or {}, reply["choices"]
    choice = choices[0]
    message = choice.get("message") or {}
    text = message.get("content")
    said = {name for name, value in message.items() if value} - {"role", "content"}
    details = usage.get("prompt_tokens_details") or usage.get("completion_tokens_details")
    reason = STOP_REASONS.get(choice.get("finish_reason") or "")
    if not isinstance(text, str) or "<think" in text or said or details or reason is None:
        return None
    if len(choices) > 1 or not usage or choice.get("logprobs"):
        return None
    model = str(reply.get("model") or "")
    answer = ChatMessageAssistant(content=text, model=model, source="generate")
    return ModelOutput(
        model=model,
        choices=[ChatCompletionChoice(message=answer, stop_reason=reason)],
        usage=ModelUsage(
            input_tokens=usage.get("prompt_tokens") or 0,
            output_tokens=usage.get("completion_tokens") or 0,
            total_tokens=usage.get("total_tokens") or 0,
        ),
    )
