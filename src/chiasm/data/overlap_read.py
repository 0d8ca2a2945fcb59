"""Rows of anybody's file, to be compared with others: CSV, JSON, JSON Lines, parquet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.data.overlap import Collection, Item
from chiasm.data.records import csv_records, json_lines, json_records
from chiasm.errors import DataError

QUERIES = (
    "query", "question", "instruction", "prompt", "prompt_text", "text", "redteam_query", "input",
)  # fmt: skip
"""Names of the column of queries that are tried, in this order."""

IMAGES = ("image", "image_path", "images", "image_id", "file_name")
"""Likewise of images."""

IDS = ("id", "question_id", "instruction_id", "case_id", "pid", "uuid")

SUFFIXES = (".csv", ".json", ".jsonl", ".parquet")


def read(
    path: Path, *, root: str | Path | None = None, query: str = "", image: str = ""
) -> Collection:
    """The rows of a file.

    Args:
        path: Ends with one of `SUFFIXES`.
        root: The folder that its image paths are relative to; the file's own by default.
        query: The column of queries; the first of `QUERIES` that is there by default.
        image: The column of images; the first of `IMAGES` that is there by default, or none.

    Raises:
        DataError: The file can't be read, has no rows, or has no such column; names the row.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"expected {', '.join(SUFFIXES)}", file=str(path))
    rows = list(_rows(path))
    if not rows:
        raise DataError("there are no rows", file=str(path))
    names = {name for _, row in rows for name in row}
    asked = _column(names, query, QUERIES, path, "--query")
    shown = _column(names, image, IMAGES, path, "--image") if image or _any(names) else ""
    if not asked and not shown:
        tried = ", ".join((*QUERIES, *IMAGES))
        raise DataError(f"no column of queries or images: {tried}", file=str(path))
    key = next((name for name in IDS if name in names), "")
    items = tuple(_item(path, number, row, asked, shown, key) for number, row in rows)
    return Collection(path.stem, Path(root) if root is not None else path.parent, items)


def _any(names: Iterable[str]) -> bool:
    return bool({*IMAGES} & {*names})


def _column(names: Iterable[str], wanted: str, known: Sequence[str], path: Path, flag: str) -> str:
    if wanted and wanted not in names:
        there = ", ".join(sorted(names))[:300]
        raise DataError(f"{flag}: no column {wanted!r}; there are {there}", file=str(path))
    return wanted or next((name for name in known if name in names), "")


def _rows(path: Path) -> Iterator[tuple[int | str, Mapping[str, Any]]]:
    kind = path.suffix.lower()
    if kind == ".parquet":
        yield from enumerate(_parquet(path))
    elif kind == ".jsonl":
        yield from ((line.row, line.value) for line in json_lines(path))
    else:
        records = csv_records if kind == ".csv" else json_records
        for record in records(path.parent, path.name):
            yield record.row, record.value


def _parquet(path: Path) -> list[dict[str, Any]]:
    import polars as pl

    try:
        return pl.read_parquet(path).to_dicts()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a parquet table: {error}", file=str(path)) from None


def _item(
    path: Path, number: int | str, row: Mapping[str, Any], query: str, image: str, key: str
) -> Item:
    text = row.get(query) if query else ""
    if text is not None and not isinstance(text, str):
        raise DataError("expected text", file=str(path), row=number, field=query)
    given = row.get(image) if image else None
    shown = given if isinstance(given, list) else [given]
    try:
        images = tuple(found for one in shown if (found := _image(one)))
    except ValueError as error:
        raise DataError(str(error), file=str(path), row=number, field=image) from None
    name = row.get(key) if key else None
    return Item(str(number if name is None else name), text or "", images)


def _image(value: Any) -> str | bytes:
    """A path, or the bytes of a table's image; empty where there is none."""
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if value is None:
        return ""
    if not isinstance(value, str | bytes):
        raise ValueError(f"expected a path or an image, got {type(value).__name__}")
    return value
