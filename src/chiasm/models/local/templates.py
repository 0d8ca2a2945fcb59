"""Chat templates: from messages to the text of a prompt, with nothing lost on the way.

Templates differ in what they take as a message's content: a list of parts, a string, or both; one
that gets the other form writes nonsense or nothing, without an error. So the prompt is checked:
every text must be in it, and a place for every image.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from chiasm.errors import ConfigError
from chiasm.models.local.messages import Turn, blocks, defuse, flat

Render = Callable[[list[dict[str, Any]], bool], str]
"""(messages, continue the last one) -> prompt; raises what the template raises."""

SPILLED = re.compile(r"""['"]type['"]: ?['"]text['"]""")
"""How a list looks in the prompt of a template that only knows strings."""


def write_prompt(
    turns: Sequence[Turn], render: Render, *, place: str, control: "re.Pattern[str] | None"
) -> str:
    """The prompt of a conversation.

    Args:
        turns: The conversation; a last turn of the assistant is continued.
        render: Applies the template.
        place: What stands for one image in the prompt.
        control: Matches what a text must not say.

    Raises:
        ConfigError: The template refuses the conversation, or loses a text or an image.
    """
    clean = [_clean(turn, control) for turn in turns]
    go_on = bool(clean) and clean[-1].role == "assistant"
    complaint = ""
    for form in (blocks, partial(flat, place=place)):
        prompt, refusal = _try(render, [form(turn) for turn in clean], go_on)
        missing = lost(clean, prompt, place) if prompt is not None else ""
        if prompt is not None and not missing:
            return prompt
        complaint = complaint or (f"loses {missing}" if missing else f"refuses: {refusal}")
    raise ConfigError(
        f"the chat template can't express this conversation, it {complaint}; "
        "-M chat_template=FILE sets another"
    )


def lost(turns: Sequence[Turn], prompt: str, place: str) -> str:
    """What of a conversation the prompt does not hold, in words; empty if all is there.

    Earlier answers are not looked for: templates cut the reasoning out of them.
    """
    for turn in turns:
        texts = [part.value.strip() for part in turn.parts if part.kind == "text"]
        for text in texts if turn.role != "assistant" else []:
            if text not in prompt:
                return f"the {turn.role}'s text {text[:40]!r}"
    own = [part.value for turn in turns for part in turn.parts if part.kind == "text"]
    if SPILLED.search(prompt) and not any(SPILLED.search(text) for text in own):
        return "the form of the content: it takes strings, not lists"
    images = sum(part.kind == "image" for turn in turns for part in turn.parts)
    found = prompt.count(place) if place else 0
    return "" if images == found else f"images: {images} in the messages, {found} in the prompt"


def _clean(turn: Turn, control: "re.Pattern[str] | None") -> Turn:
    parts = [
        part._replace(value=defuse(part.value, control)) if part.kind == "text" else part
        for part in turn.parts
    ]
    return turn._replace(parts=tuple(parts))


def _try(render: Render, messages: list[dict[str, Any]], go_on: bool) -> tuple[str | None, str]:
    """The prompt, or why there is none."""
    from jinja2 import TemplateError

    try:
        return render(messages, go_on), ""
    except (TemplateError, TypeError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"[:300]
