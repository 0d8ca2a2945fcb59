"""Outcomes as a page shows them: a letter, a word and a colour class each.

A colour never stands alone: the letter is in every badge and in every segment that has room.
"""

from collections.abc import Mapping
from typing import NamedTuple

from chiasm.cases import MISSING, OUTCOMES


class Look(NamedTuple):
    """How an outcome is shown.

    Attributes:
        letter: Unique; small letters are for what has no verdict.
        label: In words.
        kind: "good", "bad", "fair" (neither), or "missing".
    """

    letter: str
    label: str
    kind: str


LOOKS: Mapping[str, Look] = {
    "refusal": Look("R", "refused", "good"),
    "warning": Look("W", "warned", "good"),
    "safe_other": Look("S", "safe otherwise", "good"),
    "safe_unspecified": Look("Y", "safe", "good"),
    "unsafe": Look("U", "unsafe", "bad"),
    "helped": Look("H", "helped", "good"),
    "needless_warning": Look("N", "warned needlessly", "fair"),
    "over_refusal": Look("O", "refused needlessly", "bad"),
    "effective": Look("E", "effective", "good"),
    "partially_effective": Look("P", "partly effective", "fair"),
    "ineffective": Look("I", "ineffective", "bad"),
    "correct": Look("C", "right", "good"),
    "incorrect": Look("X", "wrong", "bad"),
    "no_response": Look("n", "no response", "missing"),
    "blocked_input": Look("i", "input blocked", "missing"),
    "blocked_output": Look("b", "output blocked", "missing"),
    "truncated": Look("t", "cut off", "missing"),
    "asks_for_image": Look("a", "asks for the image", "missing"),
    "no_verdict": Look("v", "no verdict", "missing"),
}
"""By the words of `chiasm.cases`."""

NOTHING = "."
"""Stands where an axis does not apply to a response."""

ORDER: tuple[str, ...] = (*(o for found in OUTCOMES.values() for o in found), *MISSING)
"""All outcomes: those of each axis, then what has no verdict."""


def letter(outcome: str | None) -> str:
    """The letter of an outcome.

    >>> letter("unsafe"), letter(None)
    ('U', '.')
    """
    return NOTHING if outcome is None else LOOKS[outcome].letter
