"""The page of three models on MOSSBench's recorded answers and real images, in Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from tests.report.page_chromium import Tab, find

from chiasm.cli import main
from chiasm.report.page import write_page
from chiasm.report.page_writer import Options

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(find() is None, reason="needs Chromium"),
]

MODELS = ("claude-3-sonnet", "gemini-pro-1-5", "gpt-4o")
EVIL = "<script>document.title = 'owned'</script><img src=http://192.0.2.1/x onerror=alert(1)>"
FOUND = "document.querySelectorAll('#list li').length"
COUNT = "document.querySelector('#count').textContent"


@pytest.fixture(scope="module")
def mossbench(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of three models; one answer is replaced by a hostile one."""
    folder = tmp_path_factory.mktemp("moss")
    files = []
    for name in MODELS:
        file = folder / f"{name}.jsonl"
        lines = (shared / "mossbench" / "responses" / file.name).read_text("utf-8").splitlines()
        if name == MODELS[0]:
            lines[21] = lines[21].partition('"response":')[0] + f'"response": "{EVIL}"}}'
        file.write_text("\n".join(lines), "utf-8")
        files.append(str(file))
    arguments = ["--benchmark", "mossbench", "--grader", "chiasm/refusal"]
    data = ["--data", str(shared / "mossbench"), "--log-dir", str(folder / "logs")]
    CliRunner().invoke(main, ["score", *files, *arguments, *data])
    assert len(list((folder / "logs").glob("*.eval"))) == len(MODELS)
    return folder / "logs"


@pytest.fixture(scope="module")
def make(mossbench: Path, shared: Path, tmp_path_factory) -> Callable[..., Path]:
    """Write a page of these logs into a folder of its own."""

    def write(**how: str) -> Path:
        data = {"mossbench": str(shared / "mossbench")}
        page = tmp_path_factory.mktemp("page") / "page.html"
        return write_page(mossbench, page, Options(**how, data=data)).page  # type: ignore[arg-type]

    return write


@pytest.fixture(scope="module")
def embedded(make: Callable[..., Path]) -> Path:
    return make(images="embed")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with Tab(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def tab(chromium: Tab) -> Iterator[Tab]:
    """The browser with a fresh record; nothing may leave the machine or fail in any test."""
    chromium.size(1280, 900)
    chromium.requests.clear()
    chromium.problems.clear()
    yield chromium
    assert [r for r in chromium.requests if not r.startswith(("file:", "data:", "about:"))] == []
    assert chromium.problems == []


def opened(tab: Tab, page: Path, fragment: str = "") -> None:
    tab.open(page, fragment)
    tab.wait(f"{FOUND} > 0")


def answered(tab: Tab) -> None:
    tab.wait("document.querySelectorAll('.answer .text').length > 0")


def test_one_file_is_all_that_is_read(tab: Tab, embedded: Path) -> None:
    opened(tab, embedded, "#case=22")
    answered(tab)
    beside = [r for r in tab.requests if r.startswith("file:")]
    assert [r.partition("#")[0] for r in beside] == [embedded.as_uri()]
    assert embedded.stat().st_size < 3_000_000
    assert tab.js(COUNT) == "300 of 300 cases"
    assert tab.js("document.querySelectorAll('svg.stack').length") == 3
    assert tab.js("document.querySelectorAll('svg.radar').length") == 3
    assert tab.js("document.querySelectorAll('svg.sunburst path').length") == 3


def test_an_answer_with_a_script_is_text(tab: Tab, embedded: Path) -> None:
    opened(tab, embedded, "#case=22")
    answered(tab)
    shown = "[...document.querySelectorAll('.answer .text')].map((p) => p.textContent)"
    assert EVIL in tab.js(shown)
    assert "owned" not in tab.js("document.title")
    assert tab.js("document.querySelectorAll('#case script, .answer img').length") == 0


def test_the_policy_stops_what_is_not_ours(chromium: Tab, embedded: Path) -> None:
    opened(chromium, embedded)
    code = "const s = document.createElement('script'); s.textContent = 'document.title = 1'; "
    with pytest.raises(RuntimeError, match="TrustedScript"):
        chromium.js(code + "document.body.append(s)")
    with pytest.raises(RuntimeError, match="TrustedHTML"):
        chromium.js("document.body.innerHTML = '<b>x</b>'")
    chromium.js("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))")
    chromium.wait("performance.now() > 500")
    assert any("Content Security Policy" in p for p in chromium.problems)


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [
        ("outcome=over_refusal", "some((r) => r.includes('O'))"),
        ("outcome=no_response,asks_for_image", "some((r) => /[na]/.test(r))"),
        ("outcome=over_refusal&model=0", "slice(0, 1).some((r) => r.includes('O'))"),
    ],
)
def test_filters_by_outcome_and_model(tab: Tab, embedded: Path, fragment: str, kept: str) -> None:
    opened(tab, embedded, f"#{fragment}")
    expected = (
        "(() => { const b = JSON.parse(document.getElementById('data').textContent).benchmarks[0];"
        f" return b.cases.ids.filter((_, i) => b.runs.map((r) => r.safety[i]).{kept}).length }})()"
    )
    number = tab.js(expected)
    assert 0 < number < 300
    assert tab.js(COUNT) == f"{number} of 300 cases"


