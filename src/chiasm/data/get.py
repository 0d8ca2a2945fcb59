"""Fetch a dataset: the pinned revision, resumable, every digest that is known compared.

What is done is written to a receipt, ``.chiasm/<entry>.json`` in the dataset's folder: where each
file is from, at which commit, and its size. It makes a second call cheap and says what an entry
without a pinned revision really got.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import httpx

from chiasm.data.archives import free_space, unpack
from chiasm.data.github import github_listing
from chiasm.data.hub import Listing, hub_listing
from chiasm.data.paths import OutsideError, inside
from chiasm.data.progress import Meter, Progress
from chiasm.data.registry import Entry, Source, digests, folder
from chiasm.data.tables import unpack_images, unpack_rows
from chiasm.data.transfer import TIMEOUT, Remote, fetch
from chiasm.errors import ConfigError, DataError

WORKERS = 8
STATE = ".chiasm"


def get(entry: Entry, *, progress: Progress | None = None, pause: float = 1.0) -> Path:
    """Fetch all that is missing of an entry into the cache.

    Interrupted at any moment, even by SIGKILL, the next call goes on from there. Two calls at
    once for the same folder take turns.

    Args:
        entry: Of the registry; show `Entry.licence` and `Entry.note` before.
        progress: Told of every step; see `chiasm.data.progress`.
        pause: Seconds before a second attempt at a file.

    Returns:
        The folder.

    Raises:
        ConfigError: Access is refused, a server can't be reached, or the disk is full.
        DataError: What arrived is not what is registered.
    """
    # a lock that ends with its process, however that ends
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    root = folder(entry)
    (root / STATE).mkdir(parents=True, exist_ok=True)
    with WeakFileLock(root / STATE / "lock"):
        done = receipt(entry, root)
        for number, source in enumerate(entry.sources):
            before = done.get(str(number), {})
            if _is_done(source, before, root):
                continue
            listing = _listing(entry, source, before)
            facts = {"from": source.url, "revision": listing.revision}
            # before the first byte, so that an open revision is the same after an interruption
            _save(entry, root, done | {str(number): facts})
            where = root / STATE / "downloads" if source.unpack else root
            _fetch_all(entry.name, source, listing, where, progress, pause)
            done[str(number)] = facts | {"files": _finish(source, listing, where, root)}
            _save(entry, root, done)
        digests(entry, root)
    return root


def receipt(entry: Entry, root: Path) -> dict[str, Any]:
    """What `get` wrote about a folder, by number of the source: from, revision, files.

    Empty where it was not `get` that filled the folder.
    """
    try:
        found = json.loads(_receipt(entry, root).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return dict(found["sources"]) if found.get("schema") == 1 else {}


def _is_done(source: Source, before: Mapping[str, Any], root: Path) -> bool:
    """Whether the files of the registered revision are all there, by name and size."""
    files: Mapping[str, int] = before.get("files", {})
    same = before.get("from") == source.url and source.revision in ("", before.get("revision"))
    return bool(same and files) and all(
        (root / path).is_file() and (root / path).stat().st_size == size
        for path, size in files.items()
    )


def _listing(entry: Entry, source: Source, before: Mapping[str, Any]) -> Listing:
    if source.github:
        return github_listing(source, entry.sha256)
    known = before.get("revision", "") if before.get("from") == source.url else ""
    return hub_listing(source, source.revision or known, entry.sha256)


def _fetch_all(
    name: str,
    source: Source,
    listing: Listing,
    where: Path,
    progress: Progress | None,
    pause: float,
) -> None:
    targets = [(remote, _target(where, remote)) for remote in listing.files]
    sizes = [remote.size for remote in listing.files]
    total = sum(size for size in sizes if size is not None) if None not in sizes else None
    have = sum(target.stat().st_size for _, target in targets if target.is_file())
    needed = (total or 0) * (2 if source.unpack else 1) - have
    if needed > free_space(where):
        raise ConfigError(
            f"{name} needs {needed / 1e9:.1f} GB in {where}, {free_space(where) / 1e9:.1f} are free"
            "\n       choose another disk with CHIASM_CACHE"
        )
    meter = Meter(name, total, len(targets), progress)
    client = httpx.Client(headers=listing.headers, follow_redirects=True, timeout=TIMEOUT)
    pool = ThreadPoolExecutor(WORKERS)
    try:
        jobs = [pool.submit(fetch, client, *t, meter.tick, pause=pause) for t in targets]
        for job in as_completed(jobs):
            job.result()
            meter.file()
    finally:
        # after an error or Ctrl-C the others stop at their next chunk
        meter.stop()
        pool.shutdown(cancel_futures=True)
        client.close()


def _finish(source: Source, listing: Listing, where: Path, root: Path) -> dict[str, int]:
    """Unpack what is to be unpacked; size of each file by path."""
    done: dict[str, int] = {}
    # shards of a table are added to one file in the order of their names
    for remote in sorted(listing.files, key=lambda r: r.path):
        fetched = _target(where, remote)
        if not source.unpack:
            done[remote.path] = fetched.stat().st_size
            continue
        if source.unpack == "archive":
            done |= unpack(fetched, root)
        elif source.unpack == "rows":
            done |= unpack_rows(fetched, remote.path, root)
        else:
            done |= unpack_images(fetched, remote.path, root)
    if source.unpack:
        for remote in listing.files:  # only now: an interruption between two tables keeps both
            _target(where, remote).unlink()
    return done


def _target(where: Path, remote: Remote) -> Path:
    try:
        return inside(where, remote.path)
    except OutsideError as error:
        raise DataError(f"{remote.url} has a file whose path {error}") from None


def _receipt(entry: Entry, root: Path) -> Path:
    return root / STATE / f"{entry.name}.json"


def _save(entry: Entry, root: Path, sources: Mapping[str, Any]) -> None:
    text = json.dumps({"schema": 1, "entry": entry.name, "sources": sources}, indent=1)
    part = _receipt(entry, root).with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(_receipt(entry, root))
