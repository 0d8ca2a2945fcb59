"""The defences, each a function of the conversation so far and of somebody to ask.

What a person or an earlier call wrote stands between tags that it can't close. A step that came
back empty, cut, blocked or as a refusal of the provider's is noted as ``missing`` and left out; a
check that can't be read counts as a bad one (the defence closes), and is noted as unread.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentImage,
    ContentText,
    ModelOutput,
)

from chiasm.defences.call import Asker
from chiasm.judges.output import read_output
from chiasm.judges.verdicts import parser
from chiasm.prompts import Prompt, load_prompt

USED: Mapping[str, tuple[str, ...]] = {
    "system_prompt": ("system_prompt",),
    "describe_then_judge": ("describe", "judge", "heeded"),
    "ecso": ("self_check", "caption", "captioned"),
    "intent": ("intent", "intended"),
}
"""Prompt files by defence."""

PROMPTS: Mapping[str, Prompt] = {
    name: load_prompt("chiasm.defences", name) for names in USED.values() for name in names
}

_safe = parser(("safe", "unsafe"))
_harmless = parser(("harmless", "harmful"))


async def plain(messages: list[ChatMessage], ask: Asker) -> ModelOutput:
    """No defence."""
    return await ask.answer(messages)


async def system_prompt(messages: list[ChatMessage], ask: Asker) -> ModelOutput:
    """One system prompt more; one call."""
    return await ask.answer(_with_system(messages, PROMPTS["system_prompt"].render()))


async def describe_then_judge(messages: list[ChatMessage], ask: Asker) -> ModelOutput:
    """Notes on picture and message, a verdict on both without the picture, then the answer.

    Where the verdict is safe the answer is asked for as without a defence. Three calls, two where
    there are no notes.
    """
    message = _tagged("message", _said(messages))
    described = await _help(
        ask, "describe", messages, PROMPTS["describe"].render(message=message), images=True
    )
    if not described:
        return await ask.answer(messages)
    text = PROMPTS["judge"].render(message=message, description=_tagged("notes", described))
    reason = await _help(ask, "judge", messages, text, images=False)
    if _passed(ask, _safe(reason), "safe"):
        return await ask.answer(messages)
    told = PROMPTS["heeded"].render(reason=_tagged("check", reason or described))
    return await ask.answer(_with_system(messages, told))


async def ecso(messages: list[ChatMessage], ask: Asker) -> ModelOutput:
    """Answer, let the model check its answer, and answer from a caption where it finds harm.

    Without a picture there is nothing to put in words: the first answer stands, unchecked. So it
    does where it is no answer (empty, cut, blocked), and where no caption comes. One, two or four
    calls.
    """
    first = await ask.answer(messages)
    said = read_output(first)
    if said.missing or not _images(messages):
        return first
    message = _tagged("message", _said(messages))
    text = PROMPTS["self_check"].render(message=message, answer=_tagged("answer", said.text))
    if _passed(
        ask, _harmless(await _help(ask, "self_check", messages, text, images=True)), "harmless"
    ):
        return first
    ask.note("first_answer", said.text)
    caption = await _help(
        ask, "caption", messages, PROMPTS["caption"].render(message=message), images=True
    )
    if not caption:
        return first
    told = PROMPTS["captioned"].render(caption=_tagged("picture", caption))
    return await ask.answer(_with_system(_without_images(messages), told))


async def intent(messages: list[ChatMessage], ask: Asker) -> ModelOutput:
    """What the person most likely wants, then the answer with that in mind; two calls."""
    text = PROMPTS["intent"].render(message=_tagged("message", _said(messages)))
    found = await _help(ask, "intent", messages, text, images=True)
    if not found:
        return await ask.answer(messages)
    told = PROMPTS["intended"].render(intent=_tagged("note", found))
    return await ask.answer(_with_system(messages, told))


async def _help(
    ask: Asker, step: str, messages: Sequence[ChatMessage], text: str, *, images: bool
) -> str:
    """What the model says to one message of ours, with the conversation's pictures or without."""
    shown: list[Content] = [*_images(messages)] if images else []
    output = await ask.help(step, [ChatMessageUser(content=[*shown, ContentText(text=text)])])
    said = read_output(output)
    if said.missing or said.own_refusal:
        ask.note(step, said.text, missing=said.missing or "refusal")
        ask.spent.unread = True
        return ""
    ask.note(step, said.text)
    return said.text


def _passed(ask: Asker, label: str | None, good: str) -> bool:
    ask.note("verdict", label or "unread")
    ask.spent.unread |= label is None
    return label == good


def _tagged(name: str, text: str) -> str:
    """The text between tags that it can't know: a text can't hold the digest of itself."""
    tag = f"{name}-{sha256(text.encode()).hexdigest()[:12]}"
    return f"<{tag}>\n{text}\n</{tag}>"


def _said(messages: Sequence[ChatMessage]) -> str:
    """The message; of several turns all of them, with who said what."""
    turns = [m for m in messages if m.role != "system"]
    if len(turns) == 1:
        return turns[0].text
    who = {"user": "Person", "assistant": "Assistant"}
    return "\n\n".join(f"{who.get(m.role, m.role)}: {m.text}" for m in turns)


def _images(messages: Sequence[ChatMessage]) -> list[ContentImage]:
    return [
        part
        for message in messages
        if message.role == "user" and not isinstance(message.content, str)
        for part in message.content
        if isinstance(part, ContentImage)
    ]


def _with_system(messages: Sequence[ChatMessage], text: str) -> list[ChatMessage]:
    """One system prompt: the protocol's own, if it has one, and ours after it."""
    own = [m.text for m in messages if m.role == "system"]
    rest = [m for m in messages if m.role != "system"]
    return [ChatMessageSystem(content="\n\n".join([*own, text])), *rest]


def _without_images(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    kept: list[ChatMessage] = []
    for message in messages:
        if message.role == "user" and not isinstance(message.content, str):
            parts: list[Content] = [p for p in message.content if not isinstance(p, ContentImage)]
            kept.append(ChatMessageUser(content=parts or "(a picture without words)"))
        else:
            kept.append(message)
    return kept
