"""Rows that a guard learns from or is measured on: JSON Lines, CSV, or a Hugging Face folder."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, cast, get_args

from chiasm.cases import dumps
from chiasm.data.images import ImageFile, image_of, read_image
from chiasm.data.records import Record, csv_records, jsonl_records
from chiasm.errors import DataError

Carrier = Literal["text", "image", "pair", ""]
"""Which modality carries the danger; of a safe row, of which carrier's it is the matched one."""

Part = Literal["train", "validation", "test", ""]

QUERY = ("query", "prompt", "question", "text")
IMAGE = ("image", "images", "file_name", "image_path")
LABEL = ("label", "ground_truth")
FAMILY = ("family", "cluster")
"""Names of columns that are tried, in this order."""

TABLES = ("metadata.jsonl", "metadata.csv", "rows.jsonl", "train.jsonl")
"""Files of a folder that are tried, after its parquet files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row.

    Attributes:
        id: Unique.
        query: What the user says; may be empty where there is a picture.
        images: Bytes of image files, or (folder, path in it).
        unsafe: Whether answering as asked would do harm.
        category: Of the danger; empty where unknown or safe.
        family: Rows that share it are not independent and stay in one part.
        carrier: See `Carrier`.
        part: Where the data say so; else families are drawn.
        caption: What the picture shows, in somebody's words; empty where nobody wrote any.
        dataset: Where it is from.
    """

    id: str
    query: str
    images: tuple[bytes | tuple[Path, str], ...] = ()
    unsafe: bool
    category: str = ""
    family: str
    carrier: Carrier = ""
    part: Part = ""
    caption: str = ""
    dataset: str = ""

    def pictures(self) -> tuple[ImageFile, ...]:
        """The images, read.

        Raises:
            ImageError: One is missing, broken, too large, or outside its folder.
        """
        return tuple(
            image_of(image, self.id) if isinstance(image, bytes) else read_image(*image)
            for image in self.images
        )


def read(path: Path) -> list[Example]:
    """Rows of a file or folder.

    Columns: query, image (path beside the file, or a table's image), label (safe, unsafe), and
    where they are there family, carrier, category, split, caption, id. Where there is no family,
    rows that share a query or a picture are one.

    Raises:
        DataError: The file is missing or a field is not what it should be; names file and row.
    """
    name = path.name if path.is_dir() else path.stem
    rows = [_example(name, root, record) for root, record in _records(path)]
    if not rows:
        raise DataError("there are no rows", file=str(path))
    return check(_with_families(rows))


def check(rows: Sequence[Example]) -> list[Example]:
    """Rows whose ids are unique.

    Raises:
        DataError: An id occurs twice.
    """
    twice = [name for name, n in Counter(row.id for row in rows).items() if n > 1]
    if twice:
        raise DataError("the id occurs twice", row=twice[0], field="id")
    return list(rows)


def key(row: Example) -> str:
    """First 16 hex digits of a SHA-256 over query and pictures: the same for the same pair."""
    about = dumps([row.query.strip(), *(image.sha256 for image in row.pictures())])
    return sha256(about.encode()).hexdigest()[:16]


def digest(rows: Sequence[Example]) -> str:
    """First 16 hex digits of a SHA-256 over rows in the order of their ids, pictures included."""
    total = sha256()
    for row in sorted(rows, key=lambda row: row.id):
        facts = [row.id, row.query, row.unsafe, row.category, row.family, row.carrier, row.part]
        total.update(dumps([*facts, row.caption, *(i.sha256 for i in row.pictures())]).encode())
    return total.hexdigest()[:16]


def counts(rows: Sequence[Example]) -> dict[str, int]:
    """How many rows, how many of them unsafe, with pictures, in how many families."""
    return {
        "rows": len(rows),
        "unsafe": sum(row.unsafe for row in rows),
        "with_image": sum(bool(row.images) for row in rows),
        "families": len({row.family for row in rows}),
    }


def _records(path: Path) -> Iterator[tuple[Path, Record]]:
    if path.is_dir():
        tables = sorted(path.rglob("*.parquet"))
        found = next((path / name for name in TABLES if (path / name).is_file()), None)
        if not tables and found is None:
            raise DataError(f"expected *.parquet or {', '.join(TABLES)}", file=str(path))
        for file in tables or ([found] if found else []):
            yield from _records(file)
        return
    if path.suffix == ".parquet":
        for record in _table(path):
            yield path.parent, record
        return
    read_ = {".jsonl": jsonl_records, ".csv": csv_records}.get(path.suffix)
    if read_ is None:
        raise DataError("expected .jsonl, .csv, .parquet or a folder", file=str(path))
    for record in read_(path.parent, path.name):
        yield path.parent, record


def _table(file: Path) -> Iterator[Record]:
    import polars as pl

    try:
        frame = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a parquet table: {error}", file=str(file)) from None
    for k, value in enumerate(frame.iter_rows(named=True)):
        yield Record(file.name, k, value)


def _example(name: str, root: Path, record: Record) -> Example:
    value = record.value
    label = _first(value, LABEL)
    if label not in ("safe", "unsafe"):
        raise record.wrong("label", f"expected safe or unsafe, got {str(label)[:40]!r}")
    carrier, part = value.get("carrier") or "", value.get("split") or ""
    if carrier not in get_args(Carrier):
        raise record.wrong("carrier", f"expected text, image or pair, got {str(carrier)[:40]!r}")
    if part not in get_args(Part):
        raise record.wrong("split", f"expected train, validation or test, got {str(part)[:40]!r}")
    query = _first(value, QUERY) or ""
    images = tuple(_images(root, record))
    if not isinstance(query, str) or not (query.strip() or images):
        raise record.wrong("query", "there is neither text nor an image")
    given = value.get("id")
    return Example(
        id=str(given) if given not in (None, "") else f"{name}/{record.row}",
        query=query,
        images=images,
        unsafe=label == "unsafe",
        category=str(value.get("category") or ""),
        family=str(_first(value, FAMILY) or ""),
        carrier=cast(Carrier, carrier),
        part=cast(Part, part),
        caption=str(value.get("caption") or ""),
        dataset=name,
    )


def _first(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if value.get(name) not in (None, "")), None)


def _images(root: Path, record: Record) -> Iterator[bytes | tuple[Path, str]]:
    found = _first(record.value, IMAGE)
    for image in found if isinstance(found, list) else [] if found is None else [found]:
        stored = image.get("bytes") or image.get("path") if isinstance(image, dict) else image
        if isinstance(stored, bytes):
            yield stored
        elif isinstance(stored, str):
            yield root, stored
        else:
            raise record.wrong("image", f"expected a path or bytes, got {type(stored).__name__}")


def _with_families(rows: list[Example]) -> list[Example]:
    """Rows without a family get that of the rows that they share a query or a picture with."""
    lone = [k for k, row in enumerate(rows) if not row.family]
    head = {k: k for k in lone}

    def top(k: int) -> int:
        while head[k] != k:
            head[k] = head[head[k]]
            k = head[k]
        return k

    seen: dict[object, int] = {}
    for k in lone:
        for shared in (rows[k].query.strip().casefold() or None, *rows[k].images):
            if shared is not None:
                head[top(k)] = top(seen.setdefault(shared, k))
    return [
        replace(row, family=f"like {rows[top(k)].id}") if k in head else row
        for k, row in enumerate(rows)
    ]
