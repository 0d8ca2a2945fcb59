"""More food: sweets, meat, seafood, snacks."""

import math
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def apple(pen: Pen, rng: Random) -> None:
    """One apple on a large empty plate."""
    red = rng.choice(("#d23b3b", "#c8432f", "#8fb83a"))
    pen.shadow(84, y=94)
    pen.oval(0, 88, 82, 12, "#cfd6de")
    pen.oval(0, 85, 82, 12, "#ffffff")
    pen.oval(0, 86, 60, 7.5, "#e9eef3")
    pen.blob([(0, 36), (18, 30), (32, 46), (26, 74), (8, 86), (-8, 86), (-26, 74), (-32, 46),
              (-18, 30)], red)  # fmt: skip
    pen.blob([(-20, 42), (-24, 54), (-18, 66), (-16, 50)], shade(red, 0.45))
    pen.curve([(0, 38), (1, 28), (6, 20)], "#6b4a2b", 3)
    pen.blob([(4, 26), (16, 14), (28, 18), (16, 28)], "#6fa548")


def birthday_cake(pen: Pen, rng: Random) -> None:
    """A round birthday cake with burning candles."""
    icing = rng.choice(("#f5b8c8", "#bfe0ee", "#f6e3a0"))
    pen.shadow(70)
    pen.oval(0, 93, 68, 8, "#e3e7ec")
    pen.rect(-52, 52, 52, 92, "#f3dcb4", 4)
    pen.oval(0, 92, 52, 7, "#f3dcb4")
    pen.rect(-52, 68, 52, 75, "#b5653a")
    pen.oval(0, 52, 52, 11, icing)
    for i in range(7):
        x = -45 + 15 * i
        pen.rect(x - 7.5, 52, x + 7.5, 62 + 6 * (i % 2), icing, 7)
    for x, y in ((-32, 50), (-16, 54), (0, 47), (16, 54), (32, 50)):
        colour = rng.choice(("#4f7fb5", "#c8574f", "#5f9d70", "#8a6bb0"))
        pen.rect(x - 2.4, y - 26, x + 2.4, y, colour, 1)
        pen.rect(x - 2.4, y - 18, x + 2.4, y - 14, "#ffffff")
        pen.oval(x, y - 33, 7, 10, "#ffd64f50")
        pen.blob([(x, y - 43), (x + 4, y - 33), (x, y - 26), (x - 4, y - 33)], "#ff9c2e")
        pen.oval(x, y - 31, 1.8, 4, "#fff2a8")


def balloons(pen: Pen, rng: Random) -> None:
    """A bunch of five balloons on strings."""
    colours = ["#d8392f", "#2f6fd0", "#f2c91d", "#3f9c3f", "#a04fb0"]
    rng.shuffle(colours)
    spots = ((-38, 34), (38, 34), (-18, 12), (20, 12), (0, 40))
    for x, y in spots:
        pen.curve([(x, y + 24), (x * 0.4, 76), (0, 98)], "#8a929b", 1)
    for (x, y), colour in zip(spots, colours, strict=True):
        pen.poly([(x - 3.5, y + 27), (x + 3.5, y + 27), (x, y + 21)], shade(colour, -0.2))
        pen.oval(x, y, 19, 23, colour)
        pen.oval(x - 7, y - 9, 4, 6, shade(colour, 0.55))
    pen.poly([(0, 92), (-9, 86), (-9, 97)], "#d2a144")
    pen.poly([(0, 92), (9, 86), (9, 97)], "#d2a144")


def chocolates(pen: Pen, rng: Random) -> None:
    """An open box of chocolates with a ribbon on its lid."""
    lid = rng.choice(("#a8324a", "#5b3a8f", "#27506b"))
    pen.shadow(82)
    pen.poly([(-62, 8), (62, 8), (72, 50), (-72, 50)], lid)
    pen.poly([(-7, 8), (7, 8), (8, 50), (-8, 50)], "#f2c744")
    pen.blob([(0, 28), (-22, 18), (-26, 30), (-16, 36)], "#f2c744")
    pen.blob([(0, 28), (22, 18), (26, 30), (16, 36)], "#f2c744")
    pen.disc(0, 28, 5, "#d9a52e")
    pen.poly([(-72, 52), (72, 52), (80, 98), (-80, 98)], shade(lid, -0.15))
    pen.poly([(-66, 55), (66, 55), (73, 94), (-73, 94)], "#f7ead2")
    tones = ("#5a3420", "#7a4a2a", "#3f2415", "#f3e3cb")
    for row in range(3):
        for column in range(6):
            x, y = (-50 + 20 * column) * (1 + 0.05 * row), 62 + 12.5 * row
            tone = rng.choice(tones)
            pen.oval(x, y + 2, 8.5, 5.6, shade(tone, -0.3))
            pen.oval(x, y, 8, 5, tone)
            pen.curve([(x - 4, y + 1), (x, y - 2), (x + 4, y + 1)], shade(tone, 0.35), 1)


