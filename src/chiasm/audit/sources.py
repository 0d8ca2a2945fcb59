"""What is audited: a registered benchmark, anybody's file or folder, a dataset of the hub.

Rows come in batches of one size, so that a million of them need no more memory than a thousand.
Columns of a file are named by the user, or are the first of the usual names that is there. Only
text is read: the bytes of a picture inside a table stay on the disk.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import polars as pl

from chiasm.audit.columns import Columns, columns_of, to_rows
from chiasm.audit.files import MANY, names_of, raw_batches
from chiasm.audit.table import rows_of
from chiasm.errors import ConfigError, DataError

HUB = "hf://"
BATCH = 20_000
"""Rows of a batch, and of a shard."""


class Source(NamedTuple):
    """A dataset that can be read, again and again.

    Attributes:
        name: Ids of its rows begin with it.
        digest: First 16 hex digits of the SHA-256 over its files.
        revision: Of the hub or repository; empty for other data.
        pinned: Whether the digest is that of the registry.
        columns: Which column of the file was read as what; empty for a registered benchmark.
        root: The folder that its images are relative to.
        batches: Frames of `ROWS`, in order.
    """

    name: str
    digest: str
    revision: str
    pinned: bool
    columns: Mapping[str, str]
    root: Path
    batches: Callable[[], Iterator[pl.DataFrame]]


def open_source(
    name: str,
    *,
    folders: Mapping[str, str] | None = None,
    columns: Columns | None = None,
    allow: Collection[str] = (),
) -> Source:
    """The dataset of that name, which is not read yet but for what tells its columns.

    Args:
        name: A benchmark of `chiasm list`; what a built set calls itself; a .csv, .json, .jsonl,
            .parquet or .tar file; a folder of such files (parquet of a Hugging Face dataset,
            WebDataset shards); or ``hf://OWNER/NAME`` with ``@REVISION`` for one of the hub.
        folders: Where a dataset's data are, by its name, "" for all others; a registered
            benchmark's are in the cache by default. A folder that is given by name counts also
            where a file or folder of the dataset's name is here.
        columns: Which columns of a file hold what.
        allow: As in `chiasm.benchmarks.load`.

    Raises:
        ConfigError: There is no such benchmark or file, or the hub can't be reached.
        DataError: The data are not what they should be.
    """
    from chiasm.benchmarks import BENCHMARKS, built

    own, common = (folders or {}).get(name), (folders or {}).get("")
    folder = own or common
    if name in BENCHMARKS:
        return _registered(name, folder, allow)
    if name.startswith(HUB):
        return _hub(name, columns or Columns())
    path = Path(name)
    if folder and (own or not path.exists()):
        if own and not Path(own).exists():
            raise ConfigError(f"{name}: --data {name}={own}: no such file or folder")
        if built.holds(folder, name) or own:
            return _files(name, Path(folder), columns or Columns())
    if not path.exists():
        raise ConfigError(
            f"{name}: neither a benchmark of `chiasm list` nor a file or folder; a dataset of the "
            f"hub is written {HUB}OWNER/NAME"
        )
    return _files(path.name if path.is_dir() else path.stem, path, columns or Columns())


def _registered(name: str, folder: str | None, allow: Collection[str]) -> Source:
    from chiasm.benchmarks import load

    dataset = load(name, folder, allow)

    def batches() -> Iterator[pl.DataFrame]:
        for start in range(0, len(dataset), BATCH):
            yield rows_of(dataset.cases[start : start + BATCH])

    return Source(name, dataset.digest, dataset.revision, dataset.pinned, {}, dataset.root, batches)


def _files(name: str, path: Path, wanted: Columns, revision: str = "") -> Source:
    files = find_files(path)
    columns = columns_of(names_of(files[0]), wanted, str(files[0]))
    name = name.replace("/", "-") or "data"

    def batches() -> Iterator[pl.DataFrame]:
        total = 0
        for file in files:
            for number, raw in raw_batches(file, columns, BATCH):
                yield to_rows(raw, columns, name, total, str(file), number)
                total += raw.height

    root = path if path.is_dir() else path.parent
    return Source(name, _digest(files), revision, False, columns.as_dict(), root, batches)


def find_files(path: Path) -> list[Path]:
    """The file, or those of one kind in a folder and below it, in the order of their names.

    Raises:
        DataError: There are none, of several kinds, or links that leave the folder.
    """
    if path.is_file():
        return [path]
    base = path.resolve()
    found = sorted(f for f in path.rglob("*") if f.suffix.lower() in MANY and f.is_file())
    kinds = sorted({f.suffix.lower() for f in found})
    if len(kinds) != 1:
        there = f"files of several kinds ({', '.join(kinds)})" if kinds else "no such file"
        raise DataError(f"expected {', '.join(MANY)} of one kind, found {there}", file=str(path))
    inside_hub = {"blobs", "snapshots"} & set(base.parts)  # the hub's cache is made of links
    for file in found:
        if not inside_hub and not file.resolve().is_relative_to(base):
            raise DataError("is a link that leaves the folder", file=str(file))
    return found


def _digest(files: list[Path]) -> str:
    total = sha256()
    for file in files:
        try:
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    total.update(block)
        except OSError as error:
            raise DataError(f"can't be read: {error}", file=str(file)) from None
    return total.hexdigest()[:16]


def _hub(name: str, columns: Columns) -> Source:
    from huggingface_hub import errors, snapshot_download

    repository, _, revision = name.removeprefix(HUB).partition("@")
    try:
        folder = snapshot_download(
            repository,
            repo_type="dataset",
            revision=revision or None,
            allow_patterns=[f"*{suffix}" for suffix in (".parquet", ".jsonl", ".csv")],
            endpoint=os.environ.get("HF_ENDPOINT") or None,
        )
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, ValueError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(
            f"{name}: can't be fetched: {reason}\n       gated datasets need HF_TOKEN; with a copy "
            "of the data, name its folder"
        ) from None
    path = Path(folder)
    return _files(repository.rpartition("/")[2], path, columns, revision=path.name)
