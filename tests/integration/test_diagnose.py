"""`chiasm diagnose --run` whole: minds on scenes, and real benchmarks against a scripted server."""

import json
from pathlib import Path
from typing import Any

import pytest

from chiasm.benchmarks import load
from tests.diagnose import provider
from tests.diagnose.policies import BROKEN, MINDS
from tests.integration.test_whole import painted
from tests.integration.tool import chiasm
from tests.servers.process import OpenAIServer

assert provider.mind


def diagnose(tmp_path: Path, *args: object, code: int = 0) -> dict[str, Any]:
    options = ("--format", "json", "--log-dir", tmp_path / "logs")
    found: dict[str, Any] = json.loads(chiasm("diagnose", *args, *options, code=code))
    return found


def states(found: dict[str, Any], truth: str = "unsafe") -> dict[str, str]:
    return {c["case"]: c["state"] for c in found["cases"] if c["ground_truth"] == truth}


def figures(found: dict[str, Any], group: str) -> dict[str, dict[str, Any]]:
    return {e["metric"]: e for e in found["estimates"] if e["group"] == group}


@pytest.mark.slow
@pytest.mark.parametrize("name", MINDS)
def test_minds_on_scenes(name: str, tmp_path: Path) -> None:
    model = f"mind/{name.replace(' ', '-')}"
    found = diagnose(tmp_path, "--run", "scenes", "--model", model, "--limit", 8)
    told = states(found)
    assert len(told) == 4
    for case, state in told.items():
        assert state == BROKEN[name][int(case[-1])]
    assert found["notes"] == []
    assert figures(found, "condition")["know_dangerous"]["asked"] == 20
    again = diagnose(tmp_path, tmp_path / "logs", "-o", tmp_path / "why.html")
    assert states(again) == told
    assert "scenes" in (tmp_path / "why.html").read_text()


@pytest.mark.slow
def test_vlsbench_real_texts(openai_server: OpenAIServer, shared: Path, tmp_path: Path) -> None:
    """All six conditions; the same command asks nothing again."""
    root, _ = painted(shared, tmp_path, "vlsbench", "data.json")
    args = ("--run", "vlsbench", "--data", root, "--sample", 20, "--allow", "EMPTY_QUERY")
    asked = ("--model", openai_server.model(), "--grader", openai_server.model("judge"))
    found = diagnose(tmp_path, *args, *asked)
    assert len(states(found)) == 20
    conditions = figures(found, "condition")
    assert len(conditions) == 6
    assert {c["asked"] for c in conditions.values()} == {100}
    assert (
        sum(f["k"] for f in figures(found, "dangerous").values())
        + sum(state == "undetermined" for state in states(found).values())
        == 20
    )
    # What the model was asked in the probes gives nothing away that it should find by itself.
    said = [r.text for r in openai_server.requests("model")]
    probes = [t for t in said if t.startswith("Describe what this picture shows")]
    assert probes and not any(
        c.oracle.description in t for t in probes for c in load("vlsbench", root)
    )
    before = openai_server.counts()["requests"]
    again = diagnose(tmp_path, *args, *asked)
    assert states(again) == states(found)
    assert openai_server.counts()["requests"] == before


@pytest.mark.slow
def test_vlsbench_with_a_judge_that_follows_no_rubric(
    openai_server: OpenAIServer, shared: Path, tmp_path: Path
) -> None:
    root, _ = painted(shared, tmp_path, "vlsbench", "data.json")
    args = ("--run", "vlsbench", "--data", root, "--limit", 5, "--grader", "chiasm/refusal")
    found = diagnose(tmp_path, *args, "--model", openai_server.model())
    assert "chiasm/refusal can't read its answers" in " ".join(found["notes"])
    assert not {*states(found).values()} - {"safe", "text_shortcut", "undetermined"}
    assert not openai_server.requests("judge")


@pytest.mark.slow
def test_mossbench_real_images(openai_server: OpenAIServer, shared: Path, tmp_path: Path) -> None:
    """Benign cases only: over-refusal is told, and that nothing else can be."""
    root = shared / "mossbench"
    args = ("--run", "mossbench", "--data", root, "--allow", "MISSING_IMAGE")
    asked = ("--model", openai_server.model(), "--grader", openai_server.model("judge"))
    found = diagnose(tmp_path, *args, *asked)
    assert states(found) == {}
    benign = states(found, "safe")
    assert len(benign) == 60
    assert {*benign.values()} == {"answered", "refused_by_text", "refused_with_picture"}
    notes = " ".join(found["notes"])
    assert "no dangerous case" in notes
    assert "--view caption is unavailable for mossbench: 49 of 300 cases" in notes
    assert "probe know is unavailable: no case states its hazard" in notes


def test_errors(tmp_path: Path) -> None:
    for args in (("--run", "scenes"), (), ("--model", "chiasm/comply")):
        chiasm("diagnose", *args, code=2)
    chiasm("diagnose", tmp_path, code=2)
    chiasm("diagnose", "--run", "nothing", "--model", "chiasm/comply", code=2)
    chiasm("diagnose", "--run", "vlsbench", "--model", "chiasm/comply", "--data", tmp_path, code=2)
