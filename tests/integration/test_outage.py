"""A wrong key or address ends a run after a few calls; what was answered is kept."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from chiasm.cli import main
from chiasm.models.outage import LIMIT
from tests.integration import standin
from tests.integration.tool import chiasm, whole
from tests.servers.process import OpenAIServer

pytestmark = pytest.mark.slow

N, AT_ONCE = 100, 4


def told(*args: object) -> str:
    """The error of a command that ends with exit code 2."""
    result = CliRunner().invoke(main, [str(a) for a in args])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("side", ["model", "judge"])
def test_a_wrong_key(side: str, openai_server: OpenAIServer, tmp_path: Path) -> None:
    server = openai_server
    server.configure(**{side: {"http_401": 1.0}})
    args = (
        *("eval", "siuo", "--data", standin.siuo(tmp_path / "data", N), *standin.UNPINNED),
        *("--model", server.model(), "--grader", server.model("judge")),
        *("--max-connections", AT_ONCE, "--max-retries", "0", "--log-dir", tmp_path / "logs"),
    )
    error = told(*args)
    name = server.model({"model": "model-mixed", "judge": "judge"}[side])
    assert f"{name} never answered: the key is refused" in error and "same command" in error
    counts = server.counts()["requests"]
    assert LIMIT <= counts[side] <= LIMIT + 3 * AT_ONCE
    if side == "judge":
        assert counts["model"] == N

    server.reset()
    text = chiasm(*args, "--format", "json")
    assert whole(text, "safe_rate")["n"] == N
    # Answers that were there are not asked for again.
    asked = server.counts()["requests"]
    assert asked == {"model": 0 if side == "judge" else N, "judge": 2 * N}


def test_nobody_at_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, openai_server: OpenAIServer
) -> None:
    """With a judge of recorded answers; the log says what has no verdict."""
    monkeypatch.setenv("NOWHERE_API_KEY", "x")
    monkeypatch.setenv("NOWHERE_BASE_URL", "http://127.0.0.1:9/v1")
    file = tmp_path / "a.jsonl"
    rows = [{"id": i, "response": "Well."} for i in range(1, N + 1)]
    file.write_text("\n".join(map(json.dumps, rows)))
    error = told(
        *("score", file, "--benchmark", "siuo", "--data", standin.siuo(tmp_path / "data", N)),
        *(*standin.UNPINNED, "--grader", "openai-api/nowhere/j", "--log-dir", tmp_path / "logs"),
        *("--max-connections", AT_ONCE, "--max-retries", "0"),
    )
    assert "openai-api/nowhere/j never answered: nothing answers at that address" in error
    text = chiasm("report", tmp_path / "logs", "--format", "json")
    assert whole(text, "safe_rate")["missing_by"] == {"no_verdict": N}
