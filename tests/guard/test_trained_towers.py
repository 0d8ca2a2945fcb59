"""The trainable guard on real checkpoints: tiny CLIP and SigLIP made here, and the lab's base."""

import asyncio
import json
import sqlite3
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from click.testing import CliRunner  # noqa: E402

from chiasm.cli import main  # noqa: E402
from chiasm.data.images import image_of  # noqa: E402
from chiasm.errors import ConfigError, DataError, ImageError, JudgeError  # noqa: E402
from chiasm.guard.check import Checker  # noqa: E402
from chiasm.guard.pair import Pair  # noqa: E402
from chiasm.guard.policy import Policy  # noqa: E402
from chiasm.guard.trained import compare, folder, heads, training  # noqa: E402
from chiasm.guard.trained.examples import Example, key  # noqa: E402
from chiasm.guard.trained.features import Store, features  # noqa: E402
from chiasm.guard.trained.judge import Judge  # noqa: E402
from chiasm.guard.trained.towers import GRID, Towers  # noqa: E402
from chiasm.lab.shipped import checkpoint  # noqa: E402

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def png(colour, k=0, size=32):
    noise = np.random.default_rng(k).integers(-20, 20, (size, size, 3))
    out = BytesIO()
    shown = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(shown).save(out, "PNG")
    return out.getvalue()


