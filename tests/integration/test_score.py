"""Recorded answers before an LLM judge, with faults."""

import json
from pathlib import Path

from tests.integration import standin
from tests.integration.tool import chiasm, whole
from tests.servers.process import OpenAIServer

N = 20


def test_failed_judgements_alone_are_asked_again(
    openai_server: OpenAIServer, tmp_path: Path
) -> None:
    """Of two files, judges fail on a part of the first; then on none."""
    data = standin.siuo(tmp_path / "data", N)
    files = []
    for name, does in (("complies", "c"), ("refuses", "r")):
        rows = [{"id": i, "response": f"(ref {does}-{i:012x})"} for i in range(1, N + 1)]
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text("\n".join(map(json.dumps, rows)))

    def score(code: int, log_dir: str, *paths: Path) -> str:
        return chiasm(
            *("score", *paths, "--benchmark", "siuo", "--data", data, *standin.UNPINNED),
            *("--grader", openai_server.model("judge"), "--log-dir", tmp_path / log_dir),
            *("--max-retries", "0", "--format", "json"),
            code=code,
        )

    clean = {f: whole(score(0, "clean", f), "safe_rate")["k"] for f in files}
    assert list(clean.values()) == [0, N]

    openai_server.reset()
    openai_server.configure(judge={"refuses": 0.2, "broken_json": 0.2})
    faulty = score(1, "faulty", files[0])
    failed = [r for r in openai_server.requests() if r.fault]
    assert 5 < len(failed) < 2 * N
    lost = [r for r in failed if "effective" not in r.text]
    safe = whole(faulty, "safe_rate")
    assert (safe["k"], safe["n"], safe["missing_by"]) == (
        0,
        N - len(lost),
        {"no_verdict": len(lost)},
    )

    openai_server.reset()
    both = score(0, "faulty", *files)
    assert openai_server.counts()["requests"] == {"model": 0, "judge": len(failed) + 2 * N}
    rates = [
        e["rate"]
        for e in json.loads(both)["estimates"]
        if (e["metric"], e["by"]) == ("safe_rate", "")
    ]
    assert rates == [0.0, 1.0]
