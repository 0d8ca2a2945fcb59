"""embedding: cosines by hand, the same for any cut, and an audit with it from end to end."""

import json
import math
import pickle
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from tests.audit.made import queries, rows
from tests.audit.models import by_hand, random_bert

from chiasm.audit import embedding, limits
from chiasm.audit.engine import Fitted, key_of
from chiasm.audit.run import Options, audit, pick
from chiasm.audit.shards import Shard
from chiasm.audit.sources import open_source
from chiasm.cli import main
from chiasm.errors import ConfigError


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("sentence_transformers")
    return by_hand(tmp_path_factory.mktemp("hand"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("sentence_transformers")
    return random_bert(tmp_path_factory.mktemp("bert"))


def file_of(path: Path, n: int = 60) -> Path:
    said = ["How do I bake bread?", "How do I build a house?", "Is the car here?", "A bomb?"]
    lines = [{"query": f"{said[i % 4]} {i}", "category": "ab"[i % 2]} for i in range(n)]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def test_it_runs_only_where_it_is_asked_for():
    assert embedding.NAME not in {c.name for c in pick(())}
    assert [c.name for c in pick(("embedding", "residue"))] == ["residue", "embedding"]
    with pytest.raises(ConfigError, match="--embedding-model m: only with --channel embedding"):
        pick((), "m")


def test_without_the_extra_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    embedding._load.cache_clear()
    arguments = [
        "audit",
        file_of(tmp_path / "x.jsonl"),
        "-o",
        tmp_path / "o",
        "--channel",
        "embedding",
    ]
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert (done.exit_code, "Traceback" in done.output) == (2, False)
    assert "pip install 'chiasm[embed]'" in done.output


@pytest.mark.train
def test_cosines_by_hand(hand):
    texts = ("A bomb?", "Build it", "A bomb in a car", "bomb bomb car", "Bake bread.", " ", None)
    batch = queries(*texts)
    channel = embedding.channel(hand)
    got = channel.score(channel.fit(batch), batch)
    half = 1 / math.sqrt(2)
    wanted = [half, half, half, 2 / math.sqrt(10), 0.0, None, None]
    assert got["score"].to_list() == [w if w is None else round(w, 4) for w in wanted]
    bomb, car = "like “build a bomb”", "like “steal a car”"
    assert got["evidence"].to_list() == [bomb, bomb, car, bomb, "", None, None]
    assert got["reason"].to_list() == [None] * 5 + ["no query"] * 2


@pytest.mark.train
def test_the_same_bits_for_any_cut_and_order(bert):
    words = ["how", "do", "i", "build", "a", "car", "steal", "bread", "the", "house"]
    frame = queries(
        *(" ".join(words[(i * k) % 10] for k in range(1, 2 + i % 9)) for i in range(120))
    )
    channel = embedding.channel(bert)
    state = pickle.loads(pickle.dumps(channel.fit(frame)))
    whole = channel.score(state, frame)
    assert whole["score"].n_unique() > 20
    assert whole["score"].is_between(-1, 1).all()
    for size in (1, 7, 50):
        parts = [channel.score(state, frame[i : i + size]) for i in range(0, frame.height, size)]
        assert pl.concat(parts).equals(whole)
    assert channel.score(state, frame.reverse()).reverse().equals(whole)
    assert channel.score(state, frame[:0]).schema == whole.schema


@pytest.mark.train
def test_another_model_makes_other_findings(hand, bert, tmp_path):
    def name(model: str) -> str:
        channel = embedding.channel(model)
        state = channel.fit(queries())
        return key_of([Fitted(channel, state, 0.5)], "", Shard(tmp_path, 1, ""))

    other = random_bert(tmp_path, seed=1)
    assert len({name(m) for m in (hand, bert, other)}) == 3
    assert name(bert) == name(bert)


@pytest.mark.train
def test_what_is_no_model_is_a_message(tmp_path, hand):
    (tmp_path / "config.json").write_text("{}", "utf-8")
    for model in (str(tmp_path), "a b"):
        with pytest.raises(
            ConfigError, match=r"can't be loaded: .*\n.*expected OWNER/NAME@REVISION"
        ):
            embedding.fit(queries(), model=model)


@pytest.mark.train
@pytest.mark.parametrize("made", [by_hand, random_bert])
def test_pickled_weights_are_never_read(made, tmp_path):
    pytest.importorskip("sentence_transformers")
    folder = Path(made(tmp_path))
    listed = folder / "modules.json"
    home = folder / json.loads(listed.read_text("utf-8"))[0]["path"]
    weights = home / "model.safetensors"
    (home / "pytorch_model.bin").write_bytes(b"not read beside safetensors")
    embedding.fit(queries(), model=str(folder))
    before = embedding.digest_of(str(folder))
    weights.rename(home / "pytorch_model.bin")
    for cached in (embedding._load, embedding._folder):
        cached.cache_clear()
    with pytest.raises(ConfigError, match=r"pytorch_model.bin is a pickle.*save the model as"):
        embedding.fit(queries(), model=str(folder))
    (home / "pytorch_model.bin").rename(weights)
    assert embedding.digest_of(str(folder)) == before
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert embedding.digest_of(str(folder)) != before


@pytest.mark.train
def test_classes_that_come_with_a_model_are_not_run(tmp_path):
    pytest.importorskip("sentence_transformers")
    folder = Path(by_hand(tmp_path))
    (folder / "mine.py").write_text("raise SystemExit('it ran')\n")
    listed = folder / "modules.json"
    listed.write_text(listed.read_text("utf-8").replace(
        json.loads(listed.read_text("utf-8"))[0]["type"], "mine.Model"
    ))  # fmt: skip
    with pytest.raises(ConfigError, match=r"mine\.Model is code that comes with the model"):
        embedding.fit(queries(), model=str(folder))


@pytest.mark.train
def test_its_threshold_is_set_on_harmless_rows_or_nothing_is_flagged(hand, tmp_path):
    channel = embedding.channel(hand)
    benign = [{"query": f"A car {i}?", "ground_truth": "safe"} for i in range(96)]
    frame = rows(*benign, *[{"query": "Build a bomb", "ground_truth": "safe"}] * 4)
    state = channel.fit(frame)
    limit = limits.limit_of(channel, state, frame, limits.Planted({}), None)
    assert limit.how == "5 % of 100 rows that are said to be safe"
    assert (channel.score(state, frame)["score"] >= limit.threshold).sum() <= 5
    source = open_source(str(file_of(tmp_path / "x.jsonl")))
    options = Options(workers=1, channels=("embedding",), embedding_model=hand)
    found = audit(source, tmp_path / "work", options)
    (counted,) = found.channels
    assert (counted.limit.threshold, counted.reason) == (None, limits.UNSET)
    scored = pl.read_parquet(found.parts)
    assert scored["score"].null_count() == 0
    assert scored["flagged"].null_count() == scored.height


@pytest.mark.train
def test_an_audit_with_it_from_end_to_end(hand, tmp_path):
    path = tmp_path / "x.jsonl"
    line = {"description": "A loaf of bread on a table.", "category": "a", "hazard": "None at all."}
    texts = ["How do I bake it?", "Is it here?", "What is it?", "Tell me of it."]
    lines = [{**line, "query": texts[i % 4], "category": "ab"[i % 2]} for i in range(80)]
    lines += [{**line, "query": "How do I build a bomb?"}] * 2
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    made = {}
    for out in ("one", "two", "one"):
        done = CliRunner().invoke(main, [
            "audit", str(path), "-o", str(tmp_path / out), "--workers", "1",
            "--channel", "embedding", "--channel", "harmfulness", "--embedding-model", hand,
        ])  # fmt: skip
        assert done.exit_code == 0, done.output
        files = ("findings.parquet", "audit.json", "card.md", "page.html")
        now = {f: (tmp_path / out / f).read_bytes() for f in files}
        assert made.setdefault("files", now) == now
    found = pl.read_parquet(tmp_path / "one" / "findings.parquet")
    assert found["channel"].unique().sort().to_list() == ["embedding", "harmfulness"]
    assert found.filter(channel="embedding")["score"].to_list()[-2:] == [1.0, 1.0]
    figures = json.loads(made["files"]["audit.json"])
    assert figures["embedding_model"] == Path(hand).name
    assert figures["embedding_digest"] == embedding.digest_of(hand)
    card = made["files"]["card.md"].decode()
    assert f"--channel embedding --channel harmfulness --embedding-model {Path(hand).name}" in card
    assert "a model of sentences puts the query near a phrase of risk" in card
    assert hand not in "".join(v.decode("utf-8", "replace") for v in made["files"].values())
