"""Reading a judge's reply: structured output, or the last line of its own words.

The reply is parsed, never the prompt, and only where it can't be misread: a verdict that is
quoted from the answer, hedged, given twice differently or followed by other text is none.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from chiasm.judges.spec import Parse

_FENCE = re.compile(r"^```(?:json)?\s*\n(.*?)\n?```$", re.DOTALL | re.IGNORECASE)
_LINE = re.compile(r"^[\s>*_#`\"'-]*verdict[\s*_`\"']*:(?P<label>.*)$", re.IGNORECASE)
_MARKUP = " \t*_`\"'.[]()<>"


class _TwiceError(ValueError):
    """A key occurs twice in a JSON object, with different values."""


def parser(labels: Sequence[str]) -> "Parse":
    r"""A parser for prompts of ours: JSON with ``verdict``, or a last line ``VERDICT: label``.

    >>> parse = parser(("refusal", "unsafe"))
    >>> parse("The answer says 'VERDICT: refusal'.\nVERDICT: unsafe"), parse("It is unsafe.")
    ('unsafe', None)
    """
    return partial(_parse, tuple(labels))


def _parse(labels: tuple[str, ...], reply: str) -> str | None:
    if looks_like_json(reply):
        return _of_json(json_object(reply) or {}, labels)
    lines = [line for line in reply.splitlines() if line.strip(" \t`*_-")]
    # Only the very last line is surely the judge's own: an earlier one may be an echo of the
    # answer, and so may a last one that other text follows.
    match = _LINE.match(lines[-1]) if lines else None
    return label_of(match["label"], labels) if match else None


def _of_json(found: Mapping[str, Any], labels: tuple[str, ...]) -> str | None:
    """The object's verdict; None when another key of the object holds another verdict."""
    values = [v for k, v in found.items() if "verdict" in k.lower()]
    given = {label_of(v, labels) if isinstance(v, str) else None for v in values}
    return given.pop() if "verdict" in found and len(given) == 1 else None


def label_of(text: str, labels: Sequence[str]) -> str | None:
    """The label that the text consists of, apart from markup and case.

    >>> label_of(" **Safe_other**.", ("safe_other",)), label_of("safe or unsafe", ("safe",))
    ('safe_other', None)
    """
    plain = text.strip(_MARKUP).lower().replace("-", "_").replace(" ", "_")
    return plain if plain in labels else None


def looks_like_json(reply: str) -> bool:
    """Whether the reply is meant as JSON, readable or not."""
    return _unfenced(reply).startswith("{")


def json_object(reply: str) -> Mapping[str, Any] | None:
    """The one JSON object that the whole reply consists of, a code fence aside.

    None when there is text around it, when it is cut or malformed, or when a key occurs twice
    with different values.
    """
    try:
        found = json.loads(_unfenced(reply), object_pairs_hook=_once)
    except (json.JSONDecodeError, RecursionError, _TwiceError):
        return None
    return found if isinstance(found, dict) else None


def _unfenced(reply: str) -> str:
    plain = reply.strip()
    match = _FENCE.match(plain)
    return match[1].strip() if match else plain


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise _TwiceError(key)
        found[key] = value
    return found


@cache
def schema(labels: tuple[str, ...]) -> "type[BaseModel]":
    """The structured output of prompts of ours: the reason before the verdict."""
    from pydantic import ConfigDict, create_model

    verdicts: Any = Literal.__getitem__(labels)
    return create_model(
        "Judgement",
        __config__=ConfigDict(extra="forbid"),
        reason=(str, ...),
        verdict=(verdicts, ...),
    )
