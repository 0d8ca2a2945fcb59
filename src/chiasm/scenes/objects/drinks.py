"""Drinks."""

import math
from random import Random

from chiasm.scenes.shapes import Pen, shade


def milk(pen: Pen, rng: Random) -> None:
    """A carton of milk with a cow's spots, and a full glass."""
    pen.shadow(62, x=8)
    blue = rng.choice(("#3f86c6", "#4a90c2", "#3a78b8"))
    pen.poly([(-50, 30), (-38, 12), (10, 12), (22, 30)], shade(blue, 0.15))
    pen.rect(-40, 2, 12, 13, blue, 1)
    pen.rect(-50, 30, 22, 98, "#fbfdff", 2)
    pen.rect(8, 30, 22, 98, "#dfe8f0", 2)
    pen.rect(-50, 30, 22, 36, blue)
    pen.text(-20, 50, 15, "MILK", blue)
    pen.blob([(-44, 72), (-32, 64), (-22, 72), (-28, 82), (-40, 82)], "#3b3a44")
    pen.blob([(-10, 80), (2, 74), (6, 86), (-2, 94), (-12, 90)], "#3b3a44")
    pen.poly([(34, 50), (74, 50), (69, 98), (39, 98)], "#d5e8f3")
    pen.poly([(37, 59), (71, 59), (67, 95), (41, 95)], "#ffffff")
    pen.oval(54, 59, 17, 2.6, "#f3f6f8")
    pen.oval(54, 50, 20, 2.6, "#e7f3fa")


def wine(pen: Pen, rng: Random) -> None:
    """A bottle of red wine and a filled glass."""
    pen.shadow(60, x=6)
    glass = rng.choice(("#2f4a3a", "#34402f", "#3a3d33"))
    red = rng.choice(("#7d1230", "#8a1538"))
    pen.blob(
        [
            (-30, 96),
            (-31, 52),
            (-27, 42),
            (-19, 34),
            (-18, 8),
            (-6, 8),
            (-5, 34),
            (3, 42),
            (7, 52),
            (6, 96),
            (-12, 99),
        ],
        glass,
    )
    pen.rect(-20, 0, -4, 20, red, 2)
    pen.rect(-30, 58, 6, 86, "#f3e6cc", 1)
    pen.text(-12, 67, 8, "WINE", red)
    pen.blob([(-18, 80), (-12, 74), (-6, 80), (-12, 83)], red)
    pen.rect(-26, 46, -22.5, 56, shade(glass, 0.5), 2)
    pen.blob([(24, 30), (62, 30), (66, 48), (56, 64), (43, 69), (30, 64), (20, 48)], "#e4eef3c0")
    pen.blob([(22, 46), (43, 47.5), (64, 46), (56, 63), (43, 67), (30, 63)], red)
    pen.rect(41.3, 68, 44.7, 95, "#d5e2ea")
    pen.oval(43, 96, 17, 3, "#d5e2ea")


def beer(pen: Pen, rng: Random) -> None:
    """A mug of beer with foam, and a brown bottle."""
    pen.shadow(62)
    brown = rng.choice(("#6b3f1c", "#5f3a1e"))
    pen.blob(
        [
            (14, 96),
            (13, 54),
            (18, 44),
            (26, 34),
            (27, 8),
            (41, 8),
            (42, 34),
            (50, 44),
            (55, 54),
            (54, 96),
            (34, 99),
        ],
        brown,
    )
    pen.rect(26, 0, 42, 7, "#d9b23a", 2)
    pen.rect(14, 58, 54, 84, "#f4e2b0", 1)
    pen.text(34, 71, 11, "BEER", "#8a2f1c")
    pen.arc(-56, 66, 17, 20, (70, 290), "#dfe9ee", 7)
    pen.rect(-50, 38, 2, 98, "#dfe9ee", 5)
    pen.rect(-46, 42, -2, 94, "#f0a92b", 4)
    for x in (-38, -26, -14):
        pen.rect(x, 54, x + 4, 90, "#f8c65e", 2)
    for x, y, r in ((-48, 36, 9), (-34, 31, 11), (-18, 30, 11), (-4, 35, 10), (-26, 38, 12)):
        pen.disc(x, y, r, "#fffaf0")
    pen.rect(-48, 36, 0, 46, "#fffaf0", 4)


