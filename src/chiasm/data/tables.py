"""Images out of parquet tables: MM-SafetyBench's layout, and rows of any other table."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from chiasm.data.paths import OutsideError, inside, relative_parts
from chiasm.errors import DataError

_SHARD = re.compile(r"-(\d{5})-of-\d{5}$")
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def unpack_rows(table: Path, name: str, into: Path) -> dict[str, int]:
    """Write a table as one JSON object a line, and the image of each row as a file.

    ``test/harm-00000-of-00001.parquet`` becomes ``test/harm.jsonl`` and ``test/harm/00000_0.jpg``,
    ...; further shards of a split are added to the same file, so they must come in order. The
    bytes of an image are kept as they are; a row's `image` is then its path.

    Args:
        table: The file, with a column `image` (bytes, path).
        name: Its path in the hub repository.
        into: The dataset's folder.

    Returns:
        Size of each file by its path.

    Raises:
        DataError: The table is not of that form; names row and field.
    """
    import polars as pl

    whole = name.removesuffix(".parquet")
    shard = _SHARD.search(whole)
    split, number = (whole[: shard.start()], shard[1]) if shard else (whole, "00000")
    try:
        rows = pl.read_parquet(table)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a table: {error}", file=name) from None
    lines: list[str] = []
    done: dict[str, int] = {}
    for row in rows.iter_rows(named=True):
        path = f"{split}/{number}_{len(lines)}{_suffix(row)}"
        done[path] = _written(into, path, _bytes(row, name, len(lines)))
        lines.append(json.dumps({**row, "image": path}, ensure_ascii=False, default=str))
    listed = inside(into, f"{split}.jsonl")
    before = listed.read_bytes() if int(number) and listed.is_file() else b""
    text = "".join(f"{line}\n" for line in lines).encode()
    done[f"{split}.jsonl"] = _written(into, f"{split}.jsonl", before + text)
    return done


def _suffix(row: dict[str, Any]) -> str:
    image = row.get("image")
    named = image.get("path") if isinstance(image, dict) else None
    suffix = PurePosixPath(str(named)).suffix.lower()
    return suffix if suffix in SUFFIXES else ".jpg"


def unpack_images(table: Path, name: str, into: Path) -> dict[str, int]:
    """Write the images of a table ``data/<Scenario>/<Variant>.parquet`` as single files.

    Scenarios have a number in the authors' repository and none in the table's name; the number is
    taken from the question files, which must be there. The bytes are kept as they are.

    Args:
        table: The file, with columns `id` and `image` (bytes, path).
        name: Its path in the hub repository.
        into: The dataset's folder; images go to ``data/imgs/<NN-Scenario>/<Variant>/<id>.jpg``.

    Returns:
        Size of each file by its path.

    Raises:
        DataError: The table is not of that form; names row and field.
    """
    import polars as pl

    scenario, variant = PurePosixPath(name).parts[-2], PurePosixPath(name).stem
    base = f"data/imgs/{_numbered(into, scenario, name)}/{variant}"
    done: dict[str, int] = {}
    try:
        rows = pl.read_parquet(table, columns=["id", "image"])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a table of ids and images: {error}", file=name) from None
    for row in rows.iter_rows(named=True):
        path, data = _image(row, base, name, len(done))
        done[path] = _written(into, path, data)
    return done


def _written(into: Path, path: str, data: bytes) -> int:
    """Write a file whole or not at all; its size."""
    target = inside(into, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_bytes(data)
    part.replace(target)
    return len(data)


def _numbered(into: Path, scenario: str, name: str) -> str:
    found = sorted((into / "data" / "processed_questions").glob(f"[0-9][0-9]-{scenario}.json"))
    if len(found) != 1:
        raise DataError(f"no question file is named after {scenario!r}", file=name)
    return found[0].stem


def _image(row: dict[str, Any], base: str, name: str, number: int) -> tuple[str, bytes]:
    data = _bytes(row, name, number)
    try:
        (key,) = relative_parts(str(row.get("id")))
    except (OutsideError, ValueError):
        raise DataError("expected a number", file=name, row=number, field="id") from None
    return f"{base}/{key}.jpg", data


def _bytes(row: dict[str, Any], name: str, number: int) -> bytes:
    image = row.get("image")
    data = image.get("bytes") if isinstance(image, dict) else None
    if not isinstance(data, bytes):
        raise DataError("expected the bytes of an image", file=name, row=number, field="image")
    return data
