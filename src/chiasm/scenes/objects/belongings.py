"""What people own, find, wear and give."""

import math
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade

_COLOURS = ("#c8574f", "#4f7fb5", "#5f9d70", "#8a6bb0")


def house_keys(pen: Pen, rng: Random) -> None:
    """A front door with house number 12 and a street plate, a bunch of keys in front of it."""
    door = rng.choice(("#2f6f5f", "#8a3a34", "#2f5f8a"))
    pen.rect(-76, -12, 76, 99, "#c9b8a4")
    for row in range(12):
        for column in range(-3, 4):
            x = column * 33 + 16 * (row % 2)
            left, right = max(-76, x - 15.5), min(76, x + 15.5)
            if left < right:
                pen.rect(left, -11 + 9.2 * row, right, -3.4 + 9.2 * row, "#c99f84", 0.5)
    pen.rect(-62, 2, 2, 99, "#ffffff")
    pen.rect(-58, 6, -2, 99, door)
    for box in ((-51, 13, -33, 46), (-27, 13, -9, 46), (-51, 54, -33, 92), (-27, 54, -9, 92)):
        pen.rect(*box, shade(door, 0.18), 1)
    pen.disc(-7, 50, 2.4, "#f2c744")
    pen.rect(16, -2, 64, 24, "#1f4fa0", 2)
    pen.text(40, 11, 16, "12", "#ffffff")
    pen.rect(10, 28, 70, 40, "#ffffff", 1)
    pen.text(40, 34, 6.4, "MILL LANE", INK)
    pen.arc(40, 54, 8, 8, (0, 360), "#6d737c", 2)
    _key(pen, 34, 62, 14, "#b8901f")
    _key(pen, 46, 62, -12, "#8a929b")


def _key(pen: Pen, x: float, y: float, lean: float, colour: str) -> None:
    """A key that hangs with its bow at (x, y), its foot ``lean`` to the left."""
    pen.line([(x, y + 6), (x - lean, y + 36)], colour, 3.6)
    for t in (0.75, 0.95):
        cx, cy = x - lean * t, y + 6 + 30 * t
        pen.line([(cx, cy), (cx + 7, cy + lean * 0.2)], colour, 3)
    pen.arc(x, y, 6, 6, (0, 360), colour, 4)


def moving_boxes(pen: Pen, rng: Random) -> None:
    """Three cardboard boxes with tape, a lamp in the open one."""
    card = rng.choice(("#c9985f", "#bf8d57"))
    pen.shadow(84)
    pen.line([(38, 46), (42, 16)], "#5a5f68", 3)
    pen.poly([(26, 18), (58, 18), (52, -6), (32, -6)], "#f2c744")
    for x0, y0, x1, y1 in ((-76, 48, -2, 98), (2, 44, 78, 98), (-62, 4, -8, 48)):
        pen.rect(x0, y0, x1, y1, card, 1)
        pen.rect(x1 - 8, y0, x1, y1, shade(card, -0.12), 1)
        middle = (x0 + x1) / 2
        pen.rect(middle - 4, y0, middle + 4, y0 + 16, "#efe3c6")
    pen.poly([(2, 44), (-12, 34), (26, 34), (38, 44)], shade(card, -0.2))
    pen.poly([(78, 44), (92, 34), (60, 36), (46, 44)], shade(card, -0.2))
    pen.text(-39, 80, 9, "BOOKS", "#6b4a2b")
    pen.text(42, 80, 9, "LAMPS", "#6b4a2b")


