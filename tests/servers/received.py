"""What the server received: one chat request, with images as digests and sizes."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Side = Literal["model", "judge"]


def digest(*parts: object) -> str:
    """Hex SHA-256 of the parts, unambiguously joined."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


def uniform(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    return int(digest(*parts)[:13], 16) / 16**13


@dataclass(kw_only=True)
class Received:
    """One chat request.

    Attributes:
        number: 0, 1, ... in order of arrival since the last reset.
        side: judge when the model's name begins with ``judge``, else model.
        system: The system prompt; None when there is none.
        messages: ``{"role", "parts"}`` each; a part is ``{"type": "text", "text"}`` or ``{"type":
            "image", "sha256", "bytes", "mime", "detail"}``, of the decoded bytes. An image that is
            not a data URI has an empty sha256 and its ``url``.
        key: Digest of model, seed and messages: equal for equal requests.
        attempt: 1 for the first request with this key, 2 for the next, ...
        behaviour: refuse, warn, other or comply: what is answered, or, for a judge, what the
            answer under judgement does.
        fault: The fault that was delivered; empty when there was none.
        done: Whether the reply was sent; False for one that hangs or whose client went away.
    """

    number: int
    model: str
    side: Side
    system: str | None
    messages: list[dict[str, Any]]
    max_tokens: int | None
    temperature: float | None
    seed: int | None
    response_format: dict[str, Any] | None
    choices: int
    key: str
    attempt: int = 0
    behaviour: str = ""
    fault: str = ""
    status: int = 0
    done: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Parts of all user messages, in order."""
        return [p for m in self.messages if m["role"] == "user" for p in m["parts"]]

    @property
    def order(self) -> list[str]:
        """Types of `parts`: ``["image", "text"]`` when the image stands first."""
        return [p["type"] for p in self.parts]

    @property
    def text(self) -> str:
        """Text parts of all user messages, joined by line breaks."""
        return "\n".join(p["text"] for p in self.parts if p["type"] == "text")

    @property
    def everything(self) -> str:
        """All text of all messages, the system prompt included."""
        parts = [p for m in self.messages for p in m["parts"]]
        return "\n".join(p["text"] for p in parts if p["type"] == "text")

    @property
    def images(self) -> list[str]:
        """SHA-256 of the images, in order."""
        return [p["sha256"] for p in self.parts if p["type"] == "image"]


def receive(number: int, body: Mapping[str, Any]) -> Received:
    """Read the body of a chat request."""
    model = body["model"]
    messages = [
        {"role": m["role"], "parts": [_part(p) for p in _parts(m.get("content"))]}
        for m in body["messages"]
    ]
    systems = [m for m in messages if m["role"] in ("system", "developer")]
    known = {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "seed", "n"}
    return Received(
        number=number,
        model=model,
        side="judge" if model.startswith("judge") else "model",
        system="\n".join(p["text"] for m in systems for p in m["parts"]) if systems else None,
        messages=messages,
        max_tokens=body.get("max_tokens", body.get("max_completion_tokens")),
        temperature=body.get("temperature"),
        seed=body.get("seed"),
        response_format=body.get("response_format"),
        choices=body.get("n") or 1,
        key=digest(model, body.get("seed"), messages),
        extra={k: v for k, v in body.items() if k not in known | {"response_format"}},
    )


def _parts(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content or ""}] if not isinstance(content, list) else content


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] != "image_url":
        return {"type": "text", "text": part.get("text", "")}
    url, detail = part["image_url"]["url"], part["image_url"].get("detail")
    head, _, payload = url.partition(";base64,")
    if not head.startswith("data:"):
        return {"type": "image", "sha256": "", "bytes": 0, "mime": "", "detail": detail, "url": url}
    data = base64.b64decode(payload, validate=True)
    sha256 = hashlib.sha256(data).hexdigest()
    mime = head.removeprefix("data:")
    return {"type": "image", "sha256": sha256, "bytes": len(data), "mime": mime, "detail": detail}
