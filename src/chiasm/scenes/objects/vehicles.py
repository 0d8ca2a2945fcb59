"""Vehicles, seen from the side."""

import math
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def _wheel(pen: Pen, x: float, r: float, y: float | None = None) -> None:
    y = 98 - r if y is None else y
    pen.disc(x, y, r, "#2b2b30")
    pen.disc(x, y, r * 0.56, "#b9c0c8")
    pen.disc(x, y, r * 0.2, "#6d737c")


def lorry(pen: Pen, rng: Random) -> None:
    """A heavy lorry: tractor unit with sleeper cab, long trailer, fuel tank."""
    cab = rng.choice(("#c9413c", "#2f6fae", "#2f8a5f"))
    pen.shadow(118, x=0)
    pen.rect(-112, 4, 42, 74, "#f2f4f6", 2)
    pen.rect(-112, 4, 42, 9, "#cdd4db", 2)
    pen.rect(-112, 40, 42, 50, shade(cab, 0.35))
    for x in range(-96, 42, 18):
        pen.rect(x, 9, x + 0.8, 70, "#dde2e7")
    pen.rect(-112, 74, 106, 81, "#4a4e57", 1)
    pen.poly([(48, 78), (48, 12), (58, 6), (88, 14), (104, 42), (112, 48), (112, 78)], cab)
    pen.poly([(82, 20), (88, 20), (100, 43), (82, 43)], "#cfe8f5")
    pen.rect(62, 20, 78, 43, "#cfe8f5", 2)
    pen.rect(66, 54, 74, 57, shade(cab, -0.35), 1)
    pen.rect(104, 58, 112, 66, "#ffe9a0", 2)
    pen.rect(100, 72, 115, 82, "#3a3d44", 2)
    pen.rect(52, 2, 55, 20, "#8a9099", 1)
    pen.rect(56, 78, 78, 90, "#b9c0c8", 4)
    pen.rect(60, 78, 62, 90, "#8a9099")
    pen.rect(72, 78, 74, 90, "#8a9099")
    for x in (-94, -70, -46, 44, 94):
        _wheel(pen, x, 11.5)


def scooter(pen: Pen, rng: Random) -> None:
    """A motor scooter with seat, front shield, headlight and handlebar."""
    paint = rng.choice(("#3fa79a", "#e26a5a", "#5b8fd1", "#e9b949"))
    pen.shadow(62)
    pen.line([(42, 18), (52, 80)], "#8a9099", 4)
    _wheel(pen, -44, 17)
    _wheel(pen, 54, 17)
    pen.blob([(-70, 74), (-66, 56), (-48, 46), (-14, 46), (-6, 66), (-10, 80), (-40, 66)], paint)
    pen.blob(
        [(-68, 76), (-66, 62), (-44, 54), (-26, 60), (-22, 74), (-44, 62)], shade(paint, -0.15)
    )
    pen.rect(-16, 74, 36, 82, shade(paint, -0.2), 3)
    pen.blob([(30, 80), (28, 60), (32, 28), (42, 20), (48, 32), (46, 62), (40, 80)], paint)
    pen.blob([(34, 76), (44, 62), (62, 62), (76, 76), (60, 70), (46, 80)], shade(paint, -0.15))
    pen.blob([(-58, 44), (-54, 36), (-30, 36), (-10, 40), (-10, 47), (-50, 48)], "#5a3a2a")
    pen.line([(30, 12), (46, 16)], "#8a9099", 4)
    pen.line([(22, 10), (33, 13)], INK, 6)
    pen.blob([(38, 14), (50, 12), (55, 20), (50, 28), (40, 26)], shade(paint, 0.1))
    pen.oval(52, 20, 4, 6, "#fff2b0")
    pen.oval(-70, 62, 3, 5, "#d8332c")
    pen.line([(24, 10), (20, -4)], "#8a9099", 1.6)
    pen.oval(19, -8, 6, 6, "#9fb6c6")
    pen.rect(-60, 82, -24, 87, "#8a9099", 2)


def bicycle(pen: Pen, rng: Random) -> None:
    """A bicycle."""
    paint = rng.choice(("#d8433c", "#2f7fc2", "#3a9a5c", "#e08a2c"))
    pen.shadow(76)
    for x in (-46, 46):
        pen.arc(x, 68, 29, 29, (0, 360), "#2b2b30", 4.4)
        for i in range(6):
            dx, dy = 27 * math.cos(i * math.pi / 6), 27 * math.sin(i * math.pi / 6)
            pen.line([(x - dx, 68 - dy), (x + dx, 68 + dy)], "#a9b0b8", 0.7)
        pen.disc(x, 68, 3.4, "#6d737c")
    pen.line([(-46, 68), (-4, 70)], paint, 4)
    pen.line([(-46, 68), (-20, 28)], paint, 4)
    pen.line([(-4, 70), (-22, 20)], paint, 4.6)
    pen.line([(-20, 30), (30, 28)], paint, 4.6)
    pen.line([(-4, 70), (31, 32)], paint, 4.6)
    pen.line([(46, 68), (28, 14)], paint, 4.6)
    pen.curve([(28, 14), (34, 7), (46, 8)], "#6d737c", 3.4)
    pen.line([(42, 8), (50, 9)], INK, 5)
    pen.blob([(-36, 16), (-10, 15), (-8, 19), (-26, 23), (-38, 21)], "#4a3228")
    pen.disc(-4, 70, 8, "#8a9099")
    pen.disc(-4, 70, 4.6, "#5d636c")
    pen.line([(-4, 70), (4, 84)], "#5d636c", 2.6)
    pen.rect(-2, 82, 11, 86, INK, 1.5)


def car(pen: Pen, rng: Random) -> None:
    """A family car."""
    paint = rng.choice(("#3b7fc4", "#c8453f", "#4f9a6a", "#d9a33a"))
    pen.shadow(112, y=97)
    pen.blob([(-60, 40), (-44, 12), (-20, 5), (20, 5), (44, 16), (64, 40)], paint)
    pen.blob(
        [
            (-104, 76),
            (-104, 52),
            (-86, 42),
            (-30, 37),
            (40, 37),
            (86, 46),
            (106, 58),
            (106, 76),
            (90, 82),
            (-90, 82),
        ],
        paint,
    )
    pen.poly([(-50, 38), (-38, 16), (-4, 12), (-4, 38)], "#d6edf7")
    pen.poly([(3, 12), (18, 12), (38, 20), (52, 38), (3, 38)], "#d6edf7")
    pen.rect(-106, 72, 108, 80, shade(paint, -0.3), 3)
    pen.line([(0, 40), (0, 72)], shade(paint, -0.25), 1)
    for x in (-22, 10):
        pen.rect(x, 46, x + 11, 49.5, shade(paint, -0.35), 1)
    pen.oval(100, 56, 5, 5, "#fff2b0")
    pen.rect(-105, 52, -98, 62, "#d8332c", 2)
    for x in (-62, 62):
        pen.disc(x, 79, 22, shade(paint, -0.35))
        _wheel(pen, x, 19)
