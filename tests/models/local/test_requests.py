import pytest
from PIL import Image

from chiasm.models.local.requests import Request, cut_at_stop, next_batch
from chiasm.models.local.settings import Settings


def ask(letters=40, *images, cap=16):
    pictures = tuple(Image.new("RGB", size) for size in images)
    return Request(prompt="x" * letters, images=pictures, settings=Settings(max_tokens=cap))


def test_size_counts_letters_and_pixels_and_is_bounded():
    assert ask(400).size == 101
    assert ask(400, (280, 280)).size == 101 + 101
    assert ask(0, (10_000, 10_000)).size == 1 + 4096


def test_the_oldest_goes_first_with_the_nearest_in_length():
    waiting = [ask(400), ask(500), ask(410), ask(200)]
    assert next_batch(waiting, 3) == [waiting[0], waiting[2], waiting[1]]
    assert next_batch(waiting, 1) == [waiting[0]]


@pytest.mark.parametrize(
    "other",
    [
        ask(400, (300, 300)),  # a picture more
        ask(4000),  # much longer
        ask(400, cap=512),  # would keep the short ones waiting
    ],
    ids=["images", "length", "cap"],
)
def test_what_is_unlike_waits(other):
    oldest, alike = ask(400), ask(420)
    assert next_batch([oldest, other, alike], 8) == [oldest, alike]


def test_image_size_counts_where_the_number_is_the_same():
    small, large, alike = ask(40, (100, 100)), ask(40, (1500, 1500)), ask(40, (120, 90))
    assert next_batch([small, large, alike], 8) == [small, alike]


def test_everybody_gets_a_turn():
    waiting = [ask(n, *[(50, 50)] * (n % 3), cap=16 + n % 2) for n in range(0, 3000, 70)]
    left, batches = list(waiting), 0
    while left:
        batch = next_batch(left, 4)
        assert left[0] in batch
        left = [request for request in left if request not in batch]
        batches += 1
    assert 4 < batches < len(waiting)


@pytest.mark.parametrize(
    ("text", "stops", "kept"),
    [
        ("a stop b", ("stop",), ("a ", True)),
        ("a stop b", ("b", "stop"), ("a ", True)),
        ("stop", ("stop",), ("", True)),
        ("a sto", ("stop",), ("a sto", False)),
        ("a", (), ("a", False)),
    ],
)
def test_cut_at_stop(text, stops, kept):
    assert cut_at_stop(text, stops) == kept
