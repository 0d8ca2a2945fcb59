"""Batches of a file's raw columns: CSV, JSON, JSON Lines, parquet, WebDataset tar."""

import json
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from chiasm.audit.columns import Columns
from chiasm.audit.webdataset import samples
from chiasm.data.records import csv_records, json_records
from chiasm.errors import DataError

MANY = (".parquet", ".jsonl", ".csv", ".tar")
"""Kinds of which a folder may hold several."""

SUFFIXES = (*MANY, ".json")
LINE_LIMIT = 16 * 2**20
"""Bytes of a line of JSON; beyond it a file is not what it says."""

HEAD = 100
"""Rows in which the columns of a file without a header are looked for."""


def names_of(file: Path) -> Collection[str]:
    """The names of its columns.

    Raises:
        DataError: It can't be read, is of another kind, or has no rows.
    """
    if file.suffix.lower() == ".parquet":
        return _scan(file).collect_schema().names()
    names = {name for _, row in islice(_records(file), HEAD) for name in row}
    if not names:
        raise DataError("there are no rows", file=str(file))
    return names


def raw_batches(file: Path, columns: Columns, size: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Frames of the named columns, and the number of their first row in the file.

    Raises:
        DataError: The file is not what its name says; names the row.
    """
    names = columns.names()
    if file.suffix.lower() == ".parquet":
        yield from _parquet(file, names, columns.image, size)
        return
    rows = _records(file)
    first = 0
    while batch := list(islice(rows, size)):
        yield first, _frame([row for _, row in batch], names)
        first += len(batch)


def _frame(rows: list[Mapping[str, Any]], names: list[str]) -> pl.DataFrame:
    """Texts as such, everything else as Python objects for whoever reads the column to judge."""
    made = {}
    for name in names:
        values = [row.get(name) for row in rows]
        plain = all(value is None or isinstance(value, str) for value in values)
        made[name] = pl.Series(name, values, dtype=pl.String if plain else pl.Object)
    return pl.DataFrame(made)


def _scan(file: Path) -> pl.LazyFrame:
    try:
        found = pl.scan_parquet(file)
        found.collect_schema()
        return found
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a parquet table: {error}", file=str(file)) from None


def _parquet(
    file: Path, names: list[str], image: str, size: int
) -> Iterator[tuple[int, pl.DataFrame]]:
    """By slices; of an image that is a struct only the path is read."""
    scan = _scan(file)
    schema = scan.collect_schema()
    chosen = [
        pl.col(image).struct.field("path").alias(image)
        if name == image and _has_path(schema[name])
        else pl.col(name)
        for name in names
        if name != image or _is_read(schema[name])
    ]
    try:
        height = scan.select(pl.len()).collect().item()
        for first in range(0, height, size):
            found = scan.select(chosen).slice(first, size).collect()
            missing = [n for n in names if n not in found.columns]
            yield first, found.with_columns(pl.lit(None, dtype=pl.String).alias(n) for n in missing)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"not a readable parquet table: {error}", file=str(file)) from None


def _has_path(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.Struct) and any(f.name == "path" for f in kind.fields)


def _is_read(kind: pl.DataType) -> bool:
    """Not what holds pictures' bytes and no paths."""
    return kind == pl.String or _has_path(kind) or kind == pl.List(pl.String)


def _records(file: Path) -> Iterator[tuple[int | str, Mapping[str, Any]]]:
    kind = file.suffix.lower()
    if kind == ".jsonl":
        yield from _lines(file)
    elif kind == ".tar":
        yield from samples(file)
    elif kind in (".csv", ".json"):
        records = csv_records if kind == ".csv" else json_records
        for record in records(file.parent, file.name):
            yield record.row, record.value
    else:
        raise DataError(f"expected {', '.join(SUFFIXES)}", file=str(file))


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with file.open("rb") as stream:
            while line := stream.readline(LINE_LIMIT + 1):
                number += 1
                if len(line) > LINE_LIMIT:
                    raise DataError("a line of more than 16 MiB", file=str(file), row=number)
                if line.strip():
                    yield number, _object(line, file, number)
    except OSError as error:
        raise DataError(f"can't be read: {error}", file=str(file)) from None


def _object(line: bytes, file: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", file=str(file), row=number) from None
    if not isinstance(row, dict):
        raise DataError("expected an object", file=str(file), row=number)
    return row
