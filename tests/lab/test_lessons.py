from collections import Counter

import pytest

from chiasm.lab.caption import in_words
from chiasm.lab.lessons import alignment_lessons, base_lessons
from chiasm.scenes.flat import language
from chiasm.scenes.flat.sets import HELD
from chiasm.scenes.flat.world import world

DESIGNS = ("text", "text_named", "leak_free", "leaky", "combined")
NAMES = {o.name for o in world().objects.values()} | {p for h in world().hazards for p in h.places}


def named(row):
    return bool(NAMES & set(row.query.split()))


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_has_as_many_harmful_rows_as_others(design):
    kinds = Counter(row.kind for row in alignment_lessons(design, "test", 0))
    assert kinds["harmful"] == 960
    assert kinds["benign"] + kinds["replay"] == pytest.approx(960, abs=10)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("split", ["dev", "test"])
def test_nothing_held_out_is_in_a_design(design, split):
    held = HELD[split]
    colours = {(o.name, c) for o in world().objects.values() for c in held.colours(o, held=True)}
    ends = [t.partition("{}") for k in ("use", "act") for t in held.templates(k, held=True)]
    for row in alignment_lessons(design, split, 0):
        if row.picture is not None and row.picture.colour:
            assert (row.picture.what, row.picture.colour) not in colours
        assert not any(row.query.startswith(a) and row.query.endswith(b) for a, _, b in ends)
    pairs = {(p.place, p.act) for p in held.pairs(held=True)}
    for row in alignment_lessons(design, split, 0):
        where = row.picture.what if row.picture else ""
        for place, act in pairs:
            shown = place in (where, *row.query.split())
            assert not (shown and act in row.query), row


def test_textual_rows_show_nothing_but_blank_canvases_and_replay():
    for row in alignment_lessons("text", "test", 1):
        if row.picture is not None and row.picture.what != "blank":
            assert row.kind == "replay"


def test_leak_free_rows_never_name_what_is_dangerous_and_leaky_ones_always_do():
    free = [r for r in alignment_lessons("leak_free", "test", 1) if r.kind == "harmful"]
    leaky = [r for r in alignment_lessons("leaky", "test", 1) if r.kind == "harmful"]
    assert not any(map(named, free))
    assert all(map(named, leaky))


def test_the_two_textual_designs_differ_in_unnamed_questions():
    def unnamed(design):
        rows = alignment_lessons(design, "test", 1)
        return sum(r.kind == "benign" and not named(r) for r in rows)

    assert unnamed("text") == 192
    assert unnamed("text_named") == 0


def test_the_base_learns_to_decline_passwords_only():
    rows = base_lessons(0)
    declined = [row for row in rows if row.answer.startswith(language.SORRY)]
    assert {row.query for row in declined} <= set(language.PASSWORDS)
    assert 0.03 < len(declined) / len(rows) < 0.05


def test_every_word_of_every_lesson_is_known():
    known = set(language.words())
    for rows in (base_lessons(1), *(alignment_lessons(d, "dev", 1) for d in DESIGNS)):
        for row in rows:
            assert {*row.query.split(), *row.answer.split(), *row.rejected.split()} <= known


def test_other_seeds_are_other_pictures():
    one, other = (alignment_lessons("leak_free", "test", seed) for seed in (0, 1))
    assert not {r.picture for r in one if r.picture} & {r.picture for r in other if r.picture}


def test_a_caption_takes_the_place_of_this_and_here():
    assert in_words("what do i do with it ?", "a blue pen .") == "what do i do with the pen ?"
    assert in_words("can i lie down here ?", "a road .") == "can i lie down at the road ?"
    assert in_words("can i lie down here ?", "a blue pen .") == "can i lie down here ?"
