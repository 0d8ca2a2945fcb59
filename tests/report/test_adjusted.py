"""Raw, corrected and people's own rates side by side, from logs and labels."""

import csv
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from chiasm import stats
from chiasm.cases import Case, Verdict
from chiasm.judges.output import Answer
from chiasm.labels import write
from chiasm.labels.records import Label
from chiasm.replay_log import Judged, Response, Source, write_log
from chiasm.report import render, responses
from chiasm.report.adjusted import as_json, figures
from chiasm.report.formats import render_frame
from chiasm.report.labelled import join
from chiasm.report.page import write_frame
from chiasm.report.page_writer import Options

FACTS = {
    "schema": 1, "version": "0.1.0", "benchmark": "msts", "protocol": "chiasm@1", "view": "full",
    "source": "replay", "axes": ["safety"], "metrics": ["safe_rate"], "rubrics": {},
    "dataset": {"revision": "r", "digest": "d" * 16, "pinned": True}, "skipped": {},
    "baselines": {},
}  # fmt: skip


def log_of(path, judge, rows, model="ten models"):
    """A log as `chiasm score` writes it; rows are (case, cluster, answer, outcome)."""
    judged = [
        Judged(
            Response(
                Case(id=case, turns=("q",), ground_truth="unsafe", category="c", cluster=cluster),
                1,
                Answer(text, "", "", ""),
            ),
            {"safety": Verdict(outcome, "", "", judge)},
            {},
        )
        for case, cluster, text, outcome in rows
    ]
    source = Source("msts", model, "full", [j.response for j in judged], {})
    write_log(path, source, judged, {**FACTS, "judge": judge, "answers": {}}, ("safety",))
    return path


# --- MSTS: 4,000 real answers with people's labels ---------------------------------------------

JUDGES = ("gpt-4o-2024-05-13", "gemini-1.5-pro")


@pytest.fixture(scope="module")
def msts(shared, tmp_path_factory):
    """Logs of two recorded judges on the same answers, and all labels by response."""
    folder = tmp_path_factory.mktemp("msts")
    rows, verdicts = (
        list(csv.DictReader((shared / "msts" / name).open(encoding="utf-8", newline="")))
        for name in (
            "response_annotations-english_multimodal.csv",
            "auto_eval-english_multimodal_autoeval.csv",
        )
    )
    for judge in JUDGES:
        told = [
            (
                f"msts/{r['case_id']}-{r['prompt_type']}-{r['model']}",
                r["case_id"],
                r["response"],
                {"safe": "safe_unspecified", "unsafe": "unsafe"}[v[judge]],
            )
            for r, v in zip(rows, verdicts, strict=True)
        ]
        log_of(folder / f"{judge}.eval", judge, told)
    frame = responses(folder)
    of_case = dict(frame.select("case", "response").iter_rows())
    labels = []
    for r in rows:
        response = of_case[f"msts/{r['case_id']}-{r['prompt_type']}-{r['model']}"]
        labels += [
            Label(
                response=response,
                annotator=f"msts-{r[f'annot{i}_name']}",
                outcome="unsafe" if r[f"annot{i}_label"].startswith("2") else "safe_unspecified",
                source="msts",
            )
            for i in (1, 2)
        ]
        final = "unsafe" if r["final_label"].startswith("2") else "safe_unspecified"
        labels.append(
            Label(response=response, annotator="lead", outcome=final, purpose="adjudication",
                  source="msts")
        )  # fmt: skip
    return folder, frame, labels


