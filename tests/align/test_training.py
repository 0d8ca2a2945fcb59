"""Training on a tiny LLaVA: every method, mixed rows, freezing, adapters, resume after a kill."""

import json
import os
import signal
import traceback
from pathlib import Path

import pytest

from chiasm.align.settings import Settings
from chiasm.align.training import train
from chiasm.errors import ConfigError, DataError

pytest.importorskip("trl")

import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.train

QUICK = Settings(
    lr=1e-3, max_steps=2, batch_size=4, warmup=0.0, max_new_tokens=4, generations=2, beta=0.2
)


def weights(folder):
    return load_file(folder / "model.safetensors")


def changed(before, after):
    """Names of weights that moved."""
    old, new = weights(before), weights(after)
    assert old.keys() == new.keys()
    return {name for name in old if not torch.equal(old[name], new[name])}


@pytest.mark.parametrize("method", ["sft", "dpo", "unlearning", "grpo", "rloo"])
def test_each_method_moves_the_text_part_and_leaves_the_vision_tower(method, llava, rows, tmp_path):
    def by_length(row, answer):
        return float(sum(c in "aeiou" for c in answer)) + len(answer)

    found = train(method, llava, rows(), tmp_path, QUICK, reward=by_length)
    moved = changed(llava, found)
    assert any("language_model" in name for name in moved)
    assert any("projector" in name for name in moved)
    assert not [name for name in moved if "vision_tower" in name]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {line["step"] for line in lines} >= {1, 2}
    assert not (tmp_path / "checkpoints").exists()
    assert train(method, llava, rows(), tmp_path, QUICK) == found  # finished: nothing to do


def test_text_alone_and_vision_unfrozen(llava, rows, tmp_path):
    train("sft", llava, rows(images=False), tmp_path / "text", QUICK)
    free = QUICK.changed({"freeze_vision": False})
    moved = changed(llava, train("sft", llava, rows(), tmp_path / "free", free))
    assert any("vision_tower" in name for name in moved)


@pytest.mark.parametrize("method", ["sft", "dpo", "unlearning", "grpo"])
def test_adapters_are_merged_and_both_load_through_the_provider(method, llava, rows, tmp_path):
    from tests.models.local import tiny

    from chiasm.models.local.engine import open_engine
    from chiasm.models.local.messages import Part, Turn
    from chiasm.models.local.options import Options
    from chiasm.models.local.requests import Request
    from chiasm.models.local.settings import Settings as Sampling

    lora = QUICK.changed({"tuning": "lora", "lr": 0.05, "lora_rank": 4})
    reward = lambda row, answer: float(len(answer))  # noqa: E731
    found = train(method, llava, rows(), tmp_path, lora, reward=reward)
    assert all("_proj." in name for name in changed(llava, found))

    def tokens(**options):
        engine = open_engine(Options(**options))
        turn = Turn("user", (Part("image", ""), Part("text", "What is it?")))
        request = Request(
            prompt=engine.prompt([turn]),
            images=(tiny.picture(3),),
            settings=Sampling(max_tokens=12),
            key=b"",
        )
        try:
            return engine.run([request])[0].tokens
        finally:
            engine.worker.close()

    merged = tokens(model=str(found))
    assert merged == tokens(model=str(llava), adapter=str(tmp_path / "adapter"))
    if method == "sft":
        assert merged != tokens(model=str(llava))


def in_child(work):
    """Run in a process of its own that may be killed; its exit status, negative for a signal."""
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        except (RuntimeError, ValueError, TypeError, KeyError, OSError, AttributeError):
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("method", ["sft", "dpo", "unlearning", "grpo"])
def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(method, llava, rows, tmp_path):
    settings = QUICK.changed({"max_steps": 5, "save_steps": 2, "warmup": 0.2})

    def run(out, stop=0):
        def tell(done, total, _):
            if done == stop:
                os.kill(os.getpid(), signal.SIGKILL)

        reward = lambda row, answer: float(len(answer))  # noqa: E731
        folder = tmp_path / out
        return in_child(
            lambda: train(method, llava, rows(12), folder, settings, reward=reward, tell=tell)
        )

    assert run("whole") == 0
    assert run("killed", 4) == -signal.SIGKILL
    half = tmp_path / "killed" / "checkpoints" / "checkpoint-9"
    half.mkdir()  # cut short while it was written
    (half / "trainer_state.json").write_text('{"step')
    assert run("killed") == 0
    done, again = weights(tmp_path / "whole" / "model"), weights(tmp_path / "killed" / "model")
    assert all(torch.equal(done[name], again[name]) for name in done)
    steps = [json.loads(x)["step"] for x in (tmp_path / "killed" / "log.jsonl").open()]
    assert 5 in steps and steps.count(3) == 2 * steps.count(1) > 0  # step 3 was done twice


def test_a_folder_that_holds_another_run_is_refused(llava, rows, tmp_path):
    train("sft", llava, rows(), tmp_path, QUICK)
    with pytest.raises(ConfigError, match=r"another training run: rows_digest differ"):
        train("sft", llava, rows()[::-1], tmp_path, QUICK)
    with pytest.raises(ConfigError, match="settings"):
        train("sft", llava, rows(), tmp_path, QUICK.changed({"lr": 1e-4}))


def test_rows_that_do_not_suit_the_method_are_refused_by_their_id(llava, rows, tmp_path):
    bad = [r for r in rows() if r.kind == "benign"]
    with pytest.raises(DataError, match="harmful rows and others"):
        train("unlearning", llava, bad, tmp_path, QUICK)
    with pytest.raises(ConfigError, match="one of sft, dpo"):
        train("ppo", llava, bad, tmp_path, QUICK)
    assert not list(Path(tmp_path).iterdir())
