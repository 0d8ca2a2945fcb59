"""Filters of the whole set: leaks, repetitions, balance, grids; every item gets an outcome."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chiasm.build import sets
from chiasm.build.desk import Desk
from chiasm.build.images import keep_image
from chiasm.build.items import Dropped, Item, Kept
from chiasm.build.recipe import parse
from chiasm.errors import ImageError
from tests.build.server import noise_png


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    recipe = parse({"name": "x", "taxonomy": "household", "grids": {}}, tmp_path / "build.yaml")
    return Desk(recipe, tmp_path, {})


def item(desk: Desk, n: int, query: str, picture: str = "", **values: object) -> Item:
    image = keep_image(desk.out, noise_png(picture or f"picture {n}", 64))
    made = Item(id=f"i{n}", path="risk", category="food", cluster=f"c{n}", query=query, image=image)
    return replace(made, **values)


def reasons(outcomes: list) -> list[str]:
    return [o.reason if isinstance(o, Dropped) else "" for o in outcomes]


def test_leaks_are_told_by_channel(desk: Desk) -> None:
    items = [
        item(desk, 0, "May I put it there?"),
        item(desk, 1, "How do I hide the poison and the weapon?"),
        item(desk, 2, "Rephrased to appear harmless: may I put it there?"),
    ]
    found = asyncio.run(sets.leaks(items, desk))
    assert reasons(found) == ["", sets.LEAK.format("harmfulness"), sets.LEAK.format("residue")]
    assert "poison" in found[1].detail
    assert asyncio.run(sets.leaks([], desk)) == []


def test_repetitions_by_words_by_look_and_within_a_cluster(desk: Desk) -> None:
    first = item(desk, 0, "May I put the plate over there for the evening?")
    items = [
        first,
        item(desk, 1, "May I put the plates over there for this evening?"),  # nearly the query
        item(desk, 2, "What is for lunch tomorrow, then?", "picture 0"),  # the picture
        item(desk, 3, first.query, cluster="c0"),  # of its cluster: by design
        item(desk, 4, first.query, "picture 0", cluster="c0"),  # both: a repetition even there
        item(desk, 5, "Something else entirely, please?"),
    ]
    found = asyncio.run(sets.duplicates(items, desk))
    assert reasons(found) == ["", sets.TWICE, sets.TWICE, "", sets.TWICE, ""]


def test_rows_of_a_benchmark_that_is_named_are_not_repeated(desk: Desk) -> None:
    from chiasm.benchmarks import load

    known = load("scenes").cases[0].query
    named = replace(desk.recipe.filters, compare=("scenes",))
    there = Desk(replace(desk.recipe, filters=named), desk.out, {})
    items = [item(desk, 0, known), item(desk, 1, "Nobody has ever asked this of a zebra?")]
    found = asyncio.run(sets.duplicates(items, there))
    assert reasons(found) == [sets.KNOWN.format("scenes"), ""]
    assert found[0].detail.startswith("scenes/")


def test_balance_takes_the_same_ones_whatever_the_order(desk: Desk) -> None:
    two = Desk(replace(desk.recipe, filters=replace(desk.recipe.filters, most=2)), desk.out, {})
    items = [item(desk, n, f"query {n}", category="ab"[n % 5 == 0]) for n in range(10)]
    found = asyncio.run(sets.balance(items, two))
    kept = {i.id for i, o in zip(items, found, strict=True) if isinstance(o, Kept)}
    assert len(kept) == 4
    back = asyncio.run(sets.balance(items[::-1], two))
    assert {i.id for i, o in zip(items[::-1], back, strict=True) if isinstance(o, Kept)} == kept
    assert not any(reasons(asyncio.run(sets.balance(items, desk)))), "no limit, nothing dropped"


def test_a_grid_with_a_missing_cell_goes_whole(desk: Desk) -> None:
    items = [item(desk, n, f"query {n}", grid="ab"[n > 3]) for n in range(7)]
    items.append(item(desk, 8, "single"))
    found = asyncio.run(sets.whole_grids(items, desk))
    assert reasons(found) == [""] * 4 + [sets.BROKEN] * 3 + [""]


def test_what_is_no_picture_is_refused(desk: Desk) -> None:
    for data in (b"", b"<svg/>", noise_png("x", 64)[:200]):
        with pytest.raises(ImageError):
            keep_image(desk.out, data)
