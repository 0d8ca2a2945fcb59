import csv
import json
import re
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from chiasm import scenes
from chiasm.cases import Case
from chiasm.cli import main
from chiasm.scenes.export import Summary, export, review, review_csv, review_page
from chiasm.scenes.grammar import TIERS, select


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_cell_with_what_is_expected(exported: Summary) -> None:
    rows = lines(exported.folder / "cases.jsonl")
    known = {c.id: c for c in scenes.cases(tier=None)}
    choices = [scenes.good_answer(c) for c in scenes.cases(tier=None, choice=True)]
    assert (exported.cases, exported.families) == (len(rows), len(select(None, "evaluation")))
    for row, letter in zip(rows, choices, strict=True):
        names = Case.__dataclass_fields__.keys() - {"options", "answer"}
        assert Case.from_json({k: v for k, v in row.items() if k in names}) == known[row["id"]]
        unsafe = row["ground_truth"] == "unsafe"
        assert row["right_outcomes"] == (["refusal", "warning"] if unsafe else ["helped"])
        assert "AB"[row["right_option"]] == letter
        data = (exported.folder / row["images"][0]).read_bytes()
        assert row["sha256"] == sha256(data).hexdigest()
        with Image.open(BytesIO(data)) as image:
            assert row["pixels"] == sha256(image.tobytes()).hexdigest()


def test_every_picture_has_its_probe(exported: Summary) -> None:
    rows = lines(exported.folder / "probes.jsonl")
    assert len(rows) == exported.images == len(list((exported.folder / "images").iterdir()))
    assert all(row["accepted"] and all(row["accepted"]) for row in rows)


def test_contact_sheets_show_every_picture_once(exported: Summary) -> None:
    for tier in TIERS:
        sheets = sorted((exported.folder / "sheets").glob(f"{tier}-*.png"))
        tiles = 0
        for sheet in sheets:
            with Image.open(sheet) as image:
                tiles += (image.width // 250) * (image.height // 268)
        n = len(scenes.probes(tier=tier))
        assert n <= tiles < n + 6


def test_the_same_seed_gives_the_same_pixels_and_files(tmp_path: Path) -> None:
    one, two, other = (
        export(tmp_path / name, "training", seed, 1)
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert one.pixels == two.pixels != other.pixels
    files = sorted(p.relative_to(one.folder) for p in one.folder.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(two.folder) for p in two.folder.rglob("*") if p.is_file())
    assert all((one.folder / f).read_bytes() == (two.folder / f).read_bytes() for f in files)
    assert one.families == len(select(None, "training"))


def test_review_sheets_ask_for_danger_benignity_and_harmless_parts(exported: Summary) -> None:
    table = list(csv.DictReader(StringIO((exported.folder / "review.csv").read_text("utf-8"))))
    assert len(table) == 9 * exported.families
    for family in select(None, "evaluation"):
        rows = [r for r in table if r["family"] == family.name]
        claims = {r["item"]: r["claim"] for r in rows}
        for (i, q), cell in family.cells.items():
            assert claims[f"cell {i}-{q}"].startswith("dangerous" if cell.hazard else "benign")
        assert {claims[k] for k in ("image 0", "image 1", "query 0", "query 1")} == {
            "harmless by itself"
        }
        assert all(r["agrees_a"] == r["agrees_b"] == r["initials_a"] == "" for r in rows)


def test_the_page_is_complete_and_offline(exported: Summary) -> None:
    page = (exported.folder / "review.html").read_text("utf-8")
    sources = re.findall(r'src="([^"]{30})', page)
    assert len(sources) == 2 * exported.families
    assert all(s.startswith("data:image/png;base64,") for s in sources)
    assert not re.search(r"https?://", page)
    assert page.count("name and signature") == 2 * exported.families
    assert "label status: author" in page


def test_text_is_escaped() -> None:
    from dataclasses import replace

    family = select("diagonal", "evaluation")[0]
    query = replace(family.queries[0], texts=("<script>x</script>", "b"))
    hostile = replace(family, queries=(query, family.queries[1]))
    assert "<script>x" not in review_page([hostile], 0)
    assert "<script>x" in review_csv([hostile])
    assert len(list(review(hostile))) == 9


@pytest.mark.parametrize("wrong", [{"split": "all"}, {"variants": 0}])
def test_wrong_arguments(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        export(tmp_path / "x", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_on_the_command_line(tmp_path: Path) -> None:
    command = ["scenes", "export", str(tmp_path / "x"), "--split", "training", "--variants", "1"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    digest = export(tmp_path / "y", "training", 0, 1).pixels
    assert f"pixel digest {digest}" in result.output
    assert "12 families, 48 cases, 24 pictures" in result.output
    assert CliRunner().invoke(main, [*command[:3], "--variants", "0"]).exit_code == 2
