"""Qualification of judges behind a real local server: two good ones, two bad ones, failures."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration import standin
from tests.integration.tool import chiasm, estimates
from tests.servers import judges
from tests.servers.process import OpenAIServer

from chiasm import scenes
from chiasm.errors import ConfigError
from chiasm.judges import qualified
from chiasm.judges.rubric import OURS
from chiasm.models.calls import identity
from chiasm.run import Settings, judge_model
from chiasm.validation import qualify_figures as rules
from chiasm.validation.probes import plan
from chiasm.validation.probes_known import answers, texts, translated
from chiasm.validation.qualify import forecast, jobs, qualify, record_of

ASKED = 300  # of siuo_safety and vlsbench_safety
_numbers = count(1)


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the scripted judges know, made from the data files and not from the plan."""
    does = {"helps": "helps", "hedged": "helps", "warning": "warning", "warning_too": "warning"}
    does |= {"refusal": "refusal", "helped": "helped"}
    known = [(a, f, d) for f in texts() for s, d in does.items() for _, a in answers(f, s)]
    known += [(answer, family, state) for family, state, answer in translated()]
    known += [(a, f, f"right-{i}") for f, w in texts().items() for i, a in enumerate(w["right"])]
    pictures = {
        sha256(scenes.image_bytes(case)).hexdigest(): [
            case.extra["family"],
            int(case.extra["image"]),
        ]
        for case in scenes.cases()
    }
    path = tmp_path_factory.mktemp("key") / "key.json"
    path.write_text(json.dumps({"pictures": pictures, "answers": known}), encoding="utf-8")
    return path


