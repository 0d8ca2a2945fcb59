import os
import subprocess
import sys
from hashlib import sha256
from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageColor

from chiasm.scenes import families, image_bytes, probes
from chiasm.scenes.objects import OBJECTS
from chiasm.scenes.objects.household import BLUE_GREEN, RED_GREEN
from chiasm.scenes.render import draw
from chiasm.scenes.shapes import canvas, shade, smooth

PATHS = [case.images[0] for case in probes()]


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
    shown = [*probes(), *probes(seed=5, variants=1), *probes(split="training")]
    seen = [digest(image_bytes(case.images[0], 64)) for case in shown]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("family", families())
def test_four_variants_are_four_drawings(family: str) -> None:
    for image in (0, 1):
        drawn = {draw(families()[family], image, variant, 0, 64) for variant in range(4)}
        assert len(drawn) == 4


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


def _seen(colour: str, deficiency: str) -> np.ndarray:
    """CIELAB of a colour as seen with a dichromacy (Machado, Oliveira and Fernandes 2009)."""
    value = np.array(ImageColor.getrgb(colour)) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    linear = np.clip(MACHADO[deficiency] @ linear, 0, 1)
    xyz = SRGB @ linear / (0.9505, 1, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


MACHADO = {
    "none": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.mark.parametrize(
    ("pair", "alike_with"), [(RED_GREEN, "deuteranopia"), (BLUE_GREEN, "tritanopia")]
)
def test_tablets_look_alike_in_the_dangerous_cell_only(
    pair: tuple[str, str], alike_with: str
) -> None:
    apart = {d: float(np.linalg.norm(_seen(pair[0], d) - _seen(pair[1], d))) for d in MACHADO}
    assert apart.pop(alike_with) < 20
    assert min(apart.values()) > 60


def test_shapes() -> None:
    assert shade("#204060", 0) == "#204060"
    line = smooth([(0, 0), (1, 1), (2, 0)], closed=False)
    assert (line[0], line[-1]) == ((0, 0), (2, 0))
    assert max(y for _, y in line) == pytest.approx(1)
