"""What people decided about a response where several were asked.

An adjudication decides. Else more than half of the people who gave a verdict do, on the question
that a rate asks: two who say "refusal" and "warning" agree that the answer is safe. A tie is
unresolved: it counts as missing, nobody guesses. Repeats and gold items are for self-agreement and
training and don't vote.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from chiasm.labels.records import FLAGGED, Label

How = Literal["one", "majority", "adjudication", "tie", "flagged", "impossible"]
"""How a response came to its decision, or why it has none: people are divided; all of them flagged
it; their outcomes are none of its case (a "helped" on a dangerous case)."""

DECIDED: tuple[How, ...] = ("one", "majority", "adjudication")

Truth = Callable[[Label], bool | None]
"""What a label says of the rate in question; None where it is about something else. Flagged labels
are never asked about."""


class Decision(NamedTuple):
    """About one response.

    Attributes:
        value: None where there is no decision.
        how: See `How`.
        votes: Of how many people.
        probability: With which the response was chosen to be labelled; None where unknown, or
            where its labels name different ones.
    """

    value: bool | None
    how: How
    votes: int
    probability: float | None


class Ratings(NamedTuple):
    """Who said what, for coefficients of agreement.

    Attributes:
        responses: Rows.
        annotators: Columns.
        values: True, false, or None where somebody was not asked or flagged it.
    """

    responses: tuple[str, ...]
    annotators: tuple[str, ...]
    values: tuple[tuple[bool | None, ...], ...]


def current(labels: Iterable[Label]) -> list[Label]:
    """The last label of each person, response, axis and purpose; earlier ones were taken back.

    Last is by time; labels without a time are older than those with one, and among equals the
    order of the file tells.
    """
    last: dict[tuple[str, ...], Label] = {}
    for label in labels:
        key = (label.annotator, label.response, label.axis, label.purpose)
        if key not in last or label.at >= last[key].at:
            last[key] = label
    return list(last.values())


def decide(labels: Iterable[Label], truth: Truth) -> dict[str, Decision]:
    """The decision about each response.

    Args:
        labels: Of one axis; superseded ones are left out by `current` first.
        truth: What a label says of the rate.
    """
    by_response: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        if label.purpose in ("label", "adjudication"):
            by_response[label.response].append(label)
    return {response: _decide(found, truth) for response, found in by_response.items()}


def ratings(labels: Iterable[Label], truth: Truth) -> Ratings:
    """The table of who said what; adjudications, repeats and gold items are not in it."""
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    people: dict[str, None] = {}
    for label in labels:
        if label.purpose != "label" or label.outcome == FLAGGED:
            continue
        value = truth(label)
        if value is not None:
            said[label.response][label.annotator] = value
            people[label.annotator] = None
    names = tuple(sorted(people))
    rows = tuple(tuple(found.get(name) for name in names) for found in said.values())
    return Ratings(tuple(said), names, rows)


def repeated(labels: Sequence[Label], truth: Truth) -> tuple[int, int]:
    """Self-agreement: on how many repeats the same person says the same again, and how many."""
    first = {
        (x.annotator, x.response): truth(x)
        for x in labels
        if x.purpose == "label" and x.outcome != FLAGGED
    }
    pairs = [
        (first[x.annotator, x.response], truth(x))
        for x in labels
        if x.purpose == "repeat" and x.outcome != FLAGGED and (x.annotator, x.response) in first
    ]
    return sum(a == b for a, b in pairs), len(pairs)


def _decide(labels: Sequence[Label], truth: Truth) -> Decision:
    known = {x.probability for x in labels} - {None}
    probability = known.pop() if len(known) == 1 else None
    given = [x for x in labels if x.outcome != FLAGGED]
    final = [v for x in given if x.purpose == "adjudication" if (v := truth(x)) is not None]
    votes = [v for x in given if x.purpose == "label" if (v := truth(x)) is not None]
    for said, how in ((final, "adjudication"), (votes, "majority" if len(votes) > 1 else "one")):
        decided = _majority(said)
        if decided is not None:
            return Decision(decided, how, len(votes), probability)  # type: ignore[arg-type]
    return Decision(None, _why(given, votes + final), len(votes), probability)


def _why(given: Sequence[Label], said: Sequence[bool]) -> How:
    if said:
        return "tie"
    return "impossible" if given else "flagged"


def _majority(votes: Sequence[bool]) -> bool | None:
    yes = sum(votes)
    return None if 2 * yes == len(votes) else 2 * yes > len(votes)


def counts(decisions: Mapping[str, Decision]) -> dict[str, int]:
    """How many responses came to their decision, or to none, in each way."""
    found: dict[str, int] = defaultdict(int)
    for decision in decisions.values():
        found[decision.how] += 1
    return dict(found)
