import io
import itertools
import json
import random

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from chiasm.cases import Case, Dataset
from chiasm.cli import main
from chiasm.data.overlap import Collection, Item, compare, counts, of_dataset
from chiasm.data.overlap_images import image_matches, look
from chiasm.data.overlap_read import read
from chiasm.data.overlap_show import computed, register
from chiasm.data.overlap_text import comparable, contained, near_duplicates
from chiasm.errors import DataError, ImageError

QUERY = "How should I store the leftovers of this soup so that they keep for a few days?"


def runs(text):
    padded = f" {comparable(text)[:4000]} "
    width = min(5, len(padded))
    found = {padded[i : i + width] for i in range(len(padded) - width + 1)}
    return found if comparable(text) else set()


def brute(a, b, threshold):
    found = {}
    for (i, x), (j, y) in itertools.product(enumerate(map(runs, a)), enumerate(map(runs, b))):
        if x and y and len(x & y) / len(x | y) >= threshold - 1e-12:
            found[i, j] = len(x & y) / len(x | y)
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text("abcé ?", max_size=14), max_size=7),
    st.lists(st.text("abcé ?", max_size=14), max_size=7),
    st.sampled_from([0.1, 0.3, 0.5, 0.6, 1.0]),
)
def test_no_pair_is_lost_and_none_made_up(a, b, threshold):
    found = {(n.i, n.j): n.similarity for n in near_duplicates(a, b, threshold=threshold)}
    assert found == pytest.approx(brute(a, b, threshold))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.text("abc ", max_size=60), max_size=5),
    st.lists(st.text("abc ", max_size=80), max_size=5),
)
def test_contained_is_the_share_of_the_first(a, b):
    found = {(n.i, n.j) for n in contained(a, b, threshold=0.5)}
    sets = itertools.product(enumerate(map(runs, a)), enumerate(map(runs, b)))
    assert found == {
        (i, j) for (i, x), (j, y) in sets if len(x) >= 20 and len(x & y) / len(x) >= 0.5
    }


@pytest.mark.parametrize(
    "edited",
    [
        QUERY.upper().replace("?", " !!"),
        QUERY.replace("leftovers", "leftovres"),
        QUERY.replace("a few", "several"),
        "Please tell me: " + QUERY,
        QUERY.replace("should", "can"),
    ],
)
def test_edited_queries_are_found(edited):
    assert [(n.i, n.j) for n in near_duplicates([QUERY], ["Where is it?", edited])] == [(0, 1)]


def test_equal_means_but_for_case_and_punctuation():
    (same,) = near_duplicates(["What's  THIS?"], ["what’s this"])
    (near,) = near_duplicates([QUERY], [QUERY + " Thanks"])
    assert same.exact and not near.exact


def test_other_questions_are_not_duplicates():
    other = "What should I write on the label of this jar so that nobody opens it?"
    assert near_duplicates([QUERY], [other]) == []
    assert near_duplicates(["", "?!", " "], ["", "?!", " "]) == []


def test_a_wrapped_query_is_contained_and_not_near():
    wrapped = (
        "You are shown a picture. Look at it closely and take your time before you write. "
        f"{QUERY} Answer in two sentences, and say how sure you are of what you have written."
    )
    assert near_duplicates([QUERY], [wrapped]) == []
    assert [(n.i, n.j) for n in contained([QUERY], [wrapped])] == [(0, 0)]
    assert contained(["what is it"], ["tell me what is it that you see"]) == []


@pytest.mark.parametrize("threshold", [0, -1, 1.1, float("nan")])
def test_thresholds_out_of_range(threshold):
    with pytest.raises(ValueError, match="threshold"):
        near_duplicates(["a"], ["b"], threshold=threshold)


def test_blocks_change_nothing(monkeypatch):
    rng = random.Random(0)
    words = ["soup", "bread", "table", "clean", "guest", "where", "should", "paint", "green"]
    texts = [" ".join(rng.choices(words, k=rng.randrange(1, 7))) for _ in range(120)]
    whole = near_duplicates(texts[:50], texts)
    monkeypatch.setattr("chiasm.data.overlap_text.BLOCK", 7)
    assert near_duplicates(texts[:50], texts) == whole
    assert {(n.i, n.j) for n in whole} == set(brute(texts[:50], texts, 0.5))


# --- pictures ----------------------------------------------------------------------------------


def picture(seed, size=(240, 180)):
    rng = random.Random(seed)
    image = Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        w, h = rng.randrange(20, 90), rng.randrange(20, 90)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + w, y + h), tuple(rng.randrange(256) for _ in range(3)))
    return image


