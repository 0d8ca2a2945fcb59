"""OpenAI's moderation endpoint (``/v1/moderations``, omni-moderation): text and images.

It classifies content, not conversations: a request has no roles. A response is judged as its own
text together with the image that it is about; the query is left out, since a dangerous query would
flag the answer that declines it. That use is the mark "off label". ``flagged`` decides; category
scores are kept. Several images are several requests, unsafe if one is flagged.
"""

import json
from typing import Any

from chiasm.judges.guards.spec import Asked, Call, Guard, GuardVerdict, Reply, Target, user


def openai_moderation() -> Guard:
    """omni-moderation."""
    return Guard(
        name="openai_moderation",
        title="OpenAI moderation endpoint",
        sees_image=True,
        judges=frozenset({"response", "prompt", "image"}),
        calls=_calls,
        parse=_parse,
        max_tokens=1,
        off_label=_no_roles,
        endpoint="moderations",
    )


def _no_roles(target: Target, text: bool, image: bool) -> str:
    return "content without roles" if target == "response" else ""


def _calls(asked: Asked, instruction: str) -> list[Call]:
    text = asked.answer if asked.target == "response" else asked.query
    return [Call("", [user(text, images)]) for images in [[i] for i in asked.images] or [[]]]


def _parse(reply: Reply) -> GuardVerdict | None:
    try:
        found = json.loads(reply.text)
    except json.JSONDecodeError:
        return None
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
        return None
    result: dict[str, Any] = results[0]
    flagged, categories = result.get("flagged"), result.get("categories")
    if not isinstance(flagged, bool) or not isinstance(categories, dict):
        return None
    named = tuple(sorted(str(name) for name, hit in categories.items() if hit is True))
    if bool(named) != flagged:
        return None
    scores = _scores(result.get("category_scores"))
    return GuardVerdict("unsafe" if flagged else "safe", named, reply.text, scores=scores)


def _scores(value: Any) -> dict[str, float]:
    items = value.items() if isinstance(value, dict) else ()
    return {str(k): float(v) for k, v in items if isinstance(v, int | float)}
