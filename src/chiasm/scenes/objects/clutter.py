"""Harmless company: things that change nothing about a scene's meaning."""

from collections.abc import Mapping
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade

STANDS: Mapping[str, tuple[float, float]] = {
    "bench": (72, 15),
    "books": (75, 15),
    "bush": (73, 17),
    "clock": (30, 18),
    "cup": (75, 13),
    "frame": (34, 22),
    "parasol": (82, 44),
    "pot_plant": (75, 22),
    "shell": (92, 9),
    "stones": (74, 11),
    "tree": (72, 36),
}
"""Where each stands or hangs on the canvas (foot's y) and how high it is."""

_COLOURS = ("#c8574f", "#4f7fb5", "#5f9d70", "#d2a144", "#8a6bb0")


def books(pen: Pen, rng: Random) -> None:
    """A small stack of books."""
    pen.shadow(46)
    y = 98.0
    for colour in rng.sample(_COLOURS, 3):
        shift = rng.uniform(-5, 5)
        pen.rect(-40 + shift, y - 22, 40 + shift, y, colour, 3)
        pen.rect(-36 + shift, y - 17, 42 + shift, y - 5, "#f7f1e3", 1)
        pen.rect(-40 + shift, y - 22, -30 + shift, y, shade(colour, -0.15), 3)
        y -= 22


def cup(pen: Pen, rng: Random) -> None:
    """An empty mug."""
    colour = rng.choice(_COLOURS)
    pen.shadow(34)
    pen.arc(32, 64, 15, 16, (-90, 90), colour, 7)
    pen.rect(-34, 34, 34, 98, colour, 9)
    pen.oval(0, 36, 34, 8, shade(colour, -0.35))
    pen.rect(-26, 48, -19, 86, shade(colour, 0.35), 3)


def frame(pen: Pen, rng: Random) -> None:
    """A framed picture for the wall."""
    pen.rect(-50, 20, 50, 98, rng.choice(("#8d6238", "#4a4e57", "#d9b65a")), 2)
    pen.rect(-43, 27, 43, 91, "#fdf8ee")
    pen.rect(-36, 34, 36, 84, rng.choice(("#cfe3ea", "#f1dfc5", "#e4dcf0")))
    pen.poly([(-36, 84), (-10, 52), (8, 72), (18, 60), (36, 84)], rng.choice(_COLOURS))
    pen.disc(20, 46, 6, "#f6e3a0")


def clock(pen: Pen, rng: Random) -> None:
    """A round wall clock."""
    pen.disc(0, 55, 44, rng.choice(_COLOURS))
    pen.disc(0, 55, 37, "#fffdf6")
    for x, y in ((0, 24), (0, 86), (-31, 55), (31, 55)):
        pen.disc(x, y, 2.6, INK)
    pen.line([(0, 55), (0, 33)], INK, 3)
    pen.line([(0, 55), (rng.choice((-18, 18)), 55 + rng.choice((-8, 8)))], INK, 3.6)


def pot_plant(pen: Pen, rng: Random) -> None:
    """A small succulent in a pot."""
    pen.shadow(30)
    green = rng.choice(("#5f9d70", "#6aa85a", "#4f8f6f"))
    for x, top in ((-26, 26), (26, 26), (-14, 8), (14, 8), (0, 0)):
        pen.blob(
            [(x * 0.3 - 7, 62), (x * 0.8 - 7, 36), (x, top), (x * 0.8 + 7, 36), (x * 0.3 + 7, 62)],
            shade(green, 0.004 * abs(x)),
        )
    pen.poly([(-30, 58), (30, 58), (22, 98), (-22, 98)], "#c4694a")
    pen.rect(-33, 54, 33, 66, "#d27b59", 2)


def bush(pen: Pen, rng: Random) -> None:
    """A round bush."""
    green = rng.choice(("#4f8f4a", "#5b9a55", "#4a8a5f"))
    pen.shadow(52)
    for x, y, r in ((-30, 74, 25), (30, 74, 25), (0, 58, 31), (0, 80, 24)):
        pen.disc(x, y, r, green)
    for x, y in ((-24, 60), (4, 42), (28, 66), (-2, 72)):
        pen.oval(x, y, 8, 4, shade(green, 0.2))


def tree(pen: Pen, rng: Random) -> None:
    """A leafy tree."""
    green = rng.choice(("#5b9a55", "#6aa84f", "#4f9160"))
    pen.shadow(26)
    pen.poly([(-6, 98), (-4, 50), (4, 50), (7, 98)], "#7a5636")
    for x, y, r in ((-18, 38, 20), (18, 38, 20), (0, 20, 21), (0, 46, 20)):
        pen.disc(x, y, r, green)
    for x, y in ((-14, 28), (8, 14), (16, 40)):
        pen.oval(x, y, 6, 3.4, shade(green, 0.2))


def stones(pen: Pen, rng: Random) -> None:
    """Three round stones."""
    for x, rx, ry in ((-28, 22, 15), (24, 26, 20), (0, 18, 11)):
        tone = rng.choice(("#a9a59c", "#9a9ba3", "#b5ab9b"))
        pen.oval(x, 98 - ry, rx, ry, tone)
        pen.oval(x - rx * 0.25, 98 - ry * 1.35, rx * 0.45, ry * 0.3, shade(tone, 0.3))


def bench(pen: Pen, rng: Random) -> None:
    """A park bench."""
    wood = rng.choice(("#9a6a3c", "#7f5a38", "#5c7f5a"))
    pen.shadow(78)
    for x in (-60, 60):
        pen.rect(x - 4, 20, x + 4, 98, "#4a4e57", 2)
    for y in (24, 40):
        pen.rect(-74, y, 74, y + 11, wood, 2)
    pen.rect(-78, 60, 78, 72, shade(wood, 0.12), 3)


def shell(pen: Pen, rng: Random) -> None:
    """A sea shell."""
    tone = rng.choice(("#f3c9b8", "#f6ddc0", "#eec2c8"))
    pen.blob([(-36, 62), (-24, 34), (0, 22), (24, 34), (36, 62), (8, 94), (-8, 94)], tone)
    for x in (-24, -12, 0, 12, 24):
        pen.line([(x, 36 + abs(x) * 0.5), (x * 0.2, 90)], shade(tone, -0.25), 2.4)


def parasol(pen: Pen, rng: Random) -> None:
    """A beach parasol."""
    colour = rng.choice(_COLOURS)
    pen.shadow(20)
    pen.line([(0, 14), (4, 98)], "#f4efe4", 3.4)
    pen.blob([(-46, 42), (-34, 16), (0, 4), (34, 16), (46, 42), (0, 34)], colour)
    pen.blob([(-18, 36), (-12, 14), (0, 4), (12, 14), (18, 36), (0, 34)], "#fbf6ea")
