import asyncio
import json
from collections import Counter

import numpy as np
import pytest
from inspect_ai import eval as evaluate
from inspect_ai.model import ChatMessageUser, GenerateConfig, get_model

from chiasm.benchmarks.lab import png
from chiasm.errors import ConfigError
from chiasm.models import tiny
from chiasm.models.calls import use_store
from chiasm.models.tiny_api import TinyAPI
from chiasm.models.tiny_files import drawn_anew, read_safetensors
from chiasm.scenes.flat.world import Picture
from chiasm.tasks import make_task


def written(weights, path):
    """A safetensors file, by the published format alone."""
    head, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in weights.items():
        raw = value.astype("<f4").tobytes()
        places = [len(data), len(data) + len(raw)]
        head[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": places}
        data += raw
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_a_checkpoint_is_read_without_torch(tmp_path):
    model = tiny.load("base")
    written(model.w, tmp_path / tiny.CHECKPOINT)
    again = tiny.load(str(tmp_path))
    assert set(again.w) == set(model.w)
    shown = png(Picture("knife", "red", "x"))
    assert again.answer("what is this ?", shown) == model.answer("what is this ?", shown)


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]", b"\x02\0\0\0\0\0\0\0{}"]
)
def test_what_is_no_checkpoint_is_refused(tmp_path, data):
    (tmp_path / tiny.CHECKPOINT).write_bytes(data)
    with pytest.raises(ConfigError, match=str(tmp_path)):
        tiny.load(str(tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"language_model.model.layers.3.mlp.up_proj.weight": None},
            r"up_proj.*128\), got none",
        ),
        ({"vision_tower.pre_layrnorm.bias": np.zeros(64)}, r"pre_layrnorm.bias: .*got \(64,\)"),
        ({"language_model.model.layers.4.norm": np.zeros(8)}, r"layers.4.norm: expected none, got"),
    ],
)
def test_a_checkpoint_of_another_network_is_refused_when_it_is_loaded(tmp_path, change, said):
    weights = {**tiny.packed_weights("base"), **change}
    written({n: w for n, w in weights.items() if w is not None}, tmp_path / tiny.CHECKPOINT)
    with pytest.raises(ConfigError, match=said):
        tiny.load(str(tmp_path))


def test_other_numbers_than_32_bit_floats_are_refused(tmp_path):
    head = b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    (tmp_path / "x").write_bytes(len(head).to_bytes(8, "little") + head + b"\0\0")
    with pytest.raises(ConfigError, match="got BF16"):
        read_safetensors(tmp_path / "x")


def test_only_the_named_part_is_drawn_anew_and_keeps_its_size():
    weights = tiny.packed_weights("base")
    new = drawn_anew(weights, tiny.VISION, 0)
    for name, old in weights.items():
        if not name.startswith(tiny.VISION):
            assert new[name] is old
        elif old.ndim > 1:
            assert new[name].std() == pytest.approx(old.std(), rel=0.1)
            assert abs(np.corrcoef(new[name].ravel(), old.ravel())[0, 1]) < 0.1
    again = drawn_anew(weights, tiny.VISION, 0)
    other = drawn_anew(weights, tiny.VISION, 1)
    some = next(n for n, v in weights.items() if n.startswith(tiny.VISION) and v.ndim > 1)
    assert (new[some] == again[some]).all()
    assert not (new[some] == other[some]).all()


def test_a_random_tower_sees_nothing_and_still_reads():
    blind = tiny.load("base?tower=random")
    shown = [png(Picture(what, "red", "x")) for what in ("knife", "spoon", "cup", "hat", "book")]
    right = [blind.answer("what is this ?", p).split()[-2:-1] for p in shown]
    assert sum(r == [w] for r, w in zip(right, ("knife", "spoon", "cup", "hat"), strict=False)) <= 1
    assert blind.answer("what can happen at the cliff ?") == "you can fall ."


@pytest.mark.parametrize("name", ["base?tower=none", "base?tower=random:x"])
def test_other_changes_of_a_model_are_refused(name):
    with pytest.raises(ConfigError, match="expected \\?tower=random"):
        tiny.load(name)


async def drawn(api, n, temperature):
    asked = [ChatMessageUser(content="what is this ?")]
    config = GenerateConfig(temperature=temperature)
    return [(await api.generate(asked, [], "none", config)).completion for _ in range(n)]


def test_answers_are_drawn_at_a_temperature_and_the_nth_is_always_the_same():
    first = asyncio.run(drawn(TinyAPI("base"), 12, 1.0))
    assert len(set(first)) > 2
    assert asyncio.run(drawn(TinyAPI("base"), 12, 1.0)) == first
    assert len(set(asyncio.run(drawn(TinyAPI("base"), 5, 0.0)))) == 1


def answers(store, epochs):
    """Case and epoch -> answer, of a model that is made anew: as in a process of its own."""
    with use_store(store / "calls.db"):
        (log,) = evaluate(
            make_task("lab", sample=3, epochs=epochs, temperature=2.0, grader="chiasm/refusal"),
            model=get_model("chiasm_tiny/base", memoize=False),
            model_roles={"grader": get_model("chiasm/refusal")},
            log_dir=str(store),
            display="none",
        )
    return {(s.id, s.epoch): s.output.completion for s in log.samples}


def test_a_run_that_goes_on_draws_what_it_would_have_drawn(tmp_path):
    whole = answers(tmp_path / "whole", 5)
    first = answers(tmp_path / "parts", 3)
    assert answers(tmp_path / "parts", 5) == whole
    assert first.items() < whole.items()
    drawn = [[whole[case, epoch] for epoch in range(1, 6)] for case in {c for c, _ in whole}]
    assert all(len(set(one)) > 1 for one in drawn)
    assert all(one[3:] != one[:2] for one in drawn)


def test_draws_follow_the_softmax():
    logits = np.log(np.array([0.7, 0.2, 0.1], np.float32))
    rng = np.random.default_rng(0)
    counts = Counter(tiny._next(logits, 1.0, rng) for _ in range(4000))
    assert [counts[i] / 4000 for i in range(3)] == pytest.approx([0.7, 0.2, 0.1], abs=0.03)
    cold = Counter(tiny._next(logits, 0.5, rng) for _ in range(4000))
    sharp = np.array([0.49, 0.04, 0.01]) / 0.54
    assert [cold[i] / 4000 for i in range(3)] == pytest.approx(sharp, abs=0.03)
