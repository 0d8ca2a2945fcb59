"""The four paths: drafts without a query, and the step that has them written.

A draft is one item that is asked for. Whatever becomes of it is counted, also a reply that could
not be read.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from chiasm.build import flat
from chiasm.build.desk import Desk, ask
from chiasm.build.images import SUFFIXES, keep_image
from chiasm.build.items import Dropped, Item, Kept, Outcome
from chiasm.build.recipe import Recipe
from chiasm.build.replies import UnusableError, fields_of, text_of, texts_of
from chiasm.build.taxonomy import Sub
from chiasm.data.paths import OutsideError, inside
from chiasm.errors import ConfigError

IDEAS = 0.8
"""Temperature of what is invented."""

WRITTEN = ("description", "hazard", "warning", "reference")


def drafts(recipe: Recipe, out: Path) -> list[Item]:
    """All items that the recipe asks for; pictures of the user's are copied to ``out/images``.

    Raises:
        ConfigError: A folder or file that the recipe names is not there or not as it should be.
    """
    return [*_risk(recipe), *_pictures(recipe, out), *_joint(recipe), *_grids(recipe, out)]


def _risk(recipe: Recipe) -> Iterator[Item]:
    for sub in recipe.taxonomy if recipe.risk else ():
        for n in range(recipe.risk.each if recipe.risk else 0):
            name = f"risk-{_slug(sub.label)}-{n}"
            seed = sub.seeds[n % len(sub.seeds)] if sub.seeds else ""
            yield Item(
                id=name, path="risk", category=sub.category, subcategory=sub.name, cluster=name,
                seed=seed, language=recipe.language,
            )  # fmt: skip


def _pictures(recipe: Recipe, out: Path) -> Iterator[Item]:
    if recipe.pictures is None:
        return
    folder = recipe.folder / recipe.pictures.folder
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise ConfigError(f"{recipe.path}: pictures: folder: no pictures in {folder}")
    for n, path in enumerate(found):
        name = f"pictures-{n:04}"
        yield Item(
            id=name, path="pictures", category="", cluster=name, seed=path.name,
            image=keep_image(out, path.read_bytes()), language=recipe.language,
        )  # fmt: skip


def _joint(recipe: Recipe) -> Iterator[Item]:
    if recipe.joint is None:
        return
    path = recipe.folder / recipe.joint.parts
    if not path.is_file():
        raise ConfigError(f"{recipe.path}: joint: parts: no file {path}")
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    for n, line in enumerate(x for x in lines if x and not x.startswith("#")):
        picture, sign, request = line.partition("|")
        if not sign or not picture.strip() or not request.strip():
            raise ConfigError(f"{path}: {line[:60]!r}: expected PICTURE | REQUEST")
        name = f"joint-{n:04}"
        yield Item(
            id=name, path="joint", category="", cluster=name, language=recipe.language,
            seed=f"{picture.strip()} | {request.strip()}",
        )  # fmt: skip


def _grids(recipe: Recipe, out: Path) -> Iterator[Item]:
    if recipe.grids is None:
        return
    if recipe.grids.source in ("scenes", flat.SOURCE):
        _check_drawn(recipe)
        yield from (flat.drafts if recipe.grids.source == flat.SOURCE else _scenes)(recipe, out)
        return
    path = recipe.folder / recipe.grids.source
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        for grid in data["grid"]:
            yield from _own_grid(recipe, grid, out)
    except OSError as error:
        raise ConfigError(f"{recipe.path}: grids: source: {error}") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, OutsideError) as error:
        raise ConfigError(f"{path}: {type(error).__name__} {error}; see docs/build.md") from None


def _check_drawn(recipe: Recipe) -> None:
    """Refuse a split that is not, and a training set of what models are tested on."""
    from chiasm.scenes.grammar import SPLITS

    grids = recipe.grids
    assert grids is not None
    if grids.split not in SPLITS or grids.variants < 1:
        raise ConfigError(f"{recipe.path}: grids: split: one of {', '.join(SPLITS)}; variants >= 1")
    if recipe.use == "training" and grids.split != "training":
        raise ConfigError(
            f"{recipe.path}: use: training with grids of the split {grids.split}, which is "
            "reserved: models are tested on it"
        )


def _scenes(recipe: Recipe, out: Path) -> Iterator[Item]:
    from chiasm import scenes

    grids = recipe.grids
    assert grids is not None
    images: dict[str, str] = {}
    made = scenes.cases(recipe.seed, grids.variants, tier=None, split=grids.split)
    for case in made:
        path = case.images[0]
        if path not in images:
            images[path] = keep_image(out, scenes.image_bytes(path))
        yield Item(
            id=f"grids-{case.id.partition('/')[2]}",
            path="grids",
            category=case.category,
            subcategory=case.subcategory,
            cluster=case.cluster,
            seed=case.cluster,
            query=case.query,
            description=case.oracle.description,
            image=images[path],
            ground_truth=case.ground_truth,
            hazard=case.oracle.hazard,
            warning=case.oracle.warning,
            reference=case.oracle.reference,
            grid=case.extra["grid"],
            extra={**case.extra, "scenes": "true"},
        )


def _own_grid(recipe: Recipe, grid: dict[str, Any], out: Path) -> Iterator[Item]:
    """The four cells of a grid of the user's pictures: (0, 0) and (1, 1) are dangerous."""
    files = [inside(recipe.folder, str(p)) for p in grid["pictures"]]
    images = [keep_image(out, path.read_bytes()) for path in files]
    for i in range(2):
        for q in range(2):
            hazard = str(grid["hazards"][i]) if i == q else ""
            yield Item(
                id=f"grids-{_slug(grid['name'])}-{i}{q}",
                path="grids",
                category=str(grid["category"]),
                subcategory=str(grid.get("subcategory", "")),
                cluster=str(grid["name"]),
                seed=files[i].name,
                language=recipe.language,
                query=str(grid["queries"][q]),
                description=str(grid["shows"][i]),
                image=images[i],
                ground_truth="unsafe" if hazard else "safe",
                hazard=hazard,
                warning=hazard,
                reference=str(grid["answers"][i * 2 + q]),
                grid=str(grid["name"]),
                extra={"image": str(i), "query": str(q), "family": str(grid["name"])},
            )


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


