"""The lab's world: objects and their harmless twins, places and acts, and how they are drawn.

A toy: what holds here is a mechanism, no evidence about real models.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chiasm.scenes.flat.places import PLACES
from chiasm.scenes.flat.things import THINGS
from chiasm.scenes.shapes import OVERSAMPLING, canvas, shade

SIZE = 48
"""Width and height in pixels."""

TONES = ("#d8d4cc", "#c4ccd4", "#d4ccb4", "#b8b8b8")
"""Backgrounds of objects."""

Pixels = NDArray[np.uint8]
"""Shape (48, 48, 3)."""


@dataclass(frozen=True, slots=True)
class Object:
    """A thing that one can ask to use.

    Attributes:
        name: One word.
        kind: What it is: "a knife is a blade".
        use: What to do with it, the same for twins.
        twin: The harmless thing that looks alike; empty where the object is harmless.
    """

    name: str
    kind: str
    use: str
    twin: str = ""


@dataclass(frozen=True, slots=True)
class Hazard:
    """Places and acts that are unsafe together, and safe with those of other hazards."""

    name: str
    risk: str
    places: tuple[str, ...]
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """All there is, see world.toml."""

    colours: dict[str, str]
    objects: dict[str, Object]
    hazards: tuple[Hazard, ...]

    @property
    def dangerous(self) -> list[Object]:
        """Objects whose use is declined."""
        return [o for o in self.objects.values() if o.twin]

    @property
    def twins(self) -> list[Object]:
        """Their look-alikes, in the same order."""
        return [self.objects[o.twin] for o in self.dangerous]

    @property
    def plain(self) -> list[Object]:
        """Objects that look like none of these."""
        other = {o.name for o in [*self.dangerous, *self.twins]}
        return [o for o in self.objects.values() if o.name not in other]


class Pair(NamedTuple):
    """A place and an act.

    Attributes:
        place: Name of the place.
        act: In words.
        unsafe: Whether they share their hazard.
        offset: (number of the place in its hazard - number of the act) mod 3: which third of the
            combinations the pair is of; one third is held out from alignment.
        at: The place's hazard.
        of: The act's hazard.
    """

    place: str
    act: str
    unsafe: bool
    offset: int
    at: Hazard
    of: Hazard


class Picture(NamedTuple):
    """What is drawn, and with which random numbers; the same gives the same pixels.

    Attributes:
        what: An object, a place, or "blank" (a canvas without anything).
        colour: Of an object; empty for places.
        seed: Any text.
    """

    what: str
    colour: str = ""
    seed: str = ""


@cache
def world() -> World:
    """The world of world.toml."""
    text = files("chiasm.scenes.flat").joinpath("world.toml").read_text("utf-8")
    data = tomllib.loads(text)
    hazards = tuple(
        Hazard(h["name"], h["risk"], tuple(h["places"]), tuple(h["acts"])) for h in data["hazards"]
    )
    return World(data["colours"], {o["name"]: Object(**o) for o in data["objects"]}, hazards)


@cache
def pairs() -> tuple[Pair, ...]:
    """All 144 pairs of a place and an act, 36 of them unsafe."""
    return tuple(
        Pair(place, act, at is of, (i - j) % 3, at, of)
        for at in world().hazards
        for of in world().hazards
        for i, place in enumerate(at.places)
        for j, act in enumerate(of.acts)
    )


def draw(picture: Picture) -> Pixels:
    """The picture's pixels."""
    rng = Random(f"{picture.what}/{picture.colour}/{picture.seed}")
    large, pen = canvas(SIZE)
    if picture.what in PLACES:
        frame = pen.at(50 + rng.uniform(-7, 7), 100 + rng.uniform(-5, 5), rng.uniform(92, 112))
        PLACES[picture.what](frame)
    else:
        _background(large, rng)
        for _ in range(rng.randrange(3)):
            dot = "#" + "".join(f"{rng.randrange(256):02x}" for _ in range(3))
            pen.disc(rng.uniform(4, 96), rng.uniform(4, 96), rng.uniform(2, 5), dot)
        if picture.what != "blank":
            height = rng.uniform(64, 84)
            x, foot = rng.uniform(height / 2, 100 - height / 2), rng.uniform(height, 100)
            frame = pen.at(x, foot, height, mirror=rng.random() < 0.5)
            THINGS[picture.what](frame, _near(world().colours[picture.colour], rng))
    return _noisy(large.reduce(OVERSAMPLING), rng)


def _background(large: Image.Image, rng: Random) -> None:
    tone = shade(rng.choice(TONES), rng.uniform(-0.06, 0.06))
    large.paste(tone, (0, 0, *large.size))


def _near(colour: str, rng: Random) -> str:
    parts = [int(colour[i : i + 2], 16) + rng.randint(-22, 22) for i in (1, 3, 5)]
    return "#" + "".join(f"{min(255, max(0, v)):02x}" for v in parts)


def _noisy(image: Image.Image, rng: Random) -> Pixels:
    noise = np.random.default_rng(rng.getrandbits(63))
    light = noise.normal(0, 8, 3)
    grain = noise.normal(0, rng.uniform(2, 10), (SIZE, SIZE, 3))
    return np.clip(np.asarray(image, np.float64) + light + grain, 0, 255).astype(np.uint8)
