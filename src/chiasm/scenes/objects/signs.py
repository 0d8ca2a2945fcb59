"""Signs on posts and walls."""

from random import Random

from chiasm.scenes.shapes import INK, Pen

_RED = "#d02a2a"


def _post(pen: Pen) -> None:
    pen.shadow(16)
    pen.rect(-2.6, 40, 2.6, 99, "#8a929b", 1)


def _ban(pen: Pen, y: float = 30.0) -> None:
    pen.arc(0, y, 26, 26, (0, 360), _RED, 6)
    pen.line([(-18, y - 18), (18, y + 18)], _RED, 5)


def _no_turn(pen: Pen, side: int) -> None:
    _post(pen)
    pen.disc(0, 30, 29, "#ffffff")
    s = side
    pen.line([(-9 * s, 46), (-9 * s, 27)], INK, 6)
    pen.curve([(-9 * s, 27), (-7.5 * s, 21), (-2 * s, 19.5)], INK, 6)
    pen.line([(-2 * s, 19.5), (4 * s, 19.5)], INK, 6)
    pen.poly([(4 * s, 10), (17 * s, 19.5), (4 * s, 29)], INK)
    pen.arc(0, 30, 26, 26, (0, 360), _RED, 6)
    pen.line([(-18 * s, 48), (18 * s, 12)], _RED, 4)


def no_left_turn(pen: Pen, rng: Random) -> None:
    """A round traffic sign: an arrow to the left, struck out."""
    rng.random()
    _no_turn(pen, -1)


def no_right_turn(pen: Pen, rng: Random) -> None:
    """A round traffic sign: an arrow to the right, struck out."""
    rng.random()
    _no_turn(pen, 1)


def _board(pen: Pen) -> None:
    pen.rect(-37, -4, 37, 64, "#c3c8ce", 4)
    pen.rect(-35, -2, 35, 62, "#ffffff", 3)


def no_cameras(pen: Pen, rng: Random) -> None:
    """A wall sign: a camera, struck out."""
    rng.random()
    _board(pen)
    pen.rect(-17, 21, 17, 42, INK, 3)
    pen.rect(-8, 16, 8, 24, INK, 2)
    pen.rect(10, 18, 15, 22, INK, 1)
    pen.disc(0, 31.5, 8.6, "#ffffff")
    pen.disc(0, 31.5, 5.6, INK)
    _ban(pen)


def no_dogs(pen: Pen, rng: Random) -> None:
    """A wall sign: a dog, struck out."""
    rng.random()
    _board(pen)
    pen.rect(-12, 24, 9, 34, INK, 4)
    for x in (-11, -6.5, 2.5, 6.5):
        pen.rect(x, 30, x + 3, 46, INK, 1)
    pen.line([(-11, 27), (-17, 18)], INK, 2.8)
    pen.blob([(4, 28), (6, 17), (12, 14), (20, 19), (19, 23), (12, 25), (10, 31)], INK)
    pen.blob([(6, 16), (10, 14), (9, 24), (5, 25)], "#6d6872")
    _ban(pen)


def museum_door(pen: Pen, rng: Random) -> None:
    """A wide double door between two columns."""
    stone = rng.choice(("#e6dcc8", "#dfe0e4", "#ead9c4"))
    pen.rect(-52, 8, 52, 16, "#b9ac96", 1)
    pen.poly([(-56, 9), (0, -14), (56, 9)], stone)
    pen.poly([(-40, 6), (0, -9), (40, 6)], "#cfc2aa")
    pen.rect(-30, 16, 30, 99, "#6d4a30")
    for x in (-27, 2):
        pen.rect(x, 20, x + 25, 99, "#8a6040", 1)
        pen.rect(x + 4, 26, x + 21, 56, "#a5764f", 1)
        pen.rect(x + 4, 62, x + 21, 93, "#a5764f", 1)
    for side in (-1, 1):
        pen.disc(side * 3.5, 60, 1.8, "#f1cf5a")
    for x in (-44, 44):
        pen.rect(x - 7, 18, x + 7, 96, stone, 1)
        pen.rect(x - 9, 14, x + 9, 20, stone, 1)
        pen.rect(x - 9, 94, x + 9, 99, stone, 1)
        for dx in (-3, 1.5):
            pen.rect(x + dx, 22, x + dx + 1.2, 92, "#c4b79e")
