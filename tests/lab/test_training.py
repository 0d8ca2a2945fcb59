"""The lab's training on a few steps, and on enough steps to see what it is there for."""

import json
from dataclasses import dataclass

import pytest

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from chiasm.lab import arms, base, network, runs  # noqa: E402
from chiasm.lab.base import Stage  # noqa: E402
from chiasm.lab.lessons import alignment_lessons  # noqa: E402
from chiasm.lab.results import results  # noqa: E402
from chiasm.lab.shipped import checkpoint  # noqa: E402
from chiasm.models import tiny  # noqa: E402
from chiasm.scenes.flat.sets import items  # noqa: E402


def silent(what, step, steps):
    """Nobody waits."""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    """The three models that come with chiasm, as checkpoints."""
    folder = tmp_path_factory.mktemp("aligned")
    return {name: checkpoint(name, folder / name) for name in tiny.NAMES}


@pytest.fixture
def few(monkeypatch):
    """A fifth of the questions, and 96 harmful rows."""
    monkeypatch.setattr(runs, "items", lambda split, seed: items(split, seed)[::5])
    for module in ("arms", "fusion"):
        monkeypatch.setattr(
            f"chiasm.lab.{module}.alignment_lessons",
            lambda design, split, seed: alignment_lessons(design, split, seed, 96),
        )


@pytest.fixture
def out(tmp_path, aligned, few):
    """Runs in which the base of seed 7 is there already."""
    folder = runs.folder_of(tmp_path, "test", 7, "base")
    folder.mkdir(parents=True)
    for path in aligned["base"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    asked = runs.items("test", 7)
    said = runs._answer(network.load(folder), asked)
    data = {"schema": 1, "arm": "base", "seed": 7, "split": "test", "cpu_s": 0.0}
    answers = {i.id: text for i, text in zip(asked, said, strict=True)}
    (folder / "answers.json").write_text(json.dumps({**data, "answers": answers}))
    return tmp_path


@pytest.fixture
def short(monkeypatch):
    """Every arm takes two steps."""
    for name in ("SFT", "UNLEARNING", "DPO", "RL_WARM", "RL"):
        monkeypatch.setattr(arms, name, getattr(arms, name)._replace(steps=2))
    monkeypatch.setattr("chiasm.lab.fusion.TRAINING", Stage(2, 96, 2e-3))


def test_all_arms_run_and_are_not_run_twice(out, short):
    runs.run_seed(out, "test", 7, runs.ORDER, silent)
    found = results(out, "test", [7])
    assert set(found["arms"]) == set(runs.ORDER)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    runs.run_seed(out, "test", 7, runs.ORDER, silent)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}


def test_an_arm_that_was_killed_is_made_again_and_comes_out_the_same(out, short):
    runs.run_seed(out, "test", 7, ["text_sft"], silent)
    folder = runs.folder_of(out, "test", 7, "text_sft")
    first = (folder / "model.safetensors").read_bytes()
    (folder / "answers.json").unlink()
    runs.run_seed(out, "test", 7, ["text_sft"], silent)
    assert (folder / "model.safetensors").read_bytes() == first
    assert (folder / "answers.json").exists()


def test_the_vision_tower_is_left_alone(out, short):
    runs.run_seed(out, "test", 7, ["mm_sft"], silent)
    before, after = (
        network.load(runs.folder_of(out, "test", 7, arm)).state_dict() for arm in ("base", "mm_sft")
    )
    same = {k for k in before if torch.equal(before[k], after[k])}
    assert {k for k in before if "vision_tower" in k} <= same
    assert len(same) < len(before)


def test_a_short_textual_sft_reads_and_does_not_see(out, monkeypatch):
    monkeypatch.setattr(arms, "SFT", Stage(150, 32, 8e-4))
    runs.run_seed(out, "test", 7, ["text_sft"], silent)
    sets = results(out, "test", [7])["arms"]["text_sft"]["sets"]
    assert sets["text"]["j"]["rate"] > 0.5
    assert abs(sets["joint"]["j"]["rate"]) < 0.35
    assert abs(sets["leak_free"]["j"]["rate"]) < 0.35


def test_a_new_model_learns_to_tell_pictures_apart(monkeypatch):
    monkeypatch.setattr(base, "VISION", Stage(30, 32, 2e-3, 0.05))
    monkeypatch.setattr(base, "PICTURES", 320)
    losses = []
    fit = base.fit

    def watched(parameters, stage, loss, tell):
        def kept(step):
            value = loss(step)
            losses.append(float(value.detach()))
            return value

        fit(parameters, stage, kept, tell)

    monkeypatch.setattr(base, "fit", watched)
    base._learn_to_see(network.new_model(0), 0, silent)
    assert sum(losses[-10:]) < sum(losses[:10])