def wallet(pen: Pen, rng: Random) -> None:
    """An open leather wallet with banknotes and an identity card looking out."""
    leather = rng.choice(("#7a4a2a", "#5a3a2e", "#8a5a34"))
    pen.shadow(84)
    pen.rect(-74, 34, 74, 60, shade(leather, -0.25), 4)
    for dx, top, tone in ((-6, 12, "#d9a08a"), (0, 20, "#7fb08a"), (5, 28, "#9cc3a4")):
        pen.rect(-66 + dx, top, 60 + dx, 70, shade(tone, -0.25), 1)
        pen.rect(-65 + dx, top + 1, 59 + dx, 70, tone, 1)
        pen.text(-52 + dx, top + 9, 8, "20", shade(tone, -0.5))
        pen.text(48 + dx, top + 9, 8, "20", shade(tone, -0.5))
        pen.oval(dx - 2, top + 14, 12, 9, shade(tone, 0.4))
    pen.rect(-76, 50, -2, 98, leather, 5)
    pen.rect(2, 50, 76, 98, leather, 5)
    for x0, x1 in ((-72, -6), (6, 72)):
        for y in (54, 94):
            pen.line([(x0, y), (x1, y)], shade(leather, 0.3), 1)
    pen.rect(14, 60, 64, 88, "#e6edf3", 2)
    pen.rect(18, 66, 32, 84, "#bcd3e4", 1)
    pen.disc(25, 73, 4, "#f0c7a2")
    pen.blob([(18, 84), (21, 79), (29, 79), (32, 84)], "#4a5a6c")
    for y in (68, 74, 80):
        pen.rect(37, y, 59 - (y % 4), y + 2.4, "#8f96a1", 1)
    for y in (64, 74, 84):
        pen.rect(-66, y, -12, y + 1.4, shade(leather, -0.3), 1)


def chestnuts(pen: Pen, rng: Random) -> None:
    """Shiny horse chestnuts, one in its open prickly shell, and an autumn leaf."""
    rng.random()
    pen.shadow(74)
    for dx, dy, a in (
        (0, 0, 0),
        (-20, -14, -0.5),
        (20, -14, 0.5),
        (-14, -34, -0.2),
        (14, -34, 0.2),
    ):
        x, y = -44 + dx, 60 + dy
        pen.blob([(-44, 66), (x - 9, y), (x + 26 * a, y - 16), (x + 9, y)], "#d9822f")
    pen.line([(-44, 64), (-50, 96)], "#a85f22", 2.6)
    pen.disc(46, 68, 27, "#8fae3f")
    for i in range(20):
        a = i * math.pi / 10
        pen.line([(46 + 25 * math.cos(a), 68 + 25 * math.sin(a)),
                  (46 + 33 * math.cos(a), 68 + 33 * math.sin(a))], "#6f8f2f", 1.8)  # fmt: skip
    pen.disc(46, 70, 20, "#f1ead2")
    for x, y, r in ((46, 70, 16), (-4, 82, 15), (-34, 88, 10)):
        pen.oval(x, y, r, r * 0.92, "#6e3417")
        pen.oval(x + r * 0.2, y + r * 0.42, r * 0.6, r * 0.36, "#c99b6a")
        pen.oval(x - r * 0.35, y - r * 0.4, r * 0.28, r * 0.18, "#c98a63")


def rockets(pen: Pen, rng: Random) -> None:
    """Four firework rockets on sticks, standing in an open box lettered FIREWORKS."""
    colours = ["#d8392f", "#2f6fd0", "#8a4fb0", "#2f8a5f"]
    rng.shuffle(colours)
    pen.shadow(60)
    spots = ((-36, 4), (-12, -6), (12, 2), (36, -8))
    for (x, top), colour in zip(spots, colours, strict=True):
        pen.line([(x + 9, top + 24), (x + 9, 70)], "#c9a36a", 2.6)
        pen.rect(x - 7, top + 12, x + 7, top + 46, colour, 1)
        pen.poly([(x - 9, top + 13), (x + 9, top + 13), (x, top - 10)], "#f2c744")
        for k in range(3):
            y = top + 17 + 9 * k
            pen.line([(x - 7, y + 5), (x + 7, y)], "#ffffff", 2)
        pen.curve([(x, top + 46), (x - 4, top + 52), (x + 2, top + 58)], "#f4efe0", 1.8)
    pen.rect(-54, 56, 54, 98, "#b3262a", 2)
    pen.rect(-54, 56, 54, 61, "#8a1c20", 2)
    pen.text(0, 79, 10, "FIREWORKS", "#ffe14f")


