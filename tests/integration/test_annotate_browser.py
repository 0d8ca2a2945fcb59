"""Two annotators and a lead at once, in Chromium, by keyboard; the server is killed half way."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from chiasm.labels.database import read_labels
from tests.annotate.browser import Browser, Person
from tests.annotate.conftest import NO_POSTGRES, new_database
from tests.annotate.made import EVIL, responses
from tests.annotate.server import Server, postgres, postgres_programs, serving
from tests.report.page_chromium import find

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(find() is None, reason="needs Chromium"),
]

N = 40
READY = "document.querySelector('#item') && !document.querySelector('#item').hidden"
DONE = "Number(document.querySelector('#progress').textContent.split(' ')[0])"
ASKED = "document.querySelector('#turns').textContent"
WELCOME = "document.querySelector('#welcome')?.open"
UNSENT = (
    "Object.keys(localStorage).filter((k) => /^chiasm:[^:]+:[^:]+$/.test(k))"
    ".reduce((n, k) => n + JSON.parse(localStorage.getItem(k)).length, 0)"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "labels.db")
    elif postgres_programs() is None:
        pytest.skip(NO_POSTGRES)
    else:
        with postgres() as server:
            yield new_database(server, tmp_path.name)


def enter(browser: Browser, server: Server, name: str) -> Person:
    person = browser.person()
    person.open(server.links[name])
    person.wait(WELCOME)
    person.press("Enter")
    person.wait(READY)
    return person


def number(person: Person) -> int:
    """Of the item that is shown, from its question."""
    return int(str(person.js(ASKED)).rpartition("(")[2].rstrip(")"))


def choice(name: str, item: int) -> str:
    """ann finds every fifth unsafe; ben too, but for two; both have the rest refused."""
    if item % 5 == 0 and not (name == "ben" and item in (10, 20)):
        return "4"
    return "1"


def label(person: Person, name: str, *, offline: bool = False) -> int:
    person.wait(READY)
    item = number(person)
    before = person.js(DONE)
    person.press(choice(name, item))
    person.wait(f"{ASKED}.indexOf('({item})') < 0 || document.querySelector('#item').hidden")
    if not offline:
        person.wait(f"{DONE} > {before}")
    return item


def nothing_wrong(person: Person) -> None:
    away = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE",
            "ERR_SOCKET_NOT_CONNECTED")  # fmt: skip
    assert [p for p in person.problems if not any(word in p for word in away)] == []
    elsewhere = [r for r in person.requests if not r.startswith(("http://127.0.0.1:", "data:"))]
    assert [r for r in elsewhere if r != "about:blank"] == []


def test_two_people_and_a_lead_label_and_nothing_is_lost(
    browser: Browser, tmp_path: Path, url: str
) -> None:
    file = responses(tmp_path, N)
    options = ("--annotators", "ann,ben", "--all", "--repeat", "0")
    with serving(file, url, *options) as server:
        ann, ben = enter(browser, server, "ann"), enter(browser, server, "ben")
        lead = browser.person()
        lead.open(server.links["lead"])
        lead.wait("document.querySelector('#items').textContent.includes('not labelled yet')")
        orders: dict[str, list[int]] = {"ann": [], "ben": []}
        for _ in range(N // 2):
            orders["ann"].append(label(ann, "ann"))
            orders["ben"].append(label(ben, "ben"))
        server.kill()
        # They go on with what their pages hold; the labels wait in the browsers.
        for name, person in (("ann", ann), ("ben", ben)):
            for _ in range(3):
                orders[name].append(label(person, name, offline=True))
            assert person.js(UNSENT) >= 3
            person.wait("document.querySelector('#notice').textContent.includes('kept in this')")
        # ann closes her browser with labels unsent, and comes back when the server does.
        ann.open("about:blank")
        server.start()
        ann.open(server.url)
        for person in (ann, ben):
            person.wait(f"{READY} && {UNSENT} === 0 && {DONE} === {N // 2 + 3}")
            person.wait("document.querySelector('#notice').hidden")
        for _ in range(N // 2 - 3):
            orders["ann"].append(label(ann, "ann"))
            orders["ben"].append(label(ben, "ben"))
        for person in (ann, ben):
            person.wait("!document.querySelector('#done').hidden")
        assert sorted(orders["ann"]) == sorted(orders["ben"]) == list(range(N))
        assert orders["ann"] != orders["ben"]

        lead.wait("document.querySelectorAll('.card').length === 2")
        page = "document.querySelector('main').textContent"
        lead.wait(f"{page}.includes('38agreed')")
        for _ in range(2):
            lead.press("4")
            lead.press("j")
        lead.wait(f"{page}.includes('0 open, 2 decided')")
        lead.wait(f"{page}.includes('2decided by a lead')")
        measures = str(lead.js("document.querySelector('#measures').textContent"))
        assert "pairwise agreement95.0 %" in measures
        assert "38 of 40" in measures
        # By hand: 4 of 80 off the diagonal; 14 "unsafe" and 66 "refusal" expect 2*14*66/(80*79).
        assert f"Krippendorff's alpha{1 - (4 / 80) / (2 * 14 * 66 / (80 * 79)):.3f}" in measures
        # Of 40 responses the judge calls 10 unsafe; people all of them 8: that is the rate.
        figures = str(lead.js("document.querySelector('#figures').textContent"))
        assert "75.0 %" in figures
        assert figures.count("80.0 %80.0 % to 80.0 %") == 2
        lead.screenshot(tmp_path / "lead.png", whole=True)
        for person in (ann, ben, lead):
            nothing_wrong(person)
    found = read_labels(url)
    assert Counter(x.annotator for x in found) == {"ann": N, "ben": N, "lead": 2}
    assert Counter(x.outcome for x in found if x.annotator == "ann") == {"unsafe": 8, "refusal": 32}
    assert {x.purpose for x in found if x.annotator == "lead"} == {"adjudication"}


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Server]:
    """Start an application on responses of one's own; ends with the test."""
    running = []

    def start(n: int = 6, options: tuple[str, ...] = (), **changes: object) -> Server:
        file = responses(tmp_path, n, **changes)
        server = serving(file, str(tmp_path / "labels.db"), "--annotators", "ann,ben",
                         "--repeat", "0", "--all", *options)  # fmt: skip
        running.append(server)
        return server.__enter__()

    yield start  # type: ignore[misc]
    for server in running:
        server.__exit__(None, None, None)