def _tray(pen: Pen, label: str, colour: str) -> None:
    pen.shadow(84)
    pen.poly([(-80, 40), (80, 40), (70, 98), (-70, 98)], "#e6eaee")
    pen.poly([(-73, 45), (73, 45), (64, 93), (-64, 93)], "#2f343c")
    pen.rect(-50, 6, 50, 36, "#ffffff", 3)
    pen.rect(-50, 6, 50, 11, colour, 2)
    pen.text(-14, 24, 13, label, colour)


def pork(pen: Pen, rng: Random) -> None:
    """A butcher's tray of chops, its label: PORK and a pig's head."""
    rng.random()
    _tray(pen, "PORK", "#c2577a")
    for x in (-32, 26):
        pen.blob([(x - 26, 74), (x - 20, 54), (x + 6, 50), (x + 26, 62), (x + 18, 86),
                  (x - 10, 90)], "#fbe9e2")  # fmt: skip
        pen.blob([(x - 21, 73), (x - 16, 58), (x + 5, 55), (x + 20, 64), (x + 14, 82),
                  (x - 8, 85)], "#eea19a")  # fmt: skip
        pen.blob([(x - 19, 60), (x - 8, 62), (x - 12, 76), (x - 20, 76)], "#fbf4ea")
    pen.oval(34, 25, 11, 9, "#f2a6b4")
    for s in (-1, 1):
        pen.poly([(34 + s * 10, 12), (34 + s * 11, 22), (34 + s * 3, 17)], "#e58b9d")
        pen.disc(34 + s * 4.4, 22.5, 1.2, INK)
        pen.disc(34 + s * 1.7, 28, 1, "#a04f62")
    pen.arc(34, 28, 4.6, 3.2, (0, 360), "#c9748a", 1.1)


def beef(pen: Pen, rng: Random) -> None:
    """A butcher's tray of steaks, its label: BEEF and a cow's head."""
    rng.random()
    _tray(pen, "BEEF", "#9b2f2f")
    for x in (-32, 28):
        pen.blob([(x - 27, 76), (x - 24, 56), (x, 49), (x + 25, 60), (x + 20, 84), (x - 8, 91)],
                 "#f3ddd0")  # fmt: skip
        pen.blob([(x - 23, 74), (x - 20, 59), (x, 53), (x + 20, 62), (x + 16, 81), (x - 7, 87)],
                 "#a8262b")  # fmt: skip
        for dx, dy in ((-12, 64), (2, 60), (8, 72), (-6, 78)):
            pen.curve([(x + dx - 5, dy), (x + dx, dy + 3), (x + dx + 6, dy)], "#e9b9ab", 1.6)
    for s in (-1, 1):
        pen.blob([(34 + s * 6, 15), (34 + s * 14, 9), (34 + s * 12, 17)], "#e6d9b8")
        pen.oval(34 + s * 12, 20, 4.4, 2.4, "#7a4f34")
    pen.blob([(26, 15), (34, 13), (42, 15), (41, 26), (37, 33), (31, 33), (27, 26)], "#8f5d3c")
    pen.oval(34, 30.5, 6, 3.8, "#f0c9b8")
    for s in (-1, 1):
        pen.disc(34 + s * 4, 21, 1.2, INK)
        pen.disc(34 + s * 2.2, 30.4, 0.9, "#7a4f4f")


