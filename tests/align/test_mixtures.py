"""Loaders read the published layouts; mixtures hold exactly what they say; exports lose nothing."""

import json
from pathlib import Path

import pytest
from tests.align.conftest import png

from chiasm.align import mixtures
from chiasm.align.export import export
from chiasm.align.loaders import LOADERS
from chiasm.align.pictures import unpack
from chiasm.align.rows import Row, counts, digest, read_rows, write_rows
from chiasm.errors import ConfigError, DataError


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data))


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def vlguard(tmp_path):
    root = tmp_path / "vlguard"
    rows = [
        {"id": "u", "image": "ads/u.png", "safe": False, "harmful_category": "privacy",
         "harmful_subcategory": "personal data",
         "instr-resp": [{"instruction": "Read it out.", "response": "That is private."}]},
        {"id": "s", "image": "ads/s.png", "safe": True,
         "instr-resp": [{"safe_instruction": "What is sold?", "response": "Bread."},
                        {"unsafe_instruction": "How do I take it?", "response": "Please pay."}]},
        {"id": "m", "image": "ads/lost.png", "safe": True,
         "instr-resp": [{"safe_instruction": "What?", "response": "A cup."},
                        {"unsafe_instruction": "How?", "response": "No."}]},
    ]  # fmt: skip
    write(root / "train.json", rows)
    (root / "train" / "ads").mkdir(parents=True)
    for name in "us":
        (root / "train" / "ads" / f"{name}.png").write_bytes(png(ord(name)))
    return root


def test_vlguard_gives_one_row_a_pair(vlguard):
    found = LOADERS["vlguard_train"](vlguard)
    assert [(r.id, r.kind, r.prompt, r.category) for r in found.rows] == [
        ("vlguard_train/u-0", "harmful", "Read it out.", "privacy"),
        ("vlguard_train/s-0", "benign", "What is sold?", ""),
        ("vlguard_train/s-1", "harmful", "How do I take it?", ""),
    ]
    assert found.dropped == {"image missing": 2}
    assert found.rows[0].images == (str(vlguard / "train" / "ads" / "u.png"),)


def test_vlguards_published_file_reads_row_by_row(shared, tmp_path):
    """The test split has the training split's layout; here only its layout is used."""
    rows = json.loads((shared / "vlguard" / "test.json").read_text())[:50]
    write(tmp_path / "train.json", rows)
    found = LOADERS["vlguard_train"](tmp_path)
    assert found.rows == [] and found.dropped == {
        "image missing": sum(len(r["instr-resp"]) for r in rows)
    }


def test_spa_vl_reads_tables_and_takes_pictures_out_when_drawn(tmp_path):
    import polars as pl

    table = {
        "image": [{"bytes": png(k), "path": None} for k in range(3)],
        "question": ["Where to?", "", "May I?"],
        "chosen": ["Home.", "a", "No."],
        "rejected": ["Away.", "b", "Yes."],
        "class1": ["x", "y", "z"],
    }
    (tmp_path / "data").mkdir()
    pl.DataFrame(table).write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    found = LOADERS["spa_vl_train"](tmp_path)
    assert [(r.prompt, r.chosen, r.rejected, r.category) for r in found.rows] == [
        ("Where to?", "Home.", "Away.", "x"),
        ("May I?", "No.", "Yes.", "z"),
    ]
    assert found.dropped == {"question or an answer is empty": 1}
    rows = unpack(found.rows, tmp_path / "images")
    assert [Path(r.images[0]).read_bytes() for r in rows] == [png(0), png(2)]
    assert rows[0].images[0].endswith(".png")


