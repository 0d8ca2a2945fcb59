"""Plants, pets in their homes, and fires."""

import math
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def cactus(pen: Pen, rng: Random) -> None:
    """A cactus with two arms, spines and a flower, in a pot."""
    green = rng.choice(("#4f8f5a", "#5a9a4f"))
    pen.shadow(36)
    pen.rect(-14, 2, 14, 74, green, 14)
    for s, y in ((-1, 36), (1, 26)):
        pen.line([(s * 8, y + 14), (s * 30, y + 14), (s * 30, y - 6)], green, 13)
    for x in (-6, 0, 6):
        pen.rect(x - 0.5, 6, x + 0.5, 70, shade(green, -0.25))
    for y in range(8, 70, 7):
        for x in (-14, -3, 3, 14):
            pen.line([(x, y), (x * 1.35, y - 2.5)], "#f6efd8", 0.9)
    for i in range(6):
        a = i * math.pi / 3
        pen.disc(5 * math.cos(a), 3 + 4 * math.sin(a), 3.6, "#e85a8f")
    pen.disc(0, 3, 2.6, "#f7d84a")
    pen.poly([(-28, 66), (28, 66), (21, 98), (-21, 98)], "#c4694a")
    pen.rect(-31, 62, 31, 72, "#d27b59", 2)


def fern(pen: Pen, rng: Random) -> None:
    """A bushy fern with long feathery fronds, in a pot."""
    green = rng.choice(("#4f9a4a", "#5fa852"))
    pen.shadow(44)
    for k, x in enumerate((-72, 72, -56, 56, -36, 36, -16, 16, 0)):
        top = -14 + abs(x) * 0.35
        tone = shade(green, 0.14 * (k % 3) - 0.12)
        for i in range(17):
            t = i / 16
            px = 2 * t * (1 - t) * x * 0.55 + t * t * x
            py = (1 - t) ** 2 * 66 + 2 * t * (1 - t) * top + t * t * (top + 26)
            r = 12 * (1 - t) ** 0.7 + 2
            for s in (-1, 1):
                pen.oval(px + s * r * 0.6, py + (1 if s * x > 0 else -1), r * 0.62, 2.2, tone)
    pen.poly([(-28, 64), (28, 64), (21, 98), (-21, 98)], "#7d8fa3")
    pen.rect(-31, 60, 31, 70, "#93a4b6", 2)


def goldfish(pen: Pen, rng: Random) -> None:
    """A goldfish in a round glass bowl with a water plant."""
    rng.random()
    pen.shadow(48)
    pen.disc(0, 54, 46, "#d8ecf5")
    pen.blob([(-43, 40), (0, 42), (43, 40), (44, 60), (30, 88), (0, 97), (-30, 88), (-44, 60)],
             "#8fcbe6")  # fmt: skip
    pen.blob([(-28, 88), (0, 82), (28, 88), (0, 97)], "#d9c48f")
    for x in (24, 30, 19):
        pen.curve([(x, 86), (x + 4, 74), (x - 3, 64), (x + 3, 54)], "#3f9c4f", 2.4)
    pen.blob([(-28, 62), (-14, 51), (6, 52), (15, 62), (6, 72), (-14, 73)], "#f07f24")
    pen.blob([(12, 62), (30, 50), (26, 62), (30, 74)], "#f59a3f")
    pen.blob([(-10, 52), (2, 43), (8, 53)], "#f59a3f")
    pen.disc(-18, 60, 3, "#ffffff")
    pen.disc(-18.6, 60, 1.7, INK)
    for x, y, r in ((-36, 50, 2), (-33, 44, 1.5)):
        pen.disc(x, y, r, "#ffffffc0")
    pen.oval(0, 12, 26, 5, "#b9dcea")
    pen.oval(0, 12, 22, 3.6, "#eaf6fb")
    pen.curve([(-36, 34), (-41, 50), (-37, 66)], "#ffffff", 3)


def birdcage(pen: Pen, rng: Random) -> None:
    """A yellow canary on a perch in a cage."""
    yellow = rng.choice(("#f7d038", "#f2c21f"))
    pen.shadow(46)
    pen.arc(0, 0, 6, 6, (0, 360), "#b08d3a", 3)
    pen.line([(-34, 64), (34, 64)], "#8a5a2f", 3)
    pen.blob([(-16, 56), (-8, 40), (6, 36), (14, 46), (8, 62), (-8, 64)], yellow)
    pen.blob([(6, 54), (26, 72), (16, 74), (2, 62)], shade(yellow, -0.15))
    pen.blob([(0, 48), (14, 54), (4, 62), (-6, 58)], shade(yellow, -0.12))
    pen.disc(-10, 40, 9.5, yellow)
    pen.poly([(-18, 39), (-26, 42), (-18, 45)], "#e8862e")
    pen.disc(-13, 38, 1.8, INK)
    for x in (-4, 3):
        pen.line([(x, 62), (x, 66)], "#e8862e", 1.6)
    for x in range(-36, 37, 9):
        pen.line([(x, 90), (x, 34), (x * 0.75, 18), (0, 6)], "#c9a23f", 1.3)
    pen.arc(0, 36, 37, 5, (0, 360), "#c9a23f", 1.6)
    pen.rect(-42, 86, 42, 98, "#b08d3a", 3)


