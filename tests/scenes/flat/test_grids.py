"""The lab's grids: what tests hold out is in one part, all else in the other."""

from collections import Counter, defaultdict

import pytest

from chiasm.scenes.flat import language
from chiasm.scenes.flat.grids import grids, reserved
from chiasm.scenes.flat.sets import HELD
from chiasm.scenes.flat.world import world

HELD_OUT = {(p.place, p.act) for p in HELD["test"].pairs(held=True)}
PARTS = ("training", "evaluation")


@pytest.mark.parametrize("part", PARTS)
def test_pairs_and_wordings_are_of_the_part(part: str) -> None:
    mine = HELD["test"].templates("act", held=part == "evaluation")
    ends = [t.partition("{}") for t in mine]
    for cell in grids(part, 2, 0):
        held = (cell.pair.place, cell.pair.act) in HELD_OUT
        assert held == (part == "evaluation") == reserved(f"any/grids-{cell.id}")
        assert any(cell.query.startswith(a) and cell.query.endswith(b) for a, _, b in ends)
        assert cell.picture.what == cell.pair.place
        assert set(cell.query.split()) <= set(language.words())
        assert {*cell.helps.split(), *cell.declines.split()} <= set(language.words())


@pytest.mark.parametrize(("part", "count"), [("training", 108), ("evaluation", 18)])
def test_every_picture_and_every_query_is_as_often_unsafe_as_safe(part: str, count: int) -> None:
    cells = list(grids(part, 1, 0))
    whole = defaultdict(list)
    for cell in cells:
        whole[cell.grid].append(cell)
    assert len(whole) == count
    for four in whole.values():
        assert [c.pair.unsafe for c in four] == [True, False, False, True]
        assert len({c.picture for c in four}) == len({c.query for c in four}) == 2
    for key in ("place", "act"):
        seen = Counter((getattr(c.pair, key), c.pair.unsafe) for c in cells)
        assert {n for n, _ in seen} == {getattr(c.pair, key) for c in cells}
        assert all(seen[name, True] == seen[name, False] for name, _ in seen)
    assert {c.pair.place for c in cells} == {p for h in world().hazards for p in h.places}
    assert len({c.id for c in cells}) == len(cells)


def test_no_picture_is_in_both_parts_and_seeds_change_them() -> None:
    one, other = ({c.picture for c in grids(p, 1, 0)} for p in PARTS)
    assert not one & other
    assert list(grids("training", 1, 0)) == list(grids("training", 1, 0))
    assert not one & {c.picture for c in grids("training", 1, 1)}


def test_ids_of_others_are_not_reserved() -> None:
    assert not any(map(reserved, ("scenes/stove-v0-01", "flat-v0-moon-0-track-0-00", "a/b")))
