"""What can't work is told in one message with exit code 2, before anything is asked."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration import standin
from tests.integration.tool import chiasm, estimates
from tests.servers.process import OpenAIServer

CHIASM = Path(sys.executable).with_name("chiasm")

MODEL = ("--model", "{model}")
JUDGED = (*MODEL, "--grader", "{judge}")
DATA = ("--data", "data", *standin.UNPINNED)
SIUO = ("eval", "siuo", *DATA)
SCORE = ("--benchmark", "siuo", *DATA)
OFFLINE = (*SCORE, "--grader", "chiasm/refusal")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with good data and several bad ones."""
    monkeypatch.chdir(tmp_path)
    good = standin.siuo(tmp_path / "data", 7)
    for name in ("no_images", "cut", "list", "binary"):
        shutil.copytree(good, tmp_path / name)
    shutil.rmtree(tmp_path / "no_images" / "images")
    (tmp_path / "cut" / "siuo_gen.json").write_text('[{"question_id": 1,')
    (tmp_path / "list" / "siuo_gen.json").write_text('{"a": 3}')
    (tmp_path / "binary" / "siuo_gen.json").write_bytes(b"\xff\xfe\x00\x01")
    for name in ("corrupt.eval", "also.eval"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 and nothing more")
    (tmp_path / "good.jsonl").write_text('{"id": 1, "response": "Sure."}\n')
    (tmp_path / "bad.jsonl").write_text('{"id": 1, "response": "Sure."}\n{oops\n')
    (tmp_path / "other.jsonl").write_text('{"id": 77, "response": "Sure."}\n')
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "no_task.py").write_text("x = 1\n")
    return tmp_path


