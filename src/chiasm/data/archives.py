"""Unpacking archives that somebody else made: files only, inside the folder, of bounded size.

Every file is written beside its place and moved there whole; nothing is written before the names
of all members are known to be harmless.
"""

import errno
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from chiasm.data.paths import OutsideError, inside, relative_parts
from chiasm.errors import DataError

MAX_FILES = 200_000
MAX_FILE = 1_000_000_000
MAX_TOTAL = 50_000_000_000
"""Bytes, as unpacked: VLSBench, the largest set here, is 2.5 GB."""

# all that the standard library's readers raise on damaged input, found by feeding them some
_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError, ValueError),
)


@dataclass(frozen=True, slots=True)
class _Member:
    """A regular file of an archive; `open` reads it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path, into: Path, *, max_file: int = MAX_FILE, max_total: int = MAX_TOTAL
) -> dict[str, int]:
    """Unpack a .tar (also compressed) or .zip file.

    Args:
        archive: What; told from its content.
        into: An existing folder. A file that it has already is replaced.
        max_file: Bytes of one file.
        max_total: Bytes of all of them.

    Returns:
        Size of each file by its path.

    Raises:
        DataError: It is no archive or a damaged one; a member is a link or a device, lies outside
            the folder or occurs twice; a limit is exceeded. Nothing is unpacked then, but for
            damage and sizes that only show on reading.
    """
    done: dict[str, int] = {}
    try:
        with _members(archive) as members:
            plan = _checked(members, archive, into, max_file, max_total)
            for path, member in plan.items():
                _write(member, inside(into, path), archive)
                done[path] = member.size
    except _BROKEN as error:
        raise DataError(f"the archive is damaged: {error}", file=archive.name) from None
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # the disk's, not the archive's
            raise
        raise DataError(f"the archive is damaged: {error}", file=archive.name) from None
    return done


def _checked(
    members: Iterable[_Member], archive: Path, into: Path, max_file: int, max_total: int
) -> dict[str, _Member]:
    plan: dict[str, _Member] = {}
    total = 0
    for member in members:
        try:
            path = "/".join(relative_parts(member.name))
            inside(into, path)
        except OutsideError as error:
            raise DataError(
                f"member {member.name!a}: the path {error}", file=archive.name
            ) from None
        if path in plan:
            raise DataError(f"member {path!a} occurs twice", file=archive.name)
        total += member.size
        if member.size > max_file or total > max_total or len(plan) >= MAX_FILES:
            raise DataError(
                f"too large at {path!a}: {len(plan) + 1:,} files, {total:,} bytes",
                file=archive.name,
            )
        plan[path] = member
    return plan


def _write(member: _Member, target: Path, archive: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with member.open() as source, part.open("xb") as stream:
        left = member.size
        while chunk := source.read(min(1 << 20, left + 1)):
            left -= len(chunk)
            if left < 0:  # the header lied: a bomb
                break
            stream.write(chunk)
    if left:
        part.unlink()
        raise DataError(f"member {member.name!a} has another size than stated", file=archive.name)
    part.replace(target)


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield _zip_members(opened)
    else:
        with tarfile.open(archive) as tar:
            yield _tar_members(tar, archive)


def _zip_members(opened: zipfile.ZipFile) -> Iterator[_Member]:
    for info in opened.infolist():
        if info.is_dir():
            continue
        kind = info.external_attr >> 28  # of a Unix mode; 0 where another system made it
        if kind not in (0, 0o10):
            raise DataError(f"member {info.filename!a} is a link or a device")
        yield _Member(info.filename, info.file_size, lambda info=info: opened.open(info))  # type: ignore[misc]


def _tar_members(tar: tarfile.TarFile, archive: Path) -> Iterator[_Member]:
    for info in tar:
        if info.isdir():
            continue
        if not info.isreg() or info.issparse():
            raise DataError(
                f"member {info.name!a} is a link, a device or sparse", file=archive.name
            )
        yield _Member(info.name, info.size, lambda info=info: _extracted(tar, info))  # type: ignore[misc]


def _extracted(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(info)
    if stream is None:  # only for what is no regular file
        raise DataError(f"member {info.name!a} can't be read")
    return stream


def free_space(folder: Path) -> int:
    """Bytes that are free where the folder is or will be."""
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    return shutil.disk_usage(existing).free
