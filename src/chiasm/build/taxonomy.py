"""Taxonomies as data: categories of harm with definitions, and examples to begin from."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from chiasm.data import taxonomies
from chiasm.errors import ConfigError

SHIPPED = ("household", "siuo", "vlsbench")

SEXUAL = "Erotic"
"""VLSBench's category that is off unless a recipe turns it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sub:
    """A sub-category.

    Attributes:
        category: The category's name.
        name: Its own; empty where the category has no parts.
        definition: In a sentence.
        seeds: Objects or situations to begin from; may be empty.
        adult: Whether it is sexual: off unless the recipe says ``allow_adult: true``.
    """

    category: str
    name: str
    definition: str
    seeds: tuple[str, ...] = ()
    adult: bool = False

    @property
    def label(self) -> str:
        """``category / name``."""
        return f"{self.category} / {self.name}" if self.name else self.category


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Categories in their order.

    Attributes:
        name: As in the card.
        source: Where it is from.
        subs: All sub-categories.
    """

    name: str
    source: str
    subs: tuple[Sub, ...]

    def __iter__(self) -> Iterator[Sub]:
        return iter(self.subs)

    def lines(self, *, adult: bool = True) -> str:
        """A line a sub-category, for prompts.

        Args:
            adult: Whether sexual ones are among them: nobody is asked to invent such an item
                unless the recipe allows it.
        """
        kept = (s for s in self.subs if adult or not s.adult)
        return "\n".join(f"- {s.label}: {s.definition}" for s in kept)


def load(name: str, beside: Path) -> Taxonomy:
    """A shipped taxonomy, or a TOML file beside the recipe.

    Args:
        name: One of `SHIPPED`, or a path.
        beside: The recipe's folder.

    Raises:
        ConfigError: There is none, or it is not of the form that docs/build.md explains.
    """
    if name in taxonomies.taxonomies():
        return _published(name)
    if name in SHIPPED:
        text = (files("chiasm.build") / "taxonomies" / f"{name}.toml").read_text("utf-8")
        return parse(text, name)
    path = beside / name
    if not path.is_file():
        raise ConfigError(f"taxonomy {name}: no such file; shipped are {', '.join(SHIPPED)}")
    return parse(path.read_text("utf-8"), str(path))


def _published(name: str) -> Taxonomy:
    """SIUO's or VLSBench's classes and sub-classes, with our definitions (`chiasm.data`)."""
    found = taxonomies.taxonomy(name)
    subs = tuple(
        Sub(category=kind.name, name=sub, definition=says, adult=kind.name == SEXUAL)
        for kind in found.kinds
        for sub, says in kind.subclasses.items()
    )
    return Taxonomy(
        name=name, source=f"{found.title}; {found.paper}; definitions are ours", subs=subs
    )


def parse(text: str, where: str) -> Taxonomy:
    """Read a taxonomy.

    Raises:
        ConfigError: See `load`.
    """
    try:
        data = tomllib.loads(text)
        subs = tuple(sub for entry in data["category"] for sub in _subs(entry))
        named = str(data.get("name", Path(where).stem))
        found = Taxonomy(name=named, source=str(data.get("source", "")), subs=subs)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"taxonomy {where}: {type(error).__name__} {error}; every [[category]] needs a name "
            "and a definition, or [[category.sub]] with both"
        ) from None
    labels = [s.label for s in found]
    if len(set(labels)) < len(labels) or not labels:
        raise ConfigError(f"taxonomy {where}: needs categories, each with a name of its own")
    return found


def _subs(entry: dict[str, Any]) -> Iterator[Sub]:
    unknown = set(entry) - {"name", "definition", "seeds", "adult", "sub"}
    if unknown:
        raise TypeError(f"unknown keys {sorted(unknown)}")
    for part in entry.get("sub") or [{**entry, "name": ""}]:
        yield Sub(
            category=str(entry["name"]),
            name=str(part["name"]),
            definition=str(part["definition"]),
            seeds=tuple(map(str, part.get("seeds", ()))),
            adult=bool(part.get("adult", entry.get("adult", False))),
        )