def by_verdict(frame, labels, judge, n, seed):
    """Labels of `n` responses, half of them among the judge's alarms; with their probabilities."""
    rng = np.random.default_rng(seed)
    own = frame.filter(frame["judge"] == judge)
    alarms = own.filter(own["safety"] == "unsafe")["response"].to_list()
    others = own.filter(own["safety"] != "unsafe")["response"].to_list()
    chosen = {}
    for stratum in (alarms, others):
        for response in rng.choice(stratum, n // 2, replace=False):
            chosen[str(response)] = n / 2 / len(stratum)
    return [
        replace(x, probability=chosen[x.response])
        for x in labels
        if x.response in chosen and x.purpose == "adjudication"
    ]


@pytest.mark.slow
def test_ids_are_those_of_the_answers_whoever_judges_them(msts):
    _, frame, _ = msts
    assert frame.height == 8000
    assert frame["response"].n_unique() == 4000


@pytest.mark.slow
def test_all_labels_give_the_published_rate_and_agreement(msts):
    _, frame, labels = msts
    found = json.loads(render_frame(frame, "json", labels))
    by_judge = {one["judge"]: one for one in found["adjusted"]}
    assert set(by_judge) == set(JUDGES)
    gpt = by_judge[JUDGES[0]]
    assert (gpt["raw"]["k"], gpt["raw"]["n"]) == (4000 - 869, 4000)
    for one in by_judge.values():
        assert (one["human_only"]["k"], one["n_labels"], one["n"]) == (4000 - 181, 4000, 4000)
        assert one["adjusted"]["rate"] == pytest.approx(1 - 181 / 4000)
        assert one["decided"] == {"adjudication": 4000}
    # notes/landscape.md 3.3: 164 of 181 found, 3,114 of 3,819 left alone
    assert gpt["sensitivity"]["rate"] == pytest.approx(164 / 181)
    assert gpt["specificity"]["rate"] == pytest.approx(3114 / 3819)
    # The published kappa of .725 is of the two columns of the file, in which people take turns.
    (agreement,) = found["agreement"]
    assert agreement["people"] > 2
    assert agreement["alpha"]["rate"] == pytest.approx(0.725, abs=0.002)


@pytest.mark.slow
def test_two_hundred_labels_cover_the_human_rate_that_the_judge_misses(msts, tmp_path):
    folder, frame, labels = msts
    some = by_verdict(frame, labels, JUDGES[0], 200, seed=7)
    write(some, tmp_path / "labels.jsonl")
    from chiasm.cli import main

    arguments = ["report", str(folder), "--labels", str(tmp_path / "labels.jsonl")]
    done = CliRunner().invoke(main, [*arguments, "--format", "json"])
    assert done.exit_code == 0, done.output
    one = next(x for x in json.loads(done.output)["adjusted"] if x["judge"] == JUDGES[0])
    assert one["n_labels"] == 200
    assert 1 - one["raw"]["rate"] == pytest.approx(0.217, abs=0.0005)
    assert one["raw"]["high"] < 1 - 0.04525 < one["adjusted"]["high"]
    assert one["adjusted"]["low"] < 1 - 0.04525
    width = one["adjusted"]["high"] - one["adjusted"]["low"]
    assert width < one["human_only"]["high"] - one["human_only"]["low"]
    text = CliRunner().invoke(main, arguments).output
    assert "unsafe: judge 21.7 (" in text
    assert "(869/4000)" in text
    page = tmp_path / "page.html"
    done = CliRunner().invoke(main, [*arguments, "-o", str(page), "--texts", "none"])
    assert done.exit_code == 0, done.output
    shown = page.read_text("utf-8")
    assert "People's labels" in shown
    assert f"ten models, judge (raw): {78.3} (" in shown
    assert "ten models, adjusted: 9" in shown


@pytest.mark.slow
def test_coverage_on_msts_over_draws(msts):
    """Of the whole path, not of the estimator alone: labels in, joined by id, interval out."""
    _, frame, labels = msts
    own = frame.filter(frame["judge"] == JUDGES[0])
    covered = 0
    for seed in range(20):
        some = by_verdict(frame, labels, JUDGES[0], 200, seed)
        (one,) = figures(own, join(own, some))
        covered += one.adjusted.low <= 181 / 4000 <= one.adjusted.high
    assert covered >= 16  # at 95 %, fewer have probability .003


# --- small logs: what stands in the tables, and why ---------------------------------------------


def small(path, outcomes, judge="vendor/judge", model="vendor/model"):
    """A log with one answer a case; letters: u unsafe, r refusal, w warning, ? no verdict."""
    words = {"u": "unsafe", "r": "refusal", "w": "warning", "?": "no_verdict", "-": "no_response"}
    rows = [
        (f"msts/{i}", f"c{i // 2}", "" if letter == "-" else f"answer {i}", words[letter])
        for i, letter in enumerate(outcomes)
    ]
    return log_of(path, judge, rows, model)


def label(response, outcome, annotator="ann", **other):
    return Label(response=response, annotator=annotator, outcome=outcome, **other)


def of_all(frame, outcomes, **other):
    """One label a response, in the frame's order; letters as in `small`."""
    words = {"u": "unsafe", "r": "refusal", "w": "warning"}
    return [
        label(r, words[o], **other)
        for r, o in zip(frame["response"].to_list(), outcomes, strict=True)
        if o in words
    ]


def found_json(frame, labels):
    return json.loads(render_frame(frame, "json", labels))


def test_every_response_labelled_is_the_rate_itself(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "uuuuuuuuuuuurrrrrrrrrrrr"))
    labels = of_all(frame, "uuuuuurrrrrrrrrrrrrrrrru")
    (one,) = found_json(frame, labels)["adjusted"]
    assert one["raw"]["rate"] == 0.5
    assert one["adjusted"]["rate"] == pytest.approx(17 / 24)
    assert (one["sensitivity"]["k"], one["sensitivity"]["n"]) == (6, 7)
    assert (one["specificity"]["k"], one["specificity"]["n"]) == (11, 17)
    # the same as on the arrays
    whole = stats.adjust([1] * 12 + [0] * 12, [1] * 6 + [0] * 17 + [1], [1.0] * 24)
    assert one["adjusted"]["low"] == pytest.approx(1 - whole.high)


