"""Who is asked what: blind, in an order of each person's own, until there are labels enough.

All state that matters is in the table of labels; this is what follows from it, kept up to date row
by row. What is handed out is lent for some minutes and forgotten when the server ends: the worst
that follows is a label more than was needed.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from chiasm.annotate.items import Item
from chiasm.labels.database import WITHDRAWN, Row
from chiasm.labels.records import FLAGGED, Purpose

LENT = 900.0
"""Seconds for which an item that was handed out counts as if it were labelled."""

REPEAT_AFTER = 10
"""Further labels before somebody sees a response again, where there are as many."""


class Plan(NamedTuple):
    """How responses are handed out.

    Attributes:
        per_item: People asked about each response; one more where they disagree.
        repeat: Share of a person's responses that come a second time, for self-agreement.
        secret: Makes the ids of tasks; known to the database only.
    """

    per_item: int
    repeat: float
    secret: str


class Task(NamedTuple):
    """One question to one person; its id says nothing about the response."""

    id: str
    item: Item
    purpose: Purpose


class Progress(NamedTuple):
    """A person's tasks."""

    done: int
    left: int


class Board:
    """The state of the work; not safe for threads, its owner holds a lock.

    Attributes:
        rows: Every row, in order.
        last: Id of the newest.
    """

    def __init__(self, items: Sequence[Item], plan: Plan) -> None:
        self.plan = plan
        self.rows: list[Row] = []
        self.last = 0
        self.items = {item.response: item for item in items}
        self._of_item: dict[str, dict[tuple[str, Purpose], Row]] = defaultdict(dict)
        self._of_person: dict[str, dict[tuple[str, Purpose], Row]] = defaultdict(dict)
        self._given: dict[str, list[Row]] = defaultdict(list)
        self._lent: dict[str, dict[str, float]] = defaultdict(dict)
        self._tasks: dict[str, dict[str, Task]] = {}
        self._order: dict[str, list[Item]] = {}

    def take(self, rows: Iterable[Row]) -> None:
        """Note rows that were stored, in the order of their ids."""
        for row in rows:
            self.rows.append(row)
            self.last = max(self.last, row.id)
            self._given[row.annotator].append(row)
            self._lent[row.response].pop(row.annotator, None)
            here = self._of_item[row.response], self._of_person[row.annotator]
            keys = (row.annotator, row.purpose), (row.response, row.purpose)
            for rows_of, key in zip(here, keys, strict=True):
                rows_of.pop(key, None)  # so that they stand in the order of storing
                if row.outcome != WITHDRAWN:
                    rows_of[key] = row

    def label(self, person: str, response: str, purpose: Purpose) -> Row | None:
        """The label that counts; None where there is none, or it is withdrawn."""
        return self._of_person[person].get((response, purpose))

    def labels(self, response: str) -> list[Row]:
        """The labels on a response that count, one a person, in order of storing."""
        found = self._of_item[response].items()
        return [row for (_, purpose), row in found if purpose == "label"]

    def adjudication(self, response: str) -> Row | None:
        """The newest decision of a lead."""
        found = self._of_item[response].items()
        return next((r for (_, why), r in reversed(found) if why == "adjudication"), None)

    def task(self, person: str, id: str) -> Task | None:
        """A person's own task; None for whatever else."""
        return self._tasks_of(person).get(id)

    def of(self, person: str, item: Item, purpose: Purpose) -> Task:
        """The task of asking this person about an item."""
        words = "\n".join((person, item.response, purpose)).encode()
        id = hmac.new(self.plan.secret.encode(), words, sha256).hexdigest()[:24]
        return Task(id, item, purpose)

    def upcoming(self, person: str, now: float, count: int) -> list[Task]:
        """The next tasks; lends them for `LENT` seconds from `now`.

        Gold items first, then what is due again, then responses that need labels.
        """
        found = [self.of(person, i, "gold") for i in self._gold(person)]
        if len(found) < count:
            fresh = self._fresh(person, now)
            wait = REPEAT_AFTER if fresh else 0
            found += [self.of(person, i, "repeat") for i in self._again(person, wait)]
            found += [self.of(person, i, "label") for i in fresh]
        for task in found[:count]:
            if task.purpose == "label":
                self._lent[task.item.response][person] = now + LENT
        return found[:count]

    def progress(self, person: str, now: float) -> Progress:
        """Labels that count, and tasks that are left for this person as things stand."""
        fresh = self._fresh(person, now)
        later = sum(self._comes_again(person, item) for item in fresh)
        left = len(self._gold(person)) + len(self._again(person, 0)) + len(fresh) + later
        return Progress(len(self._of_person[person]), left)

    def history(self, person: str, count: int) -> list[Row]:
        """A person's newest labels that count, oldest first."""
        return list(self._of_person[person].values())[-count:]

    def wanting(self, response: str) -> int:
        """How many further people are to be asked, whoever was lent it."""
        labels = self.labels(response)
        return 0 if self.adjudication(response) else max(0, self._wanted(labels) - len(labels))

    def _wanted(self, labels: Sequence[Row]) -> int:
        several = self.plan.per_item > 1 and len(labels) >= self.plan.per_item
        return self.plan.per_item + (several and disagree(labels))

    def _fresh(self, person: str, now: float) -> list[Item]:
        return [item for item in self._order_of(person) if self._needs(item, person, now)]

    def _needs(self, item: Item, person: str, now: float) -> bool:
        labels = self.labels(item.response)
        people = {row.annotator for row in labels}
        if person in people or self.adjudication(item.response):
            return False
        lent = self._lent[item.response].items()
        people |= {name for name, until in lent if until > now and name != person}
        return len(people) < self._wanted(labels)

    def _gold(self, person: str) -> list[Item]:
        return [
            item
            for item in self.items.values()
            if item.gold and not self.label(person, item.response, "gold")
        ]

    def _again(self, person: str, wait: int) -> list[Item]:
        """Responses that this person labelled at least `wait` labels ago and is to see again."""
        mine = self._given[person]
        since = {r.response: len(mine) - i for i, r in enumerate(mine, 1) if r.purpose == "label"}
        return [
            self.items[response]
            for response, ago in since.items()
            if ago >= wait
            and response in self.items
            and self._comes_again(person, self.items[response])
            and self.label(person, response, "label")
            and not self.label(person, response, "repeat")
        ]

    def _comes_again(self, person: str, item: Item) -> bool:
        digest = sha256(f"repeat\n{person}\n{item.response}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 < self.plan.repeat

    def _order_of(self, person: str) -> list[Item]:
        if person not in self._order:

            def place(item: Item) -> bytes:
                return sha256(f"order\n{person}\n{item.response}".encode()).digest()

            plain = (item for item in self.items.values() if not item.gold)
            self._order[person] = sorted(plain, key=place)
        return self._order[person]

    def _tasks_of(self, person: str) -> dict[str, Task]:
        if person not in self._tasks:
            every = [
                self.of(person, item, purpose)
                for item in self.items.values()
                for purpose in _purposes(item)
            ]
            self._tasks[person] = {task.id: task for task in every}
        return self._tasks[person]


def _purposes(item: Item) -> tuple[Purpose, ...]:
    return ("gold",) if item.gold else ("label", "repeat", "adjudication")


def disagree(labels: Sequence[Row]) -> bool:
    """Whether people differ, or somebody could not decide."""
    said = {row.outcome for row in labels}
    return len(said) > 1 or FLAGGED in said
