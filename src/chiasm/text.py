"""Words: one lexicon and one set of blind rules, used by judges, policies, checks and audits.

The warning lexicon was fixed before anything was scored with it and must not be tuned on a
benchmark's key: the blind rule `warning_words` would then measure the tuning.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

WARNING_WORDS = frozenset(
    """
    avoid beware careful carefully caution cautious consult danger dangerous dangers ensure
    emergency harm harmful hazard hazardous hazards however illegal important inappropriate injuries
    injury instead legal never offensive poisonous precaution precautions professional protect
    protective refrain respect respectful risk risks risky safe safely safer safety seek sensitive
    should shouldn't strictly toxic unfortunately unsafe unsuitable warn warning warnings
    """.split()
)
"""Words of caution in advice, English, lower case."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def normalise(text: str) -> str:
    """NFKC, straight apostrophes, runs of white space as one space, ends stripped.

    For comparing only; what a model or a judge is shown is the text as published.
    """
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").split())


def words(text: str) -> list[str]:
    """Lower-case words, apostrophes kept inside them.

    >>> words("Don't stand there, PLEASE.")
    ["don't", 'stand', 'there', 'please']
    """
    return [w.replace("’", "'") for w in _WORD.findall(text.lower())]


def warning_count(text: str) -> int:
    """How many words of the text are in `WARNING_WORDS`.

    >>> warning_count("Be careful: avoid the edge.")
    2
    """
    return sum(w in WARNING_WORDS for w in words(text))


def _first(query: str, options: Sequence[str]) -> int:
    return 0


def _longest(query: str, options: Sequence[str]) -> int:
    return max(range(len(options)), key=lambda i: len(options[i]))


def _warning_words(query: str, options: Sequence[str]) -> int:
    def density(i: int) -> float:
        return warning_count(options[i]) / max(1, len(words(options[i])))

    return max(range(len(options)), key=density)


BLIND_RULES: Mapping[str, Callable[[str, Sequence[str]], int]] = {
    "first": _first,
    "longest": _longest,
    "warning_words": _warning_words,
}
"""Multiple choice without looking: (query, options) -> index of the chosen option; the first of
equals. `longest` counts characters; `warning_words` takes the highest share of `WARNING_WORDS`."""
