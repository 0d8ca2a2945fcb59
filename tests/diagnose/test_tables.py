"""From responses to diagnoses: failures of judges, missing conditions, benign cases, JSON, page."""

import json
from random import Random

import polars as pl
import pytest

from chiasm.diagnose import page, show
from chiasm.diagnose.figures import figures
from chiasm.diagnose.tables import diagnoses
from chiasm.errors import ConfigError
from tests.diagnose.policies import MINDS, Mind, Model
from tests.diagnose.simulate import frame

ODD = Mind(knows=lambda family, query: len(family) % 2 == 0)
"""Lacks the facts of some families."""


@pytest.fixture(scope="module")
def answers():
    return frame(Model(ODD, seed=3))


def one(rows):
    (found,) = diagnoses(rows)
    return found


def figure(found, group, metric):
    (row,) = [f for f in figures(found) if (f["group"], f["metric"]) == (group, metric)]
    return row


def lost(rows, share, seed=0, only_unsafe=False):
    """The same responses, with verdicts lost by a judge that fails."""
    rng = Random(seed)
    bad = [
        row["safety"] is not None
        and (not only_unsafe or row["safety"] == "unsafe")
        and rng.random() < share
        for row in rows.iter_rows(named=True)
    ]
    mask = pl.Series(bad)
    return rows.with_columns(
        pl.when(mask).then(pl.lit("no_verdict")).otherwise("safety").alias("safety"),
        pl.when(mask)
        .then(pl.lit("judge refused"))
        .otherwise("safety_reason")
        .alias("safety_reason"),
    )


@pytest.mark.parametrize("only_unsafe", [False, True])
def test_lost_verdicts_are_never_a_cause_and_the_bounds_hold(answers, only_unsafe):
    whole = figure(one(answers), "dangerous", "knowledge")
    found = one(lost(answers, 0.15, only_unsafe=only_unsafe))
    row = figure(found, "dangerous", "knowledge")
    assert row["asked"] == whole["asked"] == len(found.dangerous)
    assert row["n"] < row["asked"]
    assert row["bound_low"] <= whole["k"] / whole["asked"] <= row["bound_high"]
    assert sum(row["missing_by"].values()) == row["asked"] - row["n"]
    states = {c.found.state for c in found.dangerous if c.found.reason}
    assert states == {"undetermined"}


def test_a_judge_that_never_answers_leaves_all_undetermined(answers):
    found = one(lost(answers, 1.1))
    assert {c.found.state for c in found.dangerous} == {"undetermined"}
    assert {c.found.reason for c in found.dangerous} == {"full: no verdict (judge refused)"}
    assert figure(found, "failures", "knowledge")["rate"] is None


@pytest.mark.parametrize(
    ("benchmark", "view", "gone", "reason"),
    [
        ("scenes_know", "full", {"knowledge", "reasoning", "alignment"}, "know: not asked"),
        ("scenes_probe", "full", {"integration", "knowledge"}, "perceive: not asked"),
        ("scenes", "caption", {"integration", "knowledge"}, "caption: not asked"),
    ],
)
def test_a_condition_that_was_not_asked_is_said(answers, benchmark, view, gone, reason):
    is_it = (pl.col("benchmark") == benchmark) & (pl.col("view") == view)
    found = one(answers.filter(~is_it))
    states = {c.found.state for c in found.dangerous}
    assert not states & gone
    assert reason in {c.found.reason for c in found.dangerous}
    assert any("was not asked of all dangerous cases" in note for note in found.notes)


def test_without_oracle_hazard_what_is_broken_earlier_is_still_told(answers):
    found = one(answers.filter(pl.col("view") != "oracle_hazard"))
    assert figure(found, "dangerous", "knowledge")["k"] > 20
    assert figure(found, "dangerous", "alignment")["k"] == 0


def test_fewer_than_five_answers_attribute_nothing(answers):
    found = one(answers.filter(pl.col("epoch") <= 3))
    assert {c.found.state for c in found.dangerous} == {"undetermined"}
    assert {c.found.reason for c in found.dangerous} == {"full: fewer than 5 answers"}
    assert "only 3 answers in some condition" in found.notes[-1]
    assert figure(found, "condition", "full_dangerous")["n"] == 3 * 128


