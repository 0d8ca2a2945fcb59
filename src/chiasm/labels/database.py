"""The database of people's labels: SQLite in a file, PostgreSQL by its address.

Labels are appended. Nobody's label is ever changed or deleted, not even by who gave it: a change of
mind is a further row, and the last row of a person on a response counts. Triggers in the database
hold that against other programs too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chiasm.cases import Axis
from chiasm.errors import ConfigError, DataError
from chiasm.labels.database_tables import ABOUT, ITEMS, LABELS, SCHEMA, TABLES
from chiasm.labels.records import Label, Purpose

# isort: split
# Below what says which extra is missing.
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

WITHDRAWN = "withdrawn"
"""In place of an outcome: this person takes the last label back and has given none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: a label, or that one is withdrawn.

    Attributes:
        id: Grows in the order in which rows were stored; 0 before that.
        key: Made by who sends it, so that what is sent twice is stored once.
        supersedes: The row of the same person, response and purpose that it replaces.

    The others are those of `chiasm.labels.records.Label`.
    """

    key: str
    response: str
    annotator: str
    outcome: str
    axis: Axis = "safety"
    purpose: Purpose = "label"
    note: str = ""
    at: str = ""
    seconds: float | None = None
    guideline: str = ""
    probability: float | None = None
    source: str = ""
    supersedes: int | None = None
    id: int = 0

    @property
    def what(self) -> tuple[str, str, str, str]:
        """Rows that are equal here replace each other."""
        return (self.annotator, self.response, self.axis, self.purpose)

    def label(self, probability: float | None = None) -> Label:
        """As a label.

        Args:
            probability: In place of the row's, where that is not known before all are labelled.

        Raises:
            DataError: It is withdrawn, or was written by another program and can't be one.
        """
        return Label(
            response=self.response, annotator=self.annotator, outcome=self.outcome,
            axis=self.axis, purpose=self.purpose, note=self.note, at=self.at,
            seconds=self.seconds, guideline=self.guideline,
            probability=probability or self.probability,
            source=self.source,
        )  # fmt: skip


def current(rows: Sequence[Row]) -> list[Row]:
    """The last row of each person, response and purpose, in order; without those withdrawn."""
    last = {row.what: row for row in sorted(rows, key=lambda row: row.id)}
    kept = (row for row in last.values() if row.outcome != WITHDRAWN)
    return sorted(kept, key=lambda row: row.id)


def read_labels(url: str | Path) -> list[Label]:
    """The labels of a database that count: of each person, response and purpose the last one.

    Args:
        url: A SQLite file, or ``postgresql://user@host/name``.

    Raises:
        ConfigError: It can't be reached.
        DataError: The file does not exist, or holds no labels of chiasm's.
    """
    engine = connect(url, create=False)
    try:
        return labels_of(engine, rows_since(engine, 0))
    finally:
        engine.dispose()


def labels_of(engine: sa.Engine, rows: Sequence[Row]) -> list[Label]:
    """The labels among these rows that count.

    Their probability is that of the response: drawn, times the share of its stratum that somebody
    has labelled so far. People get responses in random order, so what is labelled half way is a
    random part of what was drawn; counted as if it were all of it, intervals would be too narrow.
    """
    last = current(rows)
    labelled = {row.response for row in last if row.purpose == "label"}
    query = sa.select(ITEMS.c.response, ITEMS.c.stratum, ITEMS.c.probability)
    with engine.connect() as connection:
        drawn = connection.execute(query.where(ITEMS.c.purpose == "label")).all()
    all_ = Counter(stratum for _, stratum, _ in drawn)
    so_far = Counter(stratum for response, stratum, _ in drawn if response in labelled)
    chances = {
        response: float(probability) * so_far[stratum] / all_[stratum]
        for response, stratum, probability in drawn
        if probability is not None
    }
    return [row.label(chances.get(row.response)) for row in last]


def connect(url: str | Path, *, create: bool = True) -> sa.Engine:
    """Open a database; make its tables where it is new.

    Args:
        url: See `read_labels`.
        create: Whether it may be new.

    Raises:
        ConfigError: It can't be reached, or a newer chiasm wrote it.
        DataError: It is something else, or `create` is off and it is not there.
    """
    address, shown = _address(str(url), create)
    try:
        engine = sa.create_engine(address)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ConfigError(f'{shown}: {error}; pip install "chiasm[annotate]"') from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _careful)
    try:
        if create:
            with engine.begin() as connection:
                TABLES.create_all(connection)
                _put_if_absent(connection, "schema", str(SCHEMA))
        found = about(engine, "schema")
    except OperationalError as error:
        raise ConfigError(f"{shown}: can't be opened: {_first_line(error)}") from None
    except DBAPIError as error:
        raise DataError(f"no database of labels: {_first_line(error)}", file=shown) from None
    if int(found or 0) > SCHEMA:
        raise ConfigError(f"{shown}: schema {found}, this version reads {SCHEMA}; update chiasm")
    return engine


def about(engine: sa.Engine, key: str) -> str | None:
    """A fact about the database; None where it has none."""
    with engine.connect() as connection:
        value = connection.execute(sa.select(ABOUT.c.value).where(ABOUT.c.key == key)).scalar()
    return None if value is None else str(value)


def about_once(engine: sa.Engine, key: str, value: str) -> str:
    """Write a fact unless it is there; what then stands there."""
    with engine.begin() as connection:
        _put_if_absent(connection, key, value)
    return about(engine, key) or ""


def append(engine: sa.Engine, row: Row) -> tuple[Row, bool]:
    """Store a row in a transaction of its own; it is on the disk when this returns.

    Returns:
        The row as it stands in the database, and whether it is new: the same key of the same
        person is stored once.

    Raises:
        ConfigError: The database can't be reached.
    """
    values = {name: getattr(row, name) for name in _COLUMNS}
    same = [LABELS.c[n] == getattr(row, n) for n in ("annotator", "response", "axis", "purpose")]
    before = sa.select(sa.func.max(LABELS.c.id)).where(*same).scalar_subquery()
    stamp = row.at or datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        with _writing(engine) as connection:
            connection.execute(
                sa.insert(LABELS).values(**values | {"at": stamp}, schema=SCHEMA, supersedes=before)
            )
        new = True
    except IntegrityError:
        new = False
    except OperationalError as error:
        raise ConfigError(f"the label could not be stored: {_first_line(error)}") from None
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(LABELS).where(LABELS.c.annotator == row.annotator, LABELS.c.key == row.key)
        ).one()
    return _row(found), new


def rows_since(engine: sa.Engine, last: int) -> list[Row]:
    """All rows after this id, superseded and withdrawn ones too, in the order of storing.

    Raises:
        DataError: The database has no table of labels.
    """
    try:
        with engine.connect() as connection:
            query = sa.select(LABELS).where(LABELS.c.id > last).order_by(LABELS.c.id)
            return [_row(found) for found in connection.execute(query)]
    except DBAPIError as error:
        raise DataError(f"no table of labels: {_first_line(error)}") from None


@contextmanager
def _writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which nobody else stores labels, so that ids are in the order of commits.

    Else a reader that has seen row 6 could miss row 5, which is committed later.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE labels IN EXCLUSIVE MODE"))
        yield connection


_COLUMNS = (
    "key", "response", "annotator", "outcome", "axis", "purpose", "note", "at", "seconds",
    "guideline", "probability", "source",
)  # fmt: skip


def _row(found: sa.Row[Any]) -> Row:
    values = dict(found._mapping)
    values.pop("schema")
    return Row(**values)


def _address(url: str, create: bool) -> tuple[sa.URL, str]:
    """SQLAlchemy's address, and what may be shown of it: never a password."""
    if "://" not in url:
        file = Path(url)
        if not file.is_file() and not create:
            raise DataError("no such file", file=url)
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        return sa.URL.create("sqlite", database=str(file.resolve())), url
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigError(f"--labels: not a database address: {error}") from None
    if address.get_backend_name() != "postgresql":
        raise ConfigError(
            f"--labels {address.get_backend_name()}://...: expected a file for SQLite or "
            "postgresql://USER@HOST/NAME"
        )
    address = address.set(drivername="postgresql+psycopg")
    return address, address.render_as_string(hide_password=True)


def _careful(connection: Any, _record: object) -> None:
    """SQLite: readers don't wait for writers, and a commit is on the disk when it returns."""
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _put_if_absent(connection: sa.Connection, key: str, value: str) -> None:
    found = connection.execute(sa.select(ABOUT.c.key).where(ABOUT.c.key == key)).scalar()
    if found is None:
        connection.execute(sa.insert(ABOUT).values(key=key, value=value))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0][:300]
