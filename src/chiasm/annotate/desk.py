"""What the pages and their requests need: work for a person, storing a label, pictures.

Nothing here knows HTTP. Every answer to an annotator is blind: no model, no verdict, no id of a
response, and not whether an item comes again or has a known outcome before it is labelled.
"""

import time
from hashlib import sha256
from pathlib import Path
from statistics import median
from threading import Lock
from typing import Any, NamedTuple

import polars as pl
import sqlalchemy as sa

from chiasm.annotate.board import Board, Plan, Task
from chiasm.annotate.items import Item
from chiasm.annotate.markdown import blocks
from chiasm.annotate.people import Person
from chiasm.data.images import ImageFile, read_image
from chiasm.errors import DataError, ImageError
from chiasm.labels.database import WITHDRAWN, Row, append, rows_since
from chiasm.labels.records import FLAGGED, Purpose

AHEAD = 8
"""Tasks that a page holds ahead, so that a slow or lost connection stops nobody."""

BACK = 30
"""Labels that a page can go back to."""


class Given(NamedTuple):
    """What somebody sends: checked in form, not in meaning.

    Attributes:
        key: Made by the page; the same key is stored once.
        task: Id of one of this person's tasks.
        outcome: One of the item's outcomes, ``flagged`` or ``withdrawn``.
        note: Theirs.
        seconds: How long it took.
    """

    key: str
    task: str
    outcome: str
    note: str = ""
    seconds: float | None = None


class Texts(NamedTuple):
    """What stands around the items.

    Attributes:
        guideline: Markdown.
        warning: Shown before the first item.
    """

    guideline: str
    warning: str

    @property
    def digest(self) -> str:
        """Of the guideline, as it is kept with every label."""
        return sha256(self.guideline.encode()).hexdigest()[:16]


class Desk:
    """The work on one database; for many threads.

    Attributes:
        engine: Of the database.
        board: Who is asked what; use with the lock held.
        texts: See `Texts`.
        frame: Responses with verdicts, for the lead's figures; None where the logs are not here.
        name: Of the database: tells two databases on one machine apart.
    """

    def __init__(
        self,
        engine: sa.Engine,
        items: list[Item],
        plan: Plan,
        texts: Texts,
        frame: pl.DataFrame | None = None,
    ) -> None:
        self.engine, self.texts, self.frame = engine, texts, frame
        self.board = Board(items, plan)
        self.lock = Lock()
        self.name = sha256(plan.secret.encode()).hexdigest()[:8]

    def sync(self) -> None:
        """Take what was stored since, by whatever server; the lock must be held."""
        self.board.take(rows_since(self.engine, self.board.last))

    def work(self, person: Person) -> dict[str, Any]:
        """The next tasks of an annotator, what they labelled last, and how far they are."""
        with self.lock:
            self.sync()
            now = time.monotonic()
            tasks = self.board.upcoming(person.name, now, AHEAD)
            past = self.board.history(person.name, BACK)
            known = [self.board.items.get(row.response) for row in past]
            done = [
                self.board.of(person.name, item, row.purpose).id
                for row, item in zip(past, known, strict=True)
                if item is not None
            ]
            return {
                "tasks": [self._shown(person, task) for task in tasks],
                "done": done,
                "progress": self._progress(person, now),
            }

    def item(self, person: Person, id: str) -> dict[str, Any] | None:
        """One of this person's tasks; None for whatever else."""
        with self.lock:
            self.sync()
            task = self.board.task(person.name, id)
            return None if task is None or not _may(person, task) else self._shown(person, task)

    def store(self, person: Person, given: Given) -> dict[str, Any]:
        """Store a label; it is on the disk when this returns.

        Raises:
            DataError: The task is not this person's, or the outcome not one of the item's.
            ConfigError: The database can't be reached.
        """
        task = self.board.task(person.name, given.task)
        if task is None or not _may(person, task):
            raise DataError("no task of yours has this id", field="task")
        if given.outcome not in (*task.item.outcomes, FLAGGED, WITHDRAWN):
            raise DataError(
                f"expected one of {', '.join(task.item.outcomes)}, {FLAGGED}", field="outcome"
            )
        row = Row(
            key=given.key, response=task.item.response, annotator=person.name,
            outcome=given.outcome, purpose=task.purpose, note=given.note, seconds=given.seconds,
            guideline=self.texts.digest, probability=task.item.probability,
        )  # fmt: skip
        stored, new = append(self.engine, row)
        if not new and (stored.what, stored.outcome) != (row.what, row.outcome):
            raise DataError("this key was used for another label", field="key")
        with self.lock:
            self.sync()
            progress = self._progress(person, time.monotonic())
        return {"ok": True, "again": not new, "progress": progress, **_feedback(task, given)}

    def image(self, person: Person, id: str, number: int) -> ImageFile | None:
        """An image of one of this person's tasks; None where there is no such.

        Raises:
            ImageError: It is lost, is no image, or its path leaves the folder of the data.
        """
        with self.lock:
            task = self.board.task(person.name, id)
        if task is None or not _may(person, task) or not 0 <= number < len(task.item.images):
            return None
        if not task.item.root:
            raise ImageError("the folder of the images is not known", file="image")
        return read_image(Path(task.item.root), task.item.images[number])

    def _progress(self, person: Person, now: float) -> dict[str, Any]:
        found = self.board.progress(person.name, now)
        recent = [r.seconds for r in self.board.history(person.name, BACK) if r.seconds is not None]
        pace = round(median(recent), 1) if recent else None
        return {"done": found.done, "left": found.left, "pace": pace}

    def _shown(self, person: Person, task: Task) -> dict[str, Any]:
        mine = self.board.label(person.name, task.item.response, task.purpose)
        return {**shown(task), "mine": mine and mine.outcome, "note": mine.note if mine else ""}


def shown(task: Task) -> dict[str, Any]:
    """What a page shows of an item."""
    item = task.item
    return {
        "id": task.id,
        "turns": item.turns,
        "images": len(item.images),
        "options": item.options,
        "answer": blocks(item.answer),
        "length": len(item.answer),
        "outcomes": item.outcomes,
    }


def _may(person: Person, task: Task) -> bool:
    """Leads decide between people, annotators label."""
    decides: Purpose = "adjudication"
    return (person.role == "lead") == (task.purpose == decides)


def _feedback(task: Task, given: Given) -> dict[str, Any]:
    if task.purpose != "gold" or given.outcome in (WITHDRAWN, FLAGGED):
        return {}
    right = given.outcome == task.item.gold
    return {"feedback": {"right": right, "outcome": task.item.gold, "why": task.item.why}}
