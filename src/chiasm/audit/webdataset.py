"""WebDataset shards: samples of a tar file, read as a stream; nothing is written to the disk."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from chiasm.data.paths import OutsideError, relative_parts
from chiasm.errors import DataError

MEMBER_LIMIT = 16 * 2**20
"""Bytes of a member that is read: texts, not pictures."""

MEMBERS_LIMIT = 10_000_000
"""Members of one shard; real ones have thousands."""

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
TEXTS = (".txt", ".text", ".caption")


def samples(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Samples in their order: fields of ``KEY.json``, texts as ``txt``, the picture as ``image``.

    Members that share the name up to its first point are one sample, and stand together. A
    member's name is a fact about the sample, never a path that is opened; pictures are passed over
    without being read.

    Raises:
        DataError: It is no tar file, a name leaves it, a text is too large, is not UTF-8 or JSON.
    """
    try:
        with tarfile.open(file, "r|*") as shard:
            yield from _grouped(shard, file)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"not a readable tar file: {error}", file=str(file)) from None


def _grouped(shard: tarfile.TarFile, file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    key, row = "", dict[str, Any]()
    for count, member in enumerate(shard):
        if count >= MEMBERS_LIMIT:
            raise DataError(f"more than {MEMBERS_LIMIT:,} members", file=str(file))
        if not member.isfile():
            continue
        name, suffix = _split(member.name, file)
        if name != key:
            if row:
                yield key, {"__key__": key, **row}
            key, row = name, {}
        row.update(_fields(shard, member, suffix, file))
        shard.members = []  # type: ignore[attr-defined]  # tarfile remembers all otherwise
    if row:
        yield key, {"__key__": key, **row}


def _split(name: str, file: Path) -> tuple[str, str]:
    try:
        parts = relative_parts(name)
    except OutsideError as error:
        raise DataError(f"a member's name {error}", file=str(file), row=name[:80]) from None
    stem, _, suffix = parts[-1].partition(".")
    return "/".join((*parts[:-1], stem)), f".{suffix.lower()}"


def _fields(
    shard: tarfile.TarFile, member: tarfile.TarInfo, suffix: str, file: Path
) -> dict[str, Any]:
    if suffix.endswith(PICTURES):
        return {"image": str(PurePosixPath(member.name))}
    if suffix not in (".json", *TEXTS):
        return {}
    if member.size > MEMBER_LIMIT:
        raise DataError("a text of more than 16 MiB", file=str(file), row=member.name[:80])
    stream = shard.extractfile(member)
    data = stream.read() if stream is not None else b""
    try:
        text = data.decode("utf-8")
        value = json.loads(text) if suffix == ".json" else {"txt": text}
    except (ValueError, RecursionError) as error:
        raise DataError(f"can't be read: {error}", file=str(file), row=member.name[:80]) from None
    if not isinstance(value, dict):
        raise DataError("expected an object", file=str(file), row=member.name[:80])
    return value
