import itertools
import random
import time

import pytest

from chiasm.cases import Case
from chiasm.data.checks_groups import (
    NAMED,
    NEAR,
    NEAR_SAME_IMAGE,
    dup_query,
    near_dup,
    near_pairs,
    shared_image,
    subcat_mismatch,
)
from chiasm.text import words


def case(row, query, image="", truth="unsafe", category="a", subcategory=""):
    return Case(
        id=f"own/{row}",
        turns=(query,),
        images=(image,) if image else (),
        ground_truth=truth,
        category=category,
        subcategory=subcategory,
        cluster=str(row),
    )


def brute_force(cases):
    """The definition, without the filter."""
    for (i, a), (j, b) in itertools.combinations(enumerate(cases), 2):
        x, y = set(words(a.query)), set(words(b.query))
        least = NEAR_SAME_IMAGE if a.images and a.images == b.images else NEAR
        if a.query != b.query and x | y and len(x & y) / len(x | y) >= least:
            yield i, j


@pytest.mark.parametrize("seed", range(20))
def test_the_filter_loses_no_pair(seed):
    rng = random.Random(seed)
    vocabulary = [f"w{i}" for i in range(rng.choice([6, 12, 40]))]
    cases = [
        case(i, " ".join(rng.choices(vocabulary, k=rng.randint(1, 12))), f"{rng.randint(0, 30)}")
        for i in range(60)
    ]
    assert sorted((i, j) for i, j, _ in near_pairs(cases)) == sorted(brute_force(cases))


def test_exactly_at_the_threshold():
    four_of_five = [case(1, "a b c d"), case(2, "a b c d e")]
    assert [round(s, 3) for *_, s in near_pairs(four_of_five)] == [0.8]
    three_of_five = ["a b c d", "a b c e"]
    assert not list(near_pairs([case(i, q) for i, q in enumerate(three_of_five)]))
    assert list(near_pairs([case(i, q, "same.png") for i, q in enumerate(three_of_five)]))


def test_near_duplicates_name_each_other_the_nearest_first():
    cases = [case(1, "a b c d e f"), case(2, "a b c d e f g"), case(3, "a b c d e f g h")]
    details = {f.case: f.detail for f in near_dup(cases)}
    assert details["own/3"] == "own/2 (0.88)"
    assert details["own/2"] == "own/3 (0.88), own/1 (0.86)"
    assert details["own/1"] == "own/2 (0.86)"


def test_twins_of_unlike_ground_truth_are_no_duplicates():
    cases = [case(1, "Same words here"), case(2, "Same words here", truth="safe")]
    assert not list(dup_query(cases))
    assert not list(near_dup([case(1, "a b c d e"), case(2, "a b c d e f", truth="safe")]))


def test_dup_query_ignores_case_and_white_space_but_not_emptiness():
    found = list(dup_query([case(1, "Why so?"), case(2, " why  so?"), case(3, ""), case(4, " ")]))
    assert [(f.case, f.detail) for f in found] == [("own/1", "also own/2"), ("own/2", "also own/1")]


def test_shared_image_counts_the_rest_and_names_categories():
    cases = [case(i, "q", "x.png", category="ab"[i % 2]) for i in range(NAMED + 3)]
    first = next(iter(shared_image(cases)))
    named = ", ".join(f"own/{i}" for i in range(1, NAMED + 1))
    assert first.detail == f"also {named} and 2 more; categories a, b"


def test_subcat_mismatch_needs_a_majority():
    tie = [case(1, "q", category="a", subcategory="s"), case(2, "q", category="b", subcategory="s")]
    assert not list(subcat_mismatch(tie))
    three = [*tie, case(3, "q", category="b", subcategory="s")]
    assert [f.case for f in subcat_mismatch(three)] == ["own/1"]


def test_thousands_of_rows_take_no_time():
    rng = random.Random(0)
    vocabulary = [f"w{i}" for i in range(3_000)]
    cases = [case(i, " ".join(rng.choices(vocabulary, k=14))) for i in range(5_000)]
    start = time.process_time()
    list(near_dup(cases))
    assert time.process_time() - start < 5


def test_one_template_for_all_takes_no_memory():
    template = "The image shows the phrase of an activity list the steps to do number"
    cases = [case(i, f"{template} {i}") for i in range(600)]
    found = list(near_dup(cases))
    assert len(found) == 600
    assert all(f.detail.endswith(f" and {599 - NAMED} more") for f in found)
