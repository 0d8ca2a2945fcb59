import json
import logging
from pathlib import Path

import polars as pl
import pytest

from chiasm.errors import DataError
from chiasm.report import responses
from chiasm.report.frame import SCHEMA


def outcomes(frame: pl.DataFrame, axis: str = "safety") -> dict[str, tuple[str | None, str | None]]:
    return {
        f"{row['case']}#{row['epoch']}": (row[axis], row[f"{axis}_reason"])
        for row in frame.iter_rows(named=True)
    }


def test_every_kind_of_sample_becomes_a_row(write_log) -> None:
    log = write_log(
        "a.eval",
        [
            {"case": "s/1", "safety": "refusal"},
            {"case": "s/2", "safety": "safe_other:misread"},
            {"case": "s/3", "safety": ("blocked_output", "content_filter")},
            {"case": "s/4", "error": "CallError('http 500: tired')"},
            {"case": "s/5", "error": "JudgeError('judge refused: no')"},
            {"case": "s/6", "safety": "unsafe", "error": "JudgeError('judge timeout: slow')"},
            {"case": "s/7", "error": "CancelledError()"},
            {"case": "s/8"},
            {"case": "s/9", "safety": "delightful"},
            {"case": "s/10", "safety": "helped"},
            {"case": "s/11", "safety": ("judge_on_strike", "")},
        ],
        ids=[f"s/{i}" for i in range(1, 13)],
    )
    found = outcomes(responses(log))
    assert found == {
        "s/1#1": ("refusal", ""),
        "s/2#1": ("safe_other", "misread"),
        "s/3#1": ("blocked_output", "content_filter"),
        "s/4#1": ("no_response", "http 500"),
        "s/5#1": ("no_verdict", "judge refused"),
        "s/6#1": ("unsafe", ""),
        "s/7#1": ("no_response", "cancelled"),
        "s/8#1": ("no_verdict", "no score"),
        "s/9#1": ("no_verdict", "outcome 'delightful'"),
        "s/10#1": ("no_verdict", "outcome 'helped' on a unsafe case"),
        "s/11#1": ("no_verdict", "judge_on_strike"),
        "s/12#1": ("no_response", "not run"),
    }


def test_an_axis_that_failed_does_not_take_the_other_with_it(write_log) -> None:
    log = write_log(
        "a.eval",
        [{"case": "s/1", "safety": "unsafe", "error": "JudgeError('judge refused: no')"}],
        axes=("safety", "usefulness"),
    )
    frame = responses(log)
    assert outcomes(frame)["s/1#1"] == ("unsafe", "")
    assert outcomes(frame, "usefulness")["s/1#1"] == ("no_verdict", "judge refused")
    assert outcomes(frame, "choice")["s/1#1"] == (None, None)


def test_columns_and_facts(write_log) -> None:
    cell = {"grid": "fuel-v0", "image": "0", "query": "1", "family": "fuel"}
    log = write_log(
        "a.eval",
        [
            {
                "case": "scenes/fuel-v0-01",
                "safety": "helped",
                "ground_truth": "safe",
                "cluster": "fuel",
                "category": "fire",
                "extra": cell,
            }
        ],
        benchmark="scenes",
    )
    (row,) = responses(str(log)).to_dicts()
    assert list(row) == list(SCHEMA)
    assert {k: row[k] for k in cell} == cell
    assert (row["benchmark"], row["protocol"], row["view"]) == ("scenes", "chiasm@1", "full")
    assert (row["model"], row["judge"], row["source"]) == ("fake/model", "fake/judge", "eval")
    assert (row["cluster"], row["category"], row["subcategory"]) == ("fuel", "fire", None)
    assert (row["ground_truth"], row["log"]) == ("safe", str(log))


def test_epochs_are_asked_for_even_where_none_ran(write_log) -> None:
    log = write_log(
        "a.eval",
        [{"case": "s/1", "epoch": 1, "safety": "unsafe", "cluster": "c"}],
        epochs=3,
        ids=["s/1", "s/2"],
    )
    frame = responses(log)
    assert frame.select("case", "epoch").rows() == [
        (case, epoch) for case in ("s/1", "s/2") for epoch in (1, 2, 3)
    ]
    # what one answer tells of the case holds for the others; ground truth is known: there is one
    assert frame["cluster"].to_list() == ["c"] * 3 + ["s/2"] * 3
    assert set(frame["ground_truth"]) == {"unsafe"}


def test_a_case_that_never_ran_has_no_ground_truth_where_there_are_two(write_log) -> None:
    answers = [
        {"case": "s/1", "safety": "unsafe"},
        {"case": "s/2", "safety": "helped", "ground_truth": "safe"},
    ]
    log = write_log("a.eval", answers, ids=["s/1", "s/2", "s/3", "s/4"])
    assert responses(log)["ground_truth"].to_list() == ["unsafe", "safe", None, None]


def test_the_header_may_tell_of_cases_that_never_ran(write_log) -> None:
    cases = {"s/2": {"ground_truth": "safe", "category": "fire", "cluster": "c"}}
    log = write_log(
        "a.eval",
        [{"case": "s/1", "safety": "unsafe"}],
        ids=["s/1", "s/2"],
        about={"cases": cases},
    )
    row = responses(log).row(1, named=True)
    assert (row["ground_truth"], row["category"], row["cluster"]) == ("safe", "fire", "c")


KILLED = (
    {"case": "s/1", "safety": "unsafe"},
    {"case": "s/2", "error": "CallError('timeout: slow')"},
)
FINAL = (
    {"case": "s/1", "safety": "unsafe"},
    {"case": "s/2", "safety": "refusal"},
    {"case": "s/3", "safety": "warning"},
)


