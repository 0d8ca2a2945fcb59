"""What of a request is checked: the last thing the user says, with the pictures it is about.

Nothing is fetched: a picture has to be in the request as a ``data:`` address. One that lies
elsewhere could change between the check and the answer, and fetching it would let a client send
the gateway anywhere.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chiasm.data.images import ImageFile, image_of
from chiasm.errors import ImageError
from chiasm.guard.policy import RefusedError


class Pair(NamedTuple):
    """What a user sent.

    Attributes:
        text: Of the last user turn; may be empty.
        images: Of the last user turn; where it has none, of the last one that has.
    """

    text: str
    images: tuple[ImageFile, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to check."""
        return not self.text.strip() and not self.images


def pair_of(messages: Any) -> Pair:
    """The pair of a conversation in OpenAI's format.

    Raises:
        RefusedError: It is malformed, or has parts that can't be checked (400).
    """
    if not isinstance(messages, list) or not all(isinstance(m, Mapping) for m in messages):
        raise _bad("messages has to be a list of objects")
    turns = [_turn(m.get("content")) for m in messages if m.get("role") == "user"]
    if not turns:
        raise _bad("there is no user message to check")
    text, images = turns[-1]
    with_images = images or next((i for _, i in reversed(turns) if i), [])
    return Pair(text, tuple(picture(url) for url in with_images))


def pair_of_parts(parts: Any) -> Pair:
    """The pair of one message's content.

    Raises:
        RefusedError: See `pair_of`.
    """
    text, images = _turn(parts)
    return Pair(text, tuple(picture(url) for url in images))


def _turn(content: Any) -> tuple[str, list[str]]:
    if isinstance(content, str):
        return content, []
    if not isinstance(content, Sequence):
        raise _bad("a user message has to be a text or a list of parts")
    texts: list[str] = []
    images: list[str] = []
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "image_url":
            given = part.get("image_url")
            url = given.get("url") if isinstance(given, Mapping) else given
            images.append(url if isinstance(url, str) else "")
        else:
            raise _bad(f"a part of type {str(kind)[:40]!r} can't be checked")
    return "\n".join(texts), images


def picture(url: str) -> ImageFile:
    """The picture of a data address; never one from elsewhere.

    Raises:
        RefusedError: It lies elsewhere, is broken, no image or too large (400).
    """
    head, comma, payload = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise _bad("a picture has to be sent as data:image/...;base64,...; none is fetched")
    try:
        return image_of(b64decode(payload, validate=True), "the picture")
    except (binascii.Error, ValueError):
        raise _bad("a picture is no valid base64") from None
    except ImageError as error:
        raise _bad(str(error)) from None


def _bad(message: str) -> RefusedError:
    return RefusedError(400, "invalid_request_error", message)
