"""Drinks."""

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
