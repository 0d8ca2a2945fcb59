"""Food."""

import math
from collections.abc import Sequence
from random import Random

from chiasm.scenes.shapes import INK, Pen, Point, shade, smooth

_NUT = [(-19, 0), (-15, -8.5), (-7, -9), (0, -5), (7, -9.5), (16, -9), (20, 0), (16, 9), (7, 9.5),
        (0, 5), (-7, 9), (-15, 8.5)]  # fmt: skip


def _peanut(pen: Pen, x: float, y: float, degrees: float, size: float) -> None:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def turned(points: Sequence[Point], grow: float = 1.0) -> list[Point]:
        k = size * grow
        return [(x + k * (a * c - b * s), y + k * (a * s + b * c)) for a, b in points]

    dark = "#9c6a2e"
    pen.blob(turned(_NUT, 1.09), dark)
    pen.blob(turned(_NUT), "#dcaa66")
    for b in (-4.6, 0, 4.6):
        for a in (-12, -6, 6, 12):
            pen.line(turned([(a - 1.6, b * 0.9), (a + 1.6, b)]), dark, 0.8 * size)
    pen.line(turned([(-3, -3), (3, -3)]), "#f0cd97", 1.2 * size)


def peanuts(pen: Pen, rng: Random) -> None:
    """A wooden bowl heaped with peanuts in their shells, a few beside it."""
    pen.shadow(70)
    spots = [
        (-34, 46, 20), (34, 46, -25), (-2, 44, 5), (-22, 32, -30), (22, 31, 35), (0, 24, -12),
        (-10, 14, 24), (14, 12, -20),
    ]  # fmt: skip
    for x, y, degrees in spots:
        _peanut(pen, x + rng.uniform(-1, 1), y, degrees + rng.uniform(-12, 12), 1.15)
    bowl = rng.choice(("#8a5a34", "#5e86a6", "#7d6a58"))
    pen.blob([(-54, 54), (0, 60), (54, 54), (42, 88), (20, 98), (-20, 98), (-42, 88)], bowl)
    pen.line([(-55, 55), (-28, 59.5), (0, 61), (28, 59.5), (55, 55)], shade(bowl, 0.25), 4)
    _peanut(pen, 72, 90, -18, 1.15)
    _peanut(pen, -74, 91, 14, 1.15)


def bread(pen: Pen, rng: Random) -> None:
    """A loaf of bread with two slices cut off."""
    pen.shadow(84, x=-4)
    crust = rng.choice(("#b8723a", "#a9642f", "#c07c42"))
    crumb = "#f6dfb4"
    pen.blob([(-82, 98), (-86, 62), (-70, 36), (-20, 28), (26, 34), (36, 60), (34, 98)], crust)
    for x in (-58, -34, -10):
        pen.curve([(x - 6, 44), (x + 4, 40), (x + 12, 52)], "#f0c98b", 4)
    _slice(pen, 30, 26, crust, crumb)
    _slice(pen, 62, 34, shade(crust, 0.06), crumb)


def _slice(pen: Pen, x: float, top: float, crust: str, crumb: str) -> None:
    for inset, colour in ((0, crust), (5, crumb)):
        pen.blob(
            [
                (x - 22 + inset, 99 - inset), (x - 23 + inset, top + 24),
                (x - 27 + inset, top + 12 + inset / 2), (x - 14, top + inset),
                (x + 14, top + inset),
                (x + 27 - inset, top + 12 + inset / 2), (x + 23 - inset, top + 24),
                (x + 22 - inset, 99 - inset),
            ],
            colour,
        )  # fmt: skip
    for dx, dy in ((-8, 30), (6, 40), (-4, 54), (9, 22), (2, 62)):
        pen.oval(x + dx, top + dy, 1.8, 1.2, "#dfbb80")


def cheese(pen: Pen, rng: Random) -> None:
    """A wedge of cheese with holes on a board."""
    rng.random()
    pen.shadow(78)
    pen.rect(-80, 88, 80, 98, "#8d6238", 4)
    pen.poly([(-66, 56), (40, 20), (66, 50)], "#ffe08a")
    pen.poly([(-66, 56), (66, 50), (66, 88), (-66, 88)], "#f6c445")
    pen.poly([(66, 50), (40, 20), (44, 20), (68, 50), (68, 88), (66, 88)], "#d9a32f")
    for x, y, rx, ry in (
        (-38, 70, 8, 7), (-6, 78, 6, 5.5), (20, 64, 9, 8), (46, 78, 7, 6.5), (-14, 62, 4, 3.5),
        (50, 60, 4, 3.5),
    ):  # fmt: skip
        pen.oval(x, y, rx, ry, "#d79f2c")
        pen.oval(x + 1, y + 1.4, rx * 0.8, ry * 0.75, "#e4b03a")
    for x, y in ((10, 42), (34, 34), (-18, 49)):
        pen.oval(x, y, 6, 2.4, "#eec45c")


