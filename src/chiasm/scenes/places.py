"""Places: what fills the canvas behind the things. Each takes a pen and a seeded generator."""

import math
from random import Random

from chiasm.scenes.shapes import Pen, shade

WALLS = ("#f4e3cf", "#dfe9e4", "#e6e2f1", "#f6dcd4", "#dbe7f2")
WOODS = ("#b98556", "#a9744a", "#c4986a", "#97714f")
SKIES = ("#bfe3f5", "#cbe7ee", "#b5daf2", "#d4e6f6")
GREENS = ("#8cc474", "#7fbb78", "#9bc96f", "#86bd63")


def table(pen: Pen, rng: Random) -> None:
    """A wooden table before a wall: tiles, stripes or bare paint."""
    wall = rng.choice(WALLS)
    pen.rect(0, 0, 100, 100, wall)
    covering = rng.choice(("tiles", "stripes", "paint"))
    if covering == "tiles":
        _tiles(pen, shade(wall, 0.45))
    elif covering == "stripes":
        for i in range(10):
            pen.rect(10 * i + 1, 0, 10 * i + 5, 64, shade(wall, 0.35))
    wood = rng.choice(WOODS)
    pen.rect(0, 63, 100, 100, wood)
    pen.rect(0, 63, 100, 65, shade(wood, 0.25))
    for i in range(4):
        y = 70 + 8 * i + rng.uniform(-2, 2)
        x = rng.uniform(0, 60)
        pen.rect(x, y, x + rng.uniform(20, 45), y + 0.5, shade(wood, -0.14))


def _tiles(pen: Pen, colour: str) -> None:
    for row in range(3):
        for column in range(-1, 11):
            left, top = column * 10 + 5 * (row % 2), 42 + row * 7
            pen.rect(left + 0.3, top, left + 9.7, top + 6.4, colour, 0.5)


def room(pen: Pen, rng: Random) -> None:
    """A living room: wall, floor boards, a window."""
    wall, wood = rng.choice(WALLS), rng.choice(WOODS)
    pen.rect(0, 0, 100, 100, wall)
    x = rng.choice((12, 64))
    pen.rect(x, 10, x + 24, 42, "#ffffff", 1)
    pen.rect(x + 2, 12, x + 22, 40, rng.choice(SKIES))
    pen.rect(x + 11.2, 12, x + 12.8, 40, "#ffffff")
    pen.rect(x + 2, 25, x + 22, 26.6, "#ffffff")
    pen.rect(0, 64, 100, 100, wood)
    pen.rect(0, 61.5, 100, 64, "#ffffff")
    for i in range(1, 5):
        pen.rect(0, 64 + 7.2 * i, 100, 64.5 + 7.2 * i, shade(wood, -0.15))


def plain(pen: Pen, rng: Random) -> None:
    """A bare wall over a bare floor."""
    wall = rng.choice(WALLS)
    pen.rect(0, 0, 100, 100, wall)
    pen.rect(0, 70, 100, 100, shade(wall, -0.16))
    pen.rect(0, 69, 100, 70.5, shade(wall, -0.3))


def lawn(pen: Pen, rng: Random) -> None:
    """A lawn under a light sky, hills behind."""
    _sky(pen, rng)
    green = rng.choice(GREENS)
    shift = rng.uniform(-10, 10)
    pen.oval(25 + shift, 70, 48, 20, shade(green, 0.3))
    pen.oval(85 + shift, 70, 45, 16, shade(green, 0.18))
    pen.rect(0, 64, 100, 100, green)
    for _ in range(16):
        x, y = rng.uniform(2, 98), rng.uniform(68, 98)
        for lean in (-0.8, 0, 0.8):
            pen.line([(x, y), (x + lean, y - 1.8)], shade(green, -0.2), 0.4)


