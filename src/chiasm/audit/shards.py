"""The rows of a dataset cut into parquet files: what the engines work through and resume by."""

import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from chiasm.audit.sources import Source
from chiasm.audit.table import ROWS
from chiasm.cases import dumps
from chiasm.errors import DataError

SCHEMA = 1
MANIFEST = "manifest.json"


class Shard(NamedTuple):
    """One file of rows.

    Attributes:
        path: The file.
        rows: How many.
        digest: SHA-256 of its bytes, hexadecimal.
    """

    path: Path
    rows: int
    digest: str


class Shards(NamedTuple):
    """All of a dataset's rows, in order."""

    shards: tuple[Shard, ...]

    @property
    def rows(self) -> int:
        """Of all of them."""
        return sum(s.rows for s in self.shards)

    @property
    def digest(self) -> str:
        """Of their contents, 16 hex digits."""
        return sha256("".join(s.digest for s in self.shards).encode()).hexdigest()[:16]

    def scan(self) -> pl.LazyFrame:
        """All rows, unread."""
        return pl.scan_parquet([s.path for s in self.shards])


def cut(source: Source, folder: Path) -> Shards:
    """Write the shards of a dataset, or take those that the same data were cut into before.

    Each file is written whole or not at all, and the list of them last: after a kill, cutting
    begins again.

    Raises:
        DataError: There are no rows, an id occurs twice, or what `Source.batches` raises.
    """
    key = sha256(dumps([SCHEMA, source.name, source.digest, source.columns]).encode()).hexdigest()
    known = _known(folder, key)
    if known is not None:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    shards, hashes = [], []
    for number, rows in enumerate(source.batches()):
        hashes.append(rows["case"].hash().to_numpy())
        path = folder / f"rows-{number:05}.parquet"
        write_frame(rows.select(list(ROWS)), path)
        shards.append(Shard(path, rows.height, _digest(path)))
    found = Shards(tuple(shards))
    if not found.rows:
        raise DataError(f"{source.name}: there are no rows")
    if len(np.unique(np.concatenate(hashes))) < found.rows:
        _check_ids(found, source)
    listed = [{"file": s.path.name, "rows": s.rows, "digest": s.digest} for s in shards]
    write_text(dumps({"schema": SCHEMA, "key": key, "shards": listed}), folder / MANIFEST)
    return found


def _known(folder: Path, key: str) -> Shards | None:
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
        if found["key"] != key:
            return None
        shards = [Shard(folder / s["file"], s["rows"], s["digest"]) for s in found["shards"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    whole = all(s.path.is_file() and _digest(s.path) == s.digest for s in shards)
    return Shards(tuple(shards)) if whole else None


def _check_ids(found: Shards, source: Source) -> None:
    """Hashes are equal for ids that are, and once in a blue moon for others."""
    counted = found.scan().group_by("case").len().filter(pl.col("len") > 1)
    twice = counted.select("case").sort("case").head(1).collect()
    if twice.height:
        raise DataError(
            f"{source.name}: the id {twice.item()} occurs twice; name another column with --id",
            field=source.columns.get("id", ""),
        )


def sample(found: Shards, size: int, seed: int) -> pl.DataFrame:
    """All rows where there are at most so many, otherwise a seeded sample in their order."""
    if found.rows <= size:
        return found.scan().collect()
    chosen = np.sort(np.random.default_rng(seed).choice(found.rows, size, replace=False))
    parts, first = [], 0
    for shard in found.shards:
        inside = chosen[(chosen >= first) & (chosen < first + shard.rows)] - first
        if len(inside):
            # written and read again: rows taken from a frame keep the texts of all its rows alive
            part = BytesIO()
            pl.read_parquet(shard.path)[inside].write_parquet(part)
            part.seek(0)
            parts.append(part)
        first += shard.rows
    return pl.concat([pl.read_parquet(part) for part in parts])


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a parquet file whole or not at all."""
    part = path.with_name(path.name + ".tmp")
    frame.write_parquet(part, compression="zstd", compression_level=1)
    part.replace(path)


def write_text(text: str, path: Path) -> None:
    """Write a text file whole or not at all."""
    part = path.with_name(path.name + ".tmp")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".tmp")
    part.write_bytes(data)
    part.replace(path)


def _digest(path: Path) -> str:
    total = sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            total.update(block)
    return total.hexdigest()
