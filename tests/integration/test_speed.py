"""Scoring recorded answers offline: measured in CPU time, because machines are shared."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chiasm.benchmarks import load
from chiasm.judges.refusal import refusal
from tests.integration.tool import estimates

pytestmark = pytest.mark.slow

CHIASM = Path(sys.executable).with_name("chiasm")
FILES = 34
MOST_S = 45
LEAST_PER_S = 2000


@pytest.mark.long
def test_ten_thousand_answers(shared: Path, tmp_path: Path) -> None:
    """MOSSBench's five files of 300 answers, under 34 names, one log each, with the tables."""
    recorded = sorted((shared / "mossbench" / "responses").glob("*.jsonl"))
    answers = tmp_path / "answers"
    answers.mkdir()
    for i in range(FILES):
        shutil.copy(recorded[i % len(recorded)], answers / f"model-{i:02}.jsonl")
    command = [
        *(str(CHIASM), "score", *map(str, sorted(answers.iterdir())), "--benchmark", "mossbench"),
        *("--data", str(shared / "mossbench"), "--grader", "chiasm/refusal"),
        *("--log-dir", str(tmp_path / "logs"), "--format", "json"),
    ]
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    assert done.returncode == 0, done.stderr
    found = [
        e
        for e in estimates(done.stdout)
        if e["metric"] == "over_refusal_rate" and e["group"] == "all" and e["estimand"] == "model"
    ]
    assert sum(e["asked"] for e in found) == FILES * 300 == 10_200
    spent = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    print(f"10,200 answers: {spent:.1f} s of CPU")
    assert spent < MOST_S


def test_the_rule_alone(shared: Path) -> None:
    cases = {c.id: c for c in load("mossbench", shared / "mossbench")}
    answers = []
    for file in sorted((shared / "mossbench" / "responses").glob("*.jsonl")):
        rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        answers += [(cases[f"mossbench/{r['pid']}"], r["response"] or "") for r in rows]
    start = time.process_time()
    for case, answer in answers:
        refusal(case, answer)
    speed = len(answers) / (time.process_time() - start)
    print(f"{speed:,.0f} answers a second")
    assert speed > LEAST_PER_S