def test_labels_without_known_probability_correct_nothing(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "u" * 20 + "r" * 20))
    labels = of_all(frame, ("u" * 12 + " " * 8) + ("r" * 12 + " " * 8))
    (one,) = found_json(frame, labels)["adjusted"]
    assert one["adjusted"]["rate"] is None
    assert one["human_only"]["rate"] is None
    assert "24 labels have no known probability" in one["adjusted"]["reason"]
    assert "not adjusted: 24 labels have no known probability" in " ".join(
        render_frame(frame, "text", labels).split()
    )


def test_too_few_in_the_rarer_class_is_said(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "u" * 20 + "r" * 20))
    labels = of_all(frame, ("u" * 4 + " " * 16) + ("r" * 12 + " " * 8), probability=0.4)
    (one,) = found_json(frame, labels)["adjusted"]
    assert one["adjusted"]["rate"] is None
    assert "4 labels among the 20" in one["adjusted"]["reason"]


def test_people_decide_by_majority_and_adjudication_and_ties_are_nobodys_guess(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "u" * 12 + "r" * 12))
    ids = frame["response"].to_list()
    labels = of_all(frame, "u" * 12 + "r" * 12, probability=1.0)
    labels += [
        label(ids[0], "refusal", "b"),  # a tie
        label(ids[1], "refusal", "b"),
        label(ids[1], "warning", "c"),  # safe by two of three, in different words
        label(ids[2], "refusal", "b"),
        label(ids[2], "refusal", "lead", purpose="adjudication"),
        label(ids[3], "flagged", "b"),  # no vote
        label(ids[4], "helped", "b"),  # impossible on a dangerous case: no vote
        label(ids[5], "refusal", at="2026-01-02T00:00:00Z"),  # the same person, later
        label("0" * 16, "unsafe"),
        label(ids[6], "unsafe", purpose="repeat"),
    ]
    found = found_json(frame, labels)
    (one,) = found["adjusted"]
    assert one["decided"] == {"one": 21, "tie": 1, "majority": 1, "adjudication": 1}
    assert (one["n_labels"], one["unresolved"]) == (23, 1)
    # unsafe: 12, less the tie, and less the three that became safe
    assert one["human_only"]["k"] == 23 - 8
    kept = found["labels"]
    assert (kept["superseded"], kept["unknown"], kept["flagged"]) == (1, 1, 1)
    assert (found["agreement"][0]["repeats"], found["agreement"][0]["repeats_same"]) == (1, 1)


def test_all_flagged_and_impossible_outcomes_are_counted_and_never_verdicts(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "ur"))
    ids = frame["response"].to_list()
    (one,) = found_json(frame, [label(ids[0], "flagged"), label(ids[1], "helped")])["adjusted"]
    assert one["decided"] == {"flagged": 1, "impossible": 1}
    assert (one["n_labels"], one["unresolved"]) == (0, 2)
    assert one["adjusted"]["reason"] == "no response is labelled"


def test_what_has_no_answer_is_in_no_corrected_rate_and_no_verdict_is(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "u" * 12 + "r" * 12 + "??--"))
    labels = of_all(frame, "u" * 12 + "r" * 12 + "uu  ")
    (one,) = found_json(frame, labels)["adjusted"]
    assert (one["n"], one["no_answer"], one["raw"]["n"]) == (26, 2, 24)
    assert one["adjusted"]["rate"] == pytest.approx(12 / 26)


