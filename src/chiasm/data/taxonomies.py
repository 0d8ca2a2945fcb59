"""Kinds of harm as SIUO and VLSBench name them, with definitions of ours.

The names are facts of the released files; what could not be found is said to be missing and is
never guessed (`Taxonomy.missing`).
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from chiasm.errors import ConfigError


class Kind(NamedTuple):
    """A class of harm.

    Attributes:
        name: The authors' word.
        definition: Ours, one sentence.
        subclasses: Name -> definition.
    """

    name: str
    definition: str
    subclasses: Mapping[str, str]


class Taxonomy(NamedTuple):
    """The classes of one benchmark.

    Attributes:
        name: ``siuo`` or ``vlsbench``.
        title: One line.
        paper: Address.
        counted: The published file and field that the names are from.
        kinds: In the order of the file.
        subclasses_published: How many sub-classes the paper counts.
        missing: What is not here or does not fit, and why; empty where everything is.
    """

    name: str
    title: str
    paper: str
    counted: str
    kinds: tuple[Kind, ...]
    subclasses_published: int
    missing: str

    def parent(self, subclass: str) -> str:
        """The class of a sub-class; empty where it is not known."""
        return next((kind.name for kind in self.kinds if subclass in kind.subclasses), "")


@cache
def taxonomies() -> Mapping[str, Taxonomy]:
    """All, by name.

    >>> taxonomies()["vlsbench"].parent("Cybercrime")
    'Illegal Activity'
    """
    text = (files("chiasm.data") / "taxonomies.toml").read_text(encoding="utf-8")
    found = {}
    for name, table in tomllib.loads(text).items():
        kinds = tuple(
            Kind(kind, facts["definition"], facts.get("subclasses", {}))
            for kind, facts in table.pop("classes").items()
        )
        found[name] = Taxonomy(name=name, kinds=kinds, **table)
    return found


def taxonomy(name: str) -> Taxonomy:
    """One of them.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in taxonomies():
        raise ConfigError(f"no taxonomy {name!r}; there are {', '.join(taxonomies())}")
    return taxonomies()[name]
