"""Answers in OpenAI's format: what they say, and answers of the gateway's own."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

MOST_CHOICES = 128
"""OpenAI's limit of ``n``."""


def texts_of(found: Any) -> list[str] | None:
    """What the choices of a completion say, empty ones left out; None if it is no completion."""
    choices = found.get("choices") if isinstance(found, Mapping) else None
    if not isinstance(choices, list) or not all(isinstance(c, Mapping) for c in choices):
        return None
    said = [_words(choice.get("message")) for choice in choices]
    return [text for text in said if text.strip()]


def _words(message: Any) -> str:
    """All words that a client could show: content, a refusal, reasoning."""
    if not isinstance(message, Mapping):
        return ""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(str(p.get("text", "")) for p in content if isinstance(p, Mapping))
    parts = [message.get("reasoning_content"), message.get("reasoning"), content]
    parts.append(message.get("refusal"))
    return "\n\n".join(part for part in parts if isinstance(part, str) and part)


def events_of(stream: bytes) -> list[Json] | None:
    """The events of a whole stream; None where it is cut or can't be read."""
    events: list[Json] = []
    done = False
    for line in stream.decode("utf-8", "replace").splitlines():
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            done = True
            continue
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            return None
        if not _is_event(event):
            return None
        events.append(event)
    return events if done else None


def _is_event(event: Any) -> bool:
    """Whether its choices, if it has any, are those of a stream."""
    choices = (event.get("choices") or []) if isinstance(event, dict) else None
    return isinstance(choices, list) and all(
        isinstance(c, dict) and isinstance(c.get("index", 0), int) for c in choices
    )


def texts_of_events(events: Iterable[Json]) -> list[str]:
    """What the choices of a stream say, put together."""
    said: dict[tuple[Any, str], str] = {}
    for event in events:
        for choice in event.get("choices") or ():
            delta = choice.get("delta")
            for name in ("reasoning_content", "reasoning", "content", "refusal"):
                text = delta.get(name) if isinstance(delta, Mapping) else None
                if isinstance(text, str):
                    key = (choice.get("index"), name)
                    said[key] = said.get(key, "") + text
    return [text for text in said.values() if text.strip()]


def completion(model: str, text: str, id: str) -> Json:
    """An answer of the gateway's own, marked as a filter's."""
    message = {"role": "assistant", "content": text}
    return {
        "id": f"chatcmpl-{id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "content_filter"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def with_caution(found: Json, caution: str) -> Json:
    """A completion with a caution before each choice that says something."""
    for choice in found["choices"]:
        message = choice.get("message")
        if not isinstance(message, dict) or not _words(message).strip():
            continue
        content = message.get("content")
        if isinstance(content, list):
            message["content"] = [{"type": "text", "text": caution}, *content]
        else:
            message["content"] = caution + (content if isinstance(content, str) else "")
    return found


def chunk(model: str, id: str, text: str, finish: str | None = None, index: int = 0) -> bytes:
    """One event of a stream."""
    delta = {"role": "assistant", "content": text} if text else {}
    event = {
        "id": f"chatcmpl-{id}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
    }
    return event_bytes(event)


def cautions(model: str, id: str, text: str, asked: Any) -> bytes:
    """A caution for each choice of a stream; `asked`: the request's ``n``."""
    count = asked if isinstance(asked, int) and 1 < asked <= MOST_CHOICES else 1
    return b"".join(chunk(model, id, text, index=i) for i in range(count))


def event_bytes(event: Mapping[str, Any]) -> bytes:
    """An event as it is sent."""
    return f"data: {json.dumps(event)}\n\n".encode()


def declined_stream(model: str, id: str, text: str) -> bytes:
    """A whole stream that says one thing."""
    return b"".join(
        [chunk(model, id, text), chunk(model, id, "", "content_filter"), b"data: [DONE]\n\n"]
    )
