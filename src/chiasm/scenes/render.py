"""From a family's picture to PNG bytes: the same seed gives the same bytes.

What varies with seed and variant: tones, position, size, clutter. Both images of a grid share the
seed of their place, so that where the place is the same the wall says nothing about the image.
"""

from io import BytesIO
from random import Random

from PIL import Image

from chiasm.scenes.grammar import Family, Picture
from chiasm.scenes.objects import OBJECTS
from chiasm.scenes.objects.clutter import STANDS
from chiasm.scenes.places import PLACES
from chiasm.scenes.shapes import OVERSAMPLING, Pen, canvas

SIZE = 512
"""Width and height in pixels unless told otherwise."""


def draw(family: Family, image: int, variant: int, seed: int, size: int = SIZE) -> bytes:
    """A picture as PNG.

    Args:
        family: Whose picture.
        image: Index in `Family.images`.
        variant: Any integer; other variants are other drawings of the same.
        seed: Any integer.
        size: Width and height in pixels, at least 32.

    Raises:
        ValueError: The size is too small.
    """
    if size < 32:
        raise ValueError(f"size: expected at least 32 pixels, got {size}")
    grid = f"{seed}/{family.name}/{variant}"
    large, pen = canvas(size)
    _compose(pen, family.images[image], Random(f"{grid}/place"), Random(f"{grid}/{image}"))
    return _png(large.reduce(OVERSAMPLING))


def _compose(pen: Pen, picture: Picture, place: Random, things: Random) -> None:
    PLACES[picture.place](pen, place)
    _clutter(pen, picture, things)
    dx, dy = things.uniform(-4, 4), things.uniform(-1.5, 1.5)
    grow = things.uniform(0.94, 1.06)
    for thing in picture.things:
        frame = pen.at(thing.x + dx, thing.y + dy, thing.height * grow, mirror=thing.mirror)
        OBJECTS[thing.draw](frame, things)


def _clutter(pen: Pen, picture: Picture, rng: Random) -> None:
    count = min(len(picture.clutter), rng.choice((1, 2)))
    sides = rng.sample((12.0, 88.0), 2)
    for name, x in zip(rng.sample(picture.clutter, count), sides, strict=False):
        y, height = STANDS[name]
        inwards = max(0.0, height / 2 - 7) * (1 if x < 50 else -1)
        frame = pen.at(x + inwards + rng.uniform(-2, 2), y + rng.uniform(-1, 1), height)
        OBJECTS[name](frame, rng)


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=6)
    return out.getvalue()
