"""Folding: inflections meet, and what is no inflection stays apart."""

import polars as pl
import pytest
from tests.audit.made import queries

from chiasm.audit.words import document_counts, exploded, fold


@pytest.mark.parametrize(
    "inflected",
    [
        ("knife", "knives"),
        ("smoke", "smokes", "smoked", "smoking"),
        ("rob", "robs", "robbed", "robbing"),
        ("bully", "bullies", "bullied", "bullying"),
        ("glove", "gloves"),
        ("match", "matches"),
        ("guard", "guards", "guard's", "guarded"),
        ("sell", "selling"),
    ],
)
def test_inflections_of_a_word_fold_alike(inflected):
    assert len({fold(word) for word in inflected}) == 1


@pytest.mark.parametrize(
    "pair", [("bus", "bush"), ("glass", "glad"), ("ring", "red"), ("care", "scar")]
)
def test_unlike_words_stay_apart(pair):
    assert fold(pair[0]) != fold(pair[1])


def test_function_words_and_numbers_fold_to_nothing():
    assert [fold(w) for w in ("the", "don't", "112", "a")] == ["", "", "", ""]


def test_words_keep_their_row_and_order_and_rows_without_words_have_none():
    long = exploded(queries("Red kettles, red!", None, "The", "Zażółć 茶"), "query")
    assert long.select("row", "lemma").rows() == [
        (0, "red"), (0, "kettl"), (0, "red"), (3, "zażółć"),
    ]  # fmt: skip


def test_a_row_counts_once_for_a_word():
    counts = document_counts(queries("tea tea", "tea cup"), "query")
    assert dict(counts.rows()) == {"tea": 2, "cup": 1}
    assert counts.schema["count"].is_integer()
    assert isinstance(counts, pl.DataFrame)
