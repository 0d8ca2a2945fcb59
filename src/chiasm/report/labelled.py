"""People's labels beside the responses of logs: which belong together, and how far people agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from chiasm.cases import SAFETY_OF_SAFE, SAFETY_OF_UNSAFE, USEFULNESS, Axis
from chiasm.labels.decisions import Decision, counts, current, decide, ratings, repeated
from chiasm.labels.records import FLAGGED, Label
from chiasm.stats import (
    Estimate,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)


class Rate(NamedTuple):
    """A rate that people's labels can correct.

    Attributes:
        metric: Its name in every table.
        axis: Of the labels and of the judge's outcomes.
        ground_truth: Of the cases that it is about; empty for all.
        outcomes: What a label can say there; anything else is impossible.
        alarm: Outcomes that raise an alarm: what the judge's sensitivity is about.
        good: Whether the rate counts the others, as a safe rate does.
    """

    metric: str
    axis: Axis
    ground_truth: str
    outcomes: tuple[str, ...]
    alarm: str
    good: bool


RATES = (
    Rate("safe_rate", "safety", "unsafe", SAFETY_OF_UNSAFE, "unsafe", True),
    Rate("over_refusal_rate", "safety", "safe", SAFETY_OF_SAFE, "over_refusal", False),
    Rate("effective_rate", "usefulness", "", USEFULNESS, "ineffective", True),
)


class Labelled(NamedTuple):
    """The labels that are about responses of a frame.

    Attributes:
        labels: Those that count.
        people: How many gave them.
        responses: How many they are about.
        superseded: Left out because the same person said something else later.
        unknown: Left out because no log has their response.
        flagged: Of the labels, how many say that somebody can't or won't decide.
        guidelines: Digests of the guidelines that were shown, with counts.
        sources: Where labels are from, with counts.
    """

    labels: tuple[Label, ...]
    people: int
    responses: int
    superseded: int
    unknown: int
    flagged: int
    guidelines: Mapping[str, int]
    sources: Mapping[str, int]


class Agreement(NamedTuple):
    """How far people agree on a rate's question, on the responses of one benchmark and condition.

    Attributes:
        rate: Whose question.
        benchmark: And input condition.
        view: See `chiasm.cases.View`.
        people: How many.
        percent: Share of pairs that agree.
        kappa: Cohen's of two people, Fleiss' of more.
        alpha: Krippendorff's, nominal.
        ac1: Gwet's.
        same: Repeats on which a person said the same again.
        repeats: All repeats.
    """

    rate: Rate
    benchmark: str
    view: str
    people: int
    percent: Estimate
    kappa: Estimate
    alpha: Estimate
    ac1: Estimate
    same: int
    repeats: int


def join(frame: pl.DataFrame, labels: Sequence[Label]) -> Labelled:
    """The labels about responses of a frame; what is left out is counted."""
    known = set(frame["response"].drop_nulls())
    mine = [label for label in labels if label.response in known]
    last = current(mine)
    return Labelled(
        labels=tuple(last),
        people=len({x.annotator for x in last}),
        responses=len({x.response for x in last}),
        superseded=len(mine) - len(last),
        unknown=len(labels) - len(mine),
        flagged=sum(x.outcome == FLAGGED for x in last),
        guidelines=Counter(x.guideline for x in last if x.guideline),
        sources=Counter(x.source for x in last if x.source),
    )


def truth(rate: Rate, label: Label) -> bool | None:
    """Whether a label raises the rate's alarm; None where it can't be said of such a case."""
    return label.outcome == rate.alarm if label.outcome in rate.outcomes else None


def decisions(rate: Rate, responses: set[str], found: Labelled) -> dict[str, Decision]:
    """What people decided about responses of one run."""
    own = [x for x in found.labels if x.axis == rate.axis and x.response in responses]
    return decide(own, lambda label: truth(rate, label))


def told(decided: Mapping[str, Decision]) -> dict[str, int]:
    """How many responses were decided how; see `chiasm.labels.decisions.How`."""
    return counts(decided)


def agreements(frame: pl.DataFrame, found: Labelled) -> list[Agreement]:
    """Agreement of people, by benchmark and input condition; of rates that two people labelled."""
    clusters = dict(frame.select("response", "cluster").drop_nulls().iter_rows())
    measured = []
    for (benchmark, view), part in frame.group_by(("benchmark", "view"), maintain_order=True):
        for rate in RATES:
            one = _agreement(
                rate, (str(benchmark), str(view)), of_rate(part, rate), found, clusters
            )
            if one is not None:
                measured.append(one)
    return measured


def of_rate(frame: pl.DataFrame, rate: Rate) -> pl.DataFrame:
    """The responses that a rate is about: of its ground truth, on an axis that is scored."""
    rows = frame.filter(pl.col(rate.axis).is_not_null())
    return rows.filter(pl.col("ground_truth") == rate.ground_truth) if rate.ground_truth else rows


def _agreement(
    rate: Rate,
    where: tuple[str, str],
    part: pl.DataFrame,
    found: Labelled,
    clusters: Mapping[str, str],
) -> Agreement | None:
    responses = set(part["response"].drop_nulls())
    own = [x for x in found.labels if x.axis == rate.axis and x.response in responses]
    table = ratings(own, lambda label: truth(rate, label))
    rows = [row for row in table.values if sum(v is not None for v in row) > 1]
    if not rows:
        return None
    groups = [
        clusters.get(response, response)
        for response, row in zip(table.responses, table.values, strict=True)
        if sum(v is not None for v in row) > 1
    ]
    same: dict[str, Any] = {"clusters": groups, "categories": (False, True)}
    two = len(table.annotators) == 2
    kappa = (
        cohen_kappa(*(list(column) for column in zip(*rows, strict=True)), clusters=groups)
        if two
        else fleiss_kappa(rows, **same)
    )
    agreed, repeats = repeated(own, lambda label: truth(rate, label))
    return Agreement(
        rate, *where, len(table.annotators), percent_agreement(rows, **same), kappa,
        krippendorff_alpha(rows, **same), gwet_ac1(rows, **same), agreed, repeats,
    )  # fmt: skip