def _crescent(pen: Pen, spine: Sequence[Point], width: float, colour: str) -> None:
    line = smooth(spine, closed=False)
    n = len(line)
    upper, lower = [], []
    for i, (x, y) in enumerate(line):
        (x0, y0), (x1, y1) = line[max(0, i - 1)], line[min(n - 1, i + 1)]
        length = math.dist((x0, y0), (x1, y1))
        half = width * (0.3 + 0.7 * math.sin(math.pi * (i + 1) / (n + 1)) ** 0.6)
        dx, dy = (y1 - y0) / length * half, (x0 - x1) / length * half
        upper.append((x + dx, y + dy))
        lower.append((x - dx, y - dy))
    pen.poly([*upper, *reversed(lower)], colour)


def bananas(pen: Pen, rng: Random) -> None:
    """A bunch of three ripe bananas."""
    yellow = rng.choice(("#f7d038", "#f9d84a", "#f3c92e"))
    pen.shadow(66)
    spines: list[list[Point]] = [
        [(-40, 14), (-16, 34), (20, 42), (56, 34), (74, 22)],
        [(-44, 16), (-32, 48), (6, 66), (50, 62), (72, 50)],
        [(-48, 16), (-50, 54), (-20, 84), (26, 86), (58, 72)],
    ]
    for spine in spines:
        _crescent(pen, spine, 15.5, shade(yellow, -0.4))
        _crescent(pen, spine, 14, yellow)
        inner = [(x + 1, y - 5) for x, y in spine[1:-1]]
        pen.curve(inner, shade(yellow, 0.35), 3)
        pen.curve([(x, y + 6) for x, y in spine[1:-1]], shade(yellow, -0.16), 2)
        pen.disc(*spine[-1], 4.6, "#5f4a20")
    pen.line([(-46, 4), (-43, 20)], "#a58f2e", 13)
    pen.rect(-55, -2, -37, 6, "#5f4a20", 2)


def honey(pen: Pen, rng: Random) -> None:
    """A jar of honey with a wooden dipper and the word on its label."""
    pen.shadow(46)
    gold = rng.choice(("#e79a1c", "#dd8d16", "#eca52c"))
    pen.rect(-40, 26, 40, 98, gold, 13)
    pen.rect(-34, 32, -26, 90, shade(gold, 0.4), 4)
    pen.rect(-34, 18, 34, 30, shade(gold, 0.25), 3)
    pen.rect(-39, 4, 39, 20, "#f2e6cf", 4)
    pen.rect(-39, 14, 39, 20, "#d9c7a3", 3)
    pen.rect(-32, 44, 34, 82, "#fff6df", 4)
    pen.text(1, 57, 12, "HONEY", "#7a4a10")
    pen.oval(1, 72, 7, 4.6, "#f5c542")
    for x in (-2, 2.5):
        pen.rect(x, 67.8, x + 2, 76.2, INK)
    pen.oval(-3, 67, 4.5, 2.6, "#cfe3f2")
    pen.oval(5, 67, 4.5, 2.6, "#cfe3f2")
    pen.line([(88, 60), (64, 90)], "#a8763f", 4.5)
    pen.blob([(70, 76), (78, 88), (64, 100), (54, 96), (55, 86)], "#c9924f")
    for a in (0, 5, 10):
        pen.line([(70 - a, 80 + a), (76 - a, 88 + a)], "#7d5426", 2)


def lemons(pen: Pen, rng: Random) -> None:
    """Two whole lemons and a cut one."""
    yellow = rng.choice(("#f8da3a", "#fbe04b", "#f4d22e"))
    pen.shadow(88, y=97)
    for x, y, side in ((-44, 60, 1), (38, 46, -1)):
        tip = x + 44 * side
        pen.blob(
            [(tip - 8 * side, y - 9), (tip + 2 * side, y), (tip - 8 * side, y + 9)],
            shade(yellow, -0.1),
        )
        pen.oval(x, y, 40, 31, shade(yellow, -0.08))
        pen.oval(x - 3, y - 3, 36, 27, yellow)
        pen.oval(x - 14, y - 14, 9, 5, shade(yellow, 0.5))
        pen.disc(x - 38 * side, y, 4, "#8a9a3a")
    pen.blob([(-44, 32), (-38, 12), (-14, 6), (-22, 26)], "#6fa548")
    pen.curve([(-43, 31), (-28, 20), (-15, 7)], "#4d8034", 2)
    pen.disc(6, 70, 30, yellow)
    pen.disc(6, 70, 26.5, "#fffbe0")
    _segments(pen, 6, 70, 24)


def _segments(pen: Pen, x: float, y: float, r: float) -> None:
    cos, sin = math.cos, math.sin
    for i in range(8):
        a, b, m = (math.radians(45 * i + k) for k in (5, 40, 22.5))
        pen.poly(
            [
                (x + 3 * cos(m), y + 3 * sin(m)),
                (x + r * cos(a), y + r * sin(a)),
                (x + r * 1.04 * cos(m), y + r * 1.04 * sin(m)),
                (x + r * cos(b), y + r * sin(b)),
            ],
            "#f9e46a",
        )
