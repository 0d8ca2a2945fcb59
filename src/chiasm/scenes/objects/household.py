"""Things in a house."""

import math
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade

RED_GREEN = ("#d8392f", "#3f9c3f")
"""Look alike with deuteranopia, not with tritanopia; a test simulates it."""

BLUE_GREEN = ("#2a7fd0", "#1f9f60")
"""Look alike with tritanopia, not with deuteranopia."""


def steel_pot(pen: Pen, rng: Random) -> None:
    """A shiny steel cooking pot with handles and a glass-knobbed lid, soup steaming."""
    pen.shadow(58)
    rng.random()
    _steam(pen, 4)
    for side in (-1, 1):
        pen.arc(side * 54, 60, 12, 8, (0, 360), "#5a616b", 5)
    pen.rect(-54, 44, 54, 98, "#a9b4c0", 9)
    pen.rect(-54, 44, -30, 98, "#c9d3dc", 9)
    pen.rect(-44, 50, -36, 90, "#f1f6fa", 4)
    pen.rect(28, 46, 54, 98, "#8794a2", 9)
    pen.oval(0, 45, 55, 11, "#cfd8e0")
    pen.oval(0, 45, 49, 8.5, "#d9802f")
    for x, y, colour in (
        (-24, 44, "#f4b24a"),
        (8, 48, "#6fa548"),
        (22, 42, "#f4b24a"),
        (-6, 41, "#6fa548"),
        (34, 46, "#e2563b"),
    ):
        pen.oval(x, y, 4.5, 2.2, colour)


def _steam(pen: Pen, y: float) -> None:
    for x in (-18, 2, 22):
        pen.curve([(x, y + 26), (x + 5, y + 17), (x - 4, y + 9), (x + 3, y)], "#ffffffd8", 3)


def plastic_box(pen: Pen, rng: Random) -> None:
    """A see-through plastic food box marked MICROWAVE SAFE on its lid, soup inside."""
    pen.shadow(72)
    lid = rng.choice(("#3b8fd6", "#35a58c", "#e0637a"))
    pen.poly([(-66, 50), (66, 50), (58, 98), (-58, 98)], "#dcebf2")
    pen.poly([(-63, 60), (63, 60), (56.5, 95), (-56.5, 95)], "#d9802f")
    for x, y, colour in (
        (-40, 70, "#6fa548"),
        (-14, 82, "#f4b24a"),
        (10, 68, "#e2563b"),
        (34, 84, "#6fa548"),
        (44, 68, "#f4b24a"),
        (-38, 88, "#f4b24a"),
        (8, 90, "#6fa548"),
    ):
        pen.oval(x, y, 6, 4, colour)
    pen.poly([(-58, 56), (-50, 56), (-46, 92), (-52, 92)], "#ffffff70")
    pen.poly([(40, 56), (44, 56), (40, 92), (37, 92)], "#ffffff60")
    pen.rect(-60, 28, 60, 38, shade(lid, 0.2), 4)
    pen.rect(-72, 34, 72, 52, lid, 4)
    pen.text(0, 43, 8, "MICROWAVE SAFE", "#ffffff")
    for side in (-1, 1):
        pen.rect(side * 76 - 7, 40, side * 76 + 7, 64, shade(lid, -0.2), 3)


def bleach(pen: Pen, rng: Random) -> None:
    """A plastic bottle with handle, labelled BLEACH."""
    pen.shadow(42)
    body = rng.choice(("#f5f6f8", "#e9eef5"))
    cap = rng.choice(("#2f64b8", "#c23b3b"))
    edge = "#b9c4d2"
    for grow, colour in ((1.6, edge), (0, body)):
        g = grow
        pen.blob(
            [
                (-38 - g, 96 + g),
                (-39 - g, 50),
                (-30 - g, 32),
                (-10 - g, 20 - g),
                (-9 - g, 12),
                (13 + g, 12),
                (14 + g, 20),
                (34 + g, 34),
                (39 + g, 52),
                (38 + g, 96 + g),
                (0, 98 + g),
            ],
            colour,
        )
    pen.blob([(18, 34), (28, 38), (32, 54), (25, 55), (20, 46)], edge)
    pen.rect(-12, 0, 16, 14, cap, 2)
    for x in (-6, 1, 8):
        pen.rect(x, 1, x + 1.6, 13, shade(cap, -0.3))
    pen.rect(-36, 58, 36, 90, cap, 3)
    pen.text(0, 70, 11, "BLEACH", "#ffffff")
    pen.rect(-24, 80, 24, 84, "#ffffffa0", 1)


def _tablets(pen: Pen, rng: Random, first: str, second: str) -> None:
    pen.shadow(84, y=92)
    pen.oval(0, 74, 84, 24, "#cfd6de")
    pen.oval(0, 70, 84, 23, "#ffffff")
    pen.oval(0, 71, 66, 16.5, "#eef2f6")
    spots = [(-46, 66), (-26, 60), (-4, 58), (20, 60), (42, 64), (-36, 76), (-14, 70), (8, 70),
             (30, 75), (50, 72), (-20, 82), (2, 82), (22, 84), (-54, 73)]  # fmt: skip
    colours = [first, second] * 7
    rng.shuffle(colours)
    for (x, y), colour in zip(spots, colours, strict=True):
        pen.oval(x + 0.6, y + 2.4, 9, 6, shade(colour, -0.4))
        pen.oval(x, y, 9, 6, colour)
        pen.line([(x - 4.5, y), (x + 4.5, y)], shade(colour, -0.28), 1)
        pen.oval(x - 3, y - 3, 2.6, 1.2, shade(colour, 0.6))


