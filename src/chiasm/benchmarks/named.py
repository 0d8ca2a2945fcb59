"""Names that built sets give themselves: ``chiasm eval kitchen-de --data out``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from chiasm.benchmarks import built
from chiasm.benchmarks.plugins import names as registered
from chiasm.errors import ConfigError


class Named(NamedTuple):
    """What names mean.

    Attributes:
        names: Benchmarks of `chiasm list`, and what is unknown here, in the order of the names.
        folders: Local data by benchmark, see `chiasm.run.Plan.data`.
    """

    names: tuple[str, ...]
    folders: dict[str, str]


def unfold(names: Sequence[str], folders: Mapping[str, str]) -> Named:
    """Put a built set's benchmarks in the place of the name that it was built under.

    Dangerous and benign rows stand together: a safe rate alone rewards refusal. A set of scenes
    alone is scored as that, which covers both.

    Args:
        names: As a user gave them; benchmarks of `chiasm list` stay what they are.
        folders: Local data: folder by name, the key "" for all others.

    Raises:
        ConfigError: A folder holds a set of another name, or two sets are asked for at once.
    """
    found: list[str] = []
    where = dict(folders)
    sets: dict[str, str] = {}
    known = set(registered())
    for name in names:
        folder = folders.get(name, folders.get(""))
        theirs = name in known or "/" in name or ".py" in name  # ours, or Inspect's
        if name in folders and not theirs:
            built.facts_of(Path(folders[name]))
        if folder is None or theirs or not built.holds(folder, name):
            found.append(name)
            continue
        sets[name] = folder
        kinds = built.kinds_of(built.facts_of(Path(folder)))
        kinds = kinds[:1] if "built_scenes" in kinds else kinds
        where |= dict.fromkeys(kinds, folder)
        found += kinds
    if len(set(sets.values())) > 1:
        raise ConfigError(f"{', '.join(sets)}: one built set at a time")
    return Named(tuple(dict.fromkeys(found)), where)
