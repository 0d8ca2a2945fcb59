"""The figures of a validation report: a judge, constant judges and people against people."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chiasm.stats import (
    Bounds,
    Confusion,
    Estimate,
    bounds,
    cohen_kappa,
    confusion,
    gwet_ac1,
    percent_agreement,
)
from chiasm.validation.answers import Answer, People

FIGURES = (
    "sensitivity",
    "specificity",
    "precision",
    "balanced_accuracy",
    "agreement",
    "kappa",
    "ac1",
)
"""Of a judge, in the order of tables; positive is the class that `Reading` names."""

TARGET = 0.95
"""Share of answers on which a judge should agree with people to stand in for them. Never read it
without the constant judges beside it: where one class is rare they reach it too."""


class Counts(NamedTuple):
    """A judge's verdicts against people's labels; the first four add up to the answers.

    Attributes:
        tp: Flagged, and people say so too.
        fp: Flagged, people say not.
        fn: Not flagged though people would; without a verdict included.
        tn: Neither; without a verdict included.
        without_positive: How many of `fn` have no verdict.
        without_negative: How many of `tn` have no verdict.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    without_positive: int
    without_negative: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One judge on one set of answers.

    Attributes:
        counts: See `Counts`.
        estimates: Name (`FIGURES`) -> estimate, over answers with a verdict only.
        bounds: Name -> worst-case bounds if every missing verdict had gone either way; for
            sensitivity, specificity and agreement.
    """

    counts: Counts
    estimates: Mapping[str, Estimate]
    bounds: Mapping[str, Bounds]


def figures(answers: Sequence[Answer], said: Sequence[bool | None]) -> Figures:
    """Compare verdicts with labels.

    Args:
        answers: At least one; their order changes nothing.
        said: A verdict per answer; None where there is none: it enters no rate.

    Returns:
        See `Figures`. What can't be computed (no positive answer, no flag) is NaN with a reason.
    """
    decided = [(a, v) for a, v in zip(answers, said, strict=True) if v is not None]
    mute = [a.label for a, v in zip(answers, said, strict=True) if v is None]
    found = confusion(
        [a.label for a, _ in decided], [v for _, v in decided], [a.cluster for a, _ in decided]
    )
    yes, no = sum(mute), len(mute) - sum(mute)
    counts = Counts(found.tp, found.fp, found.fn + yes, found.tn + no, yes, no)
    named = _named(found)
    missing = {"sensitivity": yes, "specificity": no, "agreement": yes + no}
    limits = {name: bounds(named[name].k, named[name].n, m) for name, m in missing.items()}
    return Figures(counts, named, limits)


def _named(found: Confusion) -> dict[str, Estimate]:
    estimates = {name: getattr(found, name) for name in FIGURES if name != "agreement"}
    estimates["agreement"] = found.accuracy
    halves = (found.sensitivity, found.specificity)
    if any(math.isnan(half.low) for half in halves):  # no interval is made of half of one
        why = next(half.reason for half in halves if half.reason)
        estimates["balanced_accuracy"] = found.balanced_accuracy._replace(
            low=math.nan, high=math.nan, reason=why
        )
    return {name: estimates[name] for name in FIGURES}


def constants(people: People) -> dict[str, Figures]:
    """Judges that always say the same: what agreement is worth on these answers."""
    answers = people.answers
    return {
        f"always {word}": figures(answers, [verdict] * len(answers))
        for word, verdict in ((people.reading.negative, False), (people.reading.positive, True))
    }


def base_rate(people: People) -> Estimate:
    """Share of the positive class among the labels."""
    labels = [a.label for a in people.answers]
    return confusion(labels, labels, [a.cluster for a in people.answers]).base_rate


def among_people(answers: Iterable[Answer]) -> dict[str, Estimate] | None:
    """Agreement of the first two people on the same answers; None where fewer than two spoke.

    Returns:
        agreement, kappa and ac1, clustered as for judges.
    """
    pairs = [(a.raters[0], a.raters[1], a.cluster) for a in answers if len(a.raters) > 1]
    both = [(x, y, c) for x, y, c in pairs if x is not None and y is not None]
    if not both:
        return None
    first, second, clusters = (list(part) for part in zip(*both, strict=True))
    ratings = list(zip(first, second, strict=True))
    return {
        "agreement": percent_agreement(ratings, clusters=clusters),
        "kappa": cohen_kappa(first, second, clusters=clusters),
        "ac1": gwet_ac1(ratings, clusters=clusters, categories=(False, True)),
    }


def meets(agreement: Estimate, target: float = TARGET) -> str:
    """Whether a judge agrees with people on at least that share.

    Returns:
        "yes" where the whole interval is at or above it, "no" where the whole interval is below,
        "not shown" between or where there is none.
    """
    if math.isnan(agreement.low):
        return "not shown"
    if agreement.low >= target:
        return "yes"
    return "no" if agreement.high < target else "not shown"
