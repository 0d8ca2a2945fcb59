"""Recorded verdicts of judges, read from CSV files.

A file has one column a judge and one row an answer: in the order of the answers, or with a column
``id`` that names them (``msts/0``, ``siuo_mcqa/1001/A``, ``mossbench/12@gpt-4o``, a response's id).
"""

from collections.abc import Sequence
from pathlib import Path

from chiasm.data.records import Record, csv_records
from chiasm.errors import ConfigError, DataError
from chiasm.validation.answers import People, Reading, Verdicts, read_words

ID = "id"


def recorded(path: Path, people: People, judge: str = "") -> list[Verdicts]:
    """The verdicts of each judge of a file.

    Args:
        path: A CSV file.
        people: The answers that the verdicts are about.
        judge: Only this one; empty for all.

    Raises:
        DataError: The file is missing, has another number of rows than there are answers, or ids
            that don't fit; or a column holds no verdict at all.
        ConfigError: It has no such judge; the message lists those it has.
    """
    if not path.is_file():
        raise DataError("no such file of recorded verdicts", file=str(path))
    rows = list(csv_records(path.parent, path.name))
    if not rows:
        raise DataError("holds no verdicts", file=str(path))
    columns = [name for name in rows[0].value if name != ID]
    if judge and judge not in columns:
        raise ConfigError(f"{path} has no judge {judge!r}; it has {', '.join(columns)}")
    placed = _placed(path, rows, people)
    wanted = [judge] if judge else columns
    return [_verdicts(path, placed, name, people.reading) for name in wanted]


def _placed(path: Path, rows: list[Record], people: People) -> list[Record | None]:
    """The row of each answer; None where a file with ids lacks it."""
    if ID in rows[0].value:
        return _by_id(path, rows, [answer.id for answer in people.answers])
    if len(rows) != len(people.answers):
        raise DataError(
            f"{len(rows):,} rows of verdicts, and {len(people.answers):,} labelled answers of "
            f"{people.name}: rows are matched by their order\n"
            f'       use the file that belongs to these answers, or add a column "{ID}"',
            file=str(path),
        )
    return list(rows)


def _by_id(path: Path, rows: list[Record], ids: Sequence[str]) -> list[Record | None]:
    found: dict[str, Record] = {}
    known = set(ids)
    for record in rows:
        key = record.get(ID, str)
        if key not in known:
            raise DataError(
                f"no labelled answer has the id {key[:60]!r}; ids look like {ids[0]!r}",
                file=str(path),
                row=record.row,
                field=ID,
            )
        if key in found:
            raise DataError(f"the id {key!r} occurs twice", file=str(path), row=record.row)
        found[key] = record
    return [found.get(key) for key in ids]


def _verdicts(path: Path, rows: list[Record | None], judge: str, reading: Reading) -> Verdicts:
    words = ["(no row)" if row is None else row.get(judge, str) for row in rows]
    said, without = read_words(reading, words)
    if all(verdict is None for verdict in said):
        raise DataError(
            f"no value is a verdict; expected {reading.positive} or {reading.negative}, got "
            f"{', '.join(map(repr, list(without)[:4]))}",
            file=str(path),
            field=judge,
        )
    return Verdicts(judge=judge, said=said, without=without, source=path.name)
