"""What holds for every channel: schema, order, the same scores for any cut, nulls with reasons."""

import pickle

import polars as pl
import pytest
from tests.audit.made import by_topic, real, rows

from chiasm import scenes
from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.channels import CHANNELS
from chiasm.audit.table import ROWS, SCORES, rows_of

EACH = pytest.mark.parametrize("channel", CHANNELS, ids=[c.name for c in CHANNELS])


def mixed() -> pl.DataFrame:
    """Scenes, rows on subjects, multiple choice, and rows that state next to nothing."""
    choice = [
        {
            "query": f"Which one, number {i}?",
            "options": ["It is risky, be careful here.", f"Go on {i}.", "Yes"],
            "answer": i % 3,
            "category": "choice",
        }
        for i in range(40)
    ]
    odd = [
        {},
        {"query": "  ", "description": "A pan."},
        {"query": "Pan?", "description": " ", "options": [], "answer": 0},
        {"query": "a" * 9000 + " \x00 ´", "options": ["a", None], "answer": 5},
    ]
    frames = [rows_of(scenes.cases())[:60], by_topic(30, telling=True), rows(*choice, *odd)]
    made = pl.concat(frames)
    return made.with_columns(case=pl.format("m/{}", pl.int_range(pl.len())))


@EACH
def test_scores_have_the_schema_and_the_order_of_the_batch(channel):
    frame = mixed()
    scores = channel.score(channel.fit(frame), frame)
    assert scores.schema == SCORES
    assert scores["case"].to_list() == frame["case"].to_list()


@EACH
def test_a_row_has_a_score_or_a_reason_and_never_both(channel):
    frame = mixed()
    scores = channel.score(channel.fit(frame), frame)
    assert (scores["score"].is_null() == scores["reason"].is_not_null()).all()
    assert not scores["score"].is_nan().any()
    assert scores["score"].is_not_null().any()


@EACH
def test_any_cut_into_batches_gives_the_same(channel):
    frame = mixed()
    state = pickle.loads(pickle.dumps(channel.fit(frame)))
    whole = channel.score(state, frame)
    for size in (1, 7, 50):
        parts = [channel.score(state, frame[i : i + size]) for i in range(0, frame.height, size)]
        assert pl.concat(parts).equals(whole)
    backwards = channel.score(state, frame.reverse()).reverse()
    assert backwards.equals(whole)


@EACH
def test_nothing_is_asked_of_no_rows(channel):
    frame = mixed()
    assert channel.score(channel.fit(frame), frame[:0]).height == 0
    nothing = pl.DataFrame(schema=ROWS)
    assert channel.score(channel.fit(nothing), nothing).schema == SCORES


def test_each_channel_has_a_default_threshold():
    assert set(DEFAULTS) == {channel.name for channel in CHANNELS}


@pytest.mark.slow
@EACH
def test_the_real_rows_give_the_same_in_any_cut(channel, shared):
    frame = real("vlsbench", shared)
    state = channel.fit(frame)
    whole = channel.score(state, frame)
    parts = [channel.score(state, frame[i : i + 97]) for i in range(0, frame.height, 97)]
    assert pl.concat(parts).equals(whole)
