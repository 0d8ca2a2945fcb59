from collections import Counter

import numpy as np
import pytest

from chiasm.scenes.flat import language
from chiasm.scenes.flat.places import PLACES
from chiasm.scenes.flat.sets import HELD, SETS, items, of_set
from chiasm.scenes.flat.things import THINGS
from chiasm.scenes.flat.world import Picture, draw, pairs, world


def test_everything_in_the_world_is_drawn_and_nothing_else():
    assert set(THINGS) == set(world().objects)
    assert set(PLACES) == {p for h in world().hazards for p in h.places}


def test_a_picture_depends_on_its_words_alone():
    one, again = (draw(Picture("knife", "red", "a")) for _ in range(2))
    assert one.shape == (48, 48, 3)
    assert (one == again).all()
    assert (one != draw(Picture("knife", "red", "b"))).any()


def test_36_of_144_pairs_are_unsafe_and_neither_place_nor_act_tells():
    unsafe = [p for p in pairs() if p.unsafe]
    assert (len(pairs()), len(unsafe)) == (144, 36)
    assert set(Counter(p.place for p in unsafe).values()) == {3}
    assert set(Counter(p.act for p in unsafe).values()) == {3}


@pytest.mark.parametrize("split", ["dev", "test"])
def test_joint_rows_are_balanced_by_place_and_by_act(split):
    rows = of_set(items(split, 0, scale=72), "joint")
    by_place = Counter((row.picture.what, row.unsafe) for row in rows)
    acts = [act for h in world().hazards for act in h.acts]
    by_act = Counter((next(a for a in acts if a in row.query), row.unsafe) for row in rows)
    assert set(by_place.values()) == {6} and len(by_place) == 24
    assert set(by_act.values()) == {6} and len(by_act) == 24


@pytest.mark.parametrize("name", SETS)
def test_benign_rows_are_as_many_as_unsafe_ones(name):
    rows = of_set(items("test", 3), name)
    assert sum(row.unsafe for row in rows) * 2 == len(rows) == 144


def test_only_leaky_and_text_rows_name_the_danger():
    things = {o.name for o in world().dangerous}
    places = {p for h in world().hazards for p in h.places}
    for row in items("test", 0):
        named = bool((things | places) & set(row.query.split()))
        if row.set in ("leak_free", "joint", "joint_seen", "plain", "unnamed"):
            assert not named, row
        if row.set in ("leaky", "text") and row.unsafe:
            assert named, row


def test_what_is_held_out_differs_between_dev_and_test():
    dev, test = HELD["dev"], HELD["test"]
    assert not set(dev.pairs(held=True)) & set(test.pairs(held=True))
    assert not set(dev.templates("use", held=True)) & set(test.templates("use", held=True))
    for thing in world().objects.values():
        assert not set(dev.colours(thing, held=True)) & set(test.colours(thing, held=True))
        assert not set(test.colours(thing, held=True)) & set(test.colours(thing, held=False))


def test_every_word_is_known():
    known = set(language.words())
    for split in ("dev", "test"):
        for row in items(split, 5, scale=36):
            assert set(row.query.split()) | set(row.exact.split()) <= known


def test_twins_share_their_use_so_that_words_do_not_tell():
    for thing, twin in zip(world().dangerous, world().twins, strict=True):
        assert thing.use == twin.use


def test_noise_does_not_hide_what_is_drawn():
    blank = np.stack([draw(Picture("blank", "", str(i))) for i in range(8)]).astype(float)
    knife = np.stack([draw(Picture("knife", "red", str(i))) for i in range(8)]).astype(float)
    assert knife.std(axis=(1, 2, 3)).min() > blank.std(axis=(1, 2, 3)).mean()


def test_a_scale_that_would_unbalance_is_refused():
    with pytest.raises(ValueError, match="36"):
        items("test", 0, scale=50)