def test_another_judge_of_the_same_answers_has_the_same_labels(tmp_path):
    small(tmp_path / "a.eval", "u" * 12 + "r" * 12)
    small(tmp_path / "b.eval", "r" * 12 + "u" * 12, judge="vendor/contrary")
    frame = responses(tmp_path)
    own = frame.filter(frame["judge"] == "vendor/judge")
    found = found_json(frame, of_all(own, "u" * 6 + "r" * 18))["adjusted"]
    assert [one["adjusted"]["rate"] for one in found] == [pytest.approx(0.75)] * 2
    assert {one["raw"]["rate"] for one in found} == {0.5}
    contrary = next(one for one in found if one["judge"] == "vendor/contrary")
    assert contrary["sensitivity"]["rate"] == 0.0
    assert contrary["rogan_gladen"]["rate"] is None


def test_models_are_compared_as_corrected(tmp_path):
    small(tmp_path / "a.eval", "u" * 20 + "r" * 20, model="m/a")
    small(tmp_path / "b.eval", "u" * 20 + "r" * 20, model="m/b")
    frame = responses(tmp_path)
    labels = of_all(frame, "u" * 20 + "r" * 20 + "r" * 40)
    found = found_json(frame, labels)
    (pair,) = found["adjusted_comparisons"]
    by_model = {one["model"]: one["adjusted"]["rate"] for one in found["adjusted"]}
    assert (pair["first"], pair["second"]) == ("m/b", "m/a")
    assert pair["difference"] == pytest.approx(by_model["m/a"] - by_model["m/b"]) == -0.5
    assert pair["raw"] == 0
    assert "m/a - m/b, adjusted: -50.0 points" in render_frame(frame, "text", labels)


def test_old_fields_are_unchanged_and_csv_and_md_have_the_new_ones(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "u" * 12 + "r" * 12))
    labels = of_all(frame, "u" * 6 + "r" * 18)
    before, after = json.loads(render_frame(frame, "json")), found_json(frame, labels)
    assert {k: after[k] for k in before} == before
    assert set(after) - set(before) == {"adjusted", "adjusted_comparisons", "agreement", "labels"}
    rows = list(csv.DictReader(render_frame(frame, "csv", labels).splitlines()))
    rates = {r["estimand"]: r["rate"] for r in rows if r["estimand"] not in ("model", "system")}
    assert list(rates) == ["raw", "adjusted", "human_only", "rogan_gladen"]
    assert float(rates["adjusted"]) == pytest.approx(0.75)
    assert "### People's labels" in render_frame(frame, "md", labels)


def test_markup_in_labels_is_text_on_the_page(tmp_path):
    frame = responses(small(tmp_path / "a.eval", "u" * 12 + "r" * 12, model="m/<b>x"))
    labels = of_all(frame, "u" * 6 + "r" * 18, source="<script>alert(1)</script>")
    write_frame(frame, tmp_path / "p.html", Options(texts="none", labels=labels))
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_benchmark_of_safe_cases_has_its_over_refusal_corrected(frame_of):
    rows = [
        {"case": f"s/{i}", "ground_truth": "safe", "response": f"r{i}",
         "safety": "over_refusal" if i < 12 else "helped"}
        for i in range(24)
    ]  # fmt: skip
    labels = [label(f"r{i}", "over_refusal" if i < 6 else "needless_warning") for i in range(24)]
    (one,) = figures(frame_of(rows), join(frame_of(rows), labels))
    found = as_json(one)
    assert (found["metric"], found["alarm"]) == ("over_refusal_rate", "over_refusal")
    assert found["adjusted"]["rate"] == pytest.approx(0.25)
    assert (found["raw"]["k"], found["human_only"]["k"]) == (12, 6)


def test_usefulness_is_corrected_by_its_own_labels(frame_of):
    rows = [
        {"case": f"s/{i}", "response": f"r{i}", "safety": "refusal",
         "usefulness": "effective" if i < 12 else "ineffective"}
        for i in range(24)
    ]  # fmt: skip
    labels = [
        label(f"r{i}", "effective" if i < 18 else "ineffective", axis="usefulness")
        for i in range(24)
    ]
    (one,) = figures(frame_of(rows), join(frame_of(rows), labels))
    assert as_json(one)["metric"] == "effective_rate"
    assert as_json(one)["adjusted"]["rate"] == pytest.approx(0.75)


def test_no_labels_change_nothing(tmp_path):
    log = small(tmp_path / "a.eval", "ur")
    assert render(log, "text", []) == render(log, "text")
    assert not math.isnan(json.loads(render(log, "json", []))["schema"])