async def write(item: Item, desk: Desk) -> Outcome:
    """Have the description, candidate queries, hazard and good answer written.

    Raises:
        UnusableError: The reply can't be used; the run counts it.
    """
    role, reply = await _written(item, desk)
    found = fields_of(reply, role, ("description", "queries"))
    sub = _category(item, found, desk.recipe, role)
    if sub is None:
        return Dropped(f"the {role} sees nothing dangerous together", str(found.get("category")))
    values: dict[str, Any] = {name: text_of(found, name, role) for name in WRITTEN}
    changed = replace(
        item, queries=texts_of(found, "queries", role), category=sub.category,
        subcategory=sub.name, **values,
    )  # fmt: skip
    if item.path == "joint" and desk.recipe.joint and desk.recipe.joint.options:
        changed = _options(changed, found, role)
    return Kept(changed, f"{role} {desk.recipe.model(role)}")


async def _written(item: Item, desk: Desk) -> tuple[str, str]:
    recipe = desk.recipe
    ask_for = partial(ask, desk, language=item.language, about=item.id, temperature=IDEAS)
    if item.path == "risk" and recipe.risk:
        sub = next(s for s in recipe.taxonomy
                   if (s.category, s.name) == (item.category, item.subcategory))  # fmt: skip
        return "writer", await ask_for(
            "writer", "risk", category=sub.label, definition=sub.definition,
            seed=item.seed or "anything from everyday life", count=str(recipe.risk.queries),
        )  # fmt: skip
    lines = recipe.taxonomy.lines(adult=recipe.allow_adult)
    if item.path == "pictures" and recipe.pictures:
        return "viewer", await ask_for(
            "viewer", "pictures", images=[item.image], taxonomy=lines,
            count=str(recipe.pictures.queries),
        )  # fmt: skip
    assert recipe.joint is not None
    picture, _, request = item.seed.partition(" | ")
    return "writer", await ask_for(
            "writer", "joint", picture=picture, request=request, taxonomy=lines,
        count=str(recipe.joint.queries),
    )  # fmt: skip


def _category(item: Item, found: dict[str, Any], recipe: Recipe, role: str) -> Sub | None:
    """The sub-category that a reply names; None for "none".

    Raises:
        UnusableError: It names one that is not in the taxonomy.
    """
    if item.path == "risk":
        wanted = (item.category, item.subcategory)
        return next(s for s in recipe.taxonomy if (s.category, s.name) == wanted)
    named = text_of(found, "category", role)
    if named.casefold() == "none":
        return None
    return labelled(recipe, named, role)


def labelled(recipe: Recipe, label: str, role: str) -> Sub:
    """The sub-category of that label.

    Raises:
        UnusableError: There is none.
    """
    for sub in recipe.taxonomy:
        if label.casefold().strip(" .\"'") in (sub.label.casefold(), sub.name.casefold() or None):
            return sub
    raise UnusableError(f"the {role} names a category that is not in the taxonomy", label)


def _options(item: Item, found: dict[str, Any], role: str) -> Item:
    """With four options in an order by hash: the right one's place says nothing."""
    right, wrong = text_of(found, "right", role), texts_of(found, "wrong", role)
    if len({right, *wrong}) != 4 or len(wrong) != 3:
        raise UnusableError(f"the {role}'s options are not one right and three wrong", str(wrong))
    order = sorted((right, *wrong), key=lambda o: sha256(f"{item.id}\n{o}".encode()).digest())
    return replace(item, options=tuple(order), answer=order.index(right))