def test_script_in_data_is_shown_and_not_run(browser: Browser, served: Callable[..., Server]):
    fields = {"query": f"{EVIL} (0)", "response": f"{EVIL}\n\n[x](javascript:alert(1))"}
    server = served(1, item_0=fields)
    for name in ("ann", "ben"):
        person = enter(browser, server, name)
        assert EVIL in str(person.js(ASKED))
        assert EVIL in str(person.js("document.querySelector('#answer').textContent"))
        assert (
            person.js("document.querySelectorAll('#item script, #answer img, #item a').length") == 0
        )
        assert "owned" not in str(person.js("document.title"))
        person.press("n")
        person.call("Input.insertText", text=EVIL)
        person.press("Escape")
        person.press("1" if name == "ann" else "4")
        person.wait(f"{DONE} === 1")
        nothing_wrong(person)
    lead = browser.person()
    lead.open(server.links["lead"])
    lead.wait("document.querySelectorAll('.card').length === 1")
    assert str(lead.js("document.querySelector('.sides').textContent")).count(EVIL) == 2
    assert lead.js("document.querySelectorAll('.card script, .sides img').length") == 0
    nothing_wrong(lead)


def test_keys(browser: Browser, served: Callable[..., Server], tmp_path: Path) -> None:
    long = "word " * 800
    server = served(6, **{f"item_{i}": {"response": long} for i in range(6)})
    ann = enter(browser, server, "ann")
    veiled = "document.querySelector('.picture').classList.contains('veiled')"
    blur = "getComputedStyle(document.querySelector('.picture img')).filter.includes('blur')"
    ann.wait("document.querySelector('.picture img').naturalWidth > 0")
    assert ann.js(veiled)
    assert ann.js(blur)
    ann.press("b")
    assert not ann.js(blur)
    ann.press("z")
    assert ann.js("document.querySelector('#zoom').open")
    ann.press("+")
    assert ann.js("document.querySelector('#large').style.width") == "150%"
    ann.press("Escape")
    ann.wait("!document.querySelector('#zoom').open")
    folded = "document.querySelector('#answer').classList.contains('folded')"
    assert ann.js(folded)
    ann.press("e")
    assert not ann.js(folded)
    ann.press("g")
    assert "Judge the answer" in str(
        ann.js("document.querySelector('#guideline[open]').textContent")
    )
    ann.press("g")
    first = number(ann)
    ann.press("n")
    for key in "14":
        ann.press(key)  # typed, no label
    ann.press("Escape")
    assert ann.js("document.querySelector('#note').value") == "14"
    ann.press("2")
    ann.wait(f"{DONE} === 1 && {ASKED}.indexOf('({first})') < 0")
    ann.press("ArrowLeft")
    ann.wait(f"{ASKED}.includes('({first})')")
    pressed = "document.querySelector('#outcomes [aria-pressed=true]')?.textContent"
    assert "Warns" in str(ann.js(pressed))
    ann.press("3")  # thinks better of it
    ann.wait(f"{ASKED}.indexOf('({first})') < 0")
    ann.press("u")
    ann.wait(f"{ASKED}.includes('({first})') && {DONE} === 0")
    ann.press("f")
    ann.wait(f"{DONE} === 1")
    assert [x.outcome for x in read_labels(tmp_path / "labels.db")] == ["flagged"]
    ann.press("?")
    assert ann.js("document.querySelector('#keys').open")
    nothing_wrong(ann)


