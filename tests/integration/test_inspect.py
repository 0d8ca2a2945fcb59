"""Our tasks and logs in Inspect's own commands, and other people's tasks in ours."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chiasm.report import responses
from tests.integration import standin
from tests.integration.tool import chiasm, whole
from tests.servers.process import OpenAIServer

pytestmark = pytest.mark.slow

INSPECT = Path(sys.executable).with_name("inspect")
N = 6
ALLOW = "DIGEST_MISMATCH,ROWS"


def inspect(*args: object) -> str:
    """Run ``inspect ARGS`` in a process of its own."""
    command = [str(INSPECT), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return standin.siuo(tmp_path / "data", N)


@pytest.fixture
def log(openai_server: OpenAIServer, data: Path, tmp_path: Path) -> Path:
    """A log of `chiasm eval`."""
    chiasm(
        *("eval", "siuo", "--data", data, *standin.UNPINNED, "--log-dir", tmp_path / "logs"),
        *("--model", openai_server.model(), "--grader", openai_server.model("judge")),
    )
    (found,) = tmp_path.glob("logs/*/*.eval")
    return found


def test_eval_of_multiple_choice(shared: Path, tmp_path: Path) -> None:
    inspect(
        *("eval", "chiasm/siuo_mcqa", "-T", f"data={shared / 'siuo'}", "-T", "view=text_only"),
        *("--model", "chiasm/first", "--log-dir", tmp_path, "--display", "none"),
    )
    accuracy = whole(chiasm("report", tmp_path, "--format", "json"), "accuracy")
    assert (accuracy["k"], accuracy["n"]) == (51, 167)


def test_eval_with_a_judge(openai_server: OpenAIServer, data: Path, tmp_path: Path) -> None:
    judge = openai_server.model("judge")
    inspect(
        *("eval", "chiasm/siuo", "-T", f"data={data}", "-T", f"allow={ALLOW}"),
        *("--model", openai_server.model(), "--model-role", f"grader={judge}"),
        *("--log-dir", tmp_path / "logs", "--display", "none"),
    )
    frame = responses(tmp_path / "logs")
    assert set(frame["judge"]) == {judge}
    assert len(frame) == N and frame["safety"].null_count() == 0
    assert openai_server.counts()["requests"] == {"model": N, "judge": 2 * N}


def test_eval_without_a_judge_asks_nothing(
    openai_server: OpenAIServer, data: Path, tmp_path: Path
) -> None:
    """Inspect would let the model judge itself."""
    done = subprocess.run(
        [
            *(str(INSPECT), "eval", "chiasm/siuo", "-T", f"data={data}", "-T", f"allow={ALLOW}"),
            *("--model", openai_server.model(), "--log-dir", str(tmp_path / "logs")),
            *("--display", "plain"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "grader" in done.stdout + done.stderr
    assert openai_server.counts()["requests"] == {"model": 0, "judge": 0}


def test_score_with_another_judge(
    openai_server: OpenAIServer, log: Path, data: Path, tmp_path: Path
) -> None:
    """The log holds no image: the judge gets it from the data, byte for byte."""
    seen = sorted(r.images for r in openai_server.requests("model"))
    openai_server.reset()
    other, again = openai_server.model("judge-text"), tmp_path / "again.eval"
    inspect(
        *("score", log, "--scorer", "chiasm/safety", "-S", "benchmark=siuo", "-S", f"data={data}"),
        *("--model-role", f"grader={other}", "--action", "overwrite", "--output-file", again),
        *("--display", "none"),
    )
    judged = openai_server.requests()
    assert {r.model for r in judged} == {"judge-text"}
    assert sorted(r.images for r in judged) == seen
    first, second = responses(log), responses(again)
    assert second["safety"].to_list() == first["safety"].to_list()
    assert set(second["judge"]) == {other}


def test_the_log_holds_no_images(log: Path) -> None:
    """But says which was shown."""
    from inspect_ai.log import read_eval_log

    whole_log = read_eval_log(str(log), resolve_attachments=True)
    assert whole_log.samples and len(whole_log.samples) == N
    for sample in whole_log.samples:
        text = sample.model_dump_json()
        assert "base64," not in text
        (shown,) = sample.metadata["shown"]
        number = str(sample.id).rpartition("/")[2]
        assert shown["path"] == f"images/{number}.png"
        assert len(shown["sha256"]) == 64


def test_view_bundle(log: Path, tmp_path: Path) -> None:
    inspect("view", "bundle", "--log-dir", log.parent, "--output-dir", tmp_path / "bundle")
    listing = json.loads((tmp_path / "bundle/logs/listing.json").read_text())
    (entry,) = listing.values()
    assert entry["task"] == "siuo" and entry["status"] == "success"


@contextmanager
def viewer(folder: Path) -> Iterator[str]:
    """``inspect view`` on a free port."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(INSPECT), "view", "start", "--log-dir", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def get(url: str, patience_s: float = 60.0) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + patience_s
    while True:
        try:
            with opener.open(url, timeout=10) as reply:
                return json.load(reply)
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def test_view(log: Path) -> None:
    with viewer(log.parent) as url:
        files = get(f"{url}/api/logs")["files"]
        assert [Path(f["name"]).name for f in files] == [log.name]


THEIRS = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes


@task
def agrees():
    samples = [Sample(input=text, target=target) for text, target in (("a", "Sure"), ("b", "No"))]
    return Task(dataset=samples, scorer=includes())
"""

OWN_BENCHMARK = """
from dataclasses import replace

from inspect_ai import task

from chiasm.benchmarks import resolve
from chiasm.tasks import make_task

OURS = replace(resolve("siuo"), name="shelves", entry="")


@task
def shelves(data: str = {data!r}):
    return make_task(OURS, data=data)
"""


def test_tasks_of_others_pass_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of Inspect's: its own figures are shown, and ours are not asked for."""
    (tmp_path / "theirs.py").write_text(THEIRS)
    monkeypatch.chdir(tmp_path)
    text = chiasm("eval", "theirs.py@agrees", "--model", "chiasm/comply", "--log-dir", "logs")
    assert "agrees - chiasm/comply: includes accuracy 0.5" in text
    again = chiasm("eval", "theirs.py@agrees", "--model", "chiasm/comply", "--log-dir", "logs")
    assert again == text
    assert len(list(tmp_path.glob("logs/*/*.eval"))) == 1


def test_benchmarks_of_others(
    openai_server: OpenAIServer, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A benchmark of one's own, made in a file: our tables, beside one of ours."""
    (tmp_path / "own.py").write_text(OWN_BENCHMARK.format(data=str(data)))
    monkeypatch.chdir(tmp_path)
    text = chiasm(
        *("eval", "own.py@shelves", "siuo", "--data", f"siuo={data}", *standin.UNPINNED),
        *("--model", openai_server.model(), "--grader", openai_server.model("judge")),
        *("--log-dir", "logs", "--format", "csv"),
    )
    lines = [line.split(",") for line in text.splitlines()[1:]]
    assert {line[0] for line in lines} == {"shelves", "siuo"}
    assert {p.name.rpartition("-")[0] for p in Path("logs").iterdir()} == {"own-shelves", "siuo"}
