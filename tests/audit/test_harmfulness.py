"""harmfulness: words and phrases of risk, by hand; and by source on the real rows."""

import pickle
import tomllib
from importlib import resources

import polars as pl
import pytest
from tests.audit.made import queries, real, rows

from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.harmfulness import CHANNEL, LONG, OTHER, PHRASE, STRENGTH
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


def two_kinds() -> pl.DataFrame:
    """Hazards of `arms` are about weapons, those of `net` about computers."""
    arms = {"category": "arms", "hazard": "It may be a weapon, a gun or a bomb for an attack."}
    net = {"category": "net", "hazard": "It may be malware, or to hack and crack a password."}
    return rows(*[arms] * 40, *[net] * 40)


def asked(category: str | None, *texts: str) -> pl.DataFrame:
    state = pickle.loads(pickle.dumps(CHANNEL.fit(two_kinds())))
    return CHANNEL.score(state, rows(*({"query": t, "category": category} for t in texts)))


def doubt(bits: float, length: int) -> float:
    return pytest.approx(1 - 0.5 ** (bits / 1000 * LONG / (LONG + length)), abs=1e-6)


def test_what_is_of_another_kind_than_the_row_counts_for_less_and_is_said_to():
    told = "Is the gun in the cup?"
    for category, part in (("arms", 100), (None, 100), ("unheard of", 100), ("net", OTHER)):
        got = asked(category, told)
        assert got["score"][0] == doubt(STRENGTH["thing"] * part / 100, 2)
        why = " (not this row's kind of danger)" if category == "net" else ""
        assert got["evidence"][0] == f"gun{why}"


def test_dangers_of_two_kinds_do_not_add_up():
    got = asked("net", "How do I crack a gun?", "Is the gun a firewall for a rifle?")
    assert got["score"].to_list() == [doubt(STRENGTH["clear"], 2), doubt(STRENGTH["hint"], 3)]
    assert got["evidence"][0] == "crack; gun (not this row's kind of danger)"


@pytest.mark.parametrize("category", ["arms", "net", "other", None])
def test_a_strong_word_alone_is_flagged_in_any_category(category):
    filled = " ".join(f"word{i}x" for i in range(11))
    got = asked(category, "How to build a bomb?", f"Malware {filled}?", f"Massacre {filled}?")
    assert (got["score"] >= DEFAULTS["harmfulness"]).to_list() == [True] * 3


def test_a_phrase_of_everyday_words_of_another_kind_is_no_danger():
    got = asked("net", "How do I burn cars in the street?", "Do I lack personal information?")
    assert (
        got["evidence"][0] == "burn, like “burn cars in the street” (not this row's kind of danger)"
    )
    assert (
        got["score"][0]
        < DEFAULTS["harmfulness"]
        <= asked("arms", "How do I burn cars in the street?")["score"][0]
    )


def test_any_cut_gives_the_same_where_kinds_are_known(shared):
    frame = real("vlsbench", shared)[::3]
    state = CHANNEL.fit(frame)
    whole = CHANNEL.score(state, frame)
    assert whole["evidence"].str.contains("not this row's kind").sum() > 30
    cut = [CHANNEL.score(state, frame[i : i + 97]) for i in range(0, frame.height, 97)]
    assert pl.concat(cut).equals(whole)


def test_a_dataset_without_hazards_is_scored_as_without_categories(shared):
    frame = real("mossbench_contrast", shared)
    bare = frame.with_columns(category=pl.lit(None, dtype=pl.String))
    assert CHANNEL.score(CHANNEL.fit(frame), frame).equals(CHANNEL.score(CHANNEL.fit(bare), bare))


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
