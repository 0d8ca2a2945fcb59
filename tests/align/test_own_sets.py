"""Built sets are trained on only where they were made for it; replay shows nothing held out."""

import json
import shutil
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from PIL import Image

from chiasm.align import gate, mixtures
from chiasm.align.loaders import LOADERS
from chiasm.align.mixtures import Part
from chiasm.align.rows import Row
from chiasm.benchmarks import load
from chiasm.benchmarks.lab import png
from chiasm.build.items import Item
from chiasm.build.make import build
from chiasm.errors import ConfigError, DataError
from chiasm.lab.lessons import alignment_lessons
from chiasm.scenes.cases import cases, image_bytes
from chiasm.scenes.flat.language import HELD_OUT, SORRY, TEMPLATES

LOOP = Path(__file__).resolve().parents[2] / "recipes" / "loop"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both sets of recipes/loop, each grid drawn once."""
    home = tmp_path_factory.mktemp("loop")
    shutil.copy(LOOP / "taxonomy.toml", home)
    found = {}
    for name in ("build", "test"):
        recipe = yaml.safe_load((LOOP / f"{name}.yaml").read_text())
        recipe["grids"]["variants"] = 1
        (home / f"{name}.yaml").write_text(yaml.safe_dump(recipe))
        made = build(home / f"{name}.yaml", home / name)
        assert len(made.built.kept) == made.built.funnel[0].entered, "nothing of it is dropped"
        found[name] = home / name
    return found


def mix(folders: dict[str, Path], trained: Path, out: Path) -> mixtures.Mixture:
    data = {"loop": str(trained), "loop-test": str(folders["test"])}
    return mixtures.make([Part(dataset="loop", loader="built")], out, home=out, folders=data)


def renamed(folder: Path, to: Path, name: str = "mine") -> Path:
    """The evaluation set as somebody would smuggle it in: said to be for training, other ids."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("work"))
    facts = json.loads((to / "benchmark.json").read_text())
    (to / "benchmark.json").write_text(json.dumps({**facts, "use": "training", "name": name}))
    return to


def test_the_training_part_passes_and_says_what_it_was_compared_with(folders, tmp_path) -> None:
    made = mix(folders, folders["build"], tmp_path)
    assert Counter(r.kind for r in made.rows) == {"harmful": 216, "benign": 216}
    assert all(r.chosen.startswith(SORRY) == (r.kind == "harmful") for r in made.rows)
    assert {r.dataset for r in made.rows} == {"loop"}
    assert set(made.gate.compared) == {"scenes", "lab", "loop-test"}
    assert all(Path(image).is_file() for r in made.rows for image in r.images)


def test_the_evaluation_part_is_refused(folders, tmp_path) -> None:
    with pytest.raises(ConfigError, match="loop-test was built to evaluate models"):
        mix(folders, folders["test"], tmp_path)
    with pytest.raises(DataError, match="reserved pair of lab"):
        mix(folders, renamed(folders["test"], tmp_path / "mine"), tmp_path)


def test_other_ids_do_not_help_where_the_evaluation_part_is_at_hand(folders, tmp_path) -> None:
    mine = renamed(folders["test"], tmp_path / "mine")
    rows = []
    for k, line in enumerate((mine / "metadata.jsonl").read_text().splitlines()):
        row = json.loads(line)
        row["case"] = json.dumps({**json.loads(row["case"]), "id": f"mine/{k}"})
        rows.append(json.dumps(row))
    (mine / "metadata.jsonl").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r"72 of its rows are in evaluation sets\n.*pair of loop-t"):
        mix(folders, mine, tmp_path)
    unknown = gate.inspect(LOADERS["built"](mine).rows, {})
    assert {hit.of for hit in unknown.hits} <= {"lab"}, "what is not at hand is not compared"


