"""``kill -9`` at random moments, and the same command again: nothing is lost or paid twice."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from chiasm.cases import SAFETY_OF_UNSAFE
from chiasm.report import responses
from tests.integration import standin
from tests.integration.tool import estimates
from tests.servers.process import OpenAIServer
from tests.servers.received import Received

pytestmark = pytest.mark.slow

CASES, EPOCHS, AXES = 167, 3, 2
ANSWERS = CASES * EPOCHS
CHIASM = Path(sys.executable).with_name("chiasm")


def asked(server: OpenAIServer) -> int:
    return sum(server.counts()["requests"].values())


def killed(command: list[str], server: OpenAIServer, after: int, pause: float) -> bool:
    """Run until so many requests came in, wait, and kill; whether it was still running."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and asked(server) < after:
        time.sleep(0.02)
    time.sleep(pause)
    running = process.poll() is None
    process.kill()
    process.wait()
    time.sleep(0.3)  # what is in flight arrives
    return running


def interrupted(
    command: list[str],
    server: OpenAIServer,
    moments: list[int],
    seed: int,
    check: Callable[[list[Received]], None],
) -> str:
    """The output of a command that is killed at these moments (requests) and started again.

    `check` is called before every start with what was requested since the last one.
    """
    chance = random.Random(seed)
    seen = 0
    for moment in moments:
        assert killed(command, server, moment, chance.uniform(0, 0.3)), "it ended before the kill"
        requests = server.requests()
        check(requests[seen:])
        seen = len(requests)
    last = subprocess.run(command, capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    check(server.requests()[seen:])
    return last.stdout


def kept(folder: Path) -> list[str]:
    """The values of the store of calls, as a kill left it."""
    found = sorted(folder.rglob("calls.db"))
    if not found:
        return []
    with sqlite3.connect(found[0]) as db:
        return [value for (value,) in db.execute("SELECT value FROM calls")]


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.long)])
def test_evaluation(openai_server: OpenAIServer, tmp_path: Path, kills: int) -> None:
    server = openai_server
    data = standin.siuo(tmp_path / "data", CASES)
    server.configure(latency_s=0.02, jitter_s=0.1, vary=True)

    def command(log_dir: str) -> list[str]:
        return [
            *(str(CHIASM), "eval", "siuo", "--data", str(data), *standin.UNPINNED),
            *("--model", server.model(), "--grader", server.model("judge")),
            *("--epochs", str(EPOCHS), "--format", "json", "--log-dir", str(tmp_path / log_dir)),
        ]

    calm = subprocess.run(command("calm"), capture_output=True, text=True, check=True).stdout
    assert server.counts()["requests"] == {"model": ANSWERS, "judge": AXES * ANSWERS}

    server.reset(settings=False)
    stored: Counter[str] = Counter()
    queries: dict[str, str] = {}

    def check(requests: list[Received]) -> None:
        """Of each case only those answers were asked for that were not there before."""
        model = [r for r in requests if r.side == "model"]
        for query, n in Counter(r.text for r in model).items():
            assert n <= EPOCHS - stored[query], query
        for r in model:
            mark = sha256(f"{r.key}\x1f{1000 * r.attempt}".encode()).hexdigest()[:12]
            queries[mark] = r.text
        marks = [standin.REF.search(v) for v in kept(tmp_path / "killed") if v.startswith("{")]
        stored.clear()
        stored.update(queries[m[2]] for m in marks if m)
        if list(tmp_path.glob("killed/*/*.eval")):
            logged = responses(tmp_path / "killed")
            assert len(logged) == ANSWERS
            assert logged["safety"].is_in(SAFETY_OF_UNSAFE).sum() <= sum(stored.values())

    total = (1 + AXES) * ANSWERS
    moments = sorted(random.Random(7).sample(range(10, total - 60), kills))
    text = interrupted(command("killed"), server, moments, 7, check)

    assert text == calm
    assert all(e["n"] == e["asked"] for e in estimates(text))
    assert sum(stored.values()) == ANSWERS
    counts = server.counts()
    extra = sum(counts["requests"].values()) - total
    print(f"extra requests: {extra}, highest in flight: {counts['peak']}")
    assert 0 <= extra <= len(moments) * counts["peak"]


def test_scoring(openai_server: OpenAIServer, tmp_path: Path) -> None:
    """An LLM judge on recorded answers: no judged answer is paid for twice."""
    server = openai_server
    data = standin.siuo(tmp_path / "data", CASES)
    file = tmp_path / "somebody.jsonl"
    lines = [
        {"id": i, "response": f"Put it there. (ref {'rwoc'[i % 4]}-{i:012x})"}
        for i in range(1, CASES + 1)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    server.configure(latency_s=0.02, jitter_s=0.1)

    def command(log_dir: str) -> list[str]:
        return [
            *(str(CHIASM), "score", str(file), "--benchmark", "siuo", "--data", str(data)),
            *(*standin.UNPINNED, "--grader", server.model("judge"), "--max-connections", "12"),
            *("--format", "json", "--log-dir", str(tmp_path / log_dir)),
        ]

    calm = subprocess.run(command("calm"), capture_output=True, text=True, check=True).stdout
    total = AXES * CASES
    assert asked(server) == total
    server.reset(settings=False)
    stored = 0

    def check(requests: list[Received]) -> None:
        nonlocal stored
        assert len(requests) <= total - stored
        stored = len(kept(tmp_path / "killed"))

    moments = sorted(random.Random(8).sample(range(5, total - 40), 3))
    text = interrupted(command("killed"), server, moments, 8, check)
    assert (text, stored) == (calm, total)
    counts = server.counts()
    print(f"extra requests: {asked(server) - total}, highest in flight: {counts['peak']}")
    assert asked(server) - total <= len(moments) * counts["peak"]
