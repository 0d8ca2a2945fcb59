"""Files of a GitHub repository at a commit, by their raw addresses.

Environment: CHIASM_GITHUB, a mirror to be used in place of raw.githubusercontent.com.
"""

import os
from collections.abc import Iterator, Mapping
from importlib.resources import files
from urllib.parse import quote

from chiasm.data.hub import Listing
from chiasm.data.registry import Source
from chiasm.data.transfer import Remote

PUBLIC = "https://raw.githubusercontent.com"


def github_listing(source: Source, sha256: Mapping[str, str]) -> Listing:
    """The files that a source names, one by one or by a list of ``sums/``.

    Args:
        source: With `github`, and `files` or `listed`.
        sha256: Registered digests by local path.
    """
    base = os.environ.get("CHIASM_GITHUB", PUBLIC).rstrip("/")
    revision = source.revision or "HEAD"  # where no commit could be seen; the receipt says so
    root = f"{base}/{source.github}/{revision}"
    named = (
        Remote(
            path=local,
            url=f"{root}/{quote(remote)}",
            digest=f"sha256:{sha256[local]}" if local in sha256 else "",
        )
        for local, remote in source.files.items()
    )
    listed = (
        Remote(path=path, url=f"{root}/{quote(path)}", digest=f"git:{blob}")
        for blob, path in _list(source)
    )
    return Listing(revision, (*named, *listed), {})


def _list(source: Source) -> Iterator[tuple[str, str]]:
    """Blob id and path."""
    if source.listed:
        text = (files("chiasm.data") / "sums" / f"{source.listed}.txt").read_text(encoding="utf-8")
        for line in text.splitlines():
            blob, _, name = line.partition("  ")
            yield blob, f"{source.at}/{name}"
