import os
import subprocess
import sys
from pathlib import Path

import pytest

from chiasm.report import render, responses

KILLED = """
import os, sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import Score, scorer
from inspect_ai.solver import solver

@solver
def answer():
    async def solve(state, generate):
        if state.sample_id == "s/4":
            os._exit(9)  # as kill -9 would
        return state
    return solve

@scorer(metrics=[])
def safety():
    async def score(state, target):
        return Score(value="refusal", metadata={"judge": "j/j"})
    return score

about = {"schema": 1, "benchmark": "siuo", "protocol": "p", "view": "full", "axes": ["safety"]}
samples = [Sample(id=f"s/{i}", input="x", metadata={"ground_truth": "unsafe"}) for i in range(6)]
task = Task(dataset=samples, solver=answer(), scorer=safety(), metadata={"chiasm": about})
eval(task, model="mockllm/model", log_dir=sys.argv[1], max_samples=1, log_buffer=1,
     display="none", log_realtime=False)
"""


@pytest.mark.slow
def test_the_log_of_a_killed_run_is_read(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env={**os.environ}, timeout=120, check=False
    )
    assert done.returncode == 9
    frame = responses(tmp_path)
    assert frame["case"].to_list() == [f"s/{i}" for i in range(6)]
    assert frame["safety"].to_list()[:3] == ["refusal"] * 3
    assert frame["safety"].to_list()[4:] == ["no_response"] * 2
    assert set(frame["ground_truth"]) == {"unsafe"}
    assert frame["retry"].to_list()[4:] == [True, True]
    assert "not run" in render(tmp_path)


def test_importing_the_report_does_not_load_inspect() -> None:
    heavy = "('inspect_ai', 'torch', 'pandas')"
    code = f"import sys, chiasm.report; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_is_by_summaries(write_log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole logs hold every message: figures must not read them."""
    import inspect_ai.log

    log = write_log("a.eval", [{"case": "s/1", "safety": "unsafe"}])
    whole = inspect_ai.log.read_eval_log

    def header_only(path: Path, header_only: bool = False) -> object:
        assert header_only
        return whole(path, header_only=True)

    monkeypatch.setattr(inspect_ai.log, "read_eval_log", header_only)
    assert len(responses(log)) == 1
