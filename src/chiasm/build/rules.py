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
    minors, sexual = _patterns()
    return MINORS if minors.search(whole) and sexual.search(whole) else ""


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe that asks for what is never built.

    Raises:
        ConfigError: A category, definition or seed speaks of minors in sexual terms.
    """
    for sub in recipe.taxonomy:
        if forbidden([sub.label, sub.definition, *sub.seeds]):
            raise ConfigError(f"{recipe.path}: category {sub.label}: {MINORS}, always")


def apply(item: Item, recipe: Recipe) -> Outcome:
    """Keep an item, or drop it by a rule; `allow_adult` lifts the second rule, never the first."""
    if why := forbidden((item.category, item.subcategory, *item.texts())):
        return Dropped(why)
    adult = any(s.adult for s in recipe.taxonomy if s.category == item.category)
    _, sexual = _patterns()
    named = sexual.search(f"{item.category} {item.subcategory}".casefold())
    if (adult or named) and not recipe.allow_adult:
        return Dropped(ADULT)
    return Kept(item)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = tomllib.loads((files("chiasm.build") / "rules.toml").read_text("utf-8"))
    minors = "|".join(map(re.escape, data["minors"]))
    sexual = "|".join(map(re.escape, data["sexual"]))
    return re.compile(rf"\b(?:{minors})|{data['ages']}"), re.compile(rf"\b(?:{sexual})")