def jumper(pen: Pen, rng: Random) -> None:
    """A cream jumper of thick wool with cables, its tag says WOOL; a ball of yarn."""
    rng.random()
    wool, dark = "#efe3cc", "#cdbb98"
    pen.shadow(70)
    pen.poly([(-40, 22), (-84, 60), (-70, 82), (-36, 56)], wool)
    pen.poly([(40, 22), (84, 60), (70, 82), (36, 56)], wool)
    pen.blob([(-42, 94), (-42, 30), (-22, 14), (22, 14), (42, 30), (42, 94)], wool)
    pen.oval(0, 17, 18, 6, dark)
    pen.rect(-42, 88, 42, 98, dark, 2)
    for x in (-39, -28, -17, 17, 28, 39):
        pen.rect(x - 0.8, 89, x + 0.8, 98, wool)
    for x in (-24, 24):
        for y in range(30, 86, 8):
            pen.curve([(x - 5, y), (x + 5, y + 4), (x - 5, y + 8)], dark, 1.8)
            pen.curve([(x + 5, y), (x - 5, y + 4), (x + 5, y + 8)], dark, 1.8)
    pen.rect(-13, 26, 13, 40, "#ffffff", 1)
    pen.text(0, 33, 7, "WOOL", "#c23b3b")
    pen.disc(74, 92, 12, "#d65a76")
    for i in (-6, 0, 6):
        pen.curve([(64, 92 + i), (74, 88 + i), (84, 92 + i)], "#b53f5c", 1.2)


def red_socks(pen: Pen, rng: Random) -> None:
    """A pair of bright red socks."""
    red = rng.choice(("#d8251f", "#c81f2a"))
    pen.shadow(72)
    for x in (-44, 22):
        pen.blob([(x - 18, 8), (x + 16, 8), (x + 16, 56), (x + 40, 74), (x + 42, 92),
                  (x + 22, 97), (x - 4, 88), (x - 18, 66)], red)  # fmt: skip
        pen.rect(x - 20, 2, x + 18, 18, shade(red, -0.18), 3)
        for dx in range(-16, 18, 6):
            pen.rect(x + dx, 3, x + dx + 1.4, 17, shade(red, 0.2))
        pen.blob([(x - 17, 60), (x - 4, 70), (x - 6, 86), (x - 15, 72)], shade(red, -0.18))
        pen.blob([(x + 32, 72), (x + 42, 80), (x + 40, 94), (x + 28, 95)], shade(red, -0.18))


def drum(pen: Pen, rng: Random) -> None:
    """A drum with cords and two sticks."""
    body = rng.choice(("#c8322f", "#2f5fae", "#2f8a5f"))
    pen.shadow(60)
    pen.rect(-50, 40, 50, 92, body)
    pen.oval(0, 90, 50, 9, shade(body, -0.2))
    for i in range(6):
        x = -50 + 20 * i
        if x < 50:
            pen.line([(x, 48), (x + 10, 90), (x + 20, 48)], "#f7ead2", 2)
    for y in (42, 88):
        pen.rect(-53, y - 4, 53, y + 4, "#d9b23a", 3)
    pen.oval(0, 38, 53, 12, "#d9b23a")
    pen.oval(0, 37, 49, 10, "#fbf6ea")
    for s in (-1, 1):
        pen.line([(s * 12, 32), (s * 58, 6)], "#a8763f", 4)
        pen.oval(s * 10, 33, 6, 4, "#8a5a2f")


