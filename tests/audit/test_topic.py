"""topic: near 1 where words tell the category, near chance where not; groups stay together."""

import polars as pl
import pytest
from tests.audit.made import by_topic, queries, real, rows

from chiasm.audit import topic


def test_telling_words_tell_and_others_do_not():
    telling, other = (topic.facts(by_topic(60, telling=t)) for t in (True, False))
    assert telling.accuracy.rate > 0.95
    assert telling.bits > 0.8 * telling.entropy
    assert other.accuracy.low < 0.45
    assert other.bits < 0.25 * other.entropy
    assert telling.majority == other.majority == pytest.approx(1 / 3)


def test_equal_queries_never_teach_each_other():
    """Random categories, each query five times: without groups they would all be known."""
    stated = [
        {"query": f"alpha{i} beta{i} gamma{i}", "category": ("p", "q")[(i * 7 // 3) % 2]}
        for i in range(60)
        for _ in range(5)
    ]
    found = topic.facts(rows(*stated))
    assert found.rows == 300
    assert found.accuracy.low < 0.6


def test_a_dataset_without_two_categories_has_a_reason():
    found = topic.facts(queries("one", "two"))
    assert (
        found.reason == found.accuracy.reason == ("fewer than two categories with 5 unlike queries")
    )
    assert found.rows == 0


def test_one_query_for_all_is_said_plainly():
    frame = rows(
        *({"query": "The  list?" if i else "the list?", "category": "ab"[i % 2]} for i in range(40))
    )
    told = "all 40 rows have one query, from which nothing can be learnt"
    assert topic.facts(frame).reason == topic.fit(frame).reason == told
    assert set(topic.score(topic.fit(frame), frame)["reason"]) == {told}


def test_a_category_too_rare_is_not_scored():
    frame = pl.concat([by_topic(20, telling=True), rows({"query": "boil", "category": "rare"})])
    frame = frame.with_columns(case=pl.format("y/{}", pl.int_range(pl.len())))
    scores = topic.score(topic.fit(frame), frame)
    assert scores["reason"].to_list()[-1] == "no category, or one of too few rows"
    assert scores["score"].null_count() == 1


def test_source_is_told_apart_where_styles_differ():
    frame = by_topic(40, telling=True)
    style = pl.when(pl.int_range(pl.len()) % 2 == 0)
    frame = frame.with_columns(
        query=pl.col("query")
        + style.then(pl.lit(" kindly advise")).otherwise(pl.lit(" pray tell")),
        source=style.then(pl.lit("a")).otherwise(pl.lit("b")),
    )
    found = topic.facts(frame)
    assert found.source.rate > 0.95
    assert set(found.within) == {"a", "b"}
    assert sum(w.accuracy.n for w in found.within.values()) == found.rows


@pytest.mark.slow
def test_vlsbench_queries_tell_their_category_near_70_percent(shared):
    found = topic.facts(real("vlsbench", shared))
    assert 0.66 <= found.accuracy.rate <= 0.74
    assert found.majority == pytest.approx(590 / 2240, abs=1e-3)
    assert 0.95 <= found.bits <= 1.35
    assert found.entropy == pytest.approx(2.45, abs=0.01)
    assert found.source.rate > found.source_majority + 0.1
    assert all(w.accuracy.rate > w.majority for w in found.within.values())