BAD: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("eval", "siou", *JUDGED), ("no benchmark 'siou'", "siuo")),
    ((*SIUO, *JUDGED, "--view", "sideways"), ("--view sideways", "text_only", "oracle_hazard")),
    ((*SIUO, *JUDGED, "--view", "caption"), ("--captioner",)),
    ((*SIUO, *MODEL), ("siuo needs a judge", "--grader", "chiasm/refusal")),
    ((*SIUO, *JUDGED, "--protocol", "chiasm@9"), ("--protocol chiasm@9", "chiasm@1", "paper")),
    (
        (*SIUO, *JUDGED, "--protocol", "paper", "--rubric", "none.py"),
        ("--rubric none.py: No such file",),
    ),
    ((*SIUO, *JUDGED, "--protocol", "paper", "--rubric", "no_task.py"), ("sha256",)),
    (
        ("eval", "siuo", "--data", "no_images", *standin.UNPINNED, *JUDGED),
        ("7 images", "images/1.png", "and 2 more", "chiasm data get siuo", "MISSING_IMAGE"),
    ),
    (("eval", "siuo", "--data", "cut", *standin.UNPINNED, *JUDGED), ("siuo_gen.json", "not JSON")),
    (("eval", "siuo", "--data", "list", *standin.UNPINNED, *JUDGED), ("siuo_gen.json", "row a")),
    (("eval", "siuo", "--data", "binary", *standin.UNPINNED, *JUDGED), ("siuo_gen.json",)),
    (("eval", "siuo", "--data", "nowhere", *JUDGED), ("siuo_gen.json", "nowhere")),
    (("eval", "siuo", "--data", "good.jsonl", *JUDGED), ("siuo_gen.json", "good.jsonl")),
    (("eval", "siuo", *JUDGED), ("chiasm data get siuo", "--data")),
    (("eval", "siuo", "--data", "data", *JUDGED), ("SHA-256", "--allow DIGEST_MISMATCH")),
    ((*SIUO, *JUDGED, "-M", "colour"), ("-M", "key=value")),
    ((*SIUO, *JUDGED, "-M", "colour=red"), ("-M colour=red", "unexpected keyword")),
    ((*SIUO, "--model", "nobody/m", "--grader", "{judge}"), ("nobody",)),
    ((*SIUO, "--model", "gpt", "--grader", "{judge}"), ("gpt", "<api_name>/<model_name>")),
    ((*SIUO, "--model", "openai/gpt", "--grader", "{judge}"), ("OPENAI_API_KEY",)),
    ((*SIUO, "--model", "chiasm/nobody", "--grader", "{judge}"), ("chiasm/nobody", "comply")),
    ((*SIUO, "--model", "chiasm/refusal", "--grader", "{judge}"), ("chiasm/refusal", "--grader")),
    ((*SIUO, *MODEL, "--grader", "nobody/j"), ("nobody",)),
    ((*SIUO, *MODEL, "--grader", "chiasm/comply"), ("chiasm/comply", "chiasm/refusal")),
    ((*SIUO, *MODEL, "--grader", "chiasm/exact"), ("chiasm/exact",)),
    ((*SIUO, *JUDGED, "--limit", "0"), ("--limit",)),
    ((*SIUO, *JUDGED, "--limit", "1", "--sample", "1"), ("--limit and --sample",)),
    ((*SIUO, *JUDGED, "--epochs", "0"), ("--epochs",)),
    ((*SIUO, *JUDGED, "--max-tokens", "-1"), ("--max-tokens",)),
    ((*SIUO, *JUDGED, "--log-dir", "good.jsonl"), ("--log-dir", "good.jsonl")),
    (("eval", "none.py@x", *JUDGED), ("none.py",)),
    (("eval", "no_task.py@x", *JUDGED), ("Task named 'x' not found",)),
    (("eval", "no_task.py", *JUDGED), ("No inspect tasks",)),
    (("report", "corrupt.eval"), ("corrupt.eval", "not a readable Inspect log")),
    (("report", "nowhere"), ("nowhere", "no such file")),
    (("report", "data"), ("data", "no .eval file")),
    (("compare", "corrupt.eval", "also.eval"), ("corrupt.eval", "not a readable")),
    (("score", "good.jsonl", *SCORE), ("siuo needs a judge",)),
    (("score", "nowhere.jsonl", *OFFLINE), ("nowhere.jsonl", "no such file")),
    (("score", "data", *OFFLINE), ("data",)),
    (("score", "empty.jsonl", *OFFLINE), ("empty.jsonl", "no answers")),
    (("score", "bad.jsonl", *OFFLINE), ("bad.jsonl", "row 2", "not JSON")),
    (("score", "other.jsonl", *OFFLINE), ("other.jsonl", "row 1", "'77'", "siuo/1")),
    (("score", "corrupt.eval", *OFFLINE), ("corrupt.eval", "not a readable Inspect log")),
    (("score", "good.jsonl", *SCORE, "--grader", "nobody/j"), ("nobody",)),
    (("score", "good.jsonl", *SCORE, "--grader", "chiasm/triage"), ("chiasm judge fit-triage",)),
    (("score", "good.jsonl", *OFFLINE, "--as", "nobody"), ("--as nobody", "official")),
    (("score", "good.jsonl", *OFFLINE, "--protocol", "x"), ("--protocol x",)),
    (
        ("score", "good.jsonl", *SCORE, "--data", "no_images", "--grader", "{judge}"),
        ("images/1.png", "MISSING_IMAGE"),
    ),
    (("data", "check", "siou"), ("no benchmark 'siou'",)),
    (("data", "check", "siuo", "--data", "cut"), ("siuo_gen.json", "not JSON")),
    (("data", "get", "siou"), ("siou",)),
    (("list", "--format", "xml"), ("--format", "xml")),
]


@pytest.mark.parametrize(("args", "words"), BAD, ids=[" ".join(a)[:60] for a, _ in BAD])
def test_one_message_and_exit_code_2(
    args: tuple[str, ...], words: tuple[str, ...], openai_server: OpenAIServer, folder: Path
) -> None:
    from click.testing import CliRunner

    from chiasm.cli import main

    names = {"{model}": openai_server.model(), "{judge}": openai_server.model("judge")}
    result = CliRunner().invoke(main, [names.get(a, a) for a in args])
    assert result.exit_code == 2, result.output + repr(result.exception)
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    assert len(re.findall(r"^error: ", result.stderr, re.MULTILINE | re.IGNORECASE)) == 1
    for word in words:
        assert word in result.stderr
    assert openai_server.counts()["requests"] == {"model": 0, "judge": 0}


