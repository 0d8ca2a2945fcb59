"""Buildings and what stands in a landscape."""

from itertools import pairwise
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def church(pen: Pen, rng: Random) -> None:
    """A church with steeple, cross, arched windows and door."""
    wall = rng.choice(("#f6efe2", "#efe3cf", "#f3ece6"))
    roof = rng.choice(("#a3523f", "#6b5a66", "#7b6250"))
    pen.shadow(66, y=98)
    pen.rect(-24, 60, 62, 98, wall)
    pen.poly([(-28, 61), (-12, 42), (54, 42), (68, 61)], roof)
    pen.rect(-46, 34, -12, 98, shade(wall, -0.06))
    pen.poly([(-50, 35), (-29, 6), (-8, 35)], shade(roof, -0.12))
    pen.rect(-30.4, -16, -27.6, 8, INK)
    pen.rect(-37, -9.5, -21, -6.7, INK)
    pen.disc(-29, 44, 6.4, shade(wall, -0.4))
    pen.disc(-29, 44, 5, "#fffdf7")
    pen.line([(-29, 44), (-29, 40.5)], INK, 1)
    pen.line([(-29, 44), (-26.6, 45)], INK, 1)
    for x in (0, 22, 44):
        pen.disc(x, 71, 5.5, "#6f9cc0")
        pen.rect(x - 5.5, 71, x + 5.5, 87, "#6f9cc0")
        pen.rect(x - 0.6, 65.5, x + 0.6, 87, wall)
    pen.disc(-29, 79, 8, "#7a4f2d")
    pen.rect(-37, 79, -21, 98, "#7a4f2d")
    pen.rect(-29.6, 72, -28.4, 98, "#523418")


def synagogue(pen: Pen, rng: Random) -> None:
    """A synagogue: dome, arched front, a large Star of David."""
    wall = rng.choice(("#ecd9b4", "#e8dcc6", "#efd6a8"))
    dome = rng.choice(("#4d86a8", "#5b8f86", "#6b7fae"))
    pen.shadow(68, y=98)
    pen.blob([(-34, 34), (-30, 14), (0, 0), (30, 14), (34, 34), (0, 37)], dome)
    pen.line([(0, 2), (0, -8)], "#c9a23a", 2)
    pen.rect(-60, 52, 60, 98, shade(wall, -0.08))
    pen.rect(-38, 30, 38, 98, wall)
    for x0, x1, y in ((-64, -36, 50), (36, 64, 50), (-42, 42, 28)):
        pen.rect(x0, y, x1, y + 5, shade(wall, -0.25), 1)
    _star(pen, 0, 49, 13, "#2b5ea8")
    for x in (-49, 49):
        pen.disc(x, 68, 6, "#7fa9c4")
        pen.rect(x - 6, 68, x + 6, 86, "#7fa9c4")
    for x in (-20, 0, 20):
        pen.disc(x, 77, 7.5, "#7a4f2d")
        pen.rect(x - 7.5, 77, x + 7.5, 98, "#7a4f2d")
        pen.rect(x - 0.6, 70, x + 0.6, 98, "#523418")


def _star(pen: Pen, x: float, y: float, r: float, colour: str) -> None:
    for s in (1, -1):
        corners = [(x, y - s * r), (x + 0.866 * r, y + s * r / 2), (x - 0.866 * r, y + s * r / 2)]
        pen.line([*corners, corners[0]], colour, 2.4)


def greenhouse(pen: Pen, rng: Random) -> None:
    """A glass greenhouse with plants inside."""
    frame = rng.choice(("#ffffff", "#e8f0ec"))
    pen.shadow(80, y=98)
    pen.rect(-74, 46, 74, 98, "#d3ecf2e8")
    pen.poly([(-78, 46), (-40, 16), (40, 16), (78, 46)], "#c2e3eee8")
    for x in (-58, -34, -10, 34, 58):
        height = rng.uniform(20, 34)
        pen.line([(x, 96), (x, 96 - height)], "#3f7d3c", 2)
        for k in (0.35, 0.65, 0.95):
            y = 96 - height * k
            pen.oval(x - 5, y, 5.5, 3, "#5aa04f")
            pen.oval(x + 5, y - 2, 5.5, 3, "#6cb35c")
        pen.disc(x + 3, 96 - height * 0.5, 3, "#e0483a")
    for x in (-74, -49, -24, 0, 24, 49, 74):
        pen.line([(x, 46), (x, 98)], frame, 2)
        pen.line([(x, 46), (x * 0.54, 16)], frame, 2)
    for y in (46, 72, 98):
        pen.line([(-74, y), (74, y)], frame, 2.4)
    pen.line([(-40, 16), (40, 16)], frame, 2.6)
    pen.line([(-57, 31), (57, 31)], frame, 1.6)
    for x in (-64, -14, 36):
        pen.poly([(x, 52), (x + 5, 52), (x - 4, 68), (x - 9, 68)], "#ffffffa0")


