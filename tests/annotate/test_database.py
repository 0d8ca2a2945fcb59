"""The table of labels: appended, once a key, never changed; on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from chiasm.errors import ConfigError, DataError
from chiasm.labels.database import (
    WITHDRAWN,
    Row,
    append,
    connect,
    current,
    read_labels,
    rows_since,
)


def row(key: str, **fields: object) -> Row:
    given = {"response": "r1", "annotator": "ann", "outcome": "unsafe", **fields}
    return Row(key=key, **given)  # type: ignore[arg-type]


def test_what_is_stored_is_read(labels: str) -> None:
    engine = connect(labels)
    stored, new = append(engine, row("a", note="ümlaut \u2028 𝄞", seconds=3.5, probability=0.25))
    assert new
    [label] = read_labels(labels)
    assert (label.outcome, label.note, label.seconds) == ("unsafe", "ümlaut \u2028 𝄞", 3.5)
    assert label.probability == 0.25
    assert label.at == stored.at
    assert label.at.endswith("+00:00")


def test_a_key_is_stored_once_for_each_person(labels: str) -> None:
    engine = connect(labels)
    first, new = append(engine, row("same"))
    again, new_again = append(engine, row("same", outcome="refusal"))
    _, new_other = append(engine, row("same", annotator="ben"))
    assert (new, new_again, new_other) == (True, False, True)
    assert again == first
    assert len(rows_since(engine, 0)) == 2


@pytest.mark.parametrize("statement", ["UPDATE labels SET outcome = 'refusal'",
                                       "DELETE FROM labels"])  # fmt: skip
def test_the_database_itself_refuses_changes(labels: str, statement: str) -> None:
    engine = connect(labels)
    append(engine, row("a"))
    with pytest.raises(sa.exc.DBAPIError, match="appended"), engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert [label.outcome for label in read_labels(labels)] == ["unsafe"]


def test_the_last_of_a_person_counts_and_all_stay(labels: str) -> None:
    engine = connect(labels)
    first, _ = append(engine, row("a"))
    second, _ = append(engine, row("b", outcome="refusal"))
    append(engine, row("c", purpose="repeat", outcome="warning"))
    append(engine, row("d", annotator="ben", outcome="warning"))
    assert second.supersedes == first.id
    assert [(x.annotator, x.outcome) for x in read_labels(labels)] == [
        ("ann", "refusal"), ("ann", "warning"), ("ben", "warning"),
    ]  # fmt: skip
    assert len(rows_since(engine, 0)) == 4
    assert [r.id for r in rows_since(engine, first.id)] == sorted(
        r.id for r in rows_since(engine, first.id)
    )


def test_what_is_withdrawn_does_not_count(labels: str) -> None:
    engine = connect(labels)
    append(engine, row("a"))
    append(engine, row("b", outcome=WITHDRAWN))
    assert current(rows_since(engine, 0)) == []
    append(engine, row("c", outcome="warning"))
    assert [x.outcome for x in read_labels(labels)] == ["warning"]


def test_ids_grow_in_the_order_of_commits(labels: str) -> None:
    """A reader that asks for what is new while ten others write misses nothing."""
    engine = connect(labels)
    seen: list[int] = []

    def write(person: int) -> None:
        for number in range(20):
            append(engine, row(f"{number}", annotator=f"p{person}", response=f"r{number}"))

    with ThreadPoolExecutor(10) as pool:
        futures = [pool.submit(write, person) for person in range(10)]
        while not all(f.done() for f in futures):
            seen += [r.id for r in rows_since(engine, seen[-1] if seen else 0)]
        for future in futures:
            future.result()
    seen += [r.id for r in rows_since(engine, seen[-1] if seen else 0)]
    assert len(seen) == 200
    assert seen == sorted(set(seen))


def test_reading_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_labels(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database " * 100)
    with pytest.raises(DataError, match=r"text\.db"):
        read_labels(tmp_path / "text.db")
    other = sa.create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with other.begin() as connection:
        connection.execute(sa.text("CREATE TABLE things (x INTEGER)"))
    with pytest.raises((DataError, ConfigError), match=r"other\.db"):
        read_labels(tmp_path / "other.db")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    engine = connect(tmp_path / "labels.db")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE chiasm_about SET value = '99' WHERE key = 'schema'"))
    with pytest.raises(ConfigError, match="schema 99"):
        read_labels(tmp_path / "labels.db")


@pytest.mark.parametrize(
    "url", ["mysql://a@b/c", "postgresql://x:secret@127.0.0.1:1/none", "://", "sqlite3://x"]
)
def test_addresses_that_cannot_be(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        connect(url)
    assert "secret" not in str(error.value)
