"""The safe part of Markdown: structure is found, every character is kept, time is linear."""

import time

from hypothesis import given
from hypothesis import strategies as st

from chiasm.annotate.markdown import blocks
from tests.annotate.made import EVIL


def kinds(text: str) -> list[tuple[str, str]]:
    return [(b.kind, "".join(words for _, words in b.spans)) for b in blocks(text)]


def test_the_usual_shapes() -> None:
    text = "# Title\n\nOne *two* **three** `four`\nfive\n- a\n- b\n1. c\n> said\n"
    text += "```py\nx = 1\n```\nend"
    assert kinds(text) == [
        ("h", "Title"), ("p", "One two three four\nfive"), ("li", "a"), ("li", "b"), ("li", "c"),
        ("quote", "said"), ("pre", "x = 1"), ("p", "end"),
    ]  # fmt: skip
    assert [kind for kind, _ in blocks(text)[1].spans] == ["", "i", "", "b", "", "code", ""]
    assert blocks("1. c")[0].mark == "1."


def test_markup_links_and_images_stay_words() -> None:
    for text in (EVIL, "[here](javascript:alert(1))", "![x](http://192.0.2.1/x.png)", "&lt;b&gt;"):
        [block] = blocks(text)
        assert block.kind == "p"
        assert "".join(words for _, words in block.spans) == text


@given(st.text(alphabet="ab *_`#->1.\n\u2028", max_size=300))
def test_nothing_but_marks_is_lost(text: str) -> None:
    kept = "".join(words for block in blocks(text) for _, words in block.spans)
    wanted = sorted(c for c in text if c in "ab")
    in_code_fence = [line for line in text.split("\n") if line.lstrip().startswith("```")]
    lost = sorted(c for line in in_code_fence for c in line if c in "ab")
    assert sorted(c for c in kept if c in "ab") == sorted(
        wanted if not lost else _without(wanted, lost)
    )


def _without(letters: list[str], lost: list[str]) -> list[str]:
    rest = list(letters)
    for letter in lost:
        rest.remove(letter)
    return rest


def test_hostile_text_takes_no_longer_than_it_is_long() -> None:
    def seconds(n: int) -> float:
        start = time.process_time()
        for mark in ("*", "**", "_", "__", "`", "#", "- ", "* ", "**a", "`a ", "\n> "):
            blocks(mark * n)
        return time.process_time() - start

    seconds(1000)
    assert seconds(40_000) < 40 * (seconds(10_000) + 0.02)  # quadratic would be 16 times each