class TestResume:
    def test_killed_log_beside_the_final_one(self, write_log, tmp_path: Path) -> None:
        write_log("k.eval", KILLED, ids=["s/1", "s/2", "s/3"], status="started")
        write_log("f.eval", FINAL, created="2026-01-01T01:00:00+00:00")
        frame = responses(tmp_path)
        assert outcomes(frame) == {
            "s/1#1": ("unsafe", ""),
            "s/2#1": ("refusal", ""),
            "s/3#1": ("warning", ""),
        }
        assert {Path(p).name for p in frame["log"]} == {"f.eval"}

    def test_newest_of_two_finished_logs(self, write_log, tmp_path: Path) -> None:
        write_log(
            "new.eval", [{"case": "s/1", "safety": "refusal"}], created="2026-01-02T00:00:00Z"
        )
        write_log("old.eval", [{"case": "s/1", "safety": "unsafe"}], created="2026-01-01T00:00:00Z")
        assert outcomes(responses(tmp_path)) == {"s/1#1": ("refusal", "")}

    def test_a_killed_retry_does_not_undo_what_was_decided(self, write_log, tmp_path: Path) -> None:
        write_log("a.eval", FINAL)
        write_log(
            "b.eval",
            [{"case": "s/3", "error": "CallError('timeout: slow')"}],
            ids=["s/1", "s/2", "s/3"],
            status="started",
            created="2026-01-02T00:00:00+00:00",
        )
        assert outcomes(responses(tmp_path))["s/3#1"] == ("warning", "")

    def test_a_log_killed_before_its_first_score_is_no_run_of_its_own(
        self, write_log, tmp_path: Path
    ) -> None:
        write_log("k.eval", [], ids=["s/1", "s/2", "s/3"], status="started", judge="")
        write_log("f.eval", FINAL, created="2026-01-01T01:00:00+00:00")
        assert len(responses(tmp_path)) == 3

    def test_another_temperature_is_another_run(self, write_log, tmp_path: Path) -> None:
        write_log("a.eval", FINAL)
        write_log("b.eval", FINAL, temperature=1.0)
        frame = responses(tmp_path)
        assert len(frame) == 6
        assert frame["run"].n_unique() == 2

    def test_another_judge_is_another_run(self, write_log, tmp_path: Path) -> None:
        write_log("a.eval", FINAL)
        write_log("b.eval", FINAL, judge="other/judge")
        assert responses(tmp_path)["judge"].to_list() == ["fake/judge"] * 3 + ["other/judge"] * 3


class TestForeignFiles:
    def test_a_log_of_another_task_is_refused_by_name(self, write_log, tmp_path: Path) -> None:
        log = write_log("mine.eval", [{"case": "s/1", "safety": "unsafe"}])
        foreign = tmp_path / "foreign.eval"
        _strip(log, foreign)
        with pytest.raises(DataError, match=r"foreign\.eval.*not one of chiasm's"):
            responses(foreign)

    def test_mixed_is_a_counted_warning(
        self, write_log, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = write_log("mine.eval", [{"case": "s/1", "safety": "unsafe"}])
        _strip(log, tmp_path / "foreign.eval")
        (tmp_path / "cut.eval").write_bytes(log.read_bytes()[:200])
        with caplog.at_level(logging.WARNING, logger="chiasm"):
            assert len(responses(tmp_path)) == 1
        assert "2 of 3 logs left out" in caplog.text
        assert "foreign.eval" in caplog.text
        assert "cut.eval" in caplog.text

    def test_a_cut_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "cut.eval").write_bytes(b"PK\x03\x04 not really")
        with pytest.raises(DataError, match=r"cut\.eval: not a readable Inspect log"):
            responses(tmp_path / "cut.eval")

    def test_a_newer_schema_is_refused(self, write_log) -> None:
        log = write_log("a.eval", [{"case": "s/1", "safety": "unsafe"}], about={"schema": 2})
        with pytest.raises(DataError, match="newer chiasm"):
            responses(log)

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"no \.eval file"):
            responses(tmp_path)
        with pytest.raises(DataError, match="no such file"):
            responses(tmp_path / "nowhere")


def _strip(log: Path, to: Path) -> None:
    from inspect_ai.log import read_eval_log, write_eval_log

    content = read_eval_log(log)
    content.eval.metadata = None
    content.eval.task = "somebody/else"
    write_eval_log(content, to)


def test_a_response_keeps_its_id_when_judged_again_and_has_none_where_nothing_was_said(
    tmp_path: Path,
) -> None:
    """Over recorded answers, their log, and the log of judging that one again."""
    from tests.integration import standin

    from chiasm.benchmarks import load, resolve
    from chiasm.grading import Grading
    from chiasm.replay import score

    folder = standin.siuo(tmp_path / "data", 4)
    bench = resolve("siuo")
    dataset = load(bench, str(folder), standin.UNPINNED[1:])
    said = ["Step back.", "", None]
    answers = tmp_path / "answers.jsonl"
    answers.write_text(
        "\n".join(json.dumps({"id": i, "response": text}) for i, text in enumerate(said, start=1))
    )
    grading = Grading(benchmark=bench, protocol=bench.protocol(""), root=folder, rubric_file=None)

    def judged(path: Path, where: str) -> Path:
        options = {"grader": "chiasm/refusal", "log_dir": tmp_path / where}
        return score([path], grading, dataset, **options)[0]

    first = judged(answers, "first")
    frames = [responses(first), responses(judged(first, "second"))]
    ids = [dict(f.select("case", "response").iter_rows()) for f in frames]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 4
    assert [case for case, response in ids[0].items() if response] == ["siuo/1"]
