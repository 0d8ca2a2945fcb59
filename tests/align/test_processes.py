"""Training in two processes on the CPU, started as on two GPUs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("trl")

import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.train

ROOT = Path(__file__).resolve().parents[2]


def align(processes, recipe, model, out):
    """A small recipe by so many processes; what they say."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    return subprocess.run(
        [sys.executable, *launcher, "-m", "chiasm.cli", "align", recipe, "--smoke",
         "--model", str(model), "-o", str(out)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("recipe", ["combined_sft", "multimodal_dpo", "textual_unlearning"])
def test_two_processes_train_the_weights_of_one(recipe, llava, tmp_path):
    found = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        done = align(processes, recipe, llava, out)
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count("trained model:") == 1, "one process speaks for both"
        steps = [json.loads(line)["step"] for line in (out / "log.jsonl").open()]
        assert {1, 2} <= {*steps}
        found.append(load_file(out / "model" / "model.safetensors"))
    alone, together = found
    before = load_file(llava / "model.safetensors")
    assert any(not torch.equal(before[name], alone[name]) for name in before)
    for name in alone:
        assert torch.allclose(alone[name], together[name], atol=1e-5), name
