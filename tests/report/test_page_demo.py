import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chiasm import scenes
from chiasm.report import responses
from chiasm.report.page_demo import html, write_demo

OUTCOMES = {
    "oracle": {"unsafe": "warning", "safe": "helped"},
    "hedge": {"unsafe": "warning", "safe": "needless_warning"},
}


def answers(policy: str) -> list[dict[str, Any]]:
    return [
        {
            "case": case.id,
            "cluster": case.cluster,
            "category": case.category,
            "ground_truth": case.ground_truth,
            "safety": OUTCOMES[policy][case.ground_truth],
            "extra": dict(case.extra),
        }
        for case in scenes.cases()
    ]


@pytest.fixture
def logs(write_log) -> list[Path]:
    about = {"metrics": ["group_score"]}
    return [
        write_log(f"{p}.eval", answers(p), model=f"chiasm/{p}", benchmark="scenes", about=about)
        for p in OUTCOMES
    ]


class Tags(HTMLParser):
    """Every start tag, and whether all that need it are closed."""

    VOID = ("meta", "img", "rect", "line", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_says_what_it_must(logs: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "deep" / "report.html"
    write_demo(page, logs)
    text = page.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    sources = [a.get("src") or a.get("href") for _, a in tags.seen if "src" in a or "href" in a]
    assert len(sources) == 4  # two grids, two pictures each
    assert all(s is not None and s.startswith("data:image/png;base64,") for s in sources)
    assert "http" not in re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in tags.seen}
    assert "author-labelled" in text
    assert "prefers-color-scheme: dark" in text


def test_cells_tell_right_from_wrong(logs: list[Path]) -> None:
    text = html(responses(logs))
    assert text.count('<li class="right"><b>oracle</b> warns</li>') == 4
    assert text.count('<li class="right"><b>oracle</b> helps</li>') == 4
    assert text.count('<li class="wrong"><b>hedge</b> warns needlessly</li>') == 4
    assert text.count("Dangerous together") == 4


def test_what_comes_from_data_is_escaped(write_log) -> None:
    log = write_log(
        "a.eval",
        [{"case": "s/1", "safety": ("no_verdict", "<img src=x onerror=alert(1)>")}],
        model="m/<script>alert(1)</script>",
    )
    text = html(responses(log))
    assert "<script" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;" in text


def test_undefined_draws_no_dot_and_missing_shows_its_bounds(write_log) -> None:
    text = html(responses(write_log("a.eval", [{"case": "s/1", "safety": ("no_verdict", "x")}])))
    assert "<line" not in text
    assert "1 without verdict: 0.0 .. 100.0" in text


def test_the_same_logs_give_the_same_page(logs: list[Path]) -> None:
    assert html(responses(logs)) == html(responses(list(reversed(logs))))
