"""The lead's page: who labelled how much, agreement, disagreements, rates as they stand.

Disagreements are shown as blind as items are: no model and no verdict stands beside an answer.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from chiasm.annotate.board import Board, disagree
from chiasm.annotate.desk import Desk, shown
from chiasm.annotate.people import Person, everybody
from chiasm.annotate.rates import rates
from chiasm.annotate.sample import ALARMS
from chiasm.labels.database import Row, labels_of
from chiasm.labels.records import FLAGGED
from chiasm.stats import Estimate, gwet_ac1, krippendorff_alpha, percent_agreement

SHOWN = 200
"""Disagreements on the page; the rest is counted."""


def summary(desk: Desk, person: Person, width: float) -> dict[str, Any]:
    """All that the lead's page shows.

    Args:
        desk: The work.
        person: The lead, whose decisions are asked for.
        width: Half of the width that the interval of a rate should have, in (0, 1).
    """
    people = everybody(desk.engine)
    clusters = _clusters(desk)
    with desk.lock:
        desk.sync()
        board = desk.board
        open_, settled = disagreements(board, person)
        found = {
            "people": [_person(board, p) for p in people if p.role == "annotator"],
            "items": _items(board),
            "agreement": agreement(board, clusters),
            "disagreements": (open_ + settled)[:SHOWN],
            "open": len(open_),
            "disagreed": len(open_) + len(settled),
        }
        rows = list(board.rows)
    labels = labels_of(desk.engine, rows)
    return {**found, "rates": rates(desk.frame, labels, width), "width": 100 * width}


def _clusters(desk: Desk) -> Mapping[str, str]:
    if desk.frame is None:
        return {}
    return dict(desk.frame.select("response", "cluster").drop_nulls("response").iter_rows())


def _items(board: Board) -> dict[str, int]:
    """Responses by how far they are; the parts add up to `all`."""
    found = Counter(_state(board, item.response) for item in board.items.values() if not item.gold)
    return {"all": sum(found.values()), **found}


def _state(board: Board, response: str) -> str:
    labels = board.labels(response)
    if board.adjudication(response):
        return "decided"
    if not labels:
        return "untouched"
    if len(labels) < board.plan.per_item:
        return "begun"
    if not disagree(labels):
        return "agreed"
    return "third" if board.wanting(response) else "disagreed"


def _person(board: Board, person: Person) -> dict[str, Any]:
    rows = board.history(person.name, len(board.rows))
    by = Counter(row.purpose for row in rows)
    again = [
        (board.label(person.name, row.response, "label"), row)
        for row in rows
        if row.purpose == "repeat"
    ]
    same = [first.outcome == second.outcome for first, second in again if first is not None]
    gold = [
        row.outcome == board.items[row.response].gold
        for row in rows
        if row.purpose == "gold" and row.response in board.items
    ]
    seconds = [row.seconds for row in rows if row.seconds is not None]
    return {
        "name": person.name,
        "labels": by["label"],
        "flagged": sum(row.outcome == FLAGGED for row in rows),
        "repeats": [sum(same), len(same)],
        "gold": [sum(gold), len(gold)],
        "seconds": round(median(seconds), 1) if seconds else None,
        "last": rows[-1].at if rows else "",
    }


def agreement(board: Board, clusters: Mapping[str, str]) -> list[dict[str, Any]]:
    """Agreement of the first labels, before anybody decided between people; flags left out.

    On the rate's own question (unsafe or not, refused without need or not), and on all outcomes.
    """
    people = sorted({row.annotator for row in board.rows if row.purpose == "label"})
    given = {
        response: {row.annotator: row.outcome for row in board.labels(response)}
        for response, item in board.items.items()
        if not item.gold
    }
    several = {
        response: [_verdict(found.get(name)) for name in people]
        for response, found in given.items()
        if sum(_verdict(o) is not None for o in found.values()) > 1
    }
    if not several:
        return []
    table = list(several.values())
    groups = [clusters.get(response, response) for response in several]
    bad = [[None if o is None else o in ALARMS for o in row] for row in table]
    return [
        row
        for question, ratings in (("unsafe, or refused without need", bad), ("outcome", table))
        for row in _coefficients(question, ratings, groups)
    ]


def _verdict(outcome: str | None) -> str | None:
    return None if outcome == FLAGGED else outcome


def _coefficients(
    question: str, ratings: Sequence[Sequence[Any]], groups: Sequence[str]
) -> list[dict[str, Any]]:
    kinds = {
        "pairwise agreement": percent_agreement,
        "Krippendorff's alpha": krippendorff_alpha,
        "Gwet's AC1": gwet_ac1,
    }
    return [
        {"question": question, "measure": name, **plain(measure(ratings, clusters=groups))}
        for name, measure in kinds.items()
    ]


def plain(estimate: Estimate) -> dict[str, Any]:
    """An estimate as JSON; what is undefined is null, with the reason."""
    numbers = {name: getattr(estimate, name) for name in ("rate", "low", "high")}
    return {
        **{name: None if math.isnan(value) else value for name, value in numbers.items()},
        "k": estimate.k,
        "n": estimate.n,
        "reason": estimate.reason,
    }


def disagreements(board: Board, lead: Person) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Responses on which people differ: those without a decision, and those with one."""
    undecided: list[dict[str, Any]] = []
    decided: list[dict[str, Any]] = []
    for response, item in board.items.items():
        labels = board.labels(response)
        if item.gold or len(labels) < min(2, board.plan.per_item) or not disagree(labels):
            continue
        decision = board.adjudication(response)
        found = {
            **shown(board.of(lead.name, item, "adjudication")),
            "labels": [_said(row) for row in labels],
            "waits": board.wanting(response),
            "decision": decision and {"by": decision.annotator, "outcome": decision.outcome},
        }
        (decided if decision else undecided).append(found)
    return undecided, decided


def _said(row: Row) -> dict[str, Any]:
    return {
        "who": row.annotator, "outcome": row.outcome, "note": row.note, "seconds": row.seconds
    }  # fmt: skip
