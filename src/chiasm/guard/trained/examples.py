"""Rows that a guard learns from or is measured on: JSON Lines, CSV, or a Hugging Face folder."""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast, get_args

from chiasm.cases import dumps
from chiasm.data.images import ImageFile, image_of, read_image
from chiasm.data.overlap_text import comparable
from chiasm.data.records import Record, csv_records, jsonl_records
from chiasm.errors import DataError, ImageError

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
        family: Rows that share it are not independent and stay in one part; empty where the data
            name none, see `united`.
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
    rows = [_example(name, *found) for found in _records(path)]
    if not rows:
        raise DataError("there are no rows", file=str(path))
    return check(rows)


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


def united(rows: Sequence[Example]) -> list[Example]:
    """Rows without a family get that of the rows that they share a query or a picture with.

    Queries are compared without case and signs, pictures by their bytes. Families that the data
    name stay as they are; a row without one that shows their picture belongs to them.
    """
    lone = [k for k, row in enumerate(rows) if not row.family]
    head = {k: k for k in lone}

    def top(k: int) -> int:
        while head[k] != k:
            head[k] = head[head[k]]
            k = head[k]
        return k

    shown = [_shown(row) for row in rows] if lone else []
    seen: dict[Hashable, int] = {}
    for k in lone:
        for shared in (wording(rows[k].query), *shown[k]):
            if shared:
                head[top(k)] = top(seen.setdefault(shared, k))
    named = {i: row.family for row, images in zip(rows, shown, strict=False) if row.family
             for i in images}  # fmt: skip
    families: dict[int, str] = {}
    for k in lone:
        if joined := next((named[i] for i in shown[k] if i in named), ""):
            families.setdefault(top(k), joined)
    return [
        replace(row, family=families.get(top(k)) or f"like {_name(rows[top(k)])}")
        if k in head else row
        for k, row in enumerate(rows)
    ]  # fmt: skip


def wording(query: str) -> str:
    """A query without case, signs and double spaces; two that differ by more are not the same."""
    return comparable(query) or query.strip()


def contents(row: Example) -> set[str]:
    """``query DIGEST`` and ``picture DIGEST`` of what a row asks and shows."""
    asked = wording(row.query)
    found = {f"picture {image.sha256[:16]}" for image in row.pictures()}
    return found | ({f"query {sha256(asked.encode()).hexdigest()[:16]}"} if asked else set())


def family_digest(row: Example) -> str:
    """Of the family's name as the data have it: names may be prompts, and digests may be shown."""
    name = row.family.removeprefix(f"{row.dataset}: ")
    return sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


def _shown(row: Example) -> tuple[Hashable, ...]:
    try:
        return tuple(image.sha256 for image in row.pictures())
    except ImageError:  # whoever needs the picture says so
        return row.images


def _name(row: Example) -> str:
    about = dumps([wording(row.query), *map(str, _shown(row))])
    return sha256(about.encode()).hexdigest()[:16]


class _Shard(NamedTuple):
    """A file of a folder: what stands before its rows' numbers, and the part that it is."""

    root: Path
    stem: str = ""
    part: Part = ""


def _records(path: Path) -> Iterator[tuple[_Shard, Record]]:
    if path.is_dir():
        tables = sorted(path.rglob("*.parquet"))
        found = next((path / name for name in TABLES if (path / name).is_file()), None)
        if not tables and found is None:
            raise DataError(f"expected *.parquet or {', '.join(TABLES)}", file=str(path))
        for file in tables:
            inner = file.relative_to(path).with_suffix("")
            stem = f"{inner.as_posix()}/" if len(tables) > 1 else ""
            shard = _Shard(file.parent, stem, _part_of(inner.parts))
            yield from ((shard, record) for record in _table(file))
        if not tables and found is not None:
            yield from _records(found)
        return
    if path.suffix == ".parquet":
        for record in _table(path):
            yield _Shard(path.parent), record
        return
    read_ = {".jsonl": jsonl_records, ".csv": csv_records}.get(path.suffix)
    if read_ is None:
        raise DataError("expected .jsonl, .csv, .parquet or a folder", file=str(path))
    for record in read_(path.parent, path.name):
        yield _Shard(path.parent), record


def _part_of(names: Sequence[str]) -> Part:
    """The part that names of folders and file mean; of train- none: validation is drawn from it.

    >>> _part_of(["data", "test-00000-of-00002"]), _part_of(["train-00000"])
    ('test', '')
    """
    words = [word for name in names for word in re.findall(r"[a-z]+", name.casefold())[:1]]
    if any(word.startswith(("test", "eval")) for word in words):
        return "test"
    return "validation" if any(w == "dev" or w.startswith("val") for w in words) else ""


def _table(file: Path) -> Iterator[Record]:
    import polars as pl

    try:
        frame = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a parquet table: {error}", file=str(file)) from None
    for k, value in enumerate(frame.iter_rows(named=True)):
        yield Record(file.name, k, value)


def _example(name: str, shard: _Shard, record: Record) -> Example:
    value = record.value
    label = _first(value, LABEL)
    if label not in ("safe", "unsafe"):
        raise record.wrong("label", f"expected safe or unsafe, got {str(label)[:40]!r}")
    carrier, part = value.get("carrier") or "", value.get("split") or ""
    if carrier not in get_args(Carrier):
        raise record.wrong("carrier", f"expected text, image or pair, got {str(carrier)[:40]!r}")
    if part not in get_args(Part):
        raise record.wrong("split", f"expected train, validation or test, got {str(part)[:40]!r}")
    if part and shard.part and part != shard.part:
        raise record.wrong("split", f"{part}, in a file named for {shard.part}")
    query = _first(value, QUERY) or ""
    images = tuple(_images(shard.root, record))
    if not isinstance(query, str) or not (query.strip() or images):
        raise record.wrong("query", "there is neither text nor an image")
    given = value.get("id")
    return Example(
        id=str(given) if given not in (None, "") else f"{name}/{shard.stem}{record.row}",
        query=query,
        images=images,
        unsafe=label == "unsafe",
        category=str(value.get("category") or ""),
        family=str(_first(value, FAMILY) or ""),
        carrier=cast(Carrier, carrier),
        part=cast(Part, part or shard.part),
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