def power_line(pen: Pen, rng: Random) -> None:
    """Two steel pylons with overhead cables; the frame's foot is the near pylon's."""
    rng.random()
    far = pen.at(-62, 86, 62)
    _pylon(far)
    _pylon(pen)
    for level, half in ((20, 32), (36, 38)):
        for side in (-1, 1):
            near = (side * half, level + 8.0)
            start = (-62 + side * half * 0.62, 24 + (level + 8) * 0.62)
            middle = ((near[0] + start[0]) / 2, (near[1] + start[1]) / 2 + 7)
            pen.curve([start, middle, near], INK, 0.9)
            pen.curve([near, (near[0] + 60, near[1] + 6), (near[0] + 130, near[1] - 8)], INK, 0.9)
            pen.curve(
                [start, (start[0] - 35, start[1] + 7), (start[0] - 90, start[1] + 8)], INK, 0.8
            )


def _pylon(pen: Pen) -> None:
    steel = "#6d7680"
    for s in (-1, 1):
        pen.line([(s * 20, 99), (s * 7, 46), (s * 5, 8), (0, 0)], steel, 2)
    levels = [(99, 20), (80, 15.4), (62, 11), (46, 7), (33, 6.4), (20, 5.6), (8, 5)]
    for (y0, w0), (y1, w1) in pairwise(levels):
        pen.line([(-w0, y0), (w1, y1)], steel, 1.1)
        pen.line([(w0, y0), (-w1, y1)], steel, 1.1)
        pen.line([(-w1, y1), (w1, y1)], steel, 1.1)
    for level, half in ((20, 32), (36, 38)):
        pen.line([(-half, level), (half, level)], steel, 2)
        pen.line([(-half, level), (0, level - 8)], steel, 1.2)
        pen.line([(half, level), (0, level - 8)], steel, 1.2)
        for side in (-1, 1):
            pen.line([(side * half, level), (side * half, level + 7)], "#b5653a", 2.4)


def staircase(pen: Pen, rng: Random) -> None:
    """A long flight of steps up to a restaurant's door, with a handrail; no ramp."""
    stone = rng.choice(("#cdbfae", "#c2c4c8", "#d6c7a9"))
    pen.rect(-30, -4, 106, 50, rng.choice(("#e7cdb4", "#dcd9e6", "#d9e4d8")))
    pen.rect(-34, -8, 110, -2, shade(stone, -0.3), 1)
    pen.rect(34, 4, 62, 42, "#7a4f2d", 2)
    pen.disc(57, 26, 1.8, "#f1cf5a")
    pen.rect(38, 8, 58, 20, "#f9e3a0", 1)
    pen.rect(70, 10, 96, 28, "#bfe0ee", 1)
    pen.rect(-20, 8, 24, 20, "#3b3a44", 2)
    pen.text(2, 14, 6.6, "DINNER", "#ffe9b0")
    pen.rect(20, 41, 110, 100, shade(stone, -0.22))
    for i in range(7):
        x, y = 20 - 14 * i, 42 + 8.3 * i
        pen.rect(x - 14, y, 110, y + 8.6, shade(stone, -0.05 - 0.02 * i))
        pen.rect(x - 15, y, 110, y + 2.4, shade(stone, 0.35))
    pen.line([(18, 22), (-84, 80)], "#4a4e57", 2.6)
    for i in range(0, 8, 2):
        x = 14 - 14 * i
        pen.line([(x, 24.5 + 8 * i), (x, 46 + 8.3 * i)], "#4a4e57", 1.8)
