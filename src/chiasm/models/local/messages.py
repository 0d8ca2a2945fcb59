"""Inspect's messages as chat templates take them, and the pictures in them."""

import re
from base64 import b64decode
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from chiasm.data.images import MAX_BYTES, MAX_PIXELS, READERS
from chiasm.errors import ConfigError, ImageError

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage

JOINER = "\u2060"
"""Word joiner: no width, no meaning. It parts what would otherwise be a control token."""


class Part(NamedTuple):
    """A piece of a message.

    Attributes:
        kind: What it is.
        value: The text; for an image its ``data:`` address.
    """

    kind: Literal["text", "image"]
    value: str


class Turn(NamedTuple):
    """A message.

    Attributes:
        role: "system", "user" or "assistant".
        parts: In order.
    """

    role: str
    parts: tuple[Part, ...]


def read_messages(messages: "Sequence[ChatMessage]") -> list[Turn]:
    """The messages' texts and images; reasoning of earlier answers is left out.

    Raises:
        ConfigError: A message holds what an image-text model can't be shown.
    """
    return [Turn(_role(m.role), _parts(m)) for m in messages]


def _role(role: str) -> str:
    if role not in ("system", "user", "assistant"):
        raise ConfigError(f"chiasm_hf takes no messages of role {role!r}")
    return role


def _parts(message: "ChatMessage") -> tuple[Part, ...]:
    if isinstance(message.content, str):
        return (Part("text", message.content),)
    parts = []
    for piece in message.content:
        if piece.type == "text":
            parts.append(Part("text", piece.text))
        elif piece.type == "image":
            parts.append(Part("image", piece.image))
        elif piece.type != "reasoning":
            raise ConfigError(f"chiasm_hf takes text and images, not {piece.type}")
    return tuple(parts)


def defuse(text: str, control: "re.Pattern[str] | None") -> str:
    r"""Text in which no control token of the model is left.

    A tokenizer reads `<image>` or an end-of-turn mark wherever it stands, so a query could write
    roles, or ask for a picture that does not exist. A word joiner after its first letter keeps what
    people read.

    >>> defuse("what is <image>?", control_pattern(["<image>"])).encode("ascii", "backslashreplace")
    b'what is <\\u2060image>?'
    """
    return control.sub(lambda m: m[0][0] + JOINER + m[0][1:], text) if control else text


def control_pattern(tokens: Sequence[str]) -> "re.Pattern[str] | None":
    """Matches any of a tokenizer's special tokens, the longest first; None where it has none."""
    longest_first = sorted({token for token in tokens if token.strip()}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def blocks(turn: Turn) -> dict[str, Any]:
    """A message with its content as a list, the form that image models' templates are made for."""
    content = [
        {"type": "image"} if part.kind == "image" else {"type": "text", "text": part.value}
        for part in turn.parts
    ]
    return {"role": turn.role, "content": content}


def flat(turn: Turn, place: str) -> dict[str, Any]:
    """A message with its content as a string, a placeholder and a line break for each image."""
    content = "".join(f"{place}\n" if p.kind == "image" else p.value for p in turn.parts)
    return {"role": turn.role, "content": content}


def decode(uri: str) -> Image.Image:
    """A picture, upright and RGB, as transformers itself loads one.

    Raises:
        ImageError: It is no data URI, no image, damaged, or too large to be decoded.
    """
    head, _, body = uri.partition(",")
    if not head.startswith("data:"):
        raise ImageError(f"an image of a request must be a data URI, got {uri[:40]!r}")
    if len(body) > MAX_BYTES * 4 // 3 + 4:
        raise ImageError(f"more than {MAX_BYTES // 1_000_000} MB", file="image of a request")
    try:
        with Image.open(BytesIO(b64decode(body)), formats=READERS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(f"{image.width} x {image.height} pixels, limit {MAX_PIXELS:,}")
            return ImageOps.exif_transpose(image).convert("RGB")
    except UnidentifiedImageError:
        raise ImageError("not an image: expected PNG, JPEG, GIF or WebP") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ImageError(f"an image of a request is damaged: {error}") from None