def street(pen: Pen, rng: Random) -> None:
    """A road with a pavement and a row of houses far behind."""
    _sky(pen, rng)
    x = -6.0 + rng.uniform(0, 8)
    while x < 100:
        width, height = rng.uniform(13, 20), rng.uniform(14, 27)
        colour = shade(rng.choice(("#d9b9a2", "#c9c3cf", "#b9c9c4", "#dccba4")), 0.25)
        pen.rect(x, 58 - height, x + width, 60, colour)
        for row in range(int(height // 9)):
            for k in (0.2, 0.6):
                left, top = x + width * k, 61 - height + 9 * row
                pen.rect(left, top, left + 3, top + 4.5, shade(colour, -0.25))
        x += width + 0.6
    pen.rect(0, 58, 100, 66, "#cfcac2")
    pen.rect(0, 65.4, 100, 67, "#a9a49c")
    pen.rect(0, 67, 100, 100, "#77777d")
    for i in range(-1, 6):
        pen.rect(i * 20 + 3, 90, i * 20 + 14, 91.6, "#f1efe6")


def snow(pen: Pen, rng: Random) -> None:
    """Snow-covered mountains and falling flakes."""
    pen.rect(0, 0, 100, 100, rng.choice(("#9fb4cc", "#a9b9cf", "#93abc6")))
    for middle, y, w in ((20, 24, 34), (74, 16, 42), (48, 34, 26)):
        x = middle + rng.uniform(-5, 5)
        pen.poly([(x - w, 72), (x, y), (x + w, 72)], "#74869f")
        pen.poly(
            [
                (x, y),
                (x + w * 0.36, y + (72 - y) * 0.36),
                (x + w * 0.14, y + (72 - y) * 0.30),
                (x, y + (72 - y) * 0.42),
                (x - w * 0.15, y + (72 - y) * 0.29),
                (x - w * 0.36, y + (72 - y) * 0.36),
            ],
            "#f7fbff",
        )
    pen.oval(20, 80, 60, 18, "#e6eff8")
    pen.oval(85, 82, 55, 18, "#f2f7fc")
    pen.rect(0, 80, 100, 100, "#f7fbff")
    for x in (13 + rng.uniform(-4, 4), 87 + rng.uniform(-4, 4), 74 + rng.uniform(-3, 3)):
        _snowy_fir(pen, x, 78 + rng.uniform(0, 8), rng.uniform(20, 28))
    for _ in range(90):
        pen.disc(rng.uniform(0, 100), rng.uniform(0, 100), rng.uniform(0.35, 0.9), "#ffffff")


def _snowy_fir(pen: Pen, x: float, y: float, height: float) -> None:
    fir = pen.at(x, y, height)
    fir.rect(-5, 86, 5, 100, "#6d4f3a")
    for top, width in ((50, 36), (26, 29), (2, 21)):
        fir.poly([(-width, top + 40), (0, top), (width, top + 40)], "#4c7a5f")
        fir.poly([(-width * 0.5, top + 20), (0, top), (width * 0.5, top + 20)], "#ffffff")


def beach(pen: Pen, rng: Random) -> None:
    """A hot beach: blazing sun, sea, sand."""
    pen.rect(0, 0, 100, 56, rng.choice(("#8fd4f5", "#86ccf2", "#9bdcf3")))
    x = rng.uniform(66, 78)
    for i in range(16):
        a = i * math.pi / 8
        pen.line(
            [
                (x + 14 * math.cos(a), 20 + 14 * math.sin(a)),
                (x + 19 * math.cos(a), 20 + 19 * math.sin(a)),
            ],
            "#ffc928",
            1.4,
        )
    pen.disc(x, 20, 11.5, "#ffd64f")
    pen.disc(x, 20, 9.5, "#ffe58a")
    pen.rect(0, 44, 100, 62, "#2f9fc9")
    for i in range(6):
        y = 46 + 2.5 * i
        left = rng.uniform(0, 80)
        pen.rect(left, y, left + rng.uniform(8, 18), y + 0.6, "#7fd0e6")
    pen.oval(50, 66, 75, 9, "#ffffff")
    pen.oval(50, 67.5, 78, 9, "#f1d9a0")
    pen.rect(0, 67, 100, 100, rng.choice(("#f1d9a0", "#f0d497")))


def _sky(pen: Pen, rng: Random) -> None:
    pen.rect(0, 0, 100, 100, rng.choice(SKIES))
    for x, y in (
        (rng.uniform(5, 35), rng.uniform(6, 14)),
        (rng.uniform(60, 95), rng.uniform(5, 12)),
    ):
        for dx, r in ((-5, 2.6), (0, 4), (5, 3)):
            pen.oval(x + dx, y, r * 1.5, r, "#ffffffd0")


def hall(pen: Pen, rng: Random) -> None:
    """A dark dance hall with a shining floor."""
    pen.rect(0, 0, 100, 100, rng.choice(("#2b2147", "#252247", "#33204a")))
    colours = ("#6a3fa8", "#3f62b8", "#a83f8f", "#3a8aa8")
    for row in range(4):
        y0, y1 = 66 + row * 8.5, 66 + (row + 1) * 8.5
        for column in range(-6, 7):
            k0, k1 = 7 + row * 2.5, 7 + (row + 1) * 2.5
            pen.poly(
                [
                    (50 + column * k0, y0),
                    (50 + (column + 1) * k0, y0),
                    (50 + (column + 1) * k1, y1),
                    (50 + column * k1, y1),
                ],
                shade(colours[(row + column + rng.randrange(2)) % 4], -0.15),
            )


def desert(pen: Pen, rng: Random) -> None:
    """A hot desert: dunes, a road into the distance, a blazing sun."""
    pen.rect(0, 0, 100, 60, rng.choice(("#8fd0f0", "#a3d8ee", "#f3d9a6")))
    x = rng.uniform(20, 80)
    pen.disc(x, 18, 13, "#ffe9a080")
    pen.disc(x, 18, 9, "#ffd64f")
    sand = rng.choice(("#e6b86a", "#e0ad5f", "#ebc27c"))
    pen.oval(20, 66, 50, 18, shade(sand, 0.2))
    pen.oval(84, 66, 46, 14, shade(sand, 0.1))
    pen.rect(0, 62, 100, 100, sand)
    pen.poly([(49, 60), (51, 60), (80, 100), (20, 100)], "#8b8478")
    for y in (64, 70, 78, 88):
        w = (y - 60) * 0.05
        pen.rect(50 - w, y, 50 + w, y + (y - 58) * 0.2, "#f6efd8")
    for x, y in ((14, 84), (88, 80)):
        cactus = pen.at(x + rng.uniform(-3, 3), y, 20)
        cactus.rect(-8, 0, 8, 100, "#5a8f4f", 8)
        cactus.line([(0, 60), (-26, 60), (-26, 36)], "#5a8f4f", 11)
        cactus.line([(0, 48), (24, 48), (24, 22)], "#5a8f4f", 11)


def snowy_road(pen: Pen, rng: Random) -> None:
    """A road that leads through deep snow, firs on both sides, flakes in the air."""
    snow(pen, rng)
    pen.poly([(46, 80), (54, 80), (86, 100), (14, 100)], "#c3cfdc")
    for s in (-1, 1):
        pen.poly([(50 + s * 1.5, 80), (50 + s * 2.2, 80), (50 + s * 20, 100), (50 + s * 16, 100)],
                 "#9fb0c2")  # fmt: skip


def lake(pen: Pen, rng: Random) -> None:
    """A lake with a jetty and reeds."""
    _sky(pen, rng)
    pen.oval(30, 52, 60, 14, "#7fae6a")
    pen.oval(88, 52, 40, 10, "#6f9f5f")
    pen.rect(0, 54, 100, 84, rng.choice(("#5fb0d8", "#6ab8dc", "#58a8cc")))
    for _ in range(10):
        x, y = rng.uniform(0, 90), rng.uniform(57, 82)
        pen.rect(x, y, x + 9, y + 0.6, "#bfe3f2")
    pen.poly([(70, 64), (80, 64), (92, 90), (70, 90)], "#b98f56")
    pen.rect(0, 82, 100, 100, rng.choice(GREENS))
    for x in (4, 8, 12, 93, 97):
        pen.line([(x, 84), (x + rng.uniform(-1, 1), 68)], "#4f8f3a", 0.8)
        pen.rect(x - 0.8, 66, x + 0.8, 71, "#7a4f2d", 0.6)


def corridor(pen: Pen, rng: Random) -> None:
    """A bright corridor with a tiled floor and a row of doors."""
    wall = rng.choice(WALLS)
    pen.rect(0, 0, 100, 72, wall)
    for x in (8, 72):
        pen.rect(x, 24, x + 20, 72, "#ffffff", 1)
        pen.rect(x + 2, 26, x + 18, 72, shade(wall, -0.25), 1)
        pen.disc(x + 15, 51, 1, "#d9b23a")
    pen.rect(0, 72, 100, 100, "#d6d9dd")
    for i in range(-3, 9):
        pen.line([(50 + (i * 16 - 48) * 0.8, 72), (50 + (i * 16 - 48) * 1.6, 100)], "#c3c8ce", 0.5)
    for y in (78, 87):
        pen.rect(0, y, 100, y + 0.5, "#c3c8ce")


PLACES = {
    p.__name__: p
    for p in (
        table,
        room,
        plain,
        lawn,
        street,
        snow,
        beach,
        hall,
        desert,
        snowy_road,
        lake,
        corridor,
    )
}
