"""Which benchmark stands in which column group, beside which benign rows: data, not code."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, NamedTuple

from chiasm.errors import ConfigError

DEFAULTS = Path(__file__).with_name("table2.toml")

Match = Literal["twin", "source", "other"]
_MATCHES = ("twin", "source", "other")
_LISTS = ("ability", "without_mean")
_KEYS = {"names", "group", "why", "benign", "match"}


class Entry(NamedTuple):
    """Benchmarks of one kind.

    Attributes:
        names: Their names; ``*`` stands for anything, ``NAME:CATEGORY`` for one category.
        group: Their column group.
        why: Why they are in it, one line.
        benign: The benchmark (or category) with their benign rows; empty for their own.
        match: How near those rows are: see table2.toml.
    """

    names: tuple[str, ...]
    group: str
    why: str
    benign: str = ""
    match: Match = "twin"


@dataclass(frozen=True)
class Groups:
    """What table2.toml holds.

    Attributes:
        titles: Group -> what its benchmarks have in common, in the table's order.
        entries: The first that names a benchmark counts.
        ability: Our own benchmarks whose accuracy is an ability.
        without_mean: Groups over which no mean is taken.
    """

    titles: Mapping[str, str]
    entries: tuple[Entry, ...]
    ability: tuple[str, ...]
    without_mean: tuple[str, ...] = ()

    def of(self, name: str) -> Entry | None:
        """The entry of a benchmark or ``NAME:CATEGORY``; None where it is in no group.

        >>> read().of("mm_safetybench_sd").group, read().of("nothing")
        ('leaky', None)
        """
        for entry in self.entries:
            if any(fnmatchcase(name, pattern) for pattern in entry.names):
                return entry
        return None

    def columns(self, benchmarks: Iterable[str]) -> list[tuple[str, Entry]]:
        """The names among these benchmarks, with their categories, that are in a group."""
        named = [name for entry in self.entries for name in entry.names if ":" in name]
        found = []
        for benchmark in benchmarks:
            parts = dict.fromkeys(n for n in named if n.partition(":")[0] == benchmark)
            for name in parts or (benchmark,):
                entry = self.of(name)
                if entry:
                    found.append((name, entry))
        order = list(self.titles)
        return sorted(found, key=lambda one: order.index(one[1].group))


def read(override: Path | None = None) -> Groups:
    """Our groups, with a file of the same form before them.

    Raises:
        ConfigError: The file can't be read, has an unknown key, or an entry names no known group.
    """
    ours = _read(DEFAULTS)
    if override is None:
        return ours
    theirs = _read(override, ours.titles)
    return Groups(
        {**ours.titles, **theirs.titles},
        theirs.entries + ours.entries,
        tuple(dict.fromkeys(theirs.ability + ours.ability)),
        ours.without_mean + theirs.without_mean,
    )


def _read(path: Path, known: Mapping[str, str] | None = None) -> Groups:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"--groups {path}: {error}") from error
    unknown = data.keys() - {"groups", "entries", *_LISTS}
    if unknown:
        raise ConfigError(f"{path}: unknown {', '.join(sorted(unknown))}; see docs/align.md")
    titles = data.get("groups", {})
    lists = [data.get(name, []) for name in _LISTS]
    if not _strings(list(titles.values())) or not all(map(_strings, lists)):
        raise ConfigError(f"{path}: groups are name = text; {' and '.join(_LISTS)} lists of names")
    everything = {**(known or {}), **titles}
    entries = tuple(
        _entry(path, i, one, everything) for i, one in enumerate(data.get("entries", []))
    )
    return Groups(titles, entries, *(tuple(names) for names in lists))


def _entry(path: Path, i: int, one: Mapping[str, Any], groups: Mapping[str, str]) -> Entry:
    where = f"{path}: entry {i + 1}"
    unknown = one.keys() - _KEYS
    if unknown or not {"names", "group", "why"} <= one.keys():
        raise ConfigError(f"{where}: names, group and why are needed; benign, match may be given")
    if not _strings(one["names"]) or not _strings([one[k] for k in one.keys() - {"names"}]):
        raise ConfigError(f"{where}: names is a list of strings, all else strings")
    if one["group"] not in groups:
        raise ConfigError(f"{where}: no group {one['group']}; known: {', '.join(groups)}")
    if one.get("match", "twin") not in _MATCHES:
        raise ConfigError(f"{where}: match is one of {', '.join(_MATCHES)}")
    return Entry(**{**one, "names": tuple(one["names"])})


def _strings(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(v, str) for v in values)
