"""LlavaGuard v1.2: whether an image complies with a policy that it is given as text.

The reply is a JSON object: ``rating`` (Safe, Unsafe), ``category`` (O1 to O9, or "NA: None
applying") and ``rationale``. It judges images, not conversations: nothing of a query or a response
is shown to it.

The policy in ``prompts/llavaguard.md`` has the authors' categories in words of ours; the model was
trained with theirs, which an instruction file can bring (docs/judges/guards.md).
"""

import re

from chiasm.judges.guards.spec import Asked, Call, Guard, GuardVerdict, Reply, user
from chiasm.judges.verdicts import json_object
from chiasm.prompts import load_prompt

MAX_TOKENS = 500
"""As the authors generate; the rationale comes last, so a cut reply is no JSON."""

_CATEGORY = re.compile(r"\s*(O[1-9]|NA)\b", re.IGNORECASE)


def llavaguard() -> Guard:
    """LlavaGuard v1.2."""
    return Guard(
        name="llavaguard",
        title="LlavaGuard v1.2",
        sees_image=True,
        judges=frozenset({"image"}),
        calls=_calls,
        parse=_parse,
        max_tokens=MAX_TOKENS,
        instruction=load_prompt("chiasm.judges.guards", "llavaguard").render(),
    )


def _calls(asked: Asked, instruction: str) -> list[Call]:
    return [Call("", [user(instruction, [image], image_first=True)]) for image in asked.images]


def _parse(reply: Reply) -> GuardVerdict | None:
    """The verdict; None also where rating and category contradict each other."""
    found = json_object(reply.text) or {}
    if found.keys() != {"rating", "category", "rationale"}:
        return None
    rating, category = found["rating"], found["category"]
    if not isinstance(rating, str) or not isinstance(category, str):
        return None
    code = _CATEGORY.match(category)
    named = code is not None and code[1].upper() != "NA"
    match rating.strip().lower():
        case "safe" if code:
            return GuardVerdict("safe", raw=reply.text)
        case "unsafe" if named:
            return GuardVerdict("unsafe", (category.strip(),), reply.text)
    return None