def coffee(pen: Pen, rng: Random) -> None:
    """A cup of black coffee on a saucer, steaming, with beans beside it."""
    china = rng.choice(("#ffffff", "#f3e6d2", "#dfe8f0"))
    pen.shadow(74)
    for x in (-16, 2, 20):
        pen.curve([(x, 24), (x + 5, 16), (x - 4, 9), (x + 3, 0)], "#ffffffd8", 3)
    pen.oval(0, 92, 66, 8, shade(china, -0.14))
    pen.oval(0, 90, 66, 7.5, china)
    pen.arc(44, 58, 14, 13, (-100, 110), shade(china, -0.08), 6)
    pen.blob([(-42, 38), (42, 38), (38, 66), (20, 88), (-20, 88), (-38, 66)], china)
    pen.oval(0, 38, 43, 10, shade(china, -0.1))
    pen.oval(0, 39, 38, 8, "#3a2216")
    pen.oval(-8, 37, 14, 2.6, "#6b4327")
    for x, y in ((-60, 94), (-72, 90), (70, 92)):
        pen.oval(x, y, 8, 5, "#4a2c1a")
        pen.curve([(x - 6, y), (x, y - 1), (x + 6, y)], "#2a1810", 1.3)


def camomile(pen: Pen, rng: Random) -> None:
    """A glass of yellow camomile tea with a labelled tea bag, camomile flowers beside it."""
    rng.random()
    pen.shadow(74)
    pen.arc(40, 60, 14, 15, (-95, 95), "#cfe0e8", 5)
    pen.poly([(-40, 30), (40, 30), (32, 96), (-32, 96)], "#e3eff4")
    pen.poly([(-36, 42), (36, 42), (30, 92), (-30, 92)], "#f2cf5a")
    pen.oval(0, 42, 36, 4, "#f7de86")
    pen.line([(-6, 42), (-14, 20), (-46, 34)], "#b9bec6", 1.2)
    pen.rect(-84, 26, -38, 50, "#ffffff", 2)
    pen.text(-61, 38, 6, "CAMOMILE", "#5f9d3f")
    for x, y in ((56, 88), (74, 74), (-62, 88)):
        pen.line([(x, y), (x - 6, y + 14)], "#5f9d3f", 2)
        _daisy(pen, x, y, 10)
    _daisy(pen, 4, 44, 7)


def _daisy(pen: Pen, x: float, y: float, r: float) -> None:
    for i in range(10):
        a = i * math.pi / 5
        pen.disc(x + r * 0.72 * math.cos(a), y + r * 0.72 * math.sin(a), r * 0.3, "#ffffff")
    pen.disc(x, y, r * 0.5, "#f0b92b")


def grapefruit(pen: Pen, rng: Random) -> None:
    """A glass of pink juice and a cut pink grapefruit."""
    rind = rng.choice(("#f2a14f", "#f0b04a"))
    pen.shadow(72)
    pen.poly([(-62, 18), (-18, 18), (-23, 98), (-57, 98)], "#e3eff4")
    pen.poly([(-59, 32), (-21, 32), (-25, 95), (-55, 95)], "#f2806b")
    pen.oval(-40, 32, 19, 3, "#f7a595")
    pen.line([(-34, 60), (-22, 2)], "#c8574f", 3.4)
    pen.disc(46, 56, 30, shade(rind, -0.1))
    pen.disc(30, 66, 31, rind)
    pen.disc(30, 66, 27.5, "#fff1e0")
    for i in range(9):
        a, b = math.radians(40 * i + 4), math.radians(40 * i + 36)
        m = (a + b) / 2
        tip = (30 + 4 * math.cos(m), 66 + 4 * math.sin(m))
        rim = [(30 + 24.5 * math.cos(k), 66 + 24.5 * math.sin(k)) for k in (a, m, b)]
        pen.poly([tip, *rim], "#ee6a5c")