def test_rows_that_cannot_be_used_are_counted(folders, tmp_path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(folders["build"], folder, ignore=shutil.ignore_patterns("work"))
    lines = (folder / "metadata.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    case = json.loads(first["case"])
    case["oracle"]["reference"] = " "
    first["case"] = json.dumps(case)
    gone = json.loads(lines[4])["file_name"]
    shown = sum(json.loads(line)["file_name"] == gone for line in lines)
    (folder / gone).unlink()
    (folder / "metadata.jsonl").write_text("\n".join([json.dumps(first), *lines[1:]]))
    found = LOADERS["built"](folder)
    assert found.dropped == {"no reference answer": 1, "image missing": shown}
    assert len(found.rows) == len(lines) - 1 - shown


def test_replay_declines_nothing_and_shows_no_held_out_wording(tmp_path) -> None:
    rows = LOADERS["lab_replay"](None).rows
    assert {r.kind for r in rows} == {"replay", "benign"}
    assert not any(r.chosen.startswith(SORRY) for r in rows)
    out = [TEMPLATES[k][i].partition("{}") for k, held in HELD_OUT["test"].items() for i in held]
    for row in rows:
        assert not any(
            row.prompt.startswith(a) and row.prompt.endswith(b) and (b or row.prompt == a)
            for a, _, b in out
        )
    with pytest.raises(ConfigError, match="made by code"):
        LOADERS["lab_replay"](tmp_path)


def evaluation_set(folder: Path, source: str) -> Path:
    """A built set of one case, as `chiasm build` writes it, that came by this path."""
    item = Item(
        id=f"{source}-a-0", path=source, category="c", cluster="a", image="images/a.png",
        query="May the kettle stand here over night?", grid="g" if source == "grids" else "",
    )  # fmt: skip
    (folder / "images").mkdir(parents=True)
    (folder / item.image).write_bytes(scene(1))
    case = item.to_case("held")
    facts = {"schema": 1, "name": "held", "use": "evaluation", "benchmarks": ["built"]}
    (folder / "benchmark.json").write_text(json.dumps(facts))
    row = {"id": case.id, "ground_truth": "unsafe", "case": json.dumps(case.to_json())}
    (folder / "metadata.jsonl").write_text(json.dumps(row))
    return folder


def scene(number: int) -> bytes:
    return image_bytes([c for c in cases(tier=None, split="training")][number * 40])


@pytest.mark.parametrize("source", ["risk", "pictures", "joint", "grids"])
def test_query_or_picture_alone_is_enough_but_where_rows_share_them_by_design(source, tmp_path):
    folder = evaluation_set(tmp_path / "held", source)
    query, shown, other = "may the kettle stand here, over night", scene(1), scene(2)

    def row(key: str, prompt: str, *images: bytes) -> Row:
        return Row(
            id=f"my/{key}", dataset="my", kind="benign", prompt=prompt, images=images, chosen="Yes."
        )

    rows = [
        row("other picture", query, other),
        row("no picture", query),
        row("other query", "What colour is the wall?", shown),
        row("both", query, shown),
        row("neither", "What colour is the wall?", other),
    ]
    found = gate.inspect(rows, {"held": str(folder)}, against=("held",))
    hits = {(h.row.removeprefix("my/"), h.why) for h in found.hits if h.of == "held"}
    either = {
        ("other picture", "query"), ("no picture", "query"), ("other query", "image"),
        ("both", "query"), ("both", "image"),
    }  # fmt: skip
    assert hits == ({("both", "pair")} if source == "grids" else either)


def test_rows_of_the_lab_are_found_under_other_ids() -> None:
    lab = load("lab")

    def row(key: str, prompt: str, image: bytes) -> Row:
        return Row(
            id=f"my/{key}", dataset="my", kind="benign", prompt=prompt, images=(image,), chosen="a"
        )

    def saved_again(path: Path) -> bytes:
        out = BytesIO()
        Image.open(path).save(out, "WEBP", lossless=True)
        return out.getvalue()

    pictures = [lab.root / case.images[0] for case in lab]
    same = [row(f"{k}", c.query, saved_again(pictures[k])) for k, c in enumerate(lab)]
    found = gate.inspect(same)
    assert {h.row for h in found.hits if (h.of, h.why) == ("lab", "pair")} == {r.id for r in same}
    assert found.compared["lab"] == len(lab)
    drawn = [(i.query, i.picture) for i in alignment_lessons("leak_free", "test", 0) if i.picture]
    trained = [row(f"t{k}", query, png(shown)) for k, (query, shown) in enumerate(drawn)]
    assert len(trained) > 1000
    assert not gate.inspect(trained).hits
    alone = row("query alone", lab.cases[0].query, png(drawn[0][1]))
    assert not gate.inspect([alone]).hits