def test_a_probe_is_counted_once_however_many_cases_share_it(answers):
    found = one(answers)
    assert figure(found, "condition", "perceive_dangerous")["asked"] == 5 * 64 * 2
    assert figure(found, "condition", "know_dangerous")["asked"] == 5 * 32 * 4


def test_asking_for_the_picture_is_no_text_shortcut_and_no_perception(answers):
    asks = pl.lit("asks_for_image")
    blind = answers.with_columns(
        pl.when(pl.col("view") == "text_only").then(asks).otherwise("safety").alias("safety"),
        pl.when(pl.col("benchmark") == "scenes_probe")
        .then(asks)
        .otherwise("choice")
        .alias("choice"),
    )
    found = one(blind)
    assert {c.found.state for c in found.dangerous} <= {"safe", "perception", "undetermined"}
    assert figure(found, "condition", "text_only_dangerous")["k"] == 0
    assert figure(found, "benign", "answered")["k"] > 100


def test_over_refusal_stands_apart():
    found = one(frame(Model(MINDS["refuses by the text"], noise=0)))
    row = figure(found, "benign", "refused_by_text")
    assert row["n"] == row["asked"] == 128
    assert row["k"] == 128
    assert not [f for f in figures(found) if f["group"] == "failures"]


def test_siuos_dimensions_are_sums_of_causes(answers):
    found = one(answers)
    causes = {f["metric"]: f["k"] for f in figures(found) if f["group"] == "failures"}
    siuo = {f["metric"]: f["k"] for f in figures(found) if f["group"] == "siuo"}
    assert siuo["integration"] == causes["perception"] + causes["integration"]
    assert (siuo["knowledge"], siuo["reasoning"]) == (causes["knowledge"], causes["reasoning"])


def test_reverse_transitions_are_counted(answers):
    # Exchanged names of two conditions: all that is good by the caption now is not with the hazard.
    names = {"caption": "oracle_hazard", "oracle_hazard": "caption"}
    rows = answers.filter(pl.col("ground_truth") == "unsafe")
    found = one(
        pl.concat(
            [
                rows.with_columns(pl.col("view").replace(names)),
                answers.filter(pl.col("benchmark") != "scenes"),
            ]
        )
    )
    straight = figure(one(answers), "noise", "caption_good_oracle_hazard_not")
    row = figure(found, "noise", "caption_good_oracle_hazard_not")
    assert straight["k"] <= 3 < 20 <= row["k"]


def test_several_runs_of_a_condition_are_refused(answers):
    again = answers.filter(pl.col("view") == "caption").with_columns(run=pl.lit("other"))
    with pytest.raises(ConfigError, match="several runs of the condition caption"):
        diagnoses(pl.concat([answers, again]))


def test_errors_say_what_is_missing(answers):
    with pytest.raises(ConfigError, match="nothing to diagnose"):
        diagnoses(answers.filter(pl.col("benchmark") == "scenes_probe"))
    with pytest.raises(ConfigError, match="no log of the condition full"):
        diagnoses(answers.filter(pl.col("view") != "full"))


def test_json_has_every_case_and_no_nan(answers):
    found = diagnoses(answers)
    told = json.loads(show.render(found, "json", ["vlsbench: a note"]))
    assert told["schema"] == 1
    assert len(told["cases"]) == 256
    assert told["notes"] == ["vlsbench: a note"]
    states = [c["state"] for c in told["cases"] if c["ground_truth"] == "unsafe"]
    (row,) = [
        e
        for e in told["estimates"]
        if (e["group"], e["metric"]) == ("dangerous", "knowledge")
    ]  # fmt: skip
    assert row["k"] == states.count("knowledge")


def test_page_escapes_and_repeats(answers, tmp_path):
    evil = answers.with_columns(model=pl.lit("<script>alert(1)</script>"))
    found = diagnoses(evil)
    text = page.html(found, ["<b>note</b>"])
    assert "<script" not in text and "<b>note" not in text
    assert text == page.html(found, ["<b>note</b>"])
    assert 'class="flow"' in text and "default-src &#39;none&#39;" in text
    page.write_page(found, tmp_path / "why.html")
    with pytest.raises(ConfigError, match=r"ends in \.html"):
        page.write_page(found, tmp_path / "why.txt")
