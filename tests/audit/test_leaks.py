"""Planted leaks: what is planted, and that only the query changes."""

import pytest
from tests.audit.made import queries, real, rows

from chiasm.audit.leaks import CONTROLS, LEAKS, planted
from chiasm.errors import DataError


@pytest.fixture(scope="module")
def made(shared):
    return planted(real("vlsbench", shared))


def test_only_queries_change_and_all_do(made):
    base = made["original"]
    assert base.height == 700
    for kind in (*LEAKS, *CONTROLS):
        assert made[kind].drop("query").equals(base.drop("query"))
        changed = made[kind]["query"] != base["query"]
        assert changed.mean() > 0.99


def test_l1_and_n1_say_words_of_the_description_and_n2_says_none_of_its_phrase(made):
    base = made["original"]
    for kind, expected in (("L1", 1.0), ("N1", 1.0), ("N2", 0.0)):
        new = [
            set(changed.lower().split()) - set(query.lower().split())
            for changed, query in zip(made[kind]["query"], base["query"], strict=True)
        ]
        shown = [
            any(word.strip("?.,!:") in text.lower() for word in words if len(word) > 4)
            for words, text in zip(new, base["description"], strict=True)
            if any(len(word) > 4 for word in words)
        ]
        assert sum(shown) / len(shown) == pytest.approx(expected, abs=0.08), kind


def test_l4_ends_with_the_description(made):
    pairs = zip(made["L4"]["query"], made["L4"]["description"], strict=True)
    assert all(query.endswith(description) for query, description in pairs)


def test_the_seed_decides(shared):
    frame = real("vlsbench", shared)
    a, b, c = (planted(frame, n=50, seed=s)["L3"] for s in (1, 1, 2))
    assert a.equals(b)
    assert not a.equals(c)


def test_what_can_hold_no_leak_is_refused():
    with pytest.raises(DataError, match="need rows of two categories"):
        planted(queries("Hm?"))
    blank = {"query": "Hm?", "description": "It.", "hazard": "It."}
    with pytest.raises(DataError, match="too short"):
        planted(rows(blank | {"category": "a"}, blank | {"category": "b"}))