def red_green_tablets(pen: Pen, rng: Random) -> None:
    """A plate of red and green tablets, mixed."""
    _tablets(pen, rng, *RED_GREEN)


def blue_green_tablets(pen: Pen, rng: Random) -> None:
    """A plate of blue and green tablets, mixed."""
    _tablets(pen, rng, *BLUE_GREEN)


def charcoal_grill(pen: Pen, rng: Random) -> None:
    """A round barbecue on three legs, coals glowing, sausages on top."""
    pen.shadow(46)
    body = rng.choice(("#b0302c", "#2f3540", "#27506b"))
    for x0, x1 in ((-24, -36), (24, 36), (0, 2)):
        pen.line([(x0, 62), (x1, 97)], "#4a4e57", 4)
    for i, x in enumerate((-34, -20, -6, 8, 22, 34)):
        pen.poly([(x - 8, 42), (x - 2 + 3 * (i % 2), 20 + 6 * (i % 3)), (x + 8, 42)], "#ff8c2ea8")
    pen.blob([(-52, 40), (52, 40), (46, 58), (24, 70), (-24, 70), (-46, 58)], body)
    pen.oval(0, 40, 53, 10, "#2c2a2e")
    for x, y in (
        (-38, 41),
        (-24, 44),
        (-10, 40),
        (4, 45),
        (18, 40),
        (32, 43),
        (-2, 36),
        (-22, 37),
        (22, 36),
        (42, 40),
    ):
        pen.oval(x, y, 7.5, 4.4, "#4b2b22")
        pen.oval(x, y, 5, 2.6, rng.choice(("#ff7a1f", "#ffb03b", "#f2541b")))
    for x in range(-46, 47, 8):
        pen.line([(x, 34 + abs(x) * 0.06), (x, 42)], "#c8ccd2", 1.1)
    pen.line([(-50, 35), (50, 35)], "#c8ccd2", 1.6)
    for x in (-28, 0, 28):
        pen.curve([(x - 11, 30), (x, 33), (x + 11, 29)], "#8d3d1e", 7)
    for x in (-26, 4, 30):
        pen.curve([(x, 20), (x + 5, 13), (x - 4, 7), (x + 2, 0)], "#8f8f9490", 3.4)


def electric_grill(pen: Pen, rng: Random) -> None:
    """A flat electric grill plate with dial, cable, and a plug in a wall socket."""
    body = rng.choice(("#3a3f48", "#4a3f3f", "#33424a"))
    pen.shadow(70)
    pen.rect(70, 8, 98, 36, "#ffffff", 3)
    pen.rect(72, 10, 96, 34, "#e8ebee", 3)
    pen.disc(84, 22, 9, "#d3d9df")
    pen.curve([(64, 84), (84, 92), (100, 76), (92, 50), (84, 26)], INK, 3.4)
    pen.rect(78, 15, 90, 30, INK, 3)
    for x in (-52, 52):
        pen.rect(x - 6, 90, x + 6, 99, "#2a2d33", 2)
    pen.rect(-66, 66, 66, 92, body, 6)
    pen.poly([(-66, 68), (-54, 46), (54, 46), (66, 68)], shade(body, -0.35))
    for i in range(11):
        x = -50 + 10 * i
        pen.line([(x * 1.16, 66), (x, 49)], shade(body, 0.3), 1.6)
    for x, y in ((-30, 54), (4, 60), (36, 53)):
        pen.curve([(x - 12, y), (x, y + 2), (x + 12, y - 1)], "#8d3d1e", 6.5)
    pen.disc(0, 80, 7.5, "#d6dbe1")
    pen.line([(0, 80), (3.5, 75)], INK, 2)
    pen.disc(40, 80, 3, "#ff4a3a")
    for side in (-1, 1):
        pen.rect(side * 72 - 6, 70, side * 72 + 6, 78, shade(body, -0.2), 3)


def disco_ball(pen: Pen, rng: Random) -> None:
    """A mirror ball under the ceiling with beams of coloured light."""
    for x, colour in (
        (-105, "#ff4fa3"),
        (-62, "#4fd7ff"),
        (0, "#ffe14f"),
        (62, "#8dff6a"),
        (105, "#b98cff"),
    ):
        shift = rng.uniform(-8, 8)
        pen.poly([(0, 40), (x + shift - 18, 210), (x + shift + 18, 210)], colour + "5c")
    pen.rect(-1, -40, 1, 12, "#9aa0aa")
    pen.disc(0, 50, 40, "#7f8894")
    for row in range(-4, 5):
        y = row * 8.6
        half = math.sqrt(max(0.0, 38**2 - y**2))
        count = max(3, int(half / 4.2))
        for i in range(count):
            middle = -half + (i + 0.5) * 2 * half / count
            tone = rng.choice(("#f4f7fa", "#cfd8e2", "#a9b4c4", "#e8d7f5", "#c9ecf5"))
            width = half / count * 0.82
            pen.rect(middle - width, 50 + y - 3.6, middle + width, 50 + y + 3.6, tone, 0.6)
    for x, y in ((-18, 30), (22, 44), (-6, 66)):
        for dx, dy in ((7, 0), (0, 7)):
            pen.line([(x - dx, y - dy), (x + dx, y + dy)], "#ffffff", 1.5)