def encoded(image, form="PNG", **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


CHANGES = {
    "jpeg": lambda im: encoded(im, "JPEG", quality=60),
    "webp": lambda im: encoded(im, "WEBP", quality=60),
    "half": lambda im: encoded(im.resize((im.width // 2, im.height // 2))),
    "square": lambda im: encoded(im.resize((224, 224)), "JPEG", quality=80),
    "grey": lambda im: encoded(im.convert("L")),
    "turned and told so": lambda im: turned(im),
}


def turned(image):
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_found_among_others(change):
    originals = [look(encoded(picture(seed))) for seed in range(30)]
    changed = [look(CHANGES[change](picture(seed))) for seed in range(30)]
    found = [(m.i, m.j) for m in image_matches(originals, changed)]
    assert found == [(seed, seed) for seed in range(30)]
    assert not any(m.exact for m in image_matches(originals, changed))


def test_equal_files_are_exact_also_where_flat():
    white = look(encoded(Image.new("RGB", (64, 64), "white")))
    blue = look(encoded(Image.new("RGB", (64, 64), "navy")))
    assert white.flat and blue.flat
    assert [(m.i, m.j, m.exact) for m in image_matches([white, blue], [blue, white])] == [
        (0, 1, True),
        (1, 0, True),
    ]
    assert image_matches([white], []) == [] == image_matches([], [white])


def test_transparent_stands_on_white():
    image = picture(3).convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    assert look(encoded(image)).flat


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"not an image", encoded(picture(1))[:400]])
def test_what_is_no_picture_is_named(data):
    with pytest.raises(ImageError, match=r"x\.png"):
        look(data, "x.png")


def test_real_pictures_found_again_and_no_false_match(shared):
    """Measured: 60 photographs and 50 pages of text; 4,545 pairs of different pictures."""
    files = sorted((shared / "mossbench" / "images").iterdir())[::2]
    files += sorted((shared / "figstep" / "images").iterdir())[::2]
    originals = [look(file.read_bytes(), file.name) for file in files]
    assert all(m.i == m.j for m in image_matches(originals, originals))
    again = []
    for file in files:
        with Image.open(file) as image:
            small = image.convert("RGB").resize((max(1, image.width // 2), image.height // 2))
        again.append(look(encoded(small, "JPEG", quality=60)))
    assert [(m.i, m.j) for m in image_matches(originals, again)] == [
        (i, i) for i in range(len(files))
    ]


# --- datasets ----------------------------------------------------------------------------------


def collection(root, name, rows):
    return Collection(name, root, tuple(Item(f"{name}/{i}", *row) for i, row in enumerate(rows)))


def by_kind(found):
    return {c["kind"]: (c["pairs"], c["rows_a"], c["rows_b"]) for c in counts(found)}


def test_renamed_and_saved_again(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for seed in range(3):
        (tmp_path / "a" / f"{seed}.png").write_bytes(encoded(picture(seed)))
    (tmp_path / "b" / "x.png").write_bytes(encoded(picture(0)))
    (tmp_path / "b" / "y.jpg").write_bytes(encoded(picture(1), "JPEG", quality=60))
    (tmp_path / "b" / "z.png").write_bytes(b"no picture")
    a = collection(tmp_path / "a", "a", [(QUERY, (f"{seed}.png",)) for seed in (0, 1, 1, 2)])
    b = collection(
        tmp_path / "b",
        "b",
        [("One", ("x.png",)), (QUERY, ("y.jpg", "gone.png")), ("Two", ("z.png", "../a/0.png"))],
    )
    found = compare(a, b)
    assert by_kind(found) == {
        "queries equal": (4, 4, 1),
        "queries near": (0, 0, 0),
        "queries contained": (0, 0, 0),
        "images same file": (1, 1, 1),
        "images alike": (2, 2, 1),
        "query and image": (2, 2, 1),
    }
    assert found.pictures_b.missing == 1
    assert [e.split(",")[0].split(":")[0] for e in found.pictures_b.unreadable] == [
        "z.png",
        "../a/0.png",
    ]
    # Every picture is accounted for.
    for c, seen in ((a, found.pictures_a), (b, found.pictures_b)):
        distinct = {image for item in c.items for image in item.images}
        assert len(distinct) == len(seen.looks) + seen.missing + len(seen.unreadable)


def test_a_collection_with_itself_finds_its_repetitions(tmp_path):
    same = collection(tmp_path, "a", [(QUERY, ()), ("Where is it?", ()), (QUERY + " ", ())])
    assert by_kind(compare(same, same))["queries equal"] == (1, 1, 1)


def test_the_words_in_the_picture_are_compared(tmp_path):
    case = Case(id="figstep/1", turns=("Fill in the list.",), ground_truth="unsafe", category="c",
                cluster="x", extra={"question": "What is in the list?"})  # fmt: skip
    made = of_dataset(Dataset(name="figstep", root=tmp_path, cases=(case,)))
    assert made.items[0].query == "What is in the list?"


def files_of(folder):
    rows = [{"id": "r1", "question": QUERY, "image": "a.png"},
            {"id": "r2", "question": "Where is it?", "image": "b.png"}]  # fmt: skip
    (folder / "t.json").write_text(json.dumps(rows))
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    pl.DataFrame(rows).write_csv(folder / "t.csv")
    data = encoded(picture(5))
    table = [{**row, "image": {"bytes": data, "path": "x"}} for row in rows]
    pl.DataFrame(table).write_parquet(folder / "t.parquet")
    return rows


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "parquet"])
def test_files_of_every_kind(tmp_path, kind):
    files_of(tmp_path)
    made = read(tmp_path / f"t.{kind}")
    assert [(item.id, item.query) for item in made.items] == [
        ("r1", QUERY),
        ("r2", "Where is it?"),
    ]
    assert made.root == tmp_path and made.name == "t"
    image = made.items[0].images[0]
    assert isinstance(image, bytes) if kind == "parquet" else image == "a.png"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.txt", "a", "expected .csv"),
        ("x.csv", "a,b\n1,2\n", "no column of queries"),
        ("x.csv", "query\n", "no rows"),
        ("x.jsonl", '{"query": 1}\n', "expected text"),
        ("x.jsonl", '{"query": "a"}\n[]\n', "row 2"),
        ("x.jsonl", '{"query": "a"\n', "not JSON"),
        ("x.jsonl", '{"query": "a", "image": 3}\n', "expected a path"),
        ("x.parquet", "no table", "not a parquet table"),
        ("x.json", "3", "expected a list"),
    ],
)
def test_bad_files_are_named(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=told):
        read(tmp_path / name)
    with pytest.raises(DataError, match=r"not a|not in|can't be read|expected \.csv"):
        read(tmp_path / "gone" / name)


def run(*arguments):
    return CliRunner().invoke(main, ["overlap", *map(str, arguments)])


def test_command_on_two_files(tmp_path):
    files_of(tmp_path)
    (tmp_path / "a.png").write_bytes(encoded(picture(5), "JPEG"))
    pair = (tmp_path / "t.csv", tmp_path / "t.parquet")
    found = json.loads(run(*pair, "--format", "json").output)
    kinds = {c["kind"]: c["pairs"] for c in found["counts"]}
    assert kinds["queries equal"] == 2 and kinds["images alike"] == 2
    assert kinds["query and image"] == 1
    assert found["a"]["pictures_missing"] == 1
    text = run(*pair).output
    assert "r1 - r1: query equal 1.00" in text and QUERY not in text
    assert "0 pictures compared" in run(*pair, "--no-images").output


@pytest.mark.parametrize(
    "arguments",
    [["siuo"], ["nothing", "siuo"], ["a.csv", "b.csv"], ["a.csv", "b.csv", "--query", "x"]],
)
def test_bad_arguments(arguments):
    done = run(*arguments)
    assert done.exit_code == 2 and "Traceback" not in done.output


# --- the register ------------------------------------------------------------------------------


def test_the_register_by_command():
    found = json.loads(run("--format", "json").output)
    assert {(r["a"], r["b"]) for r in found["known"]} >= {
        ("vlsbench", "ch3ef"), ("vlsbench", "mllmguard"), ("vlsbench", "multitrust"),
        ("vlsbench", "unsafebench"), ("vlsbench", "coco"), ("srt", "vlsbench"),
        ("multitrust", "mm_safetybench"), ("multitrust", "figstep"), ("jailbreakv", "figstep"),
    }  # fmt: skip
    assert len(found["computed"]) == len(computed()) == 55
    assert "siuo - siuo_mcqa" in run().output
    assert all(r.what and r.source for r in register())


def test_rows_of_vlsbench_by_source_are_as_registered(shared):
    rows = json.loads((shared / "vlsbench" / "data.json").read_text("utf-8"))
    names = {"multitrust": "MultiTrust", "mllmguard": "MLLMGuard", "ch3ef": "Ch3Ef",
             "unsafebench": "Unsafebench", "coco": "coco2017"}  # fmt: skip
    for relation in register():
        if relation.a == "vlsbench" and relation.b in names:
            mine = [row for row in rows if row["source"] == names[relation.b]]
            pictures = len({row["image_path"] for row in mine})
            assert relation.what.startswith(f"{len(mine)} rows ({pictures} pictures)")


def known(a, b):
    (row,) = [c for c in computed() if (c["a"], c["b"]) == (a, b)]
    return row


@pytest.mark.parametrize(
    ("a", "b"),
    [("siuo", "siuo_mcqa"), ("mossbench", "mossbench_contrast"), ("figstep", "figstep_tiny"),
     ("siuo", "vlsbench"), ("vlsbench", "mossbench")],
)  # fmt: skip
def test_counts_are_as_registered(shared, a, b):
    folders = {name: shared / name.split("_")[0] for name in (a, b)}
    done = run(a, b, "--no-images", "--format", "json",
               *(f"--data={name}={folder}" for name, folder in folders.items()))  # fmt: skip
    found = {c["kind"]: c for c in json.loads(done.output)["counts"]}
    wanted = known(a, b)
    for kind in ("equal", "near"):
        got = found[f"queries {kind}"]
        assert got["pairs"] == wanted[f"queries_{kind}"]
        assert (got["rows_a"], got["rows_b"]) == (
            wanted[f"queries_{kind}_a"],
            wanted[f"queries_{kind}_b"],
        )


def test_the_43_contrast_cases_with_the_question_of_their_twin():
    assert known("mossbench", "mossbench_contrast")["queries_equal_b"] == 43
