"""Training in two processes on the CPU, started as on two GPUs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("trl")

import torch
from safetensors.torch import load_file

from chiasm.cli import main

pytestmark = pytest.mark.train

ROOT = Path(__file__).resolve().parents[2]


def arguments(recipe, model, out):
    return ["align", recipe, "--smoke", "--model", str(model), "-o", str(out)]


def launched(processes, *given):
    """The command line, in so many processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    return subprocess.run(
        [sys.executable, *launcher, "-m", "chiasm.cli", *given],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("recipe", ["multimodal_dpo", "textual_unlearning"])
def test_two_processes_train_the_weights_of_one(recipe, llava, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    done = CliRunner().invoke(main, arguments(recipe, llava, one), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    both = launched(2, *arguments(recipe, llava, two))
    assert both.returncode == 0, both.stderr[-3000:]
    assert both.stdout.count("trained model:") == 1, "one process speaks for both"
    assert {1, 2} <= {json.loads(line)["step"] for line in (two / "log.jsonl").open()}
    before, alone, together = (
        load_file(folder / "model.safetensors") for folder in (llava, one / "model", two / "model")
    )
    assert any(not torch.equal(before[name], alone[name]) for name in before)
    for name in alone:
        assert torch.allclose(alone[name], together[name], atol=1e-5), name