def perfume(pen: Pen, rng: Random) -> None:
    """A bottle of PERFUME with an atomiser bulb and a cloud of mist."""
    liquid = rng.choice(("#f2b8c6", "#c8b4ea", "#f4d28a"))
    pen.shadow(46)
    for i in range(14):
        a, r = rng.uniform(-0.45, 0.45), rng.uniform(14, 52)
        x, y = -20 - r * math.cos(a), 16 + r * math.sin(a)
        pen.disc(x, y, 1.2 + 0.04 * r, "#ffffffd8" if i % 2 else "#e7d7f2d8")
    pen.rect(-38, 40, 38, 98, "#e9f1f5", 8)
    pen.rect(-33, 54, 33, 94, liquid, 6)
    pen.rect(-30, 62, 30, 82, "#ffffff", 2)
    pen.text(0, 72, 7.6, "PERFUME", "#8a4f7a")
    pen.rect(-12, 24, 12, 42, "#d9b23a", 2)
    pen.rect(-18, 10, 12, 24, "#f2c744", 3)
    pen.curve([(12, 17), (30, 12), (46, 24)], "#b0506f", 4)
    pen.oval(54, 34, 13, 15, "#b0506f")
    pen.line([(54, 48), (54, 62)], "#d9b23a", 3)


def marbles(pen: Pen, rng: Random) -> None:
    """Small glass marbles spilling from a bag."""
    cloth = rng.choice(_COLOURS)
    pen.shadow(84)
    pen.blob([(-80, 96), (-84, 60), (-62, 40), (-46, 46), (-20, 60), (-14, 96)], cloth)
    pen.oval(-22, 82, 12, 16, shade(cloth, -0.4))
    pen.curve([(-40, 50), (-30, 62), (-26, 66)], "#f7ead2", 2.4)
    for x, y in ((-14, 88), (4, 82), (10, 94), (28, 88), (30, 72), (48, 94), (52, 80), (72, 90)):
        tone = rng.choice(("#3f8fd6", "#3f9c5f", "#d8503f", "#e0a32e", "#8a5fc0"))
        pen.disc(x, y, 8.5, shade(tone, 0.45))
        pen.blob([(x - 6, y + 3), (x, y - 5), (x + 6, y - 2), (x, y + 4)], tone)
        pen.disc(x - 3, y - 4, 1.9, "#ffffff")


def teddy(pen: Pen, rng: Random) -> None:
    """A big fluffy teddy bear with a bow."""
    fur = rng.choice(("#b9834a", "#a9713c", "#c99a62"))
    light = shade(fur, 0.45)
    pen.shadow(54)
    for s in (-1, 1):
        pen.disc(s * 24, 12, 12, fur)
        pen.disc(s * 24, 12, 6.5, light)
        pen.blob([(s * 24, 50), (s * 44, 56), (s * 48, 74), (s * 36, 78), (s * 24, 66)], fur)
        pen.oval(s * 30, 90, 20, 11, fur)
        pen.oval(s * 38, 90, 10, 9, light)
    pen.oval(0, 72, 32, 27, fur)
    pen.oval(0, 74, 19, 17, light)
    pen.oval(0, 28, 31, 27, fur)
    pen.oval(0, 37, 14, 11, light)
    pen.oval(0, 32.5, 5, 3.6, INK)
    pen.curve([(-6, 40), (0, 43), (6, 40)], INK, 1.5)
    for s in (-1, 1):
        pen.disc(s * 12, 24, 3.2, INK)
        pen.poly([(0, 54), (s * 18, 47), (s * 18, 62)], "#d23b3b")
    pen.disc(0, 54, 4, "#a82a2a")


def _parcel(pen: Pen, reading: str, rng: Random) -> None:
    card = rng.choice(("#c9985f", "#bf8d57"))
    pen.shadow(70)
    pen.rect(-40, 0, 40, 56, card, 1)
    pen.rect(-40, 0, 40, 7, shade(card, -0.15), 1)
    pen.rect(-6, 0, 6, 56, "#efe3c6")
    pen.rect(-54, 56, 54, 64, "#b9c0c8", 3)
    pen.poly([(-46, 64), (46, 64), (60, 98), (-60, 98)], "#5a626d")
    pen.rect(-36, 69, 36, 93, "#d3f2d8", 2)
    pen.text(0, 81, 15, reading, "#1f3a2a")


def parcel_12_kg(pen: Pen, rng: Random) -> None:
    """A parcel on scales that show 12 KG."""
    _parcel(pen, "12 KG", rng)


def parcel_25_kg(pen: Pen, rng: Random) -> None:
    """A parcel on scales that show 25 KG."""
    _parcel(pen, "25 KG", rng)