def contrastive(kind, place, patch=8):
    """A CLIP or SigLIP of some thousand random weights, as on the hub."""
    from tests.models.local.tiny import tokenizer

    torch.manual_seed(0)
    tok = tokenizer({})
    small = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
             "num_attention_heads": 4}  # fmt: skip
    text = {**small, "vocab_size": len(tok), "max_position_embeddings": 40,
            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}  # fmt: skip
    vision = {**small, "image_size": 32, "patch_size": patch}
    if kind == "clip":
        config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
        model = transformers.CLIPModel(config)
        pictures = transformers.CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        )
        processor = transformers.CLIPProcessor(image_processor=pictures, tokenizer=tok)
    else:
        text = {**text, "projection_size": 32}
        config = transformers.SiglipConfig(text_config=text, vision_config=vision)
        model = transformers.SiglipModel(config)
        pictures = transformers.SiglipImageProcessorPil(size={"height": 32, "width": 32})
        processor = transformers.SiglipProcessor(image_processor=pictures, tokenizer=tok)
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.0 if "embed" in name else 0.25)
    model.save_pretrained(place)
    processor.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return contrastive("clip", tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def siglip(tmp_path_factory):
    return contrastive("siglip", tmp_path_factory.mktemp("siglip"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return checkpoint("base", tmp_path_factory.mktemp("base") / "base")


def rows(count=72, *, images=True):
    """Unsafe where the colour that is asked about is the one that is shown: an exclusive or."""
    names = ("red", "green")
    made = []
    for k in range(count):
        shown, asked = names[k % 2], names[k // 2 % 2]
        made.append(
            Example(
                id=f"row/{k}",
                query=f"Is {asked} fine? {k // 4}",
                images=(png(shown, k),) if images else (),
                unsafe=shown == asked,
                category=asked if shown == asked else "",
                family=f"f{k // 4}",
                carrier="pair",
                dataset="made",
            )
        )
    return made


PLAN = compare.Plan(seeds=1, heads=("late", "concat"), settings=training.Settings(steps=60))


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_contrastive_towers(kind, request):
    towers = Towers(str(request.getfixturevalue(kind)))
    assert (towers.kind, towers.longest) == ("contrastive", 40)
    short, longer, cut = towers.texts(["hi", "is this fine?", "x" * 60])
    assert len(short.tokens) < len(longer.tokens) < len(cut.tokens) <= 40
    assert [short.cut, longer.cut, cut.cut] == [False, False, True]
    assert towers.texts([" " * 30_000])[0].cut  # whatever the tokenizer makes of so many
    (alone,) = towers.texts(["hi"])
    assert np.allclose(alone.tokens, short.tokens, atol=2e-2)
    assert np.allclose(alone.pooled, short.pooled, atol=2e-2)
    red, blue = towers.images([png("red", size=50), png("blue")])
    assert red.tokens.shape == (17 if kind == "clip" else 16, 32)
    assert not np.allclose(red.pooled, blue.pooled)
    with pytest.raises(ConfigError, match="writes no captions"):
        towers.captions([png("red")])


def test_many_patches_are_averaged(tmp_path):
    (red,) = Towers(str(contrastive("clip", tmp_path, patch=2))).images([png("red")])
    assert red.tokens.shape == (GRID * GRID + 1, 32)


def test_towers_of_a_vision_language_model(base):
    from chiasm.lab.fusion import Seen
    from chiasm.lab.network import load
    from chiasm.scenes.flat.sets import items

    towers = Towers(str(base), look="what do you see ?")
    item = items("dev", 3, scale=36)[0]
    (text,) = towers.texts([item.query])
    theirs = Seen(load(base), [item.query], [None])
    assert np.allclose(text.tokens, theirs.words[0].numpy(), atol=2e-2)  # as in the lab
    seen = towers.images([png("red", size=48)])[0]
    assert seen.tokens.shape == (16, 128)
    assert towers.kind == "generative"
    (said,) = towers.captions([png("red", size=48)])
    assert said.startswith("a ")


def test_what_is_no_pair_of_towers_is_refused(tmp_path):
    config = transformers.LlamaConfig(hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                                      num_attention_heads=1, vocab_size=9)  # fmt: skip
    config.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="llama has no two towers"):
        Towers(str(tmp_path))
    with pytest.raises(ConfigError, match="can't be loaded"):
        Towers(str(tmp_path / "nowhere"))


def test_a_device_that_is_not_there_is_named(clip):
    with pytest.raises(ConfigError, match="--device nonsense can't be used"):
        Towers(str(clip), "nonsense")


def test_a_picture_that_does_not_decode_names_its_row(tmp_path, clip):
    whole = png("red", size=300)
    given = rows(6)
    given[4] = replace(given[4], images=(whole[: len(whole) // 2],))
    with pytest.raises(ImageError, match="row/4"):
        features(given, Towers(str(clip)), Store(tmp_path / "kept.sqlite"))


class Counting:
    """Towers that count, and can be killed."""

    def __init__(self, towers, until=10**9):
        self.inner, self.left, self.asked = towers, until, []
        self.digest, self.kind, self.look = towers.digest, towers.kind, towers.look

    def texts(self, texts):
        return self._count(texts, self.inner.texts)

    def images(self, images):
        return self._count(images, self.inner.images)

    def captions(self, images):
        return self.inner.captions(images)

    def _count(self, content, make):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        self.asked += content
        return make(content)


def test_features_are_made_once_whatever_happens(tmp_path, clip):
    towers = Towers(str(clip))
    given = [*rows(80), replace(rows(1)[0], id="again")]
    asked = []
    for _ in range(9):
        counting = Counting(towers, until=1)
        store = Store(tmp_path / "kept.sqlite")
        try:
            seen = features(given, counting, store)
            break
        except KeyboardInterrupt:
            asked += counting.asked
        finally:
            store.close()
    asked += counting.asked
    assert len(asked) == len(set(asked)) == 80 + 40  # pictures, and one text for two of them
    fresh = features(given, towers, Store(tmp_path / "fresh.sqlite"))
    for one, other in zip(seen.texts, fresh.texts, strict=True):
        assert np.array_equal(one.tokens, other.tokens)
    assert not fresh.described  # neither captions nor a model that writes them


def test_a_broken_store_says_what_to_do(tmp_path):
    (tmp_path / "kept.sqlite").write_bytes(b"no database, and long enough to be told from one")
    with pytest.raises(ConfigError, match="delete it to make them again"):
        Store(tmp_path / "kept.sqlite")
    sqlite3.connect(":memory:").close()


@pytest.mark.parametrize("head", heads.HEADS)
def test_every_head_takes_what_is_missing(tmp_path, clip, head):
    """No picture, several pictures, no words: logits all the same, and padding changes none."""
    towers = Towers(str(clip))
    first = rows(6)
    mixed = [
        replace(first[0], images=()),
        replace(first[1], images=(png("red"), png("blue")), caption="two"),
        replace(first[2], query=""),
        *first[3:],
    ]
    given = [replace(r, caption=r.caption or "one") for r in mixed]
    seen = features(given, towers, Store(tmp_path / "kept.sqlite"))
    sizes = heads.sizes_of(seen, 2)
    torch.manual_seed(0)
    modules = heads.build(head, sizes).eval()
    every = heads.rows_of(heads.batch_of(seen, sizes, head), range(6))
    found = heads.logits(head, modules, every)
    assert found.shape == (6, 1 + 3 + 2)
    one = features([given[0]], towers, Store(tmp_path / "kept.sqlite"))
    alone = heads.rows_of(heads.batch_of(one, sizes, head), [0])
    assert torch.allclose(heads.logits(head, modules, alone)[0], found[0], atol=1e-5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, clip):
    """A guard that learnt the exclusive or, in its folder."""
    out = tmp_path_factory.mktemp("trained")
    towers = Towers(str(clip))
    store = Store(out / "kept.sqlite")
    plan = replace(PLAN, heads=("text", "image", "late", "concat", "cross"), hold_out=0.3)
    more = replace(plan, settings=training.Settings(steps=120, batch=48))
    guard, found = compare.train(rows(160), towers, str(clip), store, more)
    store.close()
    folder.save(guard, out / "guard")
    return out / "guard", found


def test_only_fusion_learns_an_exclusive_or(trained):
    value = {(f["head"], f["measure"]): f["value"] for f in trained[1]["figures"]}
    for head in ("text", "image", "late"):
        assert value[head, "auc"] < 0.7
    for head in ("concat", "cross"):
        assert value[head, "auc"] > 0.9
    assert trained[1]["calibration"]["concat"]["carrier_right"]["n"] == 0  # all are pairs


def test_a_saved_guard_says_the_same(trained, clip, tmp_path):
    guard = folder.load(trained[0])
    judge = Judge(trained[0])
    towers = Towers(str(clip))
    seen = features(rows(8), towers, Store(tmp_path / "kept.sqlite"))
    logits = compare.logits_of(guard, "concat", 0, seen)
    calibrated = guard.facts.calibration["concat"][0]
    for k, row in enumerate(rows(8)):
        found = judge.judge(row.query, row.pictures())
        risk = 1 / (1 + np.exp(-logits[k, 0] / calibrated.temperature))
        assert found.risk == pytest.approx(risk, abs=1e-3)
        assert found.unsafe == (found.risk > calibrated.threshold)
        assert (found.carrier == "pair") == found.unsafe
    facts = json.loads((trained[0] / "guard.json").read_text("utf-8"))
    assert facts["categories"] == ["green", "red"]
    assert facts["towers_digest"] == towers.digest
    assert key(rows(1)[0]) in guard.trained_on or facts["data"]["seeds"][0]["test"]["rows"]


def test_other_towers_and_broken_folders_are_refused(trained, siglip, tmp_path):
    with pytest.raises(ConfigError, match="name the same checkpoint"):
        Judge(trained[0], str(siglip))
    copy = tmp_path / "copy"
    copy.mkdir()
    facts = json.loads((trained[0] / "guard.json").read_text("utf-8"))
    (copy / "guard.json").write_text(json.dumps({**facts, "head": "image"}), "utf-8")
    with pytest.raises(ConfigError, match="can't check pairs"):
        Judge(copy)
    (copy / "guard.json").write_text(json.dumps(facts), "utf-8")
    (copy / "heads.safetensors").write_bytes(b"not safe")
    with pytest.raises(DataError, match="can't be read"):
        folder.load(copy)


def test_rows_that_were_trained_on_are_refused(trained, clip, tmp_path):
    guard, towers = folder.load(trained[0]), Towers(str(clip))
    store = Store(tmp_path / "kept.sqlite")
    with pytest.raises(DataError, match="were trained or calibrated on"):
        compare.evaluate(guard, rows(160), towers, store)
    others = [replace(r, query=f"{r.query} now", id=f"{r.id} now") for r in rows(40)]
    found = compare.evaluate(guard, others, towers, store)
    assert found["families_also_trained_on"]
    assert found["groups"]["all"]["rows"] == 40
    learnt = [row for row in rows(160) if key(row) in guard.trained_on]
    assert found["shared"]["query"] == 0
    assert 0 < found["shared"]["picture"] <= 40
    asked = [replace(learnt[0], query=learnt[0].query.upper(), images=(png("blue"),), id="a"),
             replace(others[1], query="Quite new!", images=(png("blue"),))]  # fmt: skip
    found = compare.evaluate(guard, asked, towers, store)
    assert found["shared"] == {"rows": 2, "query": 1, "picture": 0}
    assert not {row.family for row in learnt} & set(guard.facts.data["families"])  # digests


def test_the_gateway_asks_it(trained):
    checker = Checker(Policy(upstream="http://x/v1", check=f"trained@{trained[0]}"))
    assert not checker.checks_answers
    judge = Judge(trained[0])
    for row in rows(4):
        pair = Pair(row.query, row.pictures())
        found = asyncio.run(checker.before(pair))
        wanted = judge.judge(pair.text, pair.images)
        assert found.label == ("unsafe" if wanted.unsafe else "safe")
        assert found.scores == {"risk": pytest.approx(wanted.risk)}
        assert found.guard == f"trained@{trained[0]}"
        assert found.reason.startswith("risk 0.") or found.reason.startswith("risk 1.")


def test_what_it_can_not_judge_has_no_verdict(trained):
    checker = Checker(Policy(upstream="http://x/v1", check=f"trained@{trained[0]}"))
    shown = rows(1)[0].pictures()

    def asked(text):
        return asyncio.run(checker.before(Pair(text, shown)))

    assert asked("Is red fine?").label != "unchecked"
    found = asked("Is red fine? " * 20)
    assert (found.label, found.scores) == ("unchecked", {})
    assert "longer than the 40 tokens" in found.reason
    judge = Judge(trained[0])
    judge._modules = torch.nn.Linear(1, 1)  # not what it was trained as
    with pytest.raises(JudgeError, match="guard failed"):
        judge.judge("Is red fine?", shown)


def test_pictures_need_a_guard_that_was_shown_some(tmp_path, clip):
    towers, store = Towers(str(clip)), Store(tmp_path / "kept.sqlite")
    more = replace(PLAN, heads=("concat",), settings=training.Settings(steps=2), hold_out=0.3)
    guard, _ = compare.train(rows(images=False), towers, str(clip), store, more)
    folder.save(guard, tmp_path / "guard")
    judge = Judge(tmp_path / "guard")
    assert 0 <= judge.judge("Is red fine?", ()).risk <= 1
    with pytest.raises(JudgeError, match="trained without pictures"):
        judge.judge("Is red fine?", rows(1)[0].pictures())
    path = tmp_path / "guard" / "guard.json"
    facts = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**facts, "head": "caption"}), "utf-8")
    with pytest.raises(ConfigError, match="reads captions"):
        Judge(tmp_path / "guard")


def test_from_rows_to_figures_by_command(tmp_path, clip):
    table = tmp_path / "mine.jsonl"
    lines = []
    for row in rows(96):
        (tmp_path / f"{row.id[4:]}.png").write_bytes(row.pictures()[0].data)
        lines.append({"query": row.query, "image": f"{row.id[4:]}.png", "family": row.family,
                      "label": "unsafe" if row.unsafe else "safe"})  # fmt: skip
    table.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    arguments = ["guard", "train", str(table), "--tower", str(clip), "-o", str(tmp_path / "out"),
                 "--seeds", "1", "--heads", "late,concat", "--hold-out", "0.3",
                 "--steps", "30"]  # fmt: skip
    (tmp_path / "out" / "comparison.json").mkdir(parents=True)
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "can't be written" in done.output) == (2, True)
    assert not (tmp_path / "out" / "guard.json").exists()  # it comes last, so this trains again:
    (tmp_path / "out" / "comparison.json").rmdir()
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "concatenation - late fusion" in done.stdout
    assert "They share no family with training" in done.stdout
    shown = CliRunner().invoke(main, ["guard", "eval", str(tmp_path / "out"), "--format", "json"])
    assert json.loads(shown.stdout)["heads"] == ["late", "concat"]
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2
    assert "has a guard already" in again.output
    (tmp_path / "out" / "comparison.json").write_text("{", "utf-8")
    broken = CliRunner().invoke(main, ["guard", "eval", str(tmp_path / "out")])
    assert (broken.exit_code, "not a comparison" in broken.output) == (2, True)
    assert (tmp_path / "out" / "figure.svg").read_text("utf-8").startswith("<svg")
    assert image_of(rows(1)[0].pictures()[0].data, "x").width == 32
