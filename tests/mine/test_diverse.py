"""Balance, near-duplicates, reuse: on candidates whose right choice is known."""

from collections import Counter
from itertools import combinations

from chiasm.mine.diverse import (
    LOWER,
    NEAR_REASON,
    REUSED,
    Candidate,
    choose,
    jaccard,
    shingles,
)

IMAGES = {n: f"place {n} has tree {n} and stone {n}" for n in range(60)}
QUERIES = {n: f"may cousin {n} stay {n} days" for n in range(60)}


def line(n, score, category="a", culture="", image=None, query=None):
    return Candidate(score, n if image is None else image, n if query is None else query,
                     category, culture)  # fmt: skip


def test_jaccard_by_hand():
    a, b = shingles("a red bus stops"), shingles("a red bus starts")
    assert jaccard(a, b) == 2 / 4
    assert jaccard(frozenset(), frozenset()) == 0


def test_categories_and_cultures_are_balanced_though_one_scores_best():
    rows = [line(n, 0.9, "a", "north") for n in range(40)]
    rows += [line(n, 0.2, "a", "south") for n in range(40, 50)]
    rows += [line(n, 0.1, "b", "north") for n in range(50, 60)]
    found = choose(rows, IMAGES, QUERIES, 12)
    groups = Counter((rows[i].category, rows[i].culture) for i in found.order)
    assert groups == {("a", "north"): 3, ("a", "south"): 3, ("b", "north"): 6}
    assert len(found.order) + len(found.reasons) == len(rows)


def test_a_near_duplicate_gives_way_to_another_pair():
    images = {0: "a boy beside the long old pier", 1: "a boy beside the long old quay",
              2: "two cups of warm tea"}  # fmt: skip
    queries = dict.fromkeys(range(3), "what could we do here this evening")
    queries[2] = "is there a nice song for it"
    rows = [line(0, 0.9), line(1, 0.89), line(2, 0.1)]
    found = choose(rows, images, queries, 3)
    assert found.order == (0, 2)
    assert found.reasons == {1: NEAR_REASON}


def test_no_two_chosen_pairs_are_alike():
    images = {n: f"a small boat {n % 7} on a calm bay with gulls" for n in range(60)}
    rows = [line(n, 1 - n / 100) for n in range(60)]
    found = choose(rows, images, QUERIES, 60)
    for i, j in combinations(found.order, 2):
        like = jaccard(shingles(images[i]), shingles(images[j]))
        like += jaccard(shingles(QUERIES[i]), shingles(QUERIES[j]))
        assert like / 2 <= 0.6


def test_a_part_is_not_used_again_and_again():
    rows = [line(n, 0.9 - n / 100, image=0, query=n) for n in range(5)] + [line(9, 0.1)]
    found = choose(rows, IMAGES, QUERIES, 3)
    assert found.order == (0, 1, 5)
    assert set(found.reasons.values()) == {REUSED}
    assert set(choose(rows, IMAGES, QUERIES, 1).reasons.values()) == {LOWER}


def test_nothing_to_choose_from():
    assert choose([], {}, {}, 5).order == ()