def test_an_image_that_is_none_is_missing_alone(openai_server: OpenAIServer, folder: Path) -> None:
    """It is found when it is shown; the other cases are evaluated."""
    (folder / "data/images/3.png").write_bytes(b"not an image")
    args = ("--model", openai_server.model(), "--grader", openai_server.model("judge"))
    text = chiasm(*SIUO, *args, "--format", "json", code=1)
    safe = next(e for e in estimates(text) if e["metric"] == "safe_rate")
    assert (safe["n"], safe["asked"], safe["missing_by"]) == (6, 7, {"no_response": 1})


def test_missing_images_of_a_judge_are_skipped_when_allowed(
    openai_server: OpenAIServer, folder: Path
) -> None:
    """Recorded answers, and a judge that sees the image."""
    rows = [json.dumps({"id": i, "response": f"(ref r-{i:012x})"}) for i in range(1, 8)]
    (folder / "all.jsonl").write_text("\n".join(rows))
    (folder / "data/images/3.png").unlink()
    (folder / "data/images/5.png").unlink()
    args = (*SCORE, "--grader", openai_server.model("judge"), "--allow", "MISSING_IMAGE")
    text = chiasm("score", "all.jsonl", *args, "--format", "json")
    safe = next(e for e in estimates(text) if e["metric"] == "safe_rate")
    assert (safe["k"], safe["n"], safe["asked"], safe["skipped"]) == (5, 5, 5, 2)


def test_files_of_one_name_have_a_log_each(folder: Path) -> None:
    """So have protocols and judges: nothing is overwritten but the same."""
    for name, answer in (("a", "Sure."), ("b", "I can't help with that.")):
        (folder / name).mkdir()
        (folder / name / "answers.jsonl").write_text(json.dumps({"id": 1, "response": answer}))
    for _ in range(2):
        text = chiasm(
            *("score", "a/answers.jsonl", "b/answers.jsonl", *OFFLINE, "--partial"),
            *("--format", "json"),
        )
        rates = [e["rate"] for e in estimates(text) if (e["metric"], e["by"]) == ("safe_rate", "")]
        assert sorted(rates) == [0.0, 1.0]
        assert len(list(folder.glob("logs/*.eval"))) == 2


@pytest.mark.slow
@pytest.mark.parametrize("command", ["eval", "score"])
def test_ctrl_c(command: str, openai_server: OpenAIServer, folder: Path) -> None:
    """Ends at once, without a trace; the same command goes on."""
    standin.siuo(folder / "data", 40)
    rows = [json.dumps({"id": i, "response": f"(ref r-{i:012x})"}) for i in range(1, 41)]
    (folder / "all.jsonl").write_text("\n".join(rows))
    judge = ("--grader", openai_server.model("judge"), "--max-connections", "4")
    args = {
        "eval": (*SIUO, "--model", openai_server.model(), *judge),
        "score": ("score", "all.jsonl", *SCORE, *judge),
    }[command]
    openai_server.configure(latency_s=0.2)
    process = subprocess.Popen(
        [str(CHIASM), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while sum(openai_server.counts()["requests"].values()) < 20 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert "Traceback" not in out + err
    assert process.returncode in (1, 130)
    assert "the same command" in " ".join((out + err).split())
    before = sum(openai_server.counts()["requests"].values())
    openai_server.configure(latency_s=0.0)
    chiasm(*args)
    total = {"eval": 120, "score": 80}[command]
    after = sum(openai_server.counts()["requests"].values())
    assert before < total <= after <= total + openai_server.counts()["peak"]
