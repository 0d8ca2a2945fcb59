"""Reading replies: what can be used, and what is counted where nothing can."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from chiasm.errors import ChiasmError

_FENCE = re.compile(r"^```(?:json)?\s*\n(.*?)\n?```\s*$", re.DOTALL)
_REFUSES = re.compile(
    r"^\W*(?:i'?m |i am )?(?:very |really )?(?:sorry|unable|unfortunately)\b"
    r"|^\W*(?:i|we) (?:can(?:no|')t|can not|won'?t|will not)\b"
    r"|^\W*(?:es tut mir leid|leider|je suis désolé|lo siento)\b",
    re.IGNORECASE,
)


class UnusableError(ChiasmError):
    """A reply that an item can't be made of.

    Attributes:
        reason: What is counted: "the writer refused", "the writer gave malformed JSON".
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail[:300]
        super().__init__(f"{reason}: {detail[:200]}")


class WaitingError(ChiasmError):
    """A call failed after its retries; the item waits for the next run."""


def refuses(reply: str) -> bool:
    """Whether a reply opens as a refusal."""
    return _REFUSES.match(reply.replace("’", "'")) is not None


def fields_of(reply: str, role: str, names: Sequence[str]) -> dict[str, Any]:
    """The object of a reply that is JSON, with these fields in it.

    Raises:
        UnusableError: It is no JSON, no object, or lacks a field.
    """
    fenced = _FENCE.match(reply.strip())
    try:
        found = json.loads(fenced[1] if fenced else reply.strip())
    except (ValueError, RecursionError):
        raise UnusableError(f"the {role} gave malformed JSON", reply) from None
    if not isinstance(found, dict):
        raise UnusableError(f"the {role} gave malformed JSON", reply)
    for name in names:
        if name not in found:
            raise UnusableError(f"the {role}'s JSON lacks {name}", reply)
    return found


def text_of(found: Mapping[str, Any], name: str, role: str) -> str:
    """A field that is a text, not blank.

    Raises:
        UnusableError: It is something else.
    """
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UnusableError(f"the {role}'s JSON has no text in {name}", str(value))
    return " ".join(value.split())


def texts_of(found: Mapping[str, Any], name: str, role: str) -> tuple[str, ...]:
    """A field that is a list of texts, at least one.

    Raises:
        UnusableError: It is something else.
    """
    value = found.get(name)
    listed = value if isinstance(value, list) else []
    texts = tuple(" ".join(t.split()) for t in listed if isinstance(t, str) and t.strip())
    if not texts or len(texts) < len(listed):
        raise UnusableError(f"the {role}'s JSON has no texts in {name}", str(value))
    return texts
