"""Rows of annotation files, each knowing its file and row, so that an error can name them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from chiasm.errors import DataError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of an annotation file.

    Attributes:
        file: Path relative to the dataset's folder.
        row: Position or key, as a person would look it up.
        value: The row's fields.
    """

    file: str
    row: int | str
    value: dict[str, Any]

    def get(self, field: str, kind: type[T]) -> T:
        """The field's value.

        Raises:
            DataError: It is missing or of another type; a string that is only digits is not an
                int, and an int is not a string.
        """
        if field not in self.value:
            raise DataError("the field is missing", file=self.file, row=self.row, field=field)
        value = self.value[field]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise DataError(
                f"expected {kind.__name__}, got {type(value).__name__}: {str(value)[:60]!r}",
                file=self.file,
                row=self.row,
                field=field,
            )
        if isinstance(value, str) and not _is_unicode(value):
            raise DataError("half a surrogate pair", file=self.file, row=self.row, field=field)
        return value

    def key(self, field: str) -> str:
        """The field's value where it is an id: a string or a whole number, as a string.

        Raises:
            DataError: It is missing, is something else, or is empty.
        """
        if isinstance(self.value.get(field), int):
            return str(self.get(field, int))
        value = self.get(field, str).strip()
        if not value:
            raise DataError("the id is empty", file=self.file, row=self.row, field=field)
        return value

    def wrong(self, field: str, what: str) -> DataError:
        """The error to raise about a field: ``what`` says what was expected and what is there."""
        return DataError(what, file=self.file, row=self.row, field=field)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_records(root: Path, file: str, *, key: str = "") -> Iterator[Record]:
    """Rows of a JSON file that holds a list of objects, or an object of objects (row = key).

    Args:
        root: The dataset's folder.
        file: Relative to it.
        key: Where the file holds an object of such lists or objects, which of them.

    Raises:
        DataError: The file is missing, is not JSON, or holds something else.
    """
    data = load_json(root, file)
    if key:
        data = Record(file, key, data if isinstance(data, dict) else {}).get(key, object)
    if not isinstance(data, list | dict):
        raise DataError(f"expected a list or an object, got {type(data).__name__}", file=file)
    rows = enumerate(data) if isinstance(data, list) else data.items()
    for row, value in rows:
        if not isinstance(value, dict):
            raise DataError(f"expected an object, got {type(value).__name__}", file=file, row=row)
        yield Record(file, row, value)


def jsonl_records(root: Path, file: str) -> Iterator[Record]:
    """Rows of a file with one JSON object a line, counted from 0; empty lines are none.

    Raises:
        DataError: The file is missing, is not UTF-8, or a line is not a JSON object.
    """
    for record in json_lines(_existing(root, file), file):
        yield replace(record, row=int(record.row) - 1)


def json_lines(path: Path, file: str = "") -> Iterator[Record]:
    """Objects of a JSON Lines file, by line number from 1; empty lines are none.

    Args:
        path: The file.
        file: What errors call it; its path where empty.

    Raises:
        DataError: The file can't be read, or a line is not UTF-8 or not a JSON object.
    """
    file = file or str(path)
    with _existing(path.parent, path.name).open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                raise DataError(f"not UTF-8: {error.reason}", file=file, row=number) from None
            except (ValueError, RecursionError) as error:
                what = f"not JSON: {str(error)[:100]}"
                raise DataError(what, file=file, row=number) from None
            if not isinstance(value, dict):
                kind = type(value).__name__
                raise DataError(f"expected an object, got {kind}", file=file, row=number)
            yield Record(file, number, value)


def csv_records(root: Path, file: str) -> Iterator[Record]:
    """Rows of a CSV file with a header line; all values are strings.

    Raises:
        DataError: The file is missing, is not UTF-8, or a row has more or fewer fields.
    """
    path = _existing(root, file)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row, value in enumerate(csv.DictReader(stream, strict=True)):
                if None in value or None in value.values():
                    raise DataError("more or fewer fields than the header", file=file, row=row)
                yield Record(file, row, value)
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason}", file=file) from None
    except csv.Error as error:
        raise DataError(f"not CSV: {error}", file=file) from None


def load_json(root: Path, file: str) -> Any:
    """A JSON file's content.

    Raises:
        DataError: The file is missing, is not UTF-8 or is not JSON.
    """
    path = _existing(root, file)
    try:
        return json.loads(path.read_bytes())
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason}", file=file) from None
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON: {error.msg} in line {error.lineno}", file=file) from None
    except ValueError as error:
        raise DataError(f"not usable JSON: {error}", file=file) from None
    except RecursionError:
        raise DataError("not usable JSON: nested too deeply", file=file) from None


def _existing(root: Path, file: str) -> Path:
    path = root / file
    if not path.is_file():
        raise DataError(f"the file is not in {root}", file=file)
    return path
