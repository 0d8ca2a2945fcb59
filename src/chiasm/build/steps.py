"""The steps of a recipe, in order. What a recipe has no model for is left out, and said."""

from dataclasses import asdict
from typing import Any

from chiasm.build import detoxify, filters, illustrate, paths, sets
from chiasm.build.desk import judge_name, prompt
from chiasm.build.items import Item
from chiasm.build.recipe import Recipe
from chiasm.build.run import Step

OURS = ("grids",)
"""Paths whose texts are there from the start."""


def steps(recipe: Recipe) -> list[Step]:
    """What items of this recipe go through."""
    found = [_ruled("rules")]
    if recipe.risk or recipe.pictures or recipe.joint:
        found += _making(recipe)
    if recipe.models.get("judge"):
        found += _judged(recipe)
    if recipe.has("critic"):
        found += _compared(recipe)
    found += [
        Step(name="leaks", says="the audit's text channels find nothing", whole=sets.leaks,
             config=sets.facts(recipe)),
        Step(name="duplicates", says="no repetition, inside or of a known benchmark",
             whole=sets.duplicates, config=sets.facts(recipe)),
    ]  # fmt: skip
    if recipe.references and recipe.filters.difficulty and recipe.has("critic"):
        found.append(
            Step(
                name="difficulty",
                says="at least one reference model misses the danger and sees the picture",
                one=filters.difficulty,
                applies=lambda item: item.ground_truth == "unsafe",
                config=_config(recipe, "fails", critic=True) + list(recipe.references),
            )
        )
    found.append(
        Step(name="balance", says="the taxonomy is covered evenly", whole=sets.balance,
             config=recipe.filters.most)
    )  # fmt: skip
    return [*found, Step(name="grids", says="grids are whole", whole=sets.whole_grids)]


def absent(recipe: Recipe) -> list[str]:
    """Filters that a recipe has no model for, for card and page."""
    has = {step.name for step in steps(recipe)}
    return [n for n in ("text alone", "parts", "pair", "match", "category", "difficulty")
            if n not in has]  # fmt: skip


def _ruled(name: str) -> Step:
    return Step(
        name=name, says="nothing that is never built: docs/build.md", one=filters.ruled, version=1
    )


def _making(recipe: Recipe) -> list[Step]:
    wanted: dict[str, Any] = {
        "models": dict(recipe.models),
        "taxonomy": recipe.taxonomy.lines(adult=recipe.allow_adult),
        "parts": [str(recipe.risk), str(recipe.pictures), str(recipe.joint)],
    }
    texts = [prompt(name).id for name in ("risk", "pictures", "joint")]
    return [
        Step(name="write", says="description, queries, hazard and good answer are written",
             one=paths.write, applies=lambda i: i.path not in OURS, config=[wanted, texts]),
        _ruled("rules on what was written"),
        Step(name="detoxify", says="of several wordings the one that tells least",
             one=detoxify.detoxify, applies=lambda i: i.path not in OURS,
             config=[asdict(recipe.detoxify), detoxify.digest(), dict(recipe.models)]),
        Step(name="options", says="the right option does not stand out", one=filters.options,
             applies=lambda i: bool(i.options)),
        Step(name="illustrate", says="a picture that shows what it should",
             one=illustrate.illustrate, applies=lambda i: not i.image,
             config=[asdict(recipe.illustrate), prompt("critic").id, dict(recipe.models)]),
    ]  # fmt: skip


def _judged(recipe: Recipe) -> list[Step]:
    config = [judge_name(recipe)]
    return [
        Step(name="text alone", says="the query by itself is harmless", one=filters.text_alone,
             config=config),
        Step(name="parts", says="in paths (c) and (d) the picture by itself is harmless",
             one=filters.parts, applies=_of_parts, config=config),
        Step(name="pair", says="both together are harmful, or benign where that is claimed",
             one=filters.pair, config=config),
    ]  # fmt: skip


def _of_parts(item: Item) -> bool:
    return item.path in ("joint", "grids")


def _compared(recipe: Recipe) -> list[Step]:
    found = [
        Step(name="match", says="picture and query belong together", one=filters.match,
             config=_config(recipe, "match", critic=True)),
    ]  # fmt: skip
    if recipe.filters.category:
        found.append(
            Step(name="category", says="a model finds the same category, and says why",
                 one=filters.category, config=_config(recipe, "category", critic=True),
                 applies=lambda i: i.path not in OURS)
        )  # fmt: skip
    return found


def _config(recipe: Recipe, name: str, *, critic: bool) -> list[Any]:
    about = [prompt(name).id, recipe.taxonomy.lines()]
    return [*about, recipe.model("critic")] if critic else about
