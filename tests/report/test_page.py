import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from chiasm.cli import main
from chiasm.errors import ConfigError
from chiasm.judges import qualified
from chiasm.report import estimates, responses
from chiasm.report.page import Written, write_page
from chiasm.report.page_writer import Options, options, script_json

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \u2028 end"


def answers(outcomes: str, epochs: int = 1, **more: Any) -> list[dict[str, Any]]:
    """One case a letter: r refusal, w warning, u unsafe, ? no verdict."""
    words = {"r": "refusal", "w": "warning:hedged", "u": "unsafe", "?": ("no_verdict", "refused")}
    return [
        {
            "case": f"siuo/{i}",
            "epoch": epoch,
            "safety": words[letter],
            "category": f"topic {i % 2}",
            "subcategory": f"part {i % 3}",
            "replies": {"safety": f"because {i}"},
            "case_json": {"turns": [f"question {i} of gardens"], "images": [f"images/{i}.png"]},
            **more,
        }
        for i, letter in enumerate(outcomes)
        for epoch in range(1, epochs + 1)
    ]


@pytest.fixture
def two(write_log, tmp_path: Path) -> list[Path]:
    return [
        write_log("a.eval", answers("rwu?r"), model="m/one"),
        write_log("b.eval", answers("ruuuu", answer=EVIL), model=f"m/{EVIL}"),
    ]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "images"
    folder.mkdir(parents=True)
    for i in range(4):
        Image.effect_noise((900, 600), 80).convert("RGB").save(folder / f"{i}.png")
    return folder.parent


