"""Places: what fills the canvas behind the things. Each takes a pen and a seeded generator."""

import math
from random import Random

from chiasm.scenes.shapes import Pen, shade

WALLS = ("#f4e3cf", "#dfe9e4", "#e6e2f1", "#f6dcd4", "#dbe7f2")
WOODS = ("#b98556", "#a9744a", "#c4986a", "#97714f")
SKIES = ("#bfe3f5", "#cbe7ee", "#b5daf2", "#d4e6f6")
GREENS = ("#8cc474", "#7fbb78", "#9bc96f", "#86bd63")


def table(pen: Pen, rng: Random) -> None:
    """A wooden table before a plain wall with a skirting of tiles."""
    wall = rng.choice(WALLS)
    pen.rect(0, 0, 100, 100, wall)
    for row in range(3):
        for column in range(-1, 11):
            left = column * 10 + 5 * (row % 2)
            top = 42 + row * 7
            pen.rect(left + 0.3, top, left + 9.7, top + 6.4, shade(wall, 0.45), 0.5)
    wood = rng.choice(WOODS)
    pen.rect(0, 63, 100, 100, wood)
    pen.rect(0, 63, 100, 65, shade(wood, 0.25))
    for i in range(4):
        y = 70 + 8 * i + rng.uniform(-2, 2)
        x = rng.uniform(0, 60)
        pen.rect(x, y, x + rng.uniform(20, 45), y + 0.5, shade(wood, -0.14))


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


PLACES = {p.__name__: p for p in (table, room, plain, lawn, street, snow, beach, hall)}
