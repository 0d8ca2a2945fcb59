"""Which public data chiasm knows: where it is, at which revision, and what its bytes must be.

The facts are in ``registry.toml``. An entry is pinned twice where that is possible: the commit it
is fetched from, and the SHA-256 of its annotation files, which holds for local copies as well.
"""

import os
import re
import sys
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from chiasm.errors import ConfigError, DataError

Use = Literal["evaluation", "training"]
Unpack = Literal["", "archive", "parquet", "rows"]

DIGEST_MISMATCH = "DIGEST_MISMATCH"
"""The code to allow annotation files that are not the registered ones."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that files of an entry come from.

    Attributes:
        hub: Id of a dataset on the Hugging Face hub; exclusive with `github`.
        github: ``owner/name`` of a repository.
        revision: Commit, 40 hex digits; empty where it could not be seen: `get` then takes the
            newest one, says which, and writes it to the receipt.
        files: Local path -> path in the repository.
        listed: Name of a list in ``sums/``: git's blob id and the name of every file of a folder.
        at: The folder of `listed`, in the repository and here.
        patterns: Hub: which of its files, with ``*`` for anything.
        unpack: ``archive`` for .tar and .zip; ``parquet`` for MM-SafetyBench's tables of images,
            ``rows`` for any other table whose rows hold an image: see `chiasm.data.tables`.
    """

    hub: str = ""
    github: str = ""
    revision: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    listed: str = ""
    at: str = ""
    patterns: tuple[str, ...] = ()
    unpack: Unpack = ""

    def __post_init__(self) -> None:
        if bool(self.hub) == bool(self.github):
            raise ConfigError("registry: a source is either hub or github")
        if self.revision and not _COMMIT.fullmatch(self.revision):
            raise ConfigError(f"registry: {self.url} needs a commit, got {self.revision!r}")
        if self.unpack not in get_args(Unpack):
            raise ConfigError(f"registry: {self.url}: unpack = {self.unpack!r}")

    @property
    def url(self) -> str:
        """Where a person can look at it."""
        if self.hub:
            return f"https://huggingface.co/datasets/{self.hub}"
        return f"https://github.com/{self.github}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One dataset, for evaluation, audits and training alike.

    Attributes:
        name: As in ``registry.toml``.
        title: One line.
        licence: As its authors state it.
        paper: Address of the paper.
        use: ``evaluation``: no training mixture may contain it.
        annotations: The files that hold the rows, relative to the dataset's folder.
        flat: Annotation file -> its path in a flat copy, where the cache has the layout of the
            authors' repository; both are read, the repository's is preferred.
        sha256: Of annotation files; those that could not be hashed yet are left out.
        also: Further digests of the same content, by file: other white space, for example.
        rows: Rows that become cases; 0 where they could not be counted.
        sources: Where `get` finds the files; the first holds the annotations.
        note: What a user should know before relying on it.
        gated: Whether the hub wants an account that accepted terms.
        by_hand: What `get` can't fetch, and how it is got; empty where there is no such thing.
        folder: Folder in the cache; entries that share images share it.
    """

    name: str
    title: str
    licence: str
    paper: str
    use: Use
    annotations: tuple[str, ...]
    sources: tuple[Source, ...]
    flat: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: int = 0
    note: str = ""
    gated: bool = False
    by_hand: str = ""
    folder: str = ""

    def __post_init__(self) -> None:
        digests = [*self.sha256.values(), *(d for ds in self.also.values() for d in ds)]
        if bad := [d for d in digests if not _SHA256.fullmatch(d)]:
            raise ConfigError(f"registry: {self.name}: not a SHA-256: {bad}")
        if unknown := {*self.sha256, *self.also, *self.flat} - {*self.annotations}:
            raise ConfigError(f"registry: {self.name}: not among its annotations: {unknown}")
        if not self.sources or not self.annotations:
            raise ConfigError(f"registry: {self.name}: needs sources and annotations")
        if self.use not in get_args(Use):
            raise ConfigError(f"registry: {self.name}: use = {self.use!r}")

    @property
    def hub(self) -> str:
        """Id on the Hugging Face hub; empty where nothing comes from there."""
        return next((s.hub for s in self.sources if s.hub), "")

    @property
    def revision(self) -> str:
        """Commit that the annotations are pinned to; empty where it is not known."""
        return self.sources[0].revision

    @property
    def source(self) -> str:
        """Address where the annotations are from."""
        return self.sources[0].url


class Digests(NamedTuple):
    """What the annotation files of a folder are.

    Attributes:
        digest: First 16 hex digits of the SHA-256 over the files' bytes, in registered order.
        pinned: Whether all of them are registered and equal to what is registered.
    """

    digest: str
    pinned: bool


@cache
def registry() -> Mapping[str, Entry]:
    """All entries by name.

    Raises:
        ConfigError: ``registry.toml`` has an unknown key or a malformed value.
    """
    text = (files("chiasm.data") / "registry.toml").read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Mapping[str, Entry]:
    """Read entries from TOML; see `registry`."""
    return {name: _entry(name, table) for name, table in tomllib.loads(text).items()}


def entry(name: str) -> Entry:
    """The entry of that name.

    Raises:
        ConfigError: There is none; the message lists those there are.
    """
    if name not in registry():
        raise ConfigError(f"no dataset {name!r}; there are {', '.join(sorted(registry()))}")
    return registry()[name]


def cache_dir() -> Path:
    """Where chiasm keeps downloads and what it computed: $CHIASM_CACHE or the platform's place."""
    if chosen := os.environ.get("CHIASM_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "chiasm"


def folder(entry: Entry) -> Path:
    """Where `get` puts the entry's files."""
    return cache_dir() / "data" / (entry.folder or entry.name)


def locate(name: str | Entry, data: str | Path | None = None) -> Path:
    """The folder that holds an entry's annotation files.

    Args:
        name: Of the entry, or an entry that is not in ``registry.toml``.
        data: A local copy: the folder itself, or one that has it as a sub-folder of the entry's
            name. None looks into the cache.

    Raises:
        ConfigError: The files are not there; the message says how to get them.
    """
    wanted = name if isinstance(name, Entry) else entry(name)
    name = wanted.name
    if data is None:
        places = [folder(wanted)]
    else:
        places = [Path(data), Path(data) / name, Path(data) / wanted.folder]
    for place in places:
        if all((place / file).is_file() for file in annotation_paths(wanted, place)):
            return place
    lost = [f for f in annotation_paths(wanted, places[0]) if not (places[0] / f).is_file()]
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    raise ConfigError(
        f"{name}: {lost[0]}{more} not found in {places[0]}\n"
        f"       fetch it with `chiasm data get {name}`, or name a local copy with --data DIR"
    )


def annotation_paths(entry: Entry, root: Path) -> tuple[str, ...]:
    """Where a folder has, or should have, the annotation files, relative to it."""
    return tuple(
        file if (root / file).is_file() else entry.flat.get(file, file)
        for file in entry.annotations
    )


def digests(entry: Entry, root: Path, *, allow: Collection[str] = ()) -> Digests:
    """Compare a folder's annotation files with the registry.

    Args:
        entry: What they should be.
        root: The folder.
        allow: With `DIGEST_MISMATCH`, other content is reported as not pinned and not refused.

    Raises:
        DataError: A file is missing, or differs from what is registered.
    """
    total, pinned = sha256(), True
    for file, path in zip(entry.annotations, annotation_paths(entry, root), strict=True):
        content = _content(root, path)
        found = sha256(content).hexdigest()
        expected = entry.sha256.get(file, "")
        same = found == expected or found in entry.also.get(file, ())
        if expected and not same and DIGEST_MISMATCH not in allow:
            raise DataError(
                f"its SHA-256 is {found}, registered for {entry.name} is {expected}\n"
                f"       this is another version of the data: get the registered one by "
                f"`chiasm data get {entry.name}`, or use this one with --allow {DIGEST_MISMATCH}",
                file=str(root / path),
            )
        pinned &= same
        total.update(content)
    return Digests(total.hexdigest()[:16], pinned)


def _content(root: Path, file: str) -> bytes:
    try:
        return (root / file).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DataError(f"the file is not in {root}", file=file) from None


def _entry(name: str, table: Mapping[str, Any]) -> Entry:
    _known(f"[{name}]", table, Entry, without={"name"})
    sources = tuple(_source(name, s) for s in table.get("sources", ()))
    also = {file: tuple(found) for file, found in table.get("also", {}).items()}
    annotations = tuple(table.get("annotations", table.get("sha256", {})))
    lists = {"sources": sources, "also": also, "annotations": annotations}
    return Entry(name=name, **{**table, **lists})


def _source(name: str, table: Mapping[str, Any]) -> Source:
    _known(f"[[{name}.sources]]", table, Source)
    return Source(**{**table, "patterns": tuple(table.get("patterns", ()))})


def _known(
    where: str, table: Mapping[str, Any], kind: type[Any], without: Collection[str] = ()
) -> None:
    known = {f.name for f in fields(kind)} - {*without}
    if unknown := table.keys() - known:
        raise ConfigError(f"registry: {where} has unknown keys {sorted(unknown)}")
    required = {"title", "licence", "paper", "use"} & known
    if missing := required - table.keys():
        raise ConfigError(f"registry: {where} needs {sorted(missing)}")
