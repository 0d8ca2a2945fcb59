"""What a build would ask, at most: nothing is asked, nothing is written."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from chiasm.build import rules
from chiasm.build.budget import IMAGE_TOKENS
from chiasm.build.desk import MAX_TOKENS
from chiasm.build.items import Kept
from chiasm.build.make import prices_of
from chiasm.build.paths import drafts
from chiasm.build.recipe import Recipe, read
from chiasm.build.steps import absent, steps

PROMPT_TOKENS = 400
"""Of our longest prompt without its taxonomy, which counts by its length."""

CHARACTERS = 3
"""Characters a token, at least, in the languages that definitions are in."""

JUDGE_TOKENS = 500


class Calls(NamedTuple):
    """Calls of one step to one role, were no item dropped before it and all rounds needed.

    Attributes:
        step: The step.
        role: Whom it asks.
        model: Its name.
        calls: How many at most.
        given: Tokens sent, estimated; 0 for pictures.
        taken: Tokens that come back at most.
    """

    step: str
    role: str
    model: str
    calls: int
    given: int
    taken: int


def plan(recipe: Recipe) -> list[Calls]:
    """The calls of every step.

    Raises:
        ConfigError: The recipe names what is not there.
    """
    with TemporaryDirectory() as folder:
        drafted = drafts(recipe, Path(folder))
    # What the rules drop, as sexual categories that are off, is asked for nobody.
    begun = [item for item in drafted if isinstance(rules.apply(item, recipe), Kept)]
    taxonomy = len(recipe.taxonomy.lines()) // CHARACTERS
    found = []
    for step in steps(recipe):
        items = sum(step.applies(item) for item in begun)
        if step.name == "options":
            continue
        for role, each, images in _asks(step.name, recipe):
            # A draft has no picture yet, and what is drafted without options may get them.
            model = role.partition(":")[2] or recipe.model(role)
            calls = round(items * each)
            if not calls:
                continue
            if role == "painter":
                found.append(Calls(step.name, role, model, calls, 0, 0))
                continue
            most = JUDGE_TOKENS if role == "judge" else MAX_TOKENS
            given = calls * (PROMPT_TOKENS + taxonomy + images * IMAGE_TOKENS)
            found.append(Calls(step.name, role.partition(":")[0], model, calls, given,
                               calls * most))  # fmt: skip
    return found


def _asks(step: str, recipe: Recipe) -> Iterator[tuple[str, float, int]]:
    """(role, calls of an item at most, pictures shown) of a step."""
    pool = recipe.detoxify.candidates + max(
        p.queries for p in (recipe.risk, recipe.pictures, recipe.joint) if p
    ) if (recipe.risk or recipe.pictures or recipe.joint) else 0  # fmt: skip
    rounds = recipe.illustrate.rounds + 1
    table: Mapping[str, list[tuple[str, float, int]]] = {
        "write": [("viewer" if recipe.pictures and not recipe.risk else "writer", 1, 1)],
        "detoxify": [("rewriter", 1 if recipe.detoxify.candidates else 0, 0),
                     ("judge", pool, 0), ("critic", recipe.detoxify.candidates, 0)],
        "illustrate": [("critic", rounds if recipe.has("critic") else 0, 1),
                       *([("painter", rounds, 0)] if "api" in recipe.illustrate.used else [])],
        "text alone": [("judge", 1, 0)],
        "parts": [("judge", 1, 1)],
        "pair": [("judge", 1, 1)],
        "match": [("critic", 1, 1)],
        "category": [("critic", 1, 0)],
        "difficulty": [("critic", len(recipe.references), 1),
                       *((f"reference:{m}", 2, 1) for m in recipe.references)],
    }  # fmt: skip
    yield from ((role, n, images) for role, n, images in table.get(step, []) if n)


def forecast(path: Path, prices: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """What `chiasm build --dry-run` prints, as plain data.

    Raises:
        ConfigError: The recipe can't work.
    """
    recipe = read(path)
    rules.check_recipe(recipe)
    known = {**prices_of(recipe), **prices}
    rows, total, unknown = [], 0.0, set()
    for c in plan(recipe):
        cost = None
        if c.model in known:
            first, second = known[c.model]
            each = first * c.calls if c.role == "painter" else 0.0
            cost = each or (c.given * first + c.taken * second) / 1e6
            total += cost
        else:
            unknown.add(c.model)
        rows.append({**c._asdict(), "cost": cost})
    return {"schema": 1, "calls": rows, "cost": total, "price_unknown": sorted(unknown),
            "not_run": absent(recipe)}  # fmt: skip


def show(found: Mapping[str, Any]) -> str:
    """The forecast as a table."""
    head = f"{'step':<14}{'role':<11}{'model':<36}{'calls <=':>9}{'tokens in':>12}{'out <=':>12}"
    lines = [f"{head}{'$ <=':>9}"]
    for row in found["calls"]:
        cost = "" if row["cost"] is None else f"{row['cost']:,.2f}"
        lines.append(
            f"{row['step']:<14}{row['role']:<11}{row['model'][:35]:<36}{row['calls']:>9,}"
            f"{row['given']:>12,}{row['taken']:>12,}{cost:>9}"
        )
    if not found["calls"]:
        lines = ["no model is asked"]
    if found["cost"]:
        lines.append(f"at most $ {found['cost']:,.2f}, were no item dropped on the way")
    lines += [f"price unknown: --price {m}=IN/OUT" for m in found["price_unknown"]]
    if found["not_run"]:
        lines.append(f"not run, no model is named: {', '.join(found['not_run'])}")
    return "\n".join(lines)