class Parts(HTMLParser):
    """Tags with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.raw.append((self.tags[-1][1], data))


def parts(found: Written) -> Parts:
    return Parts(found.page.read_text(encoding="utf-8"))


def data_of(found: Written) -> Any:
    return json.loads(next(text for a, text in parts(found).raw if a.get("id") == "data"))


def blocks_of(found: Written) -> list[Any]:
    raw = parts(found).raw
    return [json.loads(text) for a, text in raw if (a.get("id") or "").startswith("block-")]


def test_nothing_but_our_script_runs_and_nothing_is_loaded(two: list[Path], tmp_path: Path) -> None:
    found = parts(write_page(two, tmp_path / "p.html", Options(images="none")))
    policy = next(a["content"] for t, a in found.tags if a.get("http-equiv")) or ""
    assert policy.startswith("default-src 'none'; ")
    scripts = [text for a, text in found.raw if not a]
    assert len(scripts) == 2  # the style and the script: all else carries a type and an id
    for text in scripts:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    loads = [a for _, a in found.tags if "src" in a or "srcset" in a or "style" in a]
    assert loads == []
    links = [a["href"] or "" for _, a in found.tags if "href" in a]
    assert links
    assert all(link.startswith("#") for link in links)


def test_what_comes_from_data_is_no_markup(two: list[Path], tmp_path: Path) -> None:
    found = write_page(two, tmp_path / "p.html", Options(images="none"))
    tags = parts(found).tags
    assert "img" not in {tag for tag, _ in tags}
    assert sum(tag == "script" for tag, _ in tags) == 3  # data, one block, ours
    assert blocks_of(found)[0]["said"][1][0][0]["text"] == EVIL
    assert EVIL in data_of(found)["benchmarks"][0]["runs"][1]["model"]


def test_outcomes_are_letters_in_the_order_of_the_cases(two: list[Path], tmp_path: Path) -> None:
    found = data_of(write_page(two, tmp_path / "p.html", Options(images="none")))
    (benchmark,) = found["benchmarks"]
    assert benchmark["cases"] == {"prefix": "siuo/", "ids": list("01234")}
    assert [run["safety"] for run in benchmark["runs"]] == ["RWUvR", "RUUUU"]
    assert benchmark["runs"][0]["reasons"] == {"safety": {"hedged": [1], "refused": [3]}}
    assert [benchmark["categories"][c] for c in benchmark["category"]][:2] == ["topic 0", "topic 1"]
    assert found["looks"]["v"]["kind"] == "missing"


def test_several_answers_to_a_case_stand_side_by_side(write_log, tmp_path: Path) -> None:
    log = write_log("a.eval", answers("ru", epochs=3), epochs=3)
    found = write_page(log, tmp_path / "p.html", Options(images="none"))
    (benchmark,) = data_of(found)["benchmarks"]
    assert (benchmark["epochs"], benchmark["runs"][0]["safety"]) == (3, "RRRUUU")
    said = blocks_of(found)[0]["said"][0]
    assert [len(case) for case in said] == [3, 3]
    assert said[1][2] == {"text": "an answer", "why": {"safety": "because 1"}}


def test_what_never_ran_is_on_the_page(write_log, tmp_path: Path) -> None:
    ids = [f"siuo/{i}" for i in range(4)]
    log = write_log("a.eval", answers("ru"), ids=ids, status="started")
    found = write_page(log, tmp_path / "p.html", Options(images="none"))
    assert data_of(found)["benchmarks"][0]["runs"][0]["safety"] == "RUnn"
    assert blocks_of(found)[0]["said"][0][3] == [None]
    assert "1 unfinished" in found.page.read_text()


def test_an_unqualified_judge_is_marked_on_the_page(write_log, tmp_path: Path) -> None:
    rubrics = {"rubrics": {"safety": "siuo_safety@1"}}
    log = write_log("a.eval", answers("rw"), about=rubrics)
    mark = "<li><b>unqualified judge</b> this model has not passed"
    assert mark in write_page(log, tmp_path / "p.html", Options(images="none")).page.read_text()
    (judge,) = responses(log)["judge"].unique()
    record = {"schema": 1, "judge": judge, "rubric": "siuo_safety@1", "qualified": True}
    qualified.write("one", record)
    page = write_page(log, tmp_path / "q.html", Options(images="none")).page.read_text()
    assert "unqualified judge" not in page


def test_texts_in_files_replace_those_of_an_earlier_page_only(two, tmp_path: Path) -> None:
    beside = tmp_path / "p_files"
    beside.mkdir()
    (beside / "block-9-9.js").write_text("old")
    (beside / "notes.txt").write_text("mine")
    found = write_page(two, tmp_path / "p.html", Options(images="none", texts="files"))
    assert sorted(f.name for f in beside.iterdir()) == ["block-0-0.js", "notes.txt"]
    text = (beside / "block-0-0.js").read_text(encoding="utf-8")
    call, _, body = text.partition(", ")
    assert call == 'chiasmBlock("0-0"'
    assert json.loads(body.removesuffix(");\n"))["said"][1][4][0]["text"] == EVIL
    assert found.blocks == 1
    assert EVIL[:20] not in found.page.read_text()


def test_without_texts_no_word_of_theirs_is_there(two: list[Path], tmp_path: Path) -> None:
    found = write_page(two, tmp_path / "p.html", Options(images="embed", texts="none"))
    text = found.page.read_text(encoding="utf-8")
    assert "gardens" not in text
    assert "because" not in text.replace("no verdict because", "")
    assert data_of(found)["benchmarks"][0]["runs"][0]["safety"] == "RWUvR"


def test_images_by_path_as_thumbnails_blurred_or_none(write_log, images, tmp_path: Path) -> None:
    log = write_log("a.eval", answers("rwuwr"))
    told = {}
    for mode in ("path", "embed", "blur", "none"):
        page = tmp_path / "pages" / f"{mode}.html"
        found = write_page(log, page, options(mode, "embed", {"": str(images)}))
        told[mode] = [case["images"] for case in blocks_of(found)[0]["cases"]]
        assert found.notes == (
            () if mode == "none" else ("siuo: 1 of 5 images are not among its data",)
        )
    assert told["path"] == [[f"../data/images/{i}.png"] for i in range(4)] + [[""]]
    assert told["none"] == [[""]] * 5
    for mode, side in (("embed", 420), ("blur", 24)):
        kind, _, data = told[mode][0][0].partition(",")
        assert kind == "data:image/webp;base64"
        assert max(Image.open(io.BytesIO(base64.b64decode(data))).size) == side


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "images/text.png"])
@pytest.mark.parametrize("mode", ["path", "embed"])
def test_hostile_paths_show_nothing(write_log, images, tmp_path, path, mode) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    (images / "images" / "text.png").symlink_to("/etc/hostname")
    case = {"case_json": {"turns": ["q"], "images": [path]}}
    log = write_log("a.eval", answers("r", **case))
    found = write_page(log, tmp_path / "p.html", options(mode, "embed", {"siuo": str(images)}))
    assert blocks_of(found)[0]["cases"][0]["images"] == [""]


def test_the_same_logs_give_the_same_page(two: list[Path], tmp_path: Path) -> None:
    first = write_page(two, tmp_path / "p.html", Options(images="none"))
    text = first.page.read_text(encoding="utf-8")
    second = write_page(reversed(two), tmp_path / "p.html", Options(images="none"))
    assert second.page.read_text(encoding="utf-8") == text


def test_figures_are_those_of_the_tables(two: list[Path], tmp_path: Path) -> None:
    text = write_page(two[:1], tmp_path / "p.html", Options(images="none")).page.read_text()
    row = re.search(r'<span class="rate">(.*?)</span><span class="limits">(.*?)</span>', text)
    assert row
    (e,) = [
        e for e in estimates(responses(two[0])) if (e["group"], e["metric"]) == ("all", "safe_rate")
    ]
    assert row[1] == "75.0"  # 3 of 4, one without a verdict
    assert row[2] == f"{100 * e['low']:.1f} .. {100 * e['high']:.1f}"
    assert "1 missing: 60.0 .. 80.0" in text


def test_several_benchmarks_have_a_table_each(write_log, tmp_path: Path) -> None:
    logs = [
        write_log("a.eval", answers("ru"), model="m/one"),
        write_log("b.eval", answers("uu"), model="m/one", benchmark="vlsbench"),
    ]
    found = write_page(logs, tmp_path / "p.html", Options(images="none"))
    assert [b["name"] for b in data_of(found)["benchmarks"]] == ["siuo", "vlsbench"]
    ids = {a.get("id") for _, a in parts(found).tags}
    assert {"g0", "g1", "block-0-0", "block-1-0"} <= ids


def test_command(two: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "deep" / "p.html"
    run = CliRunner().invoke(main, ["report", *map(str, two), "-o", str(page), "--texts", "files"])
    assert run.exit_code == 0
    assert f"Page: {page}" in run.output
    assert "1 files in p_files" in run.output
    assert page.is_file()
    wrong = CliRunner().invoke(main, ["report", str(two[0]), "-o", str(tmp_path / "p.txt")])
    assert wrong.exit_code == 2


def test_other_conventions_where_they_are_asked_for(two: list[Path], tmp_path: Path) -> None:
    plain = write_page(two[0], tmp_path / "p.html", Options(images="none"))
    assert "other conventions" not in plain.page.read_text()
    tools = ("vlmevalkit",)
    found = write_page(two[0], tmp_path / "q.html", Options(images="none", tools=tools))
    table = found.page.read_text().partition("under other conventions")[2]
    assert "VLMEvalKit" in table
    assert "75.0" in table  # ours
    assert "60.0" in table  # theirs: no verdict is unsafe


@pytest.mark.parametrize(("images", "texts"), [("all", "auto"), ("path", "some")])
def test_unknown_choices_are_refused(images: str, texts: str) -> None:
    with pytest.raises(ConfigError, match="known are"):
        options(images, texts)


def test_json_can_stand_in_a_script() -> None:
    value = {"a": ["</script>", "<!--", "\u2028"]}
    text = script_json(value)
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == value