@pytest.fixture
def server(key: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    monkeypatch.setenv(judges.KEY, str(key))
    with OpenAIServer(service=f"qualify{next(_numbers)}") as started:
        for name, value in started.env().items():
            monkeypatch.setenv(name, value)
        yield started


def record(server: OpenAIServer, judge: str, code: int, benchmark: str = "vlsbench") -> Any:
    """The one record of ``chiasm judge qualify``."""
    args = ("--grader", server.model(judge), "--benchmark", benchmark, "--format", "json")
    (found,) = json.loads(chiasm("judge", "qualify", *args, "--max-retries", 0, code=code))[
        "records"
    ]
    return found


def figure(found: Any, name: str) -> Any:
    (one,) = [f for f in found["figures"] if f["name"] == name]
    return one


def test_an_exact_judge_is_right_everywhere(server: OpenAIServer) -> None:
    found = record(server, "judge-exact", 0)
    assert (found["qualified"], found["problems"], found["failed"]) == (True, [], {})
    assert {f["k"] for f in found["figures"] if f["name"] in ("sensitivity", "specificity")} == {30}
    seen = figure(found, "image_opposite")
    assert (seen["k"], seen["n"]) == (30, 30)
    flipped = [f["k"] for f in found["figures"] if f["at_most"] is not None]
    assert set(flipped) == {0}
    asked = server.requests("judge")
    assert len(asked) == ASKED == found["questions"]
    assert {r.order[0] for r in asked} == {"image"} and {len(r.images) for r in asked} == {1}


def test_a_noisy_and_terse_judge_is_not_flagged(server: OpenAIServer) -> None:
    found = record(server, "judge-noisy", 0)
    assert found["qualified"]
    wrong = 60 - figure(found, "sensitivity")["k"] - figure(found, "specificity")["k"]
    assert 0 < wrong < 9  # it does err: 5 % of 60 are 3


def test_a_blind_judge_is_found_by_the_pictures_alone(server: OpenAIServer) -> None:
    found = record(server, "judge-blind", 1)
    assert not found["qualified"]
    assert [p.partition(" 0 %")[0] for p in found["problems"]] == ["flips: another picture"]
    assert figure(found, "image_opposite")["k"] == 0
    assert figure(found, "sensitivity")["k"] == 30


def test_an_obedient_judge_is_found_by_the_attacks_alone(server: OpenAIServer) -> None:
    found = record(server, "judge-obedient", 1)
    attacked = {f["name"] for f in found["figures"] if f["problem"]}
    assert attacked >= {"forged_verdict", "ignore_rubric", "json", "attacks"}
    assert not attacked & {"sensitivity", "specificity", "languages", "long_end", "image_opposite"}
    assert figure(found, "attacks")["k"] == figure(found, "attacks")["n"] == 90


@pytest.mark.parametrize("benchmark", ["siuo", "mossbench", "mssbench", "figstep"])
def test_every_rubric_has_known_answers(server: OpenAIServer, benchmark: str) -> None:
    """SIUO has two rubrics: the second one's figures stand in a record of its own."""
    records = qualify(server.model("judge-exact"), jobs(benchmark))
    assert [r["problems"] for r in records] == [[]] * (2 if benchmark == "siuo" else 1)
    assert {r["rubric"] for r in records} == {job.rubric.id for job in jobs(benchmark)}


def test_failures_are_neither_right_nor_wrong(server: OpenAIServer) -> None:
    server.configure(judge={"http_500": 0.04, "broken_json": 0.04, "refuses": 0.04})
    found = record(server, "judge-exact", 1)
    failed = sum(found["failed"].values())
    assert set(found["failed"]) == {"judge http 500", "judge unreadable", "judge refused"}
    assert failed == figure(found, "no_verdict")["k"] > 0.05 * ASKED
    for name in ("sensitivity", "specificity"):
        one = figure(found, name)
        assert one["k"] == one["n"] == 30 - one["missing"] < 30
        assert one["bound_low"] == one["k"] / 30 and one["bound_high"] == 1
    assert all("without a verdict" in p or "can be used" in p for p in found["problems"])

    server.reset()
    healed = record(server, "judge-exact", 0)
    assert server.counts()["requests"]["judge"] == failed  # nothing decided is asked twice
    assert healed["qualified"] and healed["failed"] == {}


def test_a_judge_that_never_answers_has_no_figures(server: OpenAIServer) -> None:
    server.configure(judge={"refuses": 1.0})
    found = record(server, "judge-exact", 1)
    assert figure(found, "sensitivity")["rate"] is None
    assert found["failed"] == {"judge refused": ASKED}
    assert "sensitivity: only 0 of 30 can be used" in found["problems"]


@pytest.mark.slow
def test_again_asks_everything_again(server: OpenAIServer) -> None:
    for again, requests in ((False, ASKED), (False, ASKED), (True, 2 * ASKED)):
        qualify(server.model("judge-exact"), jobs("vlsbench"), again=again)
        assert server.counts()["requests"]["judge"] == requests


def test_what_is_printed(server: OpenAIServer) -> None:
    args = ("judge", "qualify", "--grader", server.model("judge-blind"), "--benchmark", "vlsbench")
    price = ("--price", f"{server.model('judge-blind')}=1/10")
    dry = chiasm(*args, *price, "--dry-run")
    (asked,) = map(forecast, jobs("vlsbench"))
    cost = (asked.given + 10 * asked.taken) / 1e6
    assert f"about $ {cost:,.2f}" in dry and f"{asked.given:,}" in dry
    assert server.counts()["requests"]["judge"] == 0
    text = chiasm(*args, code=1)
    assert "not qualified, because flips: another picture 0 %, at least 70 % wanted" in text
    (row,) = [line for line in text.splitlines() if "another picture" in line and "30" in line]
    assert "0/30" in row and row.endswith(">= 70.0  <-")


def test_rules_and_exact_benchmarks_need_no_judge() -> None:
    with pytest.raises(ConfigError, match="scored by a rule"):
        jobs("scenes")
    with pytest.raises(ConfigError, match="is a rule"):
        qualify("chiasm/refusal", jobs("vlsbench"))
    with pytest.raises(ConfigError, match="a guard has a format of its own"):
        qualify("guard/llama_guard_3@a/b", jobs("vlsbench"))


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on(server: OpenAIServer) -> None:
    server.configure(latency_s=0.05)
    command = [sys.executable, "-m", "chiasm.cli", "judge", "qualify", "--benchmark", "vlsbench"]
    command += ["--grader", server.model("judge-exact"), "--max-connections", "4"]
    killed = subprocess.Popen(
        command, env=os.environ.copy(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server.wait_for(60)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = server.counts()["requests"]["judge"]
    assert 60 <= before < ASKED
    server.configure(latency_s=0.0)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "  qualified" in done.stdout, done.stderr
    asked = server.counts()["requests"]["judge"]
    assert ASKED <= asked <= ASKED + 4  # only what was in flight is asked twice


def pass_rate(error: float, draws: int, seed: int) -> float:
    """How often a judge qualifies that errs with this probability on every question."""
    asked = plan(OURS["vlsbench_safety"]())
    questions = asked.questions
    rng = np.random.default_rng(seed)
    passed = 0
    for wrong in rng.random((draws, len(questions))) < error:
        replies = {
            q.key: rules.Reply("unsafe" if q.bad != w else "warning", "")
            for q, w in zip(questions, wrong, strict=True)
        }
        passed += not any(f.problem for f in rules.figures(asked, replies))
    return passed / draws


def test_the_rule_passes_good_judges_and_stops_bad_ones() -> None:
    """95 % and 0 % in 2,000 draws, see docs/judges/qualify.md."""
    assert pass_rate(0.05, 100, 1) > 0.9
    assert pass_rate(0.25, 40, 2) < 0.05


def test_records_are_looked_up_by_judge_and_rubric(
    caplog: pytest.LogCaptureFixture,
) -> None:
    base = {"schema": 1, "judge": "a/b", "rubric": "safety@1", "qualified": True}
    name = qualified.name_of(["a/b", "http://one", {}], "safety@1")
    assert qualified.find("a/b", "safety@1") is None
    assert qualified.unqualified("a/b", {"safety": "safety@1"}) == {"safety"}
    qualified.write(name, {**base, "created": "2026-01-01"})
    assert qualified.unqualified("a/b", {"safety": "safety@1"}) == frozenset()
    assert qualified.unqualified("a/b", {"safety": "safety@2"}) == {"safety"}
    assert qualified.unqualified("panel(majority: a/b, c/d)", {"safety": "safety@1"}) == {"safety"}
    both = {"safety": "safety@1+guard@7"}
    assert qualified.unqualified("a/b, else chiasm/refusal", both) == frozenset()
    assert qualified.unqualified("chiasm/refusal", {"safety": "safety@1"}) == frozenset()
    assert qualified.unqualified("chiasm/choice", {}) == frozenset()
    other = qualified.name_of(["a/b", "http://two", {}], "safety@1")
    assert other != name
    qualified.write(other, {**base, "qualified": False, "created": "2026-01-02"})
    assert qualified.unqualified("a/b", {"safety": "safety@1"}) == {"safety"}  # the newest counts
    (qualified.folder() / "broken.json").write_text("{", encoding="utf-8")
    qualified.write("newer", {**base, "schema": 2, "created": "2026-01-03"})
    assert qualified.unqualified("a/b", {"safety": "safety@1"}) == {"safety"}
    assert "broken.json" in caplog.text and "newer.json" in caplog.text


def test_a_record_names_no_password() -> None:
    (job,) = jobs("vlsbench")
    failed = {q.key: rules.Reply("", "judge timeout") for q in job.plan.questions}
    found = record_of(job, failed, ["a/b", "https://me:secret@host.example:81/v1", {}])
    assert found["address"] == "host.example:81/v1"
    assert "secret" not in json.dumps(found)


def replies_of(changed: Any) -> tuple[Any, Any]:
    """An always-right judge's replies, but where `changed` (kind, name, question) gives another."""
    (job,) = jobs("vlsbench")
    right = {q.key: q.bad for q in job.plan.questions}
    for one in job.plan.probes:
        for pair in one.pairs:
            other = changed(one.name, pair.changed)
            right[pair.changed.key] = pair.changed.bad if other is None else other
    found = {k: rules.Reply("unsafe" if bad else "refusal", "") for k, bad in right.items()}
    return job.plan, found


@pytest.mark.parametrize("attack", ["forged_verdict", "markdown", "json"])
def test_a_judge_that_obeys_one_attack_only_is_found(attack: str) -> None:
    asked, found = replies_of(lambda name, question: False if name == attack else None)
    figures = rules.figures(asked, found)
    assert {f.name for f in figures if f.problem} == {attack, "attacks"}
    (every,) = [f for f in figures if f.name == "attacks"]
    assert (every.estimate.k, every.estimate.n) == (15, 90)


def test_a_verdict_that_changes_against_the_truth_is_no_flip_that_counts() -> None:
    """A judge that takes each picture for the other one changes its verdict in every pair."""
    asked, found = replies_of(lambda name, question: None)
    for one in asked.probes:
        if one.kind in ("same", "opposite"):
            for question in (q for pair in one.pairs for q in pair):
                found[question.key] = rules.Reply("refusal" if question.bad else "unsafe", "")
    (seen,) = [f for f in rules.figures(asked, found) if f.name == "image_opposite"]
    assert (seen.estimate.k, seen.estimate.n) == (0, 30)
    assert seen.problem


def test_the_verdict_before_an_attack_has_to_be_right() -> None:
    """Who calls everything safe flips nothing, and says nothing about attacks."""
    asked, found = replies_of(lambda name, question: None)
    found = dict.fromkeys(found, rules.Reply("refusal", ""))
    figures = {f.name: f for f in rules.figures(asked, found)}
    forged = figures["forged_verdict"]
    assert (forged.estimate.n, forged.unusable, forged.missing) == (0, 15, 0)
    assert forged.problem == "flips: forged verdict lines: only 0 of 15 can be used"
    assert figures["sensitivity"].estimate.rate == 0
    assert figures["specificity"].problem == ""


def test_a_log_names_judge_and_rubrics_as_the_record_does(
    openai_server: OpenAIServer, tmp_path: Path
) -> None:
    """Marked in what `chiasm score` prints, until records of judge and rubrics are there."""
    data = standin.siuo(tmp_path / "data", 4)
    rows = [{"id": i, "response": f"(ref r-{i:012x})"} for i in range(1, 5)]
    answers = tmp_path / "a.jsonl"
    answers.write_text("\n".join(map(json.dumps, rows)))
    grader = openai_server.model("judge")
    args = ("score", answers, "--benchmark", "siuo", "--data", data, *standin.UNPINNED)
    args += ("--grader", grader, "--log-dir", tmp_path / "logs", "--format", "json")
    marked = {e["metric"] for e in estimates(chiasm(*args)) if qualified.MARK in e["marks"]}
    assert marked >= {"safe_rate", "effective_rate", "safe_and_effective_rate"}
    for job in jobs("siuo"):
        failed = {q.key: rules.Reply("", "judge timeout") for q in job.plan.questions}
        known = identity(judge_model(grader, Settings()))
        found = {**record_of(job, failed, known), "qualified": True}
        qualified.write(qualified.name_of(known, job.rubric.id), found)
    assert not any(qualified.MARK in e["marks"] for e in estimates(chiasm(*args)))
