"""`chiasm score` and `chiasm eval` with a guard as the grader: logs, tables, exit codes."""

import json
import subprocess
import sys
from hashlib import sha256

import pytest
from click.testing import CliRunner
from tests.integration import standin
from tests.integration.tool import chiasm, estimates, whole
from tests.servers.guards import MALFORMED

from chiasm.benchmarks import resolve
from chiasm.cli import main
from chiasm.errors import ConfigError
from chiasm.grading import Grading
from chiasm.judges.guards import guard_named
from chiasm.report.logs import read

N = 4
RESPONSE = ("llama_guard_3", "llama_guard_4", "guardreasoner_vl", "qwen3guard", "openai_moderation")
MARKS = {
    "qwen3guard": ["guard does not see the image", "controversial counts as unsafe"],
    "openai_moderation": ["off label: content without roles"],
}


@pytest.fixture
def data(tmp_path):
    return standin.siuo(tmp_path / "data", N)


@pytest.fixture
def answers(tmp_path):
    """Half of them comply, which is unsafe."""
    rows = [
        {"id": i, "response": f"As you like. (ref {'cr'[i % 2]}-{i:012x})"} for i in range(1, N + 1)
    ]
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def score(answers, data, grader, log_dir, *more, code=0):
    return chiasm(
        *("score", answers, "--benchmark", "siuo", "--data", data, *standin.UNPINNED),
        *("--grader", grader, "--log-dir", log_dir, "--max-retries", 0, *more),
        code=code,
    )


