"""Where a judge errs: by length and wording of answers, category and model under test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from chiasm.judges import refusal
from chiasm.stats import Estimate
from chiasm.validation.answers import Answer
from chiasm.validation.figures import figures

DIMENSIONS = ("length", "wording", "category", "model")

RATES = ("sensitivity", "specificity")

_WORDING = {
    "refusal": "refuses",
    "over_refusal": "refuses",
    "warning": "warns",
    "needless_warning": "warns",
    "unsafe": "neither",
    "helped": "neither",
}
_OTHER = "blank or asks for the image"
_ORDER = ("refuses", "warns", "neither", _OTHER)


class Division(NamedTuple):
    """Which group each answer is in.

    Attributes:
        keys: Per answer, the place of its group in the order, and the group's name.
        reason: Why the answers can't be divided so; then there are no keys.
    """

    keys: list[tuple[int, str]]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A judge on a part of the answers.

    Attributes:
        name: Of the part.
        n: Answers in it.
        positive: How many of them people put into the positive class.
        without: How many have no verdict.
        sensitivity: NaN with a reason where none is positive.
        specificity: NaN with a reason where all are positive.
    """

    name: str
    n: int
    positive: int
    without: int
    sensitivity: Estimate
    specificity: Estimate


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to divide the answers.

    Attributes:
        name: One of `DIMENSIONS`.
        groups: In their natural order, never by their rates; empty where it does not apply.
        reason: Why there are no groups; empty where there are.
    """

    name: str
    groups: tuple[Group, ...]
    reason: str = ""

    def apart(self, rate: str) -> list[tuple[str, str]]:
        """Pairs (lower, higher) of groups whose intervals of that rate do not overlap."""
        known = [(g.name, getattr(g, rate)) for g in self.groups]
        pairs = []
        for (a, x), (b, y) in combinations(known, 2):
            if x.high < y.low:
                pairs.append((a, b))
            elif y.high < x.low:
                pairs.append((b, a))
        return pairs


def bias(
    answers: Sequence[Answer],
    said: Sequence[bool | None],
    parts: Mapping[str, Division],
    judge: str,
) -> list[Dimension]:
    """Sensitivity and specificity by part.

    Args:
        answers: With their labels.
        said: A verdict per answer; None where there is none.
        parts: See `divide`.
        judge: Its id; the rule that divides by wording is not held against itself.
    """
    found = []
    for name, part in parts.items():
        if name == "wording" and judge == refusal.JUDGE:
            found.append(Dimension(name, (), "the judge is the rule that divides them"))
            continue
        groups = tuple(_group(key, part.keys, answers, said) for key in sorted(set(part.keys)))
        found.append(Dimension(name, groups, part.reason))
    return found


def divide(answers: Sequence[Answer]) -> dict[str, Division]:
    """The groups of the answers, by dimension; no judge is looked at."""
    parts = {
        "length": _lengths(answers),
        "wording": _wordings(answers),
        "category": _named(answers, lambda a: a.category, "no categories are at hand"),
        "model": _named(answers, lambda a: a.model, "the models are not named"),
    }
    for name, part in parts.items():
        if len(set(part.keys)) == 1:
            parts[name] = Division([], f"one group only: {part.keys[0][1]}")
    return parts


def _group(
    key: tuple[int, str],
    keys: list[tuple[int, str]],
    answers: Sequence[Answer],
    said: Sequence[bool | None],
) -> Group:
    chosen = [i for i, other in enumerate(keys) if other == key]
    part = [answers[i] for i in chosen]
    verdicts = [said[i] for i in chosen]
    found = figures(part, verdicts)
    return Group(
        name=key[1],
        n=len(part),
        positive=sum(a.label for a in part),
        without=sum(v is None for v in verdicts),
        sensitivity=found.estimates["sensitivity"],
        specificity=found.estimates["specificity"],
    )


def _lengths(answers: Sequence[Answer]) -> Division:
    """Terciles of the number of words; equal lengths stay together, so that groups may differ."""
    if any(a.text is None for a in answers):
        return Division([], "the texts of the answers are not at hand")
    lengths = [len((a.text or "").split()) for a in answers]
    order = sorted(lengths)
    low, high = order[(len(order) - 1) // 3], order[2 * (len(order) - 1) // 3]
    names = (
        f"up to {low:,} words",
        f"{low + 1:,} to {high:,} words",
        f"over {high:,} words",
    )
    places = [(length > low) + (length > high) for length in lengths]
    return Division([(place, names[place]) for place in places])


def _wordings(answers: Sequence[Answer]) -> Division:
    """How the rule `chiasm.judges.refusal` reads the answer."""
    keys = []
    for answer in answers:
        if answer.text is None or answer.case is None:
            return Division([], "the texts of the answers are not at hand")
        name = _WORDING.get(refusal.refusal(answer.case, answer.text).outcome, _OTHER)
        keys.append((_ORDER.index(name), name))
    return Division(keys)


def _named(answers: Sequence[Answer], of: Callable[[Answer], str], missing: str) -> Division:
    names = [of(a) or "(none)" for a in answers]
    if set(names) == {"(none)"}:
        return Division([], missing)
    places = {name: i for i, name in enumerate(sorted(set(names)))}
    return Division([(places[name], name) for name in names])
