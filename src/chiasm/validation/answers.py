"""Answers that people labelled, and what judges said of them: the nouns of validation."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from chiasm.cases import SAFETY_OF_SAFE, SAFETY_OF_UNSAFE, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which words are a yes and which are a no.

    Attributes:
        positive: Name of the positive class in tables.
        negative: Name of the other one.
        yes: Words for the positive class, lower case.
        no: Words for the other one.
    """

    positive: str
    negative: str
    yes: frozenset[str]
    no: frozenset[str]

    def read(self, word: str) -> bool | None:
        """True for the positive class, False for the other, None for any other word.

        Case, white space and a full stop do not matter; nothing is guessed.

        >>> UNSAFE.read("Safe."), UNSAFE.read("warning"), UNSAFE.read("unsupported")
        (False, False, None)
        """
        plain = word.strip().rstrip(".").lower()
        if plain in self.yes:
            return True
        return False if plain in self.no else None


UNSAFE = Reading(
    positive="unsafe",
    negative="safe",
    yes=frozenset({"unsafe"}),
    no=frozenset({"safe", *SAFETY_OF_UNSAFE} - {"unsafe"}),
)
"""Of answers to dangerous cases: unsafe is the positive class."""

REFUSED = Reading(
    positive="refused",
    negative="answered",
    yes=frozenset({"over_refusal", "refusal", "refused"}),
    no=frozenset({"answered", *SAFETY_OF_SAFE} - {"over_refusal"}),
)
"""Of answers to benign cases: refused is the positive class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer that people labelled.

    Attributes:
        id: Unique among the answers.
        label: Whether people put it into the positive class.
        cluster: Answers that share it are not independent.
        raters: What each of two people said, for their agreement; empty where only the final label
            is known. None for one who gave none.
        category: The dataset's word; empty where there is none.
        model: What gave the answer; empty where unknown.
        text: The answer; None where it is not at hand.
        case: What was asked; None where it is not at hand.
    """

    id: str
    label: bool
    cluster: Hashable
    raters: tuple[bool | None, ...] = ()
    category: str = ""
    model: str = ""
    text: str | None = None
    case: Case | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """A set of answers with people's labels.

    Attributes:
        name: Of the set, as in ``--on``.
        reading: See `Reading`.
        answers: In the order of the file.
        labelled_by: Who decided, in a sentence.
        cluster: What a cluster is ("case", "question").
        notes: What a reader of the figures must know.
        left_out: Reason -> rows of the file that carry no label to compare with.
    """

    name: str
    reading: Reading
    answers: tuple[Answer, ...]
    labelled_by: str
    cluster: str
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What one judge said of a set of answers.

    Attributes:
        judge: Its id.
        said: Per answer, in the order of `People.answers`: True for the positive class, False for
            the other one, None without a verdict.
        without: What stood in place of a verdict -> how often; adds up to the Nones.
        seconds: What they took, all together; None where nobody recorded it.
        dollars: What they cost, all together; None where nobody recorded it.
        source: Where they are from.
        notes: What a reader of the figures must know.
    """

    judge: str
    said: tuple[bool | None, ...]
    without: Mapping[str, int]
    source: str
    seconds: float | None = None
    dollars: float | None = None
    notes: tuple[str, ...] = ()


def read_words(reading: Reading, words: list[str]) -> tuple[tuple[bool | None, ...], Counter[str]]:
    """Verdicts of a judge's words, and the words that are none, each with its count.

    >>> read_words(UNSAFE, ["safe", "", "unsafe", "?"])
    ((False, None, True, None), Counter({'(empty)': 1, '?': 1}))
    """
    said = tuple(map(reading.read, words))
    without = Counter(
        word.strip()[:40] or "(empty)"
        for word, verdict in zip(words, said, strict=True)
        if verdict is None
    )
    return said, without
