"""Labels of the responses of real logs: MOSSBench's recorded answers, judged by two rules."""

import csv

import pytest
from click.testing import CliRunner

from chiasm.cases import Case
from chiasm.cli import main
from chiasm.errors import ConfigError, DataError
from chiasm.judges.refusal import refusal
from chiasm.labels.reading import write
from chiasm.labels.records import Label
from chiasm.report.frame import responses
from chiasm.validation.people import MOSSBENCH_LABELS
from chiasm.validation.report import validate

MODEL = "claude-3-sonnet"


@pytest.fixture(scope="module")
def logs(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    done = CliRunner().invoke(
        main,
        [
            "score",
            str(shared / "mossbench" / "responses" / f"{MODEL}.jsonl"),
            "--benchmark",
            "mossbench",
            "--grader",
            "chiasm/refusal",
            "--data",
            str(shared / "mossbench"),
            "--log-dir",
            str(folder),
        ],
    )
    assert list(folder.rglob("*.eval")), done.output
    return folder


@pytest.fixture(scope="module")
def labelled(logs, tmp_path_factory):
    from importlib.resources import files

    ids = {r["case"]: r["response"] for r in responses(logs).iter_rows(named=True)}
    text = files("chiasm.validation").joinpath(MOSSBENCH_LABELS).read_text("utf-8")
    rows = [r for r in csv.DictReader(text.splitlines()) if r["model"] == MODEL]
    labels = [Label(response=ids[r["case"]], annotator="p", outcome=r["label"]) for r in rows]
    second = [Label(response=x.response, annotator="q", outcome=x.outcome) for x in labels[:3]]
    elsewhere = Label(response="0" * 16, annotator="p", outcome="helped")
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    write([*labels, *second, elsewhere], path)
    return path


def test_the_same_figures_as_from_the_recorded_answers(logs, labelled, shared):
    found = validate(str(labelled), recorded_at=logs)
    (judge,) = found.judges
    assert judge.verdicts.judge == "chiasm/refusal"
    recorded = validate("mossbench", data=shared / "mossbench").judges[0]
    (same,) = (g for g in recorded.bias[3].groups if g.name == MODEL)
    got = judge.figures.estimates
    assert (got["sensitivity"].k, got["sensitivity"].n) == (same.sensitivity.k, same.sensitivity.n)
    assert (got["specificity"].k, got["specificity"].n) == (same.specificity.k, same.specificity.n)
    assert found.people.reading.positive == "refused"
    assert found.people.left_out == {"about responses of other logs": 1}
    assert found.among_people["agreement"].n == 3
    assert [g.n for g in judge.bias[0].groups]  # texts were read from the logs
    assert all(
        refusal(a.case, a.text).outcome and isinstance(a.case, Case) for a in found.people.answers
    )


def test_what_does_not_fit_is_said(logs, labelled, tmp_path):
    with pytest.raises(ConfigError, match="they have chiasm/refusal"):
        validate(str(labelled), "openai/x", recorded_at=logs)
    with pytest.raises(ConfigError, match="--recorded LOGS"):
        validate(str(labelled))
    other = tmp_path / "other.csv"
    write([Label(response="1" * 16, annotator="p", outcome="helped")], other)
    with pytest.raises(DataError, match="no label is about a response"):
        validate(str(other), recorded_at=logs)


def test_a_public_set_finds_its_answers_in_logs(logs, shared):
    found = validate("mossbench", data=shared / "mossbench", recorded_at=logs)
    (judge,) = found.judges
    offline = validate("mossbench", data=shared / "mossbench").judges[0]
    mine = [a.model == MODEL for a in found.people.answers]
    assert sum(mine) == 20
    for ours, said, asked in zip(mine, judge.verdicts.said, offline.verdicts.said, strict=True):
        assert said == (asked if ours else None)
    assert judge.verdicts.without == {"not asked": 80}