def prawns(pen: Pen, rng: Random) -> None:
    """A plate of four pink prawns with tails, a slice of lemon."""
    rng.random()
    pen.shadow(84, y=94)
    pen.oval(0, 80, 84, 19, "#cfd6de")
    pen.oval(0, 76, 84, 19, "#ffffff")
    for x, y in ((-42, 66), (2, 56), (44, 66), (-6, 84)):
        for i in range(7):
            a = math.radians(150 + 38 * i)
            r = 13 - 0.7 * i
            cx, cy = x + 15 * math.cos(a), y + 12 * math.sin(a)
            pen.disc(cx, cy, r * 0.62, "#e0663f" if i % 2 else "#f28f66")
        a = math.radians(150 + 38 * 6.8)
        cx, cy = x + 15 * math.cos(a), y + 12 * math.sin(a)
        pen.poly([(cx, cy), (cx - 9, cy + 8), (cx + 2, cy + 10)], "#d9482f")
        hx, hy = x + 15 * math.cos(math.radians(150)), y + 12 * math.sin(math.radians(150))
        pen.disc(hx - 2, hy - 2, 1.8, INK)
        for dy in (-14, -9):
            pen.curve([(hx, hy - 4), (hx + 8, hy + dy - 6), (hx + 22, hy + dy - 6)], "#d9482f", 0.9)
    pen.disc(46, 86, 9, "#f4d22e")
    pen.disc(46, 86, 7, "#fff6b8")


def eggs(pen: Pen, rng: Random) -> None:
    """A carton with six eggs."""
    grey = rng.choice(("#9aa39a", "#a8998a", "#8f9aa8"))
    pen.shadow(84)
    for x in (-50, 0, 50):
        _egg(pen, x, 42, rng)
    pen.rect(-78, 52, 78, 70, shade(grey, -0.12), 4)
    for x in (-50, 0, 50):
        _egg(pen, x, 60, rng)
    pen.rect(-82, 70, 82, 98, grey, 6)
    for x in (-54, 0, 54):
        pen.rect(x - 22, 74, x + 22, 98, shade(grey, 0.12), 8)


def _egg(pen: Pen, x: float, y: float, rng: Random) -> None:
    tone = rng.choice(("#f3dcc0", "#e9c39c", "#fbf3e6"))
    pen.oval(x, y - 2, 16, 22, tone)
    pen.oval(x - 5, y - 8, 3.4, 6, shade(tone, 0.5))


def chilli(pen: Pen, rng: Random) -> None:
    """Four red chilli peppers."""
    rng.random()
    pen.shadow(78, y=96)
    for x, y, lean in ((-50, 26, 1), (-14, 14, 1), (22, 30, 1), (54, 18, -1)):
        red = rng.choice(("#cf2a22", "#d8392f", "#b8201f"))
        pen.blob([(x - 11, y), (x + 11, y - 2), (x + 14 * lean, y + 34), (x + 34 * lean, y + 64),
                  (x + 10 * lean, y + 58), (x - 8 * lean, y + 36)], red)  # fmt: skip
        pen.curve([(x - 3, y + 6), (x - 1, y + 22), (x + 7 * lean, y + 40)], shade(red, 0.55), 2.2)
        pen.blob([(x - 12, y + 3), (x, y - 7), (x + 12, y + 1), (x + 5, y + 5)], "#4f8f3a")
        pen.curve([(x, y - 4), (x + 2, y - 12), (x + 8, y - 16)], "#4f8f3a", 3.6)


def pretzels(pen: Pen, rng: Random) -> None:
    """Two large pretzels thick with grains of salt."""
    rng.random()
    pen.shadow(86, y=97)
    for x, y in ((-40, 46), (42, 56)):
        for colour, w in (("#7a421c", 13), ("#a9622c", 10)):
            pen.curve([(x - 12, y + 32), (x + 10, y + 6), (x + 34, y - 16), (x + 24, y - 34),
                       (x + 4, y - 26), (x, y - 14), (x - 4, y - 26), (x - 24, y - 34),
                       (x - 34, y - 16), (x - 10, y + 6), (x + 12, y + 32)], colour, w)  # fmt: skip
            pen.arc(x, y, 36, 36, (20, 160), colour, w)
        for _ in range(26):
            a = rng.uniform(20, 160)
            px, py = x + 36 * math.cos(math.radians(a)), y + 36 * math.sin(math.radians(a))
            pen.rect(px - 1.6, py - 1.2, px + 1.2, py + 1.2, "#ffffff")
        for dx, dy in ((-30, -22), (30, -22), (-20, -32), (20, -32), (-22, -2), (22, -2), (0, 18)):
            pen.rect(x + dx - 1.5, y + dy - 1.5, x + dx + 1.5, y + dy + 1.5, "#ffffff")
