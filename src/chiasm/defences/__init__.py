"""Defences that need no training: what is asked around an answer so that picture and text meet.

A defence answers one user turn with one or more calls of the model itself (docs/guard.md). It
works on the messages that an input condition has set, so that every defence goes with every
condition. Only its last answer enters the conversation and is judged; what the other calls said is
noted in ``metadata["defence"]``.

system_prompt        a system prompt that asks to look, to join and to warn
describe_then_judge  notes on picture and message; a verdict on both; then the answer
ecso                 answer, self-check, and where that says harmful a new answer from a caption
intent               what the person most likely wants; then the answer
"""

from collections.abc import Awaitable, Callable, Mapping

from inspect_ai.model import ChatMessage, ModelOutput

from chiasm.defences import steps
from chiasm.defences.call import Asker
from chiasm.errors import ConfigError

Defence = Callable[[list[ChatMessage], Asker], Awaitable[ModelOutput]]

DEFENCES: Mapping[str, Defence] = {
    "system_prompt": steps.system_prompt,
    "describe_then_judge": steps.describe_then_judge,
    "ecso": steps.ecso,
    "intent": steps.intent,
}

MOST_CALLS: Mapping[str, int] = {
    "": 1,
    "system_prompt": 1,
    "describe_then_judge": 3,
    "ecso": 4,
    "intent": 2,
}
"""Calls of the model a user turn, at most."""


def defence(name: str) -> Defence:
    """The defence of that name; the empty name asks once and adds nothing.

    Raises:
        ConfigError: There is none.
    """
    if not name:
        return steps.plain
    if name not in DEFENCES:
        raise ConfigError(f"--solver {name}: no such solver; known: {', '.join(DEFENCES)}")
    return DEFENCES[name]


def prompts_of(name: str) -> list[str]:
    """``name@digest`` of the prompts of a defence, for logs."""
    return [steps.PROMPTS[prompt].id for prompt in steps.USED.get(name, ())]
