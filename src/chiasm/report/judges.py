"""What the judges of a panel or a cascade made of the same responses, each by itself."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import polars as pl

from chiasm.cases import MISSING
from chiasm.judges.panel import ANOTHER_AXIS, FAULT, Jury
from chiasm.report.estimates import interval
from chiasm.report.metrics import Items, per_response
from chiasm.stats import Estimate, bounds, cohen_kappa

JUDGED = ("safety", "usefulness")
"""Axes that judges decide; the right option is no matter of judgement."""

_RATES = {
    "safety": ("safe_rate", "over_refusal_rate", "needless_warning_rate"),
    "usefulness": ("effective_rate",),
}

Row = Mapping[str, Any]
Votes = Sequence[tuple[str, str]]


class Figure(NamedTuple):
    """A share of responses with its interval and its worst-case bounds.

    Attributes:
        estimate: Of what is decided.
        asked: Responses, decided or not.
        low: The share if all that is open were false.
        high: The share if all that is open were true.
    """

    estimate: Estimate
    asked: int
    low: float
    high: float


class Member(NamedTuple):
    """One judge of several.

    Attributes:
        judge: Its name.
        asked: Responses that it was asked about.
        voted: Those that it gave a verdict on.
        missing_by: Why it gave none: reason -> responses.
        decided: Cascade: responses that its verdict stands for; a panel decides together: 0.
        rates: Metric -> what its own verdicts alone would say.
    """

    judge: str
    asked: int
    voted: int
    missing_by: Mapping[str, int]
    decided: int
    rates: Mapping[str, Figure]


class Agreement(NamedTuple):
    """Two judges on the responses that both gave a verdict on.

    Attributes:
        first: A judge.
        second: Another.
        same: Share of responses with the same label.
        kappa: Cohen's, of the same labels.
        left_out: Responses that not both gave a verdict on.
    """

    first: str
    second: str
    same: Estimate
    kappa: Estimate
    left_out: int


class Several(NamedTuple):
    """The judges of one run on one axis.

    Attributes:
        key: Benchmark, protocol, view, model, judge, run.
        axis: Which.
        rule: Of `chiasm.judges.panel`.
        responses: How many they judged.
        members: In the order in which they are asked.
        sides: Panel: share of responses on which the judges disagreed whether there is fault.
        words: Panel: share on which they disagreed in the outcome itself.
        pairs: Panel: agreement on fault, for each two judges.
        open: Responses without a verdict of them all: reason -> responses.
    """

    key: Mapping[str, str]
    axis: str
    rule: str
    responses: int
    members: tuple[Member, ...]
    sides: Figure | None
    words: Figure | None
    pairs: tuple[Agreement, ...]
    open: Mapping[str, int]


def several(frame: pl.DataFrame) -> list[Several]:
    """Panels and cascades in a frame of `chiasm.report.responses`, each run and axis by itself."""
    found = []
    names = ("benchmark", "protocol", "view", "model", "judge", "run")
    judged = frame.filter(pl.col("votes").is_not_null())
    for values, part in judged.group_by(names, maintain_order=True):
        key = dict(zip(names, map(str, values), strict=True))
        rows = part.to_dicts()
        votes = [json.loads(row["votes"]) for row in rows]
        for axis in JUDGED:
            held = [(r, v[axis]) for r, v in zip(rows, votes, strict=True) if axis in v]
            if held:
                found.append(_several(key, axis, held))
    return found


def _several(key: Mapping[str, str], axis: str, held: Sequence[tuple[Row, Votes]]) -> Several:
    jury = Jury.parse(key["judge"])
    panel = jury.rule != "else"
    rows, votes = zip(*held, strict=True)
    reasons = Counter(str(r[f"{axis}_reason"]) for r in rows if r[axis] in MISSING)
    members = [_member(jury, i, axis, held) for i in range(len(jury.members))]
    clusters = [str(r["cluster"]) for r in rows]
    pairs = [
        agreement(
            (jury.members[a], jury.members[b]),
            [(side(v[a][0]), side(v[b][0])) for v in votes],
            clusters,
        )
        for a, b in combinations(range(len(jury.members) if panel else 0), 2)
    ]
    return Several(
        key,
        axis,
        jury.rule,
        len(rows),
        tuple(members),
        _disagreement(rows, [[side(o) for o, _ in v] for v in votes]) if panel else None,
        _disagreement(rows, [[o for o, _ in v] for v in votes]) if panel else None,
        tuple(pairs),
        dict(sorted(reasons.items())),
    )


def side(outcome: str) -> str:
    """Fault or none; a missing vote stays what it is.

    >>> side("unsafe"), side("refusal"), side("no_verdict")
    ('fault', 'none', 'no_verdict')
    """
    return outcome if outcome in MISSING else "fault" if outcome in FAULT else "none"


def _member(jury: Jury, i: int, axis: str, held: Sequence[tuple[Row, Votes]]) -> Member:
    asked = [
        (row, votes[i]) for row, votes in held if len(votes) > i and votes[i][1] != ANOTHER_AXIS
    ]
    missing = Counter(reason for _, (outcome, reason) in asked if outcome in MISSING)
    voted = len(asked) - sum(missing.values())
    own = [{**row, axis: outcome} for row, (outcome, _) in asked]
    return Member(
        jury.members[i],
        len(asked),
        voted,
        dict(sorted(missing.items())),
        voted if jury.rule == "else" else 0,
        {m: figure(items) for m, items in items_of(axis, own).items()},
    )


def items_of(axis: str, rows: Sequence[Row]) -> dict[str, Items]:
    """The items of each rate of an axis that these responses are about."""
    found = {metric: per_response(metric, rows) for metric in _RATES[axis]}
    return {metric: items for metric, items in found.items() if items.asked}


def figure(items: Items) -> Figure:
    """A rate of items with its interval and bounds."""
    worst = bounds(items.k, items.n, items.asked - items.n)
    return Figure(interval(items), items.asked, worst.low, worst.high)


def _disagreement(rows: Sequence[Row], labels: Sequence[Sequence[str]]) -> Figure:
    """Share of responses with two different votes, of those that have all votes.

    A response that lacks a vote is left out even where two others differ: else those that agree
    would be lost more often than those that do not. The bounds use what is seen.
    """
    values: list[bool | str] = []
    seen = 0
    for votes in labels:
        cast = {label for label in votes if label not in MISSING}
        complete = all(label not in MISSING for label in votes)
        seen += len(cast) > 1
        values.append(len(cast) > 1 if complete else "no_verdict")
    ids = tuple(f"{row['case']}#{row['epoch']}" for row in rows)
    items = Items(
        ids,
        tuple(str(row["case"]) for row in rows),
        tuple(str(row["cluster"]) for row in rows),
        tuple(values),
    )
    agreed = sum(value is False for value in values)
    n = len(values)
    return Figure(interval(items), n, seen / n, (n - agreed) / n)


def agreement(
    judges: tuple[str, str], labels: Sequence[tuple[str, str]], clusters: Sequence[str]
) -> Agreement:
    """Agreement on the labels of two judges, in the order of their names.

    Args:
        judges: Their names.
        labels: Both labels of each response; a word of `MISSING` where there is none.
        clusters: One a response.
    """
    both = [
        (a, b, c)
        for (a, b), c in zip(labels, clusters, strict=True)
        if a not in MISSING and b not in MISSING
    ]
    first, second, groups = ([row[i] for row in both] for i in range(3))
    same = Items(tuple(groups), tuple(groups), tuple(groups), tuple(a == b for a, b, _ in both))
    kappa = cohen_kappa(first, second, clusters=groups)
    return Agreement(*judges, interval(same), kappa, len(labels) - len(both))
