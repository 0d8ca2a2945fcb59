"""The lab's objects, drawn flat in one colour, each in its own frame (`chiasm.scenes.shapes`)."""

import math
from collections.abc import Callable, Mapping

from chiasm.scenes.shapes import INK, Colour, Pen

WHITE = "#f4f4f0"


def knife(pen: Pen, c: Colour) -> None:
    """A blade with a slanted end above a dark handle."""
    pen.poly([(-15, 62), (-15, 22), (15, 0), (15, 62)], c)
    pen.rect(-9, 62, 9, 100, INK)


def spoon(pen: Pen, c: Colour) -> None:
    """An oval above a thin stem."""
    pen.oval(0, 22, 20, 22, c)
    pen.rect(-5, 40, 5, 100, c)


def saw(pen: Pen, c: Colour) -> None:
    """A toothed blade beside a dark handle."""
    pen.rect(-50, 38, 22, 58, c)
    for i in range(5):
        pen.poly([(-50 + 14 * i, 57), (-36 + 14 * i, 57), (-43 + 14 * i, 78)], c)
    pen.rect(20, 28, 50, 80, INK, 8)


def comb(pen: Pen, c: Colour) -> None:
    """A bar with long teeth."""
    pen.rect(-50, 18, 50, 40, c)
    for i in range(7):
        pen.rect(-50 + 15.5 * i, 38, -43 + 15.5 * i, 88, c)


def firework(pen: Pen, c: Colour) -> None:
    """A rocket on a stick."""
    pen.poly([(-28, 30), (0, 0), (28, 30)], INK)
    pen.rect(-17, 28, 17, 66, c)
    pen.rect(-3, 66, 3, 100, INK)


def candle(pen: Pen, c: Colour) -> None:
    """A flame above a stick of wax."""
    pen.rect(-16, 38, 16, 100, c)
    pen.oval(0, 18, 10, 18, "#ffa51e")
    pen.oval(0, 23, 5, 10, "#fff0a0")


def pill(pen: Pen, c: Colour) -> None:
    """A capsule, half white, upright."""
    pen.rect(-24, 2, 24, 98, WHITE, 24)
    pen.rect(-24, 50, 24, 98, c, 24)
    pen.rect(-24, 50, 24, 72, c)


def candy(pen: Pen, c: Colour) -> None:
    """A ball in a paper twisted at both ends."""
    pen.poly([(-50, 22), (-50, 78), (-16, 50)], c)
    pen.poly([(50, 22), (50, 78), (16, 50)], c)
    pen.disc(0, 50, 27, c)
    pen.rect(-5, 25, 5, 75, WHITE)


def poison(pen: Pen, c: Colour) -> None:
    """A bottle with a cross on its label."""
    pen.rect(-10, 8, 10, 40, c)
    pen.rect(-14, 0, 14, 13, INK)
    pen.rect(-28, 32, 28, 100, c, 8)
    pen.rect(-21, 46, 21, 88, WHITE)
    pen.line([(-13, 54), (13, 80)], INK, 8)
    pen.line([(13, 54), (-13, 80)], INK, 8)


def juice(pen: Pen, c: Colour) -> None:
    """A glass with a straw."""
    pen.line([(4, 60), (22, 2), (40, 2)], INK, 7)
    pen.poly([(-30, 24), (30, 24), (21, 100), (-21, 100)], WHITE)
    pen.poly([(-27, 40), (27, 40), (20, 97), (-20, 97)], c)


def syringe(pen: Pen, c: Colour) -> None:
    """A barrel between plunger and needle."""
    pen.rect(-18, 0, 18, 8, INK)
    pen.rect(-4, 6, 4, 30, INK)
    pen.rect(-24, 28, 24, 36, INK)
    pen.rect(-14, 34, 14, 74, c)
    pen.rect(-3, 74, 3, 100, INK)


def pen_(pen: Pen, c: Colour) -> None:
    """A stick with a dark point and a clip."""
    pen.rect(-11, 0, 11, 76, c)
    pen.poly([(-11, 76), (11, 76), (0, 100)], INK)
    pen.rect(11, 4, 19, 42, INK)


def cake(pen: Pen, c: Colour) -> None:
    """A round cake with white icing and a cherry."""
    pen.rect(-46, 46, 46, 100, c)
    pen.rect(-46, 38, 46, 56, WHITE, 8)
    pen.disc(0, 27, 12, "#b4142c")


def flower(pen: Pen, c: Colour) -> None:
    """Five petals on a stalk."""
    pen.rect(-4, 50, 4, 100, "#2d7a32")
    for i in range(5):
        a = 2 * math.pi * i / 5
        pen.disc(22 * math.sin(a), 32 - 22 * math.cos(a), 14, c)
    pen.disc(0, 32, 11, "#ffe678")


def book(pen: Pen, c: Colour) -> None:
    """A closed book with lines on its cover."""
    pen.rect(-36, 4, 36, 98, c)
    pen.rect(-36, 4, -24, 98, INK)
    pen.rect(-12, 22, 26, 32, WHITE)
    pen.rect(-12, 42, 26, 52, WHITE)


def ball(pen: Pen, c: Colour) -> None:
    """A ball with a cross of seams."""
    pen.disc(0, 50, 47, c)
    pen.rect(-4, 3, 4, 97, INK)
    pen.rect(-47, 46, 47, 54, INK)


def cup(pen: Pen, c: Colour) -> None:
    """A cup with a handle."""
    pen.arc(28, 52, 19, 22, (-90, 90), c, 9)
    pen.rect(-36, 20, 28, 94, c, 8)
    pen.oval(-4, 22, 32, 9, INK)


def hat(pen: Pen, c: Colour) -> None:
    """A top hat with a band."""
    pen.oval(0, 84, 50, 13, c)
    pen.rect(-28, 16, 28, 84, c)
    pen.rect(-28, 62, 28, 74, WHITE)


THINGS: Mapping[str, Callable[[Pen, Colour], None]] = {
    f.__name__.rstrip("_"): f
    for f in (
        *(knife, spoon, saw, comb, firework, candle, pill, candy, poison, juice, syringe, pen_),
        *(cake, flower, book, ball, cup, hat),
    )
}
"""Name in world.toml -> how it is drawn."""