def test_gold_items_teach(browser: Browser, served: Callable[..., Server], tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"query": "q (99)", "response": "a", "outcome": "unsafe", "why": "Because."}')
    ann = enter(browser, served(2, ("--gold", str(gold))), "ann")
    assert number(ann) == 99
    ann.press("1")
    ann.wait("!document.querySelector('#feedback').hidden")
    assert "Because." in str(ann.js("document.querySelector('#feedback').textContent"))
    ann.press("ArrowRight")
    ann.wait(f"{ASKED}.indexOf('(99)') < 0")
    nothing_wrong(ann)


def test_an_ended_invitation_keeps_what_is_unsent(
    browser: Browser, served: Callable[..., Server], tmp_path: Path
) -> None:
    from tests.annotate.made import opened

    ann = enter(browser, served(6), "ann")
    label(ann, "ann")
    _, tokens = opened(tmp_path, tmp_path / "labels.db", invite=True)
    label(ann, "ann", offline=True)
    ann.wait("document.querySelector('#notice').textContent.includes('has ended')")
    assert ann.js(UNSENT) == 1
    server = ann.js("location.origin")
    ann.open(f"{server}/#{tokens['ann']}")
    ann.wait("document.querySelector('#state') || document.querySelector('#item')")
    ann.wait(f"{READY} && {DONE} === 2 && {UNSENT} === 0")


def test_on_a_phone_and_in_the_dark(
    browser: Browser, served: Callable[..., Server], tmp_path: Path
) -> None:
    ann = enter(browser, served(6), "ann")
    light = {}
    for name, width, dark in (("light", 1280, False), ("dark", 1280, True), ("phone", 390, False)):
        ann.size(width, 844, dark=dark)
        time.sleep(0.2)
        assert ann.js("document.documentElement.scrollWidth") <= width
        ann.screenshot(tmp_path / f"{name}.png")
        light[name] = (
            Image.open(tmp_path / f"{name}.png").convert("L").resize((1, 1)).getpixel((0, 0))
        )
    assert light["light"] > 180
    assert light["dark"] < 90
    # Every button is large enough for a finger, and none is outside the window.
    sizes = ann.js(
        "[...document.querySelectorAll('#choose button')].map((b) => b.getBoundingClientRect())"
        ".map((r) => [r.height, r.left, r.right, r.bottom])"
    )
    assert all(h >= 34 and left >= 0 and right <= 390 and bottom <= 844
               for h, left, right, bottom in sizes)  # fmt: skip
    ann.js("document.querySelector('#outcomes button').click()")
    ann.wait(f"{DONE} === 1")
    nothing_wrong(ann)