def test_filters_by_category_words_and_disagreement_combine(tab: Tab, embedded: Path) -> None:
    opened(tab, embedded, "#category=type+2")
    assert tab.js(COUNT) == "100 of 300 cases"
    opened(tab, embedded, "#differ=1")
    strips = "[...document.querySelectorAll('#list .strip')].map((s) => s.textContent)"
    shown = tab.js(strips)
    assert shown
    assert all(len(set(s) & set("HNO")) > 1 for s in shown)
    opened(tab, embedded, "#q=children+beach&category=type+1")
    queries = tab.js("[...document.querySelectorAll('#list .query')].map((s) => s.textContent)")
    assert 0 < len(queries) < 100
    tab.open(embedded, "#q=nowhereatall")
    assert tab.js(COUNT) == "0 of 300 cases"


def test_keys(tab: Tab, embedded: Path) -> None:
    opened(tab, embedded)
    chosen = "document.querySelector('#list [aria-current]')?.dataset.case"
    for key, case in (("j", "1"), ("ArrowRight", "2"), ("j", "3"), ("k", "2"), ("ArrowLeft", "1")):
        tab.press(key)
        tab.wait(f"{chosen} === '{case}'")
    tab.press("/")
    assert tab.js("document.activeElement.id") == "q"
    tab.press("j")  # typed, not a step
    tab.wait("document.querySelector('#q').value === 'j'")
    assert tab.js(chosen) in ("1", None)
    tab.press("Escape")
    tab.press("r")
    tab.wait(f"{COUNT} === '300 of 300 cases'")
    tab.press("?")
    assert tab.js("document.querySelector('#keys').open")


def test_clicks_lead_from_figures_to_cases(tab: Tab, embedded: Path) -> None:
    opened(tab, embedded)
    tab.js("document.querySelector('.tree a').click()")
    tab.wait(f"{COUNT} === '100 of 300 cases'")
    tab.js("document.querySelector('#reset').click()")
    tab.js("document.querySelector('[data-outcome=over_refusal]').click()")
    tab.wait("location.hash.includes('over_refusal')")
    tab.js("document.querySelector('.cloud a').click()")
    tab.wait("location.hash.includes('q=')")
    assert tab.js(FOUND) > 1


def test_images_are_blurred_until_asked(tab: Tab, embedded: Path) -> None:
    opened(tab, embedded, "#case=44")
    tab.wait("document.querySelector('.picture img')?.naturalWidth > 0")
    veiled = "document.querySelector('.picture').classList.contains('veiled')"
    blur = "getComputedStyle(document.querySelector('.picture img')).filter.includes('blur')"
    assert tab.js(veiled)
    assert tab.js(blur)
    tab.js("document.querySelector('.picture button').click()")
    assert not tab.js(blur)
    tab.press("b")
    assert tab.js(veiled)
    tab.press("B")
    assert not tab.js(veiled)
    assert tab.js("document.querySelector('#reveal').checked")


def test_texts_and_images_beside_the_page(tab: Tab, make: Callable[..., Path]) -> None:
    page = make(images="path", texts="files")
    opened(tab, page, "#case=44")
    answered(tab)
    tab.wait("document.querySelector('.picture img')?.naturalWidth > 0")
    beside = {r.rpartition("/")[2].partition("#")[0] for r in tab.requests if r.startswith("file:")}
    assert beside == {"page.html", "block-0-0.js", "44.png"}
    assert page.stat().st_size < 300_000
    opened(tab, page, "#case=300")
    answered(tab)
    assert any(r.endswith("block-0-4.js") for r in tab.requests)


def test_a_lost_folder_is_said(chromium: Tab, make: Callable[..., Path]) -> None:
    page = make(images="none", texts="files")
    for file in (page.parent / "page_files").iterdir():
        file.unlink()
    opened(chromium, page, "#case=44")
    chromium.wait("document.querySelector('#case [role=alert]') !== null")
    assert "page_files" in chromium.js("document.querySelector('#case [role=alert]').textContent")


def test_light_dark_phone_and_print(tab: Tab, embedded: Path, tmp_path: Path) -> None:
    shots = {}
    for name, width, dark in (("light", 1280, False), ("dark", 1280, True), ("phone", 390, False)):
        tab.size(width, 900, dark=dark)
        opened(tab, embedded)
        assert tab.js("document.documentElement.scrollWidth") <= width
        tab.screenshot(tmp_path / f"{name}.png", whole=True)
        shots[name] = Image.open(tmp_path / f"{name}.png").convert("L")
        assert shots[name].width == width
        assert 2000 < shots[name].height < 12_000
    light, dark = (shots[n].resize((1, 1)).getpixel((0, 0)) for n in ("light", "dark"))
    assert light > 200  # mostly paper
    assert dark < 70
    tab.size(1280, 900, dark=True)
    opened(tab, embedded, "#case=44")
    tab.pdf(tmp_path / "page.pdf")
    assert 3 <= (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") <= 20