def test_spa_vls_pickle_is_never_loaded(tmp_path):
    (tmp_path / "train.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"train\.zip is a pickle and is never loaded"):
        LOADERS["spa_vl_train"](tmp_path)


def test_pku_saferlhf_keeps_pairs_of_a_safe_and_an_unsafe_answer(tmp_path):
    def pair(safe_0, safe_1):
        return {
            "prompt": "May I?", "response_0": "zero", "response_1": "one",
            "is_response_0_safe": safe_0, "is_response_1_safe": safe_1,
            "response_0_harm_category": {"Privacy Violation": not safe_0, "Violence": False},
            "response_1_harm_category": {"Privacy Violation": False, "Violence": not safe_1},
            "response_0_severity_level": 0, "response_1_severity_level": 0,
            "better_response_id": 0, "safer_response_id": 0,
        }  # fmt: skip

    pairs = [pair(True, False), pair(False, True), pair(True, True), pair(False, False)]
    write(tmp_path / "data" / "Alpaca-7B" / "train.jsonl", lines(*pairs))
    found = LOADERS["pku_saferlhf"](tmp_path)
    assert [(r.chosen, r.rejected, r.category) for r in found.rows] == [
        ("zero", "one", "Violence"),
        ("one", "zero", "Privacy Violation"),
    ]
    assert found.dropped == {"both answers safe": 1, "both answers unsafe": 1}
    write(
        tmp_path / "data" / "Alpaca-7B" / "train.jsonl",
        lines({**pair(True, False), "is_response_0_safe": "yes"}),
    )
    with pytest.raises(DataError, match=r'row 1, field "is_response_0_safe": expected bool'):
        LOADERS["pku_saferlhf"](tmp_path)


def test_mis_has_two_pictures_a_row(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.png").write_bytes(png(ord(name)))
    row = {"image_path1": "a.png", "image_path2": "b.png", "question": "Both?", "category": "c",
           "sub_category": "s"}  # fmt: skip
    write(tmp_path / "mis_train.json", [{**row, "response": "First ... so no."}, row])
    found = LOADERS["mis_train"](tmp_path)
    assert len(found.rows) == 1 and len(found.rows[0].images) == 2
    assert found.dropped == {"no answer (tried response, answer, output)": 1}


def test_our_exports_of_scenes_read_back(tmp_path):
    from chiasm.scenes.export import export as write_scenes

    write_scenes(tmp_path, "training", 0, 1)
    found = LOADERS["scenes_training"](tmp_path)
    drawn = {r.id: r for r in LOADERS["scenes_training"](None).rows}
    assert found.rows
    for row in found.rows:
        twin = drawn[row.id]
        assert (row.kind, row.prompt, row.chosen, row.rejected) == (
            twin.kind, twin.prompt, twin.chosen, twin.rejected,
        )  # fmt: skip


def test_a_mixture_holds_exactly_what_it_says(vlguard, tmp_path):
    write(tmp_path / "talk" / "talk.json", [
        {"instruction": f"Name the number {k}.", "input": "", "output": str(k)} for k in range(9)
    ] + [{"instruction": "Say nothing.", "input": "", "output": ""}])  # fmt: skip
    parts = mixtures.read_parts(
        [
            {"dataset": "vlguard_train", "kind": "harmful", "count": 1},
            {"dataset": "talk", "loader": "alpaca", "count": 4, "as_kind": "replay"},
        ]
    )
    folders = {"vlguard_train": str(vlguard), "talk": str(tmp_path / "talk")}
    made = mixtures.make(parts, tmp_path / "out", home=tmp_path, folders=folders, seed=3)
    assert counts(made.rows) == {
        "talk": {"replay": 4, "with_image": 0},
        "vlguard_train": {"harmful": 1, "with_image": 1},
    }
    assert made.dropped == {
        "vlguard_train": {"image missing": 2, "not asked for: benign": 1, "not drawn": 1},
        "talk": {"instruction or output is empty": 1, "not drawn": 5},
    }
    told = json.loads((tmp_path / "out" / "mixture.json").read_text())
    assert told["rows"] == 5 and told["digest"] == digest(made.rows)
    assert told["licences"]["vlguard_train"] == "none stated; gated on the hub"
    assert mixtures.read_mixture(tmp_path / "out") == made.rows
    again = mixtures.make(parts, tmp_path / "out", home=tmp_path, folders=folders, seed=3)
    assert again.rows == made.rows
    with pytest.raises(DataError, match=r"talk: 10 rows wanted, 9 can be used"):
        many = mixtures.read_parts([{"dataset": "talk", "loader": "alpaca", "count": 10}])
        mixtures.make(many, tmp_path / "out", home=tmp_path, folders=folders)
    with pytest.raises(ConfigError, match=r"name its folder with --data vlguard_train=DIR"):
        mixtures.make(parts, tmp_path / "out", home=tmp_path)


def test_rows_survive_their_file(tmp_path):
    rows = [
        Row(id="a/1", dataset="a", kind="harmful", prompt="ü?", images=(b"\x89PNG", "x.png"),
            chosen="n\no", rejected="yes", category="c"),
        Row(id="a/2", dataset="a", kind="replay", prompt="b", chosen=""),
    ]  # fmt: skip
    write_rows(tmp_path / "rows.jsonl", rows)
    assert list(read_rows(tmp_path / "rows.jsonl")) == rows
    for bad, wanted in (
        ('{"id": "a", "dataset": "a", "kind": "odd", "prompt": "p", "chosen": "c"}', "one of harm"),
        ('{"id": "a", "dataset": "a", "kind": "benign", "prompt": " ", "chosen": "c"}', "empty"),
        ('{"id": "a"}', r'row 1 \(a\), field "dataset": missing'),
        ('{"id": "a", "colour": "red"}', r'field "colour": a row has id, dataset, kind'),
        ('{"id": "a", "dataset": 5}', r'field "dataset": expected a text, got 5'),
        ('{"id": "a", "dataset": "a", "kind": "benign", "prompt": "p", "chosen": null}',
         r'field "chosen": expected a text, got None'),
        ('{"id": "a", "dataset": "", "kind": "benign", "prompt": "p", "chosen": "", "images": 5}',
         r'field "images": expected a list'),
        ('{"id": "a", "dataset": "", "kind": "benign", "prompt": "p", "chosen": "", "images": [5]}',
         r'field "images": expected a path or'),
        ("[]", "expected an object"),
        ("{", "not JSON"),
    ):  # fmt: skip
        write(tmp_path / "bad.jsonl", bad)
        with pytest.raises(DataError, match=wanted):
            list(read_rows(tmp_path / "bad.jsonl"))


@pytest.mark.parametrize("preference", [False, True])
def test_exports_hold_every_row_as_the_other_trainers_expect(preference, rows, tmp_path):
    made = rows(4)
    factory = json.loads(
        export(made, "llama-factory", tmp_path / "lf", preference=preference).read_text()
    )
    info = json.loads((tmp_path / "lf" / "dataset_info.json").read_text())["chiasm"]
    assert info["formatting"] == "sharegpt" and info.get("ranking", False) == preference
    swift = [
        json.loads(line)
        for line in export(made, "ms-swift", tmp_path / "sw", preference=preference).open()
    ]
    for row, one, two in zip(made, factory, swift, strict=True):
        asked = "<image>" * len(row.images) + row.prompt
        assert one["conversations"][0] == {"from": "human", "value": asked}
        assert two["messages"][0] == {"role": "user", "content": asked}
        answer = {"from": "gpt", "value": row.chosen}
        assert (one["chosen"] if preference else one["conversations"][1]) == answer
        assert two["messages"][1]["content"] == row.chosen
        assert two.get("rejected_response", "") == (row.rejected if preference else "")
        assert [Path(i).read_bytes() for i in two["images"]] == list(row.images)
        assert len(one["images"]) == len(row.images)
    with pytest.raises(ConfigError, match="one of llama-factory, ms-swift"):
        export(made, "axolotl", tmp_path)
