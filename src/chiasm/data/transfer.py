"""Files over HTTP that survive an interruption: what has arrived stays in ``<file>.part``.

huggingface_hub 2 starts an interrupted file again from its first byte; for archives of gigabytes
this goes on where it stopped, for the hub as for GitHub.
"""

import time
from collections.abc import Callable
from hashlib import sha1, sha256
from pathlib import Path
from typing import NamedTuple

import httpx

from chiasm.errors import ConfigError, DataError

ATTEMPTS = 5
CHUNK = 1 << 20
TIMEOUT = httpx.Timeout(30.0, read=60.0)

Tick = Callable[[int], None]
"""Told how many more bytes are there; negative when some turned out to be useless. It may raise to
stop the transfer."""


class Remote(NamedTuple):
    """A file to fetch.

    Attributes:
        path: Where it goes, relative to the folder.
        url: Where it is.
        size: Bytes; None where the listing does not tell.
        digest: ``sha256:<hex>`` or ``git:<hex>`` (a blob id, SHA-1); empty where nobody knows.
        access: What a user can do who is refused.
    """

    path: str
    url: str
    size: int | None = None
    digest: str = ""
    access: str = "see its page"


def fetch(
    client: httpx.Client, remote: Remote, target: Path, tick: Tick, *, pause: float = 1.0
) -> None:
    """Fetch one file, or the rest of it, unless it is there.

    Args:
        client: With the headers that the server wants.
        remote: What.
        target: Where; its folder is made.
        tick: Told of progress.
        pause: Seconds before the second attempt, doubled before each further one.

    Raises:
        ConfigError: The server refuses, or can't be reached.
        DataError: What arrived is not what was pinned; nothing of it is kept.
    """
    if _has(target, remote):
        tick(target.stat().st_size)
        return
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    tick(_length(part))
    for attempt in range(ATTEMPTS):
        try:
            _continue(client, remote, part, tick)
            break
        except (httpx.RequestError, _BusyError) as error:
            if attempt == ATTEMPTS - 1:
                raise ConfigError(
                    f"{remote.path}: {remote.url} did not arrive after {ATTEMPTS} attempts "
                    f"({error or type(error).__name__})\n"
                    f"       {_length(part):,} bytes are kept; the same command goes on from there"
                ) from None
            time.sleep(pause * 2**attempt)
    _accept(part, remote, target)


class _BusyError(Exception):
    """The server asks to come back later."""


def _continue(client: httpx.Client, remote: Remote, part: Path, tick: Tick) -> None:
    have = _length(part)
    if remote.size is not None and have > remote.size:
        part.unlink()
        tick(-have)
        have = 0
    if have and have == remote.size:
        return
    # identity: a range of a compressed body would be a range of other bytes
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", remote.url, headers=headers) as response:
        if have and response.status_code == 416:  # nothing is left: the digest decides
            return
        _raise_for(response, remote)
        mode = "ab"
        if have and response.status_code != 206:
            tick(-have)
            mode, have = "wb", 0
        expected = response.headers.get("Content-Length")
        with part.open(mode) as stream:
            for chunk in response.iter_bytes():  # as it comes: a buffer would be lost with the rest
                stream.write(chunk)
                tick(len(chunk))
        if expected is not None and _length(part) - have != int(expected):
            raise httpx.RemoteProtocolError("the connection ended early")


def _raise_for(response: httpx.Response, remote: Remote) -> None:
    status = response.status_code
    if status in (408, 429) or status >= 500:
        raise _BusyError(f"HTTP {status}")
    if status in (401, 403):
        raise ConfigError(
            f"{remote.path}: {remote.url} refuses access (HTTP {status})\n       {remote.access}"
        )
    if status >= 400:
        raise ConfigError(
            f"{remote.path}: {remote.url} is not there (HTTP {status}): the pinned revision may "
            "have been removed\n       with a copy of the data from elsewhere use --data DIR"
        )


def _accept(part: Path, remote: Remote, target: Path) -> None:
    found = digest_of(part, remote.digest.partition(":")[0])
    if remote.digest and found != remote.digest:
        part.unlink()
        raise DataError(
            f"from {remote.url} came {found}, expected {remote.digest}; it was not kept\n"
            "       run the same command again; if it comes again, the source has changed and "
            "needs a new entry in the registry",
            file=remote.path,
        )
    part.replace(target)


def _has(target: Path, remote: Remote) -> bool:
    """Whether the file is there; an equal size is not enough where a digest is known."""
    if not target.is_file() or remote.size not in (None, target.stat().st_size):
        return False
    return digest_of(target, remote.digest.partition(":")[0]) == remote.digest


def digest_of(file: Path, kind: str) -> str:
    """A file's digest as in `Remote.digest`; empty for the empty kind."""
    if not kind:
        return ""
    if kind == "git":
        total = sha1(b"blob %d\0" % _length(file), usedforsecurity=False)
    else:
        total = sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            total.update(chunk)
    return f"{kind}:{total.hexdigest()}"


def _length(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
