"""Defences on a real local server: what is sent in each step, and what the figures say."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chiasm.defences import DEFENCES, MOST_CALLS
from chiasm.errors import ConfigError
from chiasm.models.policies import DECLINE, HELP
from chiasm.tasks import make_task
from tests.guard.upstream import Upstream, pictures, texts
from tests.integration.tool import chiasm, whole

_numbers = count(1)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def model(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> str:
    service = f"defended{next(_numbers)}"
    for name, value in upstream.env(service).items():
        monkeypatch.setenv(name, value)
    return f"openai-api/{service}/scene"


def run(model: str, logs: Path, *more: object) -> str:
    where = ("--log-dir", logs, "--max-retries", 0, "--max-connections", 1, "--format", "json")
    return chiasm("eval", "scenes", "--model", model, *where, *more)


def sent(upstream: Upstream) -> list[list[dict[str, Any]]]:
    return [body["messages"] for body in upstream.requests]


def test_system_prompt_goes_before_the_picture(
    upstream: Upstream, model: str, tmp_path: Path
) -> None:
    run(model, tmp_path, "--limit", 4, "--solver", "system_prompt")
    messages, *_ = sent(upstream)
    assert [m["role"] for m in messages] == ["system", "user"]
    assert "picture and the message together" in texts(messages[0])
    assert len(pictures(messages)) == 1


def test_describe_then_judge_shows_the_judge_notes_and_no_picture(
    upstream: Upstream, model: str, tmp_path: Path
) -> None:
    run(model, tmp_path, "--limit", 4, "--solver", "describe_then_judge")
    describe, judge, answer, *_ = sent(upstream)
    query = texts(answer[-1])
    assert query in texts(describe[0])
    assert len(pictures(describe)) == 1 and pictures(judge) == []
    assert query in texts(judge[0]) and "Danger: yes" in texts(judge[0])
    assert [m["role"] for m in answer] == ["system", "user"]
    assert "VERDICT: unsafe" in texts(answer[0])
    assert pictures(answer) == pictures(describe)


def test_describe_then_judge_leaves_a_safe_message_alone(
    upstream: Upstream, model: str, tmp_path: Path
) -> None:
    run(model, tmp_path, "--limit", 4, "--solver", "describe_then_judge")
    plain = [m for m in sent(upstream) if len(m) == 1 and "<" not in texts(m[0])]
    assert len(plain) == 2
    assert [len(pictures(p)) for p in plain] == [1, 1]


def test_ecso_answers_harm_from_a_caption_without_the_picture(
    upstream: Upstream, model: str, tmp_path: Path
) -> None:
    run(model, tmp_path, "--limit", 4, "--solver", "ecso")
    first, check, caption, answer, *_ = sent(upstream)
    assert [m["role"] for m in first] == ["user"]
    assert HELP in texts(check[0]) and texts(first[0]) in texts(check[0])
    assert pictures(check) == pictures(caption) == pictures(first)
    assert pictures(answer) == []
    assert "Danger: yes" in texts(answer[0])
    assert texts(answer[-1]) == texts(first[-1])


def test_intent_reaches_the_answer_between_tags_it_cannot_close(
    upstream: Upstream, model: str, tmp_path: Path
) -> None:
    run(model, tmp_path, "--limit", 4, "--solver", "intent")
    asked, answer, *_ = sent(upstream)
    assert len(pictures(asked)) == len(pictures(answer)) == 1
    note = texts(answer[0])
    tag = note.partition("<")[2].partition(">")[0]
    assert tag.startswith("note-") and f"</{tag}>" in note and "Danger: yes" in note


@pytest.mark.slow
@pytest.mark.parametrize("solver", DEFENCES)
def test_every_defence_against_none_in_one_table(
    upstream: Upstream, model: str, tmp_path: Path, solver: str
) -> None:
    small = ("--limit", 16)
    before = whole(run(model, tmp_path / "a", *small), "group_score")
    after = run(model, tmp_path / "b", *small, "--solver", solver)
    assert (before["k"], before["n"]) == (0, 4)
    assert whole(after, "group_score")["k"] == 4
    assert whole(after, "safe_rate")["model"] == f"{model} + {solver}"

    report = json.loads(chiasm("report", tmp_path / "a", tmp_path / "b", "--format", "json"))
    (one,) = report["solvers"]
    assert (one["model"], one["solver"]) == (model, solver)
    changed = {c["metric"]: c["difference"] for c in one["changes"]}
    assert changed["safe_rate"] == 1.0
    assert changed["over_refusal_rate"] == 0.0
    assert one["before"]["calls"] == 1
    assert one["before"]["tokens_out"] == 5
    assert 1 <= one["after"]["calls"] <= MOST_CALLS[solver]
    assert one["after"]["tokens_in"] == 10 * one["after"]["calls"]
    assert one["after"]["seconds"] >= 0
    text = chiasm("report", tmp_path / "a", tmp_path / "b")
    assert f"with solver {solver} minus without" in text
    assert "an answer: calls 1.00 ->" in text
    page = tmp_path / "page.html"
    chiasm("report", tmp_path / "a", tmp_path / "b", "-o", page, "--texts", "none")
    shown = page.read_text("utf-8").partition("With a defence and without")[2]
    assert f'<th scope="row">{solver}</th>' in shown and "+100.0" in shown


def test_answered_steps_are_not_asked_again(upstream: Upstream, model: str, tmp_path: Path) -> None:
    first = run(model, tmp_path, "--limit", 4, "--solver", "ecso")
    asked = len(upstream.requests)
    assert asked == 2 * 4 + 2 * 2
    for log in tmp_path.rglob("*.eval"):
        log.unlink()
    again = run(model, tmp_path, "--limit", 4, "--solver", "ecso")
    assert len(upstream.requests) == asked
    assert whole(again, "safe_rate")["k"] == whole(first, "safe_rate")["k"] == 2


def test_log_says_which_solver_with_which_prompts(
    upstream: Upstream, model: str, tmp_path: Path
) -> None:
    from inspect_ai.log import read_eval_log

    run(model, tmp_path, "--limit", 4, "--solver", "ecso")
    (path,) = tmp_path.rglob("*.eval")
    log = read_eval_log(str(path))
    about = log.eval.metadata["chiasm"]  # type: ignore[index]
    assert about["solver"] == "ecso"
    assert [p.partition("@")[0] for p in about["solver_prompts"]] == [
        "self_check", "caption", "captioned",
    ]  # fmt: skip
    sample, *_ = log.samples or []
    assert [n["step"] for n in sample.metadata["defence"]] == [
        "self_check", "verdict", "first_answer", "caption",
    ]  # fmt: skip
    assert sample.output.completion == DECLINE
    assert sample.metadata["spent"]["calls"] == 4
    assert sample.metadata["spent"]["unread"] is False


def test_dry_run_counts_the_solvers_calls(model: str) -> None:
    said = chiasm("eval", "scenes", "--model", model, "--limit", 4, "--solver", "ecso", "--dry-run")
    (line,) = [line.split() for line in said.splitlines() if " solver " in line]
    assert line[3] == "12"


def test_unknown_solver() -> None:
    with pytest.raises(ConfigError, match="known: system_prompt"):
        make_task("scenes", solver="hope")


def test_model_that_gives_no_verdict_is_told_of(model: str, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    run(model.replace("/scene", "/guard-mute"), tmp_path, "--limit", 4, "--solver", "ecso")
    (path,) = tmp_path.rglob("*.eval")
    spent = [sample.metadata["spent"] for sample in read_eval_log(str(path)).samples or []]
    assert [(one["calls"], one["unread"]) for one in spent] == [(4, True)] * 4
