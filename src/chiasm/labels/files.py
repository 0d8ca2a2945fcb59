"""Label files on disk: bytes to rows, a bad row never hides the good ones beside it."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from chiasm.errors import DataError
from chiasm.labels.rows import Raw, Refused

CELL = 10_000_000
"""Characters of a cell; csv's own limit is less than a long answer."""


def lines(path: Path) -> Iterator[Raw | Refused]:
    """Objects of a JSON Lines file; rows are line numbers from 1."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield _object(str(path), number, line)


def document(path: Path) -> list[object]:
    """A JSON file that holds a list.

    Raises:
        DataError: It is not JSON in UTF-8, or holds something else.
    """
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {str(error)[:100]}", file=str(path)) from None
    if not isinstance(value, list):
        raise DataError(f"expected a list, got {type(value).__name__}", file=str(path))
    return value


def table(path: Path) -> Iterator[Raw | Refused]:
    """Rows of a csv or tsv file with a header; rows are counted as a spreadsheet does, from 2.

    Raises:
        DataError: It is not UTF-8, or has no header or one column twice.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason}", file=str(path)) from None
    separator = "\t" if path.suffix == ".tsv" else ","
    limit = csv.field_size_limit(CELL)
    try:
        yield from _cells(str(path), csv.reader(io.StringIO(text, newline=""), delimiter=separator,
                                                strict=True))  # fmt: skip
    finally:
        csv.field_size_limit(limit)


def _cells(file: str, reader: Iterator[list[str]]) -> Iterator[Raw | Refused]:
    header: list[str] = []
    row = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            row += 1
            yield Refused(file, row, "", f"not CSV: {error}")
            continue
        if cells is None:
            break
        row += 1
        if not header:
            header = _header(file, cells)
        elif len(cells) != len(header):
            if cells:
                why = f"has {len(cells)} cells, the header {len(header)}"
                yield Refused(file, row, "", why)
        else:
            yield Raw(file, row, dict(zip(header, cells, strict=True)))
    if not header:
        raise DataError("has no header", file=file, row=1)


def _header(file: str, cells: list[str]) -> list[str]:
    names = [c.strip() for c in cells]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice or not any(names):
        raise DataError(f"the header has {', '.join(twice) or 'nothing'} twice", file=file, row=1)
    return names


def _object(file: str, row: int, line: bytes) -> Raw | Refused:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Refused(file, row, "", f"not JSON: {str(error)[:100]}")
    if not isinstance(value, dict):
        return Refused(file, row, "", f"expected an object, got {type(value).__name__}")
    return Raw(file, row, value)