def test_the_processor_makes_the_tokens_and_pixels_of_training(aligned):
    from PIL import Image
    from transformers import AutoProcessor

    from chiasm.scenes.flat.world import draw

    processor = AutoProcessor.from_pretrained(aligned["base"])
    item = next(i for i in items("dev", 7, 36) if i.set == "joint")
    content = [{"type": "image", "image": Image.fromarray(draw(item.picture))}]
    content.append({"type": "text", "text": item.query})
    got = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True,
        return_dict=True,
        add_generation_prompt=True,
        return_tensors="pt",
    )
    assert got["input_ids"][0].tolist() == network.prompt_ids(item.query, shown=True)
    assert torch.allclose(
        got["pixel_values"], network.pixels(network.drawn([item.picture])), atol=1e-6
    )
    told = processor.tokenizer.apply_chat_template(
        [{"role": "user", "content": item.query}], tokenize=True, add_generation_prompt=True
    )["input_ids"]
    assert told == network.prompt_ids(item.query, shown=False)


@dataclass
class Compared:
    """Answers of one model by both forward passes."""

    numpy: list
    torch: list


@pytest.mark.parametrize("name", tiny.NAMES)
def test_numpy_and_transformers_give_the_same_greedy_answers(name, aligned):
    from chiasm.benchmarks.lab import png

    asked = items("test", 11, 36)[::8]
    model, small = network.load(aligned[name]), tiny.load(name)
    said = Compared(
        [small.answer(i.query, png(i.picture) if i.picture else None) for i in asked],
        runs._answer(model, asked),
    )
    assert len(asked) > 50
    assert said.numpy == said.torch


def test_losses_and_gradients_are_those_of_transformers(aligned):
    """Ours leaves out padding, and the places where nothing is learnt."""
    model = network.load(aligned["base"])
    rows = alignment_lessons("combined", "test", 3, 64)[:24]
    encoded = base.encode(model, rows)
    ids, labels, patches = encoded.batch(list(range(24)))
    learnt = [p for n, p in model.named_parameters() if "vision_tower" not in n]
    ours = base.cross_entropy(model, (ids, labels, patches))
    slopes = torch.autograd.grad(ours, learnt)
    shown = [row.picture for row in rows if row.picture]
    assert 0 < len(shown) < 24
    theirs = model(
        input_ids=ids,
        attention_mask=(ids != network.VOCABULARY[network.PAD]).long(),
        pixel_values=network.pixels(network.drawn(shown)),
        labels=labels,
    ).loss
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), rel=1e-5)
    for mine, other in zip(slopes, torch.autograd.grad(theirs, learnt), strict=True):
        assert torch.allclose(mine, other, atol=1e-6, rtol=1e-3)


def test_an_answers_probability_is_the_sum_over_its_tokens(aligned):
    model = network.load(aligned["base"])
    encoded = base.encode(model, alignment_lessons("leak_free", "test", 3, 64))
    batch = encoded.batch(list(range(16)))
    tokens = [len(a) for a in encoded.answers[:16]]
    together = base.answer_logps(model, batch)
    assert together.shape == (16,)
    mean = -float(together.sum().detach()) / sum(tokens)
    assert mean == pytest.approx(float(base.cross_entropy(model, batch).detach()), rel=1e-5)
    alone = [float(base.answer_logps(model, encoded.batch([i])).detach()) for i in range(16)]
    assert together.tolist() == pytest.approx(alone, rel=1e-4)


def test_a_picture_is_never_drawn_as_an_answer(aligned):
    """Online RL reads its own answers again, and a picture's place would need a picture."""
    model = network.load(aligned["base"])
    place = network.VOCABULARY[network.IMAGE]
    with torch.no_grad():
        weights = model.lm_head.weight
        model.lm_head.weight = torch.nn.Parameter(weights.clone())
        model.lm_head.weight[place] = 50 * weights.abs().mean()
    ids = torch.tensor([network.prompt_ids("what do you see ?", shown=False)] * 64)
    patches = torch.zeros(64, network.TOKENS, 128)
    drawn = network.generate(model, ids, patches, sample=torch.Generator().manual_seed(0))
    assert (drawn != place).all()
