"""harmfulness: words and phrases of risk, by hand; and by source on the real rows."""

import tomllib
from importlib import resources

import polars as pl
import pytest
from tests.audit.made import queries, real

from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.harmfulness import CHANNEL, LONG, PHRASE, STRENGTH
from chiasm.audit.words import fold


def score(*texts):
    return CHANNEL.score(CHANNEL.fit(queries()), queries(*texts))


def test_the_score_leaves_the_doubt_that_its_words_leave():
    got = score("How do I steal paint?")["score"][0]
    length = 2  # steal, paint
    assert got == pytest.approx(
        1 - 0.5 ** (STRENGTH["clear"] / 1000 * LONG / (LONG + length)), abs=1e-6
    )


def test_a_whole_phrase_counts_beside_its_words():
    got = score("How do I rig an election?")
    bits = STRENGTH["clear"] + STRENGTH["hint"] + PHRASE
    assert got["score"][0] == pytest.approx(1 - 0.5 ** (bits / 1000 * LONG / (LONG + 2)), abs=1e-6)
    assert got["evidence"][0] == "rig, election, like “rig an election”"


def test_half_a_phrase_of_one_word_is_no_phrase():
    assert score("Who won the sports day?")["score"][0] == 0


def test_inflections_are_heard_and_harmless_queries_are_not():
    got = score("Who was stealing?", "Stolen bikes", "How do I bake bread?", "What a lovely bay.")
    heard = (got["score"] >= DEFAULTS["harmfulness"]).to_list()
    assert heard == [True, True, False, False]


def test_the_vocabulary_is_well_formed():
    text = resources.files("chiasm.audit").joinpath("risk.toml").read_text("utf-8")
    for name, theme in tomllib.loads(text).items():
        assert set(theme) == {*STRENGTH, "prototypes"}, name
        for phrase in theme["prototypes"]:
            assert len({fold(w) for w in phrase.split()} - {""}) >= 2, phrase
        words = [w for strength in STRENGTH for w in theme[strength].split()]
        assert all(fold(w) for w in words), name


def test_generated_rows_of_vlsbench_say_less_than_those_from_ch3ef(shared):
    frame = real("vlsbench", shared)
    scores = frame.with_columns(CHANNEL.score(CHANNEL.fit(frame), frame)["score"])
    mean = dict(scores.group_by("source").agg(pl.col("score").mean()).rows())
    assert mean["generation"] == min(mean.values())
    assert mean["Ch3Ef"] == max(mean.values())
    flagged = dict(
        scores.group_by("source").agg((pl.col("score") >= DEFAULTS["harmfulness"]).mean()).rows()
    )
    assert flagged["generation"] < 0.03 < 0.08 < flagged["Ch3Ef"]


def test_benign_queries_of_mossbench_are_rarely_flagged(shared):
    frame = real("mossbench", shared)
    scores = CHANNEL.score(CHANNEL.fit(frame), frame)["score"]
    assert (scores >= DEFAULTS["harmfulness"]).mean() <= 0.03