def campfire(pen: Pen, rng: Random) -> None:
    """A campfire of logs in a ring of stones."""
    pen.shadow(66)
    for x0, x1 in ((-36, 30), (36, -30), (-8, 10)):
        pen.line([(x0, 92), (x1, 66)], "#6b452a", 9)
        pen.disc(x0, 92, 4.5, "#c49a6a")
    _flames(pen, 0, 84, 1.0)
    for x in (-52, -34, -14, 8, 30, 50):
        pen.oval(x, 92 + rng.uniform(0, 3), 12, 8, rng.choice(("#9a9ba3", "#8a8d93", "#a9a59c")))


def _flames(pen: Pen, x: float, y: float, k: float) -> None:
    for dx, top, w, colour in (
        (-16, 44, 14, "#f2541b"),
        (16, 40, 14, "#f2541b"),
        (0, 76, 22, "#ff7a1f"),
        (-7, 46, 11, "#ffb03b"),
        (8, 38, 10, "#ffb03b"),
        (0, 26, 8, "#fff0a0"),
    ):
        pen.blob(
            [
                (x + k * (dx - w), y - k * top * 0.22),
                (x + k * (dx - w * 0.6), y - k * top * 0.6),
                (x + k * (dx + w * 0.15), y - k * top),
                (x + k * (dx + w * 0.75), y - k * top * 0.5),
                (x + k * (dx + w), y - k * top * 0.18),
                (x + k * dx, y),
            ],
            colour,
        )


def oil_fire(pen: Pen, rng: Random) -> None:
    """A frying pan of hot oil in flames on a cooker, the oil bottle beside it."""
    rng.random()
    pen.shadow(96)
    pen.rect(-86, 76, 58, 99, "#dfe3e8", 3)
    pen.rect(-86, 76, 58, 80, "#3a3f48", 2)
    for x in (-64, -40, -16, 8):
        pen.disc(x, 89, 4.4, "#5a626d")
    _flames(pen, -14, 66, 0.86)
    pen.poly([(-54, 62), (26, 62), (18, 76), (-46, 76)], "#2b2d33")
    pen.oval(-14, 62, 40, 5, "#454953")
    pen.oval(-14, 62, 35, 3.6, "#e0a32e")
    pen.line([(24, 66), (62, 58)], "#2b2d33", 6)
    pen.blob([(68, 98), (68, 60), (76, 50), (76, 36), (86, 36), (86, 50), (94, 60), (94, 98)],
             "#e8c64a")  # fmt: skip
    pen.rect(75, 30, 87, 38, "#5f9d3f", 2)
    pen.rect(69, 68, 93, 86, "#ffffff", 1)
    pen.text(81, 77, 8, "OIL", "#5f7d2f")


def bouquet(pen: Pen, rng: Random) -> None:
    """A bouquet of colourful flowers in paper with a ribbon."""
    pen.shadow(30)
    for x, y in ((-34, 34), (34, 34), (-18, 16), (18, 16), (0, 36), (-40, 14), (40, 14), (0, 2)):
        pen.line([(x, y), (0, 88)], "#4f8f3a", 2)
    pen.poly([(-44, 46), (44, 46), (10, 92), (16, 99), (-16, 99), (-10, 92)], "#f7ead2")
    pen.poly([(-44, 46), (0, 60), (-10, 92)], "#eadbbd")
    for x, y in ((-40, 22), (40, 22), (-20, 12), (20, 10), (0, 28), (-24, 38), (24, 38), (0, 4)):
        tone = rng.choice(("#e0507f", "#f2b03b", "#d8392f", "#a05fc0", "#f48fb0"))
        for i in range(6):
            a = i * math.pi / 3
            pen.disc(x + 7 * math.cos(a), y + 7 * math.sin(a), 5.4, tone)
        pen.disc(x, y, 4.4, "#f7e06a")
    for s in (-1, 1):
        pen.blob([(0, 84), (s * 16, 76), (s * 18, 90)], "#c83a5f")
    pen.disc(0, 84, 4, "#a82a4a")
