"""A build from a recipe's path to the exported folder."""

import asyncio
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm.build import people, rules
from chiasm.build.desk import judge_name
from chiasm.build.export import WORK, export
from chiasm.build.items import Dropped, Item, Loss
from chiasm.build.paths import drafts
from chiasm.build.quality import Quality
from chiasm.build.recipe import Recipe, read
from chiasm.build.run import Built, Options, Passed, run
from chiasm.build.steps import steps
from chiasm.errors import ConfigError
from chiasm.run import STORE, Settings, named_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inspect_ai.model import Model

LEAST = 2
"""People who must have confirmed an item."""


class Made(NamedTuple):
    """What a build ended with.

    Attributes:
        recipe: What was built.
        built: The funnel, kept and dropped items; `built.waiting` says why it is not finished.
        quality: Of what was exported; None where nothing was, since items wait.
    """

    recipe: Recipe
    built: Built
    quality: Quality | None


def build(
    path: Path,
    out: Path,
    options: Options | None = None,
    *,
    settings: Settings | None = None,
    review: Path | None = None,
    confirmed: str = "",
    least: int = LEAST,
) -> Made:
    """Make, or go on with, what a recipe asks for.

    Args:
        path: The recipe.
        out: The folder of the dataset; what is kept between runs is in ``out/work``.
        options: Concurrency, budget, progress.
        settings: How calls are made.
        review: Where to write kept items for people to look at.
        confirmed: Labels of theirs; then only confirmed items are exported.
        least: People who must have looked at an item.

    Raises:
        ConfigError: The recipe can't work; nothing was asked.
        BudgetError: The budget is used up; what was answered is kept.
    """
    from chiasm.models.calls import use_store
    from chiasm.models.outage import give_up

    recipe, options = read(path), options or Options()
    rules.check_recipe(recipe)
    options = options._replace(prices={**prices_of(recipe), **options.prices})
    settings = settings or Settings(max_connections=options.concurrency)
    work = out / WORK
    with _only_one(work), give_up(), use_store(work / STORE) as store:
        begun, models = drafts(recipe, work), open_models(recipe, settings)
        built = asyncio.run(run(begun, steps(recipe), recipe, work, store, models, options))
    if built.waiting:
        return Made(recipe, built, None)
    if review is not None:
        people.review(built.kept, review)
    agreed = _confirm(built, confirmed, least) if confirmed else None
    return Made(recipe, built, export(built, recipe, out, agreed))


def open_models(recipe: Recipe, settings: Settings) -> "dict[str, Model]":
    """Every chat model that the recipe names, opened once.

    Raises:
        ConfigError: A provider, package or key is missing.
    """
    names = {n for role, n in recipe.models.items() if role not in ("judge", "painter")}
    names |= set(recipe.references)
    if recipe.models.get("judge"):
        names.add(judge_name(recipe))
    return {name: named_model(name, settings) for name in sorted(names)}


def _confirm(built: Built, confirmed: str, least: int) -> dict[str, Any]:
    """Drop what people have not confirmed; how well they agree."""
    from chiasm.labels.reading import load

    labels = load(confirmed)
    agreed = people.agreement(built.kept, labels).to_json()
    outcomes = people.confirm(built.kept, labels, least)
    kept: list[Item] = []
    reasons: dict[str, int] = {}
    for item, outcome in zip(built.kept, outcomes, strict=True):
        if isinstance(outcome, Dropped):
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
            built.lost.append(Loss(item, "people", outcome.reason, outcome.detail))
        else:
            kept.append(replace(item, extra={**item.extra, "labels": "confirmed"}))
    says = f"at least {least} people, most of whom confirm its label"
    built.funnel.append(
        Passed("people", says, len(built.kept), len(kept), dict(sorted(reasons.items())), 0, 0)
    )
    built.kept = kept
    return agreed


def prices_of(recipe: Recipe) -> Mapping[str, tuple[float, float]]:
    """Prices that a recipe names.

    Raises:
        ConfigError: One can't be read.
    """
    found = {}
    for model, value in recipe.prices.items():
        given, _, taken = str(value).partition("/")
        try:
            found[model] = (float(given), float(taken or 0))
        except ValueError:
            raise ConfigError(
                f"{recipe.path}: prices: {model}: expected IN/OUT in $ per million tokens, or $ a "
                f"picture, got {value!r}"
            ) from None
    return found


@contextmanager
def _only_one(work: Path) -> "Iterator[None]":
    """Let one build at a time work on a folder; a lock ends with its process.

    Raises:
        ConfigError: Another process has it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: the store itself still stands two writers
        yield
        return
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"{work.parent}: another `chiasm build` is at work there") from None
        yield
