"""Filters of the whole set: what only shows when items are seen together."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import polars as pl

from chiasm.build.desk import Desk
from chiasm.build.items import Dropped, Item, Kept, Outcome
from chiasm.data import overlap
from chiasm.errors import ConfigError

LEAK = "leaks in the channel {}"
TWICE = "repeats an item before it"
KNOWN = "repeats a row of {}"
FULL = "its sub-category is full"
BROKEN = "another cell of its grid was dropped"


async def leaks(items: Sequence[Item], desk: Desk) -> list[Outcome]:
    """No finding in the audit's channels at fixed thresholds; fitted on the set itself."""
    from chiasm.audit.calibration import DEFAULTS
    from chiasm.audit.channels import CHANNELS
    from chiasm.audit.run import lacking
    from chiasm.audit.table import rows_of

    rows = rows_of(item.to_case(desk.recipe.name) for item in items)
    found: dict[int, tuple[str, str]] = {}
    limits = {**DEFAULTS, "harmfulness": desk.recipe.filters.leaks}
    if desk.recipe.filters.overlap is not None:
        limits["overlap"] = desk.recipe.filters.overlap
    for channel in CHANNELS if items else ():
        # The topic is known in any benchmark with categories: a fact about it, not a leak.
        if channel.name in ("topic", "partial_input") or lacking(channel, rows):
            continue
        scored = channel.score(channel.fit(rows), rows)
        for i, (score, evidence) in enumerate(scored.select("score", "evidence").iter_rows()):
            if score is not None and score >= limits[channel.name]:
                found.setdefault(i, (channel.name, f"{score:.2f} {evidence or ''}"))
    return [
        Dropped(LEAK.format(found[i][0]), found[i][1]) if i in found else Kept(item, "no finding")
        for i, item in enumerate(items)
    ]


async def duplicates(items: Sequence[Item], desk: Desk) -> list[Outcome]:
    """Nothing that is there already: in the set, or in a benchmark that the recipe names.

    Inside, a query that nearly equals an earlier one is dropped, and so is a picture with an
    earlier one's look. Items of one cluster, and all that are composed from one set of parts, share
    pictures or queries by design: of those only an equal pair of both is a repetition.
    """
    recipe = desk.recipe
    if not items:
        return []
    rows = tuple(overlap.Item(i.id, i.query, (i.image,)) for i in items)
    own = overlap.Collection(recipe.name, desk.out, rows)
    found = overlap.compare(own, own, threshold=recipe.filters.similarity)
    twice: dict[int, str] = {}
    pairs = sorted({(n.i, n.j) for n in found.queries} | {(m.i, m.j) for m in found.images})
    for i, j in pairs:
        same = items[i].query == items[j].query and items[i].image == items[j].image
        if (same or not _by_design(items[i], items[j])) and i not in twice:
            twice.setdefault(j, items[i].id)
    known = _elsewhere(own, desk)
    return [
        Dropped(KNOWN.format(known[i][0]), known[i][1]) if i in known
        else Dropped(TWICE, twice[i]) if i in twice
        else Kept(item, "new")
        for i, item in enumerate(items)
    ]  # fmt: skip


def _by_design(one: Item, other: Item) -> bool:
    composed = one.extra.get("composed", "")
    return one.cluster == other.cluster or (
        bool(composed) and composed == other.extra.get("composed")
    )


def _elsewhere(own: overlap.Collection, desk: Desk) -> dict[int, tuple[str, str]]:
    from chiasm.benchmarks import load

    found: dict[int, tuple[str, str]] = {}
    for named in desk.recipe.filters.compare:
        name, _, folder = named.partition("=")
        beside = str(desk.recipe.folder / folder) if folder else None
        other = overlap.of_dataset(load(name, beside))
        shared = overlap.compare(own, other, threshold=desk.recipe.filters.similarity)
        for i, j in sorted(
            {(n.i, n.j) for n in shared.queries} | {(m.i, m.j) for m in shared.images}
        ):
            found.setdefault(i, (name, other.items[j].id))
    return found


async def balance(items: Sequence[Item], desk: Desk) -> list[Outcome]:
    """At most so many of a sub-category; which ones is decided by hash, grids stay whole."""
    most = desk.recipe.filters.most
    if most < 0:
        raise ConfigError(f"{desk.recipe.path}: filters: most: 0 or more expected")
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, item in enumerate(items):
        groups[item.category, item.subcategory].append(i)
    over: set[int] = set()
    for members in groups.values():
        members.sort(key=lambda i: sha256((items[i].grid or items[i].id).encode()).digest())
        over |= set(members[most:]) if most else set()
    broken = {items[i].grid for i in over if items[i].grid}
    return [
        Dropped(FULL, f"more than {most}") if i in over or item.grid in broken else Kept(item)
        for i, item in enumerate(items)
    ]


async def whole_grids(items: Sequence[Item], desk: Desk) -> list[Outcome]:
    """A grid with a missing cell has no group score: its other cells go too."""
    cells: dict[str, int] = defaultdict(int)
    for item in items:
        cells[item.grid] += 1
    return [
        Dropped(BROKEN, f"{cells[item.grid]} of 4 cells are left")
        if item.grid and cells[item.grid] < 4
        else Kept(item)
        for item in items
    ]


def similarity(queries: Sequence[str], clusters: Sequence[str]) -> list[float]:
    """Of each text the highest Jaccard similarity to one of another cluster, 0 below 0.5."""
    best = [0.0] * len(queries)
    for near in overlap.near_duplicates(queries, queries, threshold=0.5):
        if clusters[near.i] != clusters[near.j]:
            best[near.i] = max(best[near.i], near.similarity)
    return best


def facts(recipe: Any) -> list[Any]:
    """Settings that decisions of this file depend on."""
    return [recipe.name, str(recipe.filters), pl.__version__]