@pytest.mark.parametrize("form", RESPONSE)
def test_recorded_answers(guards, data, answers, tmp_path, form):
    grader = guards.guard(form)
    safe = whole(
        found := score(answers, data, grader, tmp_path / "logs", "--format", "json"), "safe_rate"
    )
    assert (safe["k"], safe["n"], safe["asked"]) == (N // 2, N, N)
    assert {e["metric"] for e in estimates(found)} & {"effective_rate", "refusal_rate"} == set()
    of_any_judge = ("unpinned data", "unqualified judge")
    assert [m for m in safe["marks"] if m not in of_any_judge] == MARKS.get(form, [])
    asked = guards.requests("judge")
    shown = [] if form == "qwen3guard" else _pictures(data)
    assert sorted(i for r in asked for i in r.images) == shown

    table = chiasm("report", tmp_path / "logs")
    assert grader in table
    for mark in MARKS.get(form, []):
        assert mark in table
    (log,) = read([tmp_path / "logs"])
    assert log.about["rubrics"].keys() == {"safety"}
    assert log.about["rubrics"]["safety"].startswith(f"{form}@")


def _pictures(data):
    return sorted(sha256(path.read_bytes()).hexdigest() for path in (data / "images").iterdir())


@pytest.mark.parametrize("form", RESPONSE)
def test_live_runs(guards, data, tmp_path, form):
    grader = guards.guard(form)
    found = chiasm(
        *("eval", "siuo", "--data", data, *standin.UNPINNED, "--epochs", 1, "--format", "json"),
        *("--model", guards.model("model-comply"), "--grader", grader),
        *("--log-dir", tmp_path / "logs", "--max-retries", 0),
    )
    unsafe = whole(found, "safe_rate")
    assert (unsafe["k"], unsafe["n"]) == (0, N)
    assert unsafe["judge"] == grader
    assert len(guards.requests("judge")) == N


@pytest.mark.parametrize(
    ("form", "how"), [(form, how) for form in RESPONSE for how in list(MALFORMED[form])[-2:]]
)
def test_malformed_replies_are_counted_by_name(guards, data, answers, tmp_path, form, how):
    grader = guards.guard(form, how)
    found = score(answers, data, grader, tmp_path / "logs", "--format", "json", code=1)
    safe = whole(found, "safe_rate")
    assert (safe["k"], safe["n"], safe["missing_by"]) == (0, 0, {"no_verdict": N})
    assert safe["rate"] is None
    table = chiasm("report", tmp_path / "logs")
    assert f"{N} of {N} have no verdict: {N} judge unreadable" in table


def test_verdicts_stand_beside_those_of_another_judge(guards, data, answers, tmp_path):
    for form in ("llama_guard_3", "qwen3guard"):
        score(answers, data, guards.guard(form), tmp_path / "logs")
    table = chiasm("report", tmp_path / "logs")
    assert guards.guard("llama_guard_3") in table
    assert guards.guard("qwen3guard") in table


def test_a_cascade_and_a_panel_of_guards_keep_their_marks(guards, data, answers, tmp_path):
    mute, blind = guards.guard("llama_guard_3", "no_code"), guards.guard("qwen3guard")
    found = score(
        answers, data, mute, tmp_path / "logs", "--fallback", blind, "--format", "json", code=0
    )
    safe = whole(found, "safe_rate")
    assert (safe["k"], safe["n"]) == (N // 2, N)
    assert "guard does not see the image" in safe["marks"]
    assert safe["judge"] == f"{mute}, else {blind}"


@pytest.mark.parametrize("form", ["llavaguard", "shieldgemma2"])
@pytest.mark.parametrize("command", ["eval", "score"])
def test_guards_of_images_are_refused_before_anything_is_asked(
    guards, data, answers, tmp_path, form, command
):
    args = {
        "eval": ["eval", "siuo", "--model", guards.model("model-comply")],
        "score": ["score", str(answers), "--benchmark", "siuo"],
    }[command]
    args += ["--data", str(data), *standin.UNPINNED, "--log-dir", str(tmp_path / "logs")]
    result = CliRunner().invoke(main, [*args, "--grader", guards.guard(form)])
    assert result.exit_code == 2, result.output
    assert f"error: {form} judges images, not responses" in result.output
    assert guards.requests() == []


def test_benign_cases_alone_are_refused():
    bench = resolve("mossbench")
    grading = Grading(benchmark=bench, protocol=bench.protocol())
    with pytest.raises(ConfigError, match="mossbench has benign cases only"):
        grading.axes("guard/llama_guard_3@openai-api/local/x")
    mixed = resolve("mssbench")
    both = Grading(benchmark=mixed, protocol=mixed.protocol())
    assert both.axes("guard/llama_guard_3@openai-api/local/x") == ("safety",)


def test_an_unknown_format_is_one_message(data, answers):
    args = ["score", str(answers), "--benchmark", "siuo", "--data", str(data), *standin.UNPINNED]
    result = CliRunner().invoke(main, [*args, "--grader", "guard/llamaguard@openai/x"])
    assert result.exit_code == 2
    assert "there are llama_guard_3, llama_guard_4, llavaguard" in result.output


def test_the_authors_instruction_comes_in_a_file(guards, data, answers, tmp_path):
    own = tmp_path / "instruction.txt"
    own.write_text("Think, then give the results.")
    grader = guards.guard("guardreasoner_vl")
    score(answers, data, grader, tmp_path / "logs", "--rubric", own)
    assert {r.system for r in guards.requests("judge")} == {"Think, then give the results."}
    (log,) = read([tmp_path / "logs"])
    assert log.about["rubrics"]["safety"] == guard_named("guardreasoner_vl", own).id
    args = ["score", str(answers), "--benchmark", "siuo", "--data", str(data), *standin.UNPINNED]
    args += ["--rubric", str(own), "--grader", guards.guard("llama_guard_3")]
    result = CliRunner().invoke(main, args)
    assert (result.exit_code, "takes no instruction" in result.output) == (2, True)


def test_inspects_own_command_takes_a_guard(guards, data, tmp_path):
    grader, model = guards.guard("llama_guard_3"), guards.model("model-comply")
    command = [sys.executable, "-m", "inspect_ai", "eval", "chiasm/siuo", "--display", "none"]
    command += ["--model", model, "--model-role", f"grader={grader}", "--limit", "2"]
    command += ["-T", f"data={data}", "-T", "allow=DIGEST_MISMATCH,ROWS", "-T", "epochs=1"]
    command += ["-T", f"grader={grader}", "--log-dir", str(tmp_path / "logs")]
    subprocess.run(command, check=True, cwd=tmp_path)
    table = chiasm("report", tmp_path / "logs")
    assert grader in table
    assert len(guards.requests("judge")) == 2
