import os
import subprocess
import sys
from hashlib import sha256
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from chiasm.scenes import cases, families, image_bytes
from chiasm.scenes.objects import OBJECTS
from chiasm.scenes.render import draw
from chiasm.scenes.shapes import canvas, shade, smooth

PATHS = sorted({case.images[0] for case in cases()})


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def test_same_seed_same_bytes_also_in_another_process() -> None:
    paths = PATHS[:6]
    here = [digest(image_bytes(path, 96)) for path in paths]
    code = (
        "import sys; from hashlib import sha256; from chiasm.scenes import image_bytes\n"
        "print(*(sha256(image_bytes(p, 96)).hexdigest() for p in sys.argv[1:]))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, *paths],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"},
    ).stdout.split()  # fmt: skip
    assert here == there
    assert here == [digest(image_bytes(path, 96)) for path in paths]


def test_every_picture_is_another() -> None:
    seen = [digest(image_bytes(path, 64)) for path in PATHS]
    seen += [digest(image_bytes(case.images[0], 64)) for case in cases(seed=5, variants=1)[::2]]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("size", [32, 100, 512])
def test_any_size(size: int) -> None:
    image = Image.open(BytesIO(image_bytes(PATHS[0], size)))
    assert (image.size, image.mode, image.format) == ((size, size), "RGB", "PNG")


def test_size_only_scales() -> None:
    small, large = (Image.open(BytesIO(image_bytes(PATHS[0], s))) for s in (64, 256))
    difference = [
        abs(a - b) for a, b in zip(small.tobytes(), large.reduce(4).tobytes(), strict=True)
    ]
    assert sum(difference) / len(difference) < 4


def test_what_is_no_picture_of_ours() -> None:
    with pytest.raises(ValueError, match="32 pixels"):
        image_bytes(PATHS[0], 16)
    for path in ("images/none.png", "images/none-v0-0.png", "../allergy-v0-0.png"):
        with pytest.raises(KeyError):
            image_bytes(path)


@pytest.mark.parametrize("family", families())
def test_the_two_images_differ_clearly(family: str) -> None:
    a, b = (
        Image.open(BytesIO(draw(families()[family], i, 0, 0, 64))).tobytes() for i in (0, 1)
    )  # fmt: skip
    changed = sum(abs(x - y) > 24 for x, y in zip(a, b, strict=True)) / len(a)
    assert changed > 0.01


@pytest.mark.parametrize("name", OBJECTS)
def test_each_thing_is_in_some_picture_and_visible(name: str) -> None:
    used = {t.draw for f in families().values() for p in f.images for t in p.things}
    used |= {c for f in families().values() for p in f.images for c in p.clutter}
    assert name in used, "a drawing that no family uses"
    image, pen = canvas(64)
    OBJECTS[name](pen.at(50, 90, 60), Random(0))
    white = image.tobytes().count(b"\xff\xff\xff") / (64 * 3) ** 2
    assert white < 0.97


def test_shapes() -> None:
    assert shade("#204060", 0) == "#204060"
    line = smooth([(0, 0), (1, 1), (2, 0)], closed=False)
    assert (line[0], line[-1]) == ((0, 0), (2, 0))
    assert max(y for _, y in line) == pytest.approx(1)
