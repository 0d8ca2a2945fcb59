"""What is never built: the rules that no recipe can switch off, and the one that it can."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from chiasm.build.items import Dropped, Item, Kept, Outcome
from chiasm.build.recipe import Recipe
from chiasm.errors import ConfigError

MINORS = "sexual content about minors is refused"
ADULT = "sexual content is off: allow_adult is not set"


def forbidden(texts: Iterable[str]) -> str:
    """Why these texts can't stand in one item: `MINORS`, or empty.

    Texts are read together: the age may stand in the description and the rest in the query.
    """
    whole = "\n".join(texts).casefold()
    minors, sexual, _ = _patterns()
    return MINORS if minors.search(whole) and sexual.search(whole) else ""


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe that asks for what is never built.

    Raises:
        ConfigError: A category, definition or seed speaks of minors in sexual terms.
    """
    for sub in recipe.taxonomy:
        if forbidden([_named(sub.label), sub.definition, *sub.seeds]):
            raise ConfigError(f"{recipe.path}: category {sub.label}: {MINORS}, always")


def apply(item: Item, recipe: Recipe) -> Outcome:
    """Keep an item, or drop it by a rule; `allow_adult` lifts the second rule, never the first."""
    label = _named(f"{item.category} {item.subcategory}")
    if why := forbidden((label, *item.texts())):
        return Dropped(why)
    adult = any(s.adult for s in recipe.taxonomy if s.category == item.category)
    if (adult or _patterns()[1].search(label)) and not recipe.allow_adult:
        return Dropped(ADULT)
    return Kept(item)


def _named(label: str) -> str:
    """A category's name without what is no sexual content in a name: sexism, harassment."""
    return _patterns()[2].sub("", label.casefold())


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Words about minors, sexual words, and what is neither in the name of a category."""
    data = tomllib.loads((files("chiasm.build") / "rules.toml").read_text("utf-8"))
    minors = "|".join(map(re.escape, data["minors"]))
    sexual, other = ("|".join(map(re.escape, data[name])) for name in ("sexual", "not_sexual"))
    return (
        re.compile(rf"\b(?:{minors})|{data['ages']}"),
        re.compile(rf"\b(?:{sexual})"),
        re.compile(rf"\b(?:{other})\b"),
    )
