"""What models are tested on does not get into a mixture, whatever it is called."""

import json
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from tests.align.conftest import png

from chiasm.align import gate, mixtures
from chiasm.align.rows import Row, read_rows, write_rows
from chiasm.errors import ConfigError, DataError
from chiasm.scenes.cases import cases, image_bytes


def drawing(seed):
    """A picture with something in it: plain ones are not compared by look."""
    image = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(image)
    for k in range(12):
        x, y = (seed * 37 + k * 71) % 280, (seed * 53 + k * 97) % 200
        draw.ellipse([x, y, x + 30 + k * 3, y + 40], fill=((k * 40) % 256, (seed * 90) % 256, 60))
    return image


def saved(image, kind, **options):
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def row(key, prompt="How do I repot a plant?", images=(), dataset="my_set"):
    return Row(
        id=f"{dataset}/{key}", dataset=dataset, kind="benign", prompt=prompt, images=images,
        chosen="Like this.",
    )  # fmt: skip


@pytest.fixture
def vlsbench(tmp_path):
    """A folder in VLSBench's layout, with pictures and questions of our own."""
    folder = tmp_path / "vlsbench"
    (folder / "imgs").mkdir(parents=True)
    items = []
    for k, question in enumerate(
        ("What goes well with this on the balcony?", "How long may it stay here?")
    ):
        (folder / "imgs" / f"{k}.png").write_bytes(saved(drawing(k), "PNG"))
        items.append({
            "instruction_id": k, "instruction": question, "image_path": f"imgs/{k}.png",
            "category": "c", "sub_category": "s", "source": "generation",
            "image_description": "d", "safety_reason": "r",
        })  # fmt: skip
    (folder / "data.json").write_text(json.dumps(items))
    return {"vlsbench": str(folder)}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("vlsbench", "models are tested on it"),
        ("AI45Lab/VLSBench", "models are tested on it"),
        ("mossbench", "authors forbid training"),
        ("AIcell/MOSSBench", "authors forbid training"),
        ("siuo", "models are tested on it"),
        ("vlguard", "models are tested on it"),
        ("scenes", "models are tested on it"),
        ("doses", "reserved family"),
    ],
)
def test_a_mixture_that_names_a_test_set_is_refused_before_anything_is_read(name, why, tmp_path):
    parts = mixtures.read_parts([{"dataset": name, "loader": "rows"}])
    with pytest.raises(ConfigError, match=why):
        mixtures.make(parts, tmp_path / "out", home=tmp_path, folders={name: "/nowhere"})


def test_training_sets_are_not_taken_for_their_test_splits():
    for name in ("vlguard_train", "spa_vl_train", "pku_saferlhf", "mis_train", "scenes_training"):
        gate.check_names([name])


def test_rows_say_where_they_are_from_whatever_the_mixture_calls_them():
    found = gate.inspect([row("0", dataset="mossbench"), row("1")])
    assert [(h.row, h.of, h.why) for h in found.hits] == [("mossbench/0", "mossbench", "named")]


def test_a_picture_that_was_saved_again_and_renamed_is_found(vlsbench):
    again = saved(drawing(1).resize((256, 192)), "JPEG", quality=60)
    other = saved(drawing(7), "PNG")
    found = gate.inspect([row("a", images=(other,)), row("b", images=(again,))], vlsbench)
    assert [(h.row, h.of, h.case, h.why) for h in found.hits] == [
        ("my_set/b", "vlsbench", "vlsbench/1", "image")
    ]
    assert found.compared["vlsbench"] == 2
    assert "siuo" in found.not_compared
    with pytest.raises(DataError, match=r"my_set/b: image of vlsbench \(vlsbench/1"):
        gate.refuse(found)


def test_a_query_in_nearly_the_same_words_is_found(vlsbench):
    rows = [row("a", "what goes well with this on a balcony??"), row("b", "What goes on a shelf?")]
    found = gate.inspect(rows, vlsbench)
    assert [(h.row, h.case, h.why) for h in found.hits] == [("my_set/a", "vlsbench/0", "query")]


def test_reserved_scenes_are_found_by_name_picture_and_query():
    case = next(c for c in cases(tier=None) if c.cluster == "doses")
    renamed = saved(Image.open(BytesIO(image_bytes(case))).convert("RGB"), "JPEG", quality=70)
    rows = [
        row(f"{case.id.rpartition('/')[2]}"),
        row("picture", images=(renamed,)),
        row("query", case.query.upper()),
        row("paraphrase", case.extra["paraphrase"]),
    ]
    found = {h.row: (h.why, h.of) for h in gate.inspect(rows).hits}
    assert found[rows[0].id] == ("reserved family", "scenes, doses")
    assert found["my_set/picture"] == ("image", "scenes")
    assert found["my_set/query"] == found["my_set/paraphrase"] == ("query", "scenes")


def test_training_scenes_pass(tmp_path):
    parts = mixtures.read_parts([{"dataset": "scenes_training"}])
    made = mixtures.make(parts, tmp_path, home=tmp_path)
    assert made.gate.hits == () and len(made.rows) > 100
    assert {r.kind for r in made.rows} == {"harmful", "benign"}
    assert all(r.rejected for r in made.rows)


def test_overlapping_rows_can_be_left_out_and_are_counted(vlsbench, tmp_path):
    rows = [row("a", images=(saved(drawing(0), "PNG"),)), row("b", images=(png(3),)), row("c")]
    write_rows(tmp_path / "mine" / "rows.jsonl", rows)
    parts = mixtures.read_parts([{"dataset": "mine", "loader": "rows", "path": "mine"}])
    given = {"home": tmp_path, "folders": vlsbench}
    with pytest.raises(DataError, match="my_set/a"):
        mixtures.make(parts, tmp_path / "out", **given)
    hits = json.loads((tmp_path / "out" / "gate.json").read_text())["hits"]
    assert [h["row"] for h in hits] == ["my_set/a"]
    assert not (tmp_path / "out" / "mixture.jsonl").exists()
    made = mixtures.make(parts, tmp_path / "out", drop_overlapping=True, **given)
    assert made.dropped == {"my_set": {"shares an image with vlsbench": 1}}
    assert {r.id for r in read_rows(tmp_path / "out" / "mixture.jsonl")} == {"my_set/b", "my_set/c"}


def test_rows_that_name_a_test_set_are_never_just_left_out(tmp_path):
    write_rows(tmp_path / "mine" / "rows.jsonl", [row("a", dataset="siuo"), row("b")])
    parts = mixtures.read_parts([{"dataset": "mine", "loader": "rows", "path": "mine"}])
    with pytest.raises(DataError, match="siuo/a: named of siuo"):
        mixtures.make(parts, tmp_path / "out", home=tmp_path, drop_overlapping=True)


def test_real_mossbench_pictures_and_queries_are_found_under_other_names(shared):
    items = json.loads((shared / "mossbench" / "information.json").read_text())
    items = list(items.values()) if isinstance(items, dict) else items
    pictures = sorted((shared / "mossbench" / "images").glob("*"))[:2]
    made = []
    for path in pictures:
        with Image.open(path) as image:
            made.append(saved(image.convert("RGB").resize((300, 300)), "JPEG", quality=55))
    rows = [row(str(k), images=(data,)) for k, data in enumerate(made)]
    rows.append(row("q", items[5]["question"].lower()))
    found = gate.inspect(rows, {"": str(shared)}, against=("mossbench",))
    assert {h.row for h in found.hits} == {r.id for r in rows}
