"""Places to go: houses of worship, building sites, ways out, parking bays, benches."""

import math
from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def mosque(pen: Pen, rng: Random) -> None:
    """A mosque: dome and two minarets with crescents, arched door."""
    wall = rng.choice(("#f3ead6", "#efe6dc", "#e9e2cf"))
    dome = rng.choice(("#3f9c8a", "#3f8ab0", "#c9a23f"))
    pen.shadow(74, y=98)
    for x in (-60, 60):
        pen.rect(x - 6, 14, x + 6, 98, shade(wall, -0.05))
        pen.rect(x - 9, 30, x + 9, 35, shade(wall, -0.2), 1)
        pen.poly([(x - 7, 15), (x, -4), (x + 7, 15)], dome)
        _crescent(pen, x, -9, 4)
    pen.rect(-46, 50, 46, 98, wall)
    pen.rect(-48, 47, 48, 52, shade(wall, -0.2), 1)
    pen.blob([(-32, 48), (-35, 30), (-18, 12), (0, 4), (18, 12), (35, 30), (32, 48), (0, 50)], dome)
    _crescent(pen, 0, -5, 6)
    for x, r in ((-30, 6), (30, 6), (0, 10)):
        top = 66 if r == 10 else 68
        pen.disc(x, top, r, "#6d4a30" if r == 10 else "#7fa9c4")
        pen.poly([(x - r, top - 2), (x, top - r * 1.6), (x + r, top - 2)],
                 "#6d4a30" if r == 10 else "#7fa9c4")  # fmt: skip
        pen.rect(x - r, top, x + r, 98 if r == 10 else 86, "#6d4a30" if r == 10 else "#7fa9c4")


def _crescent(pen: Pen, x: float, y: float, r: float) -> None:
    pen.line([(x, y + r), (x, y + r + 6)], "#c9a23f", 1.4)
    pen.arc(x, y, r, r, (30, 300), "#c9a23f", r * 0.5)


def building_site(pen: Pen, rng: Random) -> None:
    """A building site: half a brick wall, a crane, planks with nails, a cone, a helmet sign."""
    pen.line([(48, 98), (48, -14)], "#e0a32e", 4)
    pen.line([(-30, -6), (92, -6)], "#e0a32e", 4)
    pen.line([(48, -20), (-26, -8)], "#b07a1f", 1.2)
    pen.line([(48, -20), (88, -8)], "#b07a1f", 1.2)
    pen.rect(76, -4, 90, 8, "#8a929b")
    pen.line([(-14, -4), (-14, 26)], INK, 1.2)
    pen.rect(-26, 26, -2, 32, "#c96a4a", 1)
    pen.rect(42, -14, 54, -2, "#c8574f", 1)
    brick = rng.choice(("#c0694a", "#b5603f"))
    for row in range(7):
        for column in range(8 - (row + 1) // 2):
            x = -86 + 15 * column + 7 * (row % 2)
            pen.rect(x, 90 - 8 * row, x + 14, 97 - 8 * row, shade(brick, 0.06 * (column % 3)), 0.6)
    pen.line([(30, 94), (86, 86)], "#c9a36a", 6)
    pen.line([(34, 86), (84, 95)], "#b98f56", 6)
    for x, y in ((46, 89), (58, 91), (70, 88), (76, 92)):
        pen.line([(x, y), (x, y - 8)], "#4a4e57", 1.3)
        pen.line([(x - 2, y - 8), (x + 2, y - 8)], "#4a4e57", 1.3)
    pen.disc(72, 48, 15, "#1f5fae")
    pen.blob([(61, 52), (63, 42), (72, 38), (81, 42), (83, 52)], "#ffffff")
    pen.rect(59, 50, 85, 54, "#ffffff", 1)
    pen.rect(70.5, 62, 73.5, 98, "#8a929b")
    pen.poly([(2, 98), (10, 72), (14, 72), (22, 98)], "#f2702e")
    pen.poly([(6, 86), (8.5, 78), (15.5, 78), (18, 86)], "#ffffff")


def _disabled_icon(pen: Pen, x: float, y: float, k: float, colour: str) -> None:
    pen.disc(x - 2 * k, y - 22 * k, 4.6 * k, colour)
    pen.line([(x - 2 * k, y - 14 * k), (x - 1 * k, y), (x + 12 * k, y), (x + 18 * k, y + 14 * k)],
             colour, 4 * k)  # fmt: skip
    pen.line([(x - 1 * k, y - 8 * k), (x + 10 * k, y - 8 * k)], colour, 3.4 * k)
    pen.arc(x - 2 * k, y + 6 * k, 13 * k, 13 * k, (20, 255), colour, 3.4 * k)


def _bay(pen: Pen) -> None:
    pen.poly([(-52, 99), (-30, 70), (46, 70), (80, 99)], "#8b8b92")
    for a, b in (((-52, 99), (-30, 70)), ((80, 99), (46, 70))):
        pen.line([a, b], "#ffffff", 2)
    pen.rect(-74, 30, -70, 99, "#8a929b", 1)


def disabled_bay(pen: Pen, rng: Random) -> None:
    """A parking bay with the wheelchair symbol on a blue sign and on the ground."""
    rng.random()
    _bay(pen)
    pen.rect(-102, -16, -42, 50, "#1f5fae", 5)
    pen.rect(-99, -13, -45, 47, "#2f6fd0", 4)
    _disabled_icon(pen, -72, 20, 1.05, "#ffffff")
    pen.poly([(-14, 95), (-4, 76), (34, 76), (48, 95)], "#2f6fd0")
    _disabled_icon(pen, 15, 87, 0.34, "#ffffff")


def charging_bay(pen: Pen, rng: Random) -> None:
    """A parking bay with a charging post and a sign: electric cars only while charging."""
    rng.random()
    _bay(pen)
    pen.rect(-102, -16, -42, 50, "#1f8a4f", 5)
    pen.rect(-99, -13, -45, 47, "#2fa05f", 4)
    pen.poly([(-66, -10), (-84, 16), (-73, 16), (-79, 34), (-58, 8), (-69, 8)], "#ffffff")
    pen.text(-72, 40.5, 6.4, "EV ONLY", "#ffffff")
    pen.rect(-2, 20, 22, 72, "#f2f4f6", 4)
    pen.rect(2, 26, 18, 38, "#2b2d33", 1)
    pen.poly([(11, 42), (5, 51), (9, 51), (7, 59), (15, 49), (11, 49)], "#2fa05f")
    pen.curve([(22, 44), (36, 50), (34, 70), (26, 62), (24, 54)], INK, 3)
    pen.rect(19, 46, 27, 56, INK, 2)


def lift(pen: Pen, rng: Random) -> None:
    """A lift: steel double door, floor display, call buttons, the word LIFT."""
    rng.random()
    pen.rect(-44, 4, 44, 99, "#8a929b", 1)
    for x0, x1 in ((-38, -1), (1, 38)):
        pen.rect(x0, 20, x1, 99, "#c3cad2")
        pen.poly([(x0 + 5, 20), (x0 + 14, 20), (x0 + 4, 99), (x0, 99), (x0, 60)], "#d9dfe5")
    pen.rect(-22, 7, 22, 17, "#22262d", 1)
    pen.text(-6, 12, 6.4, "3", "#ff8a3a")
    pen.poly([(6, 15), (10, 9), (14, 15)], "#ff8a3a")
    pen.rect(52, 46, 66, 74, "#dfe3e8", 2)
    pen.poly([(55, 58), (59, 51), (63, 58)], "#3a3f48")
    pen.poly([(55, 62), (59, 69), (63, 62)], "#e0a32e")
    pen.rect(48, 12, 80, 28, "#2f6fae", 2)
    pen.text(64, 20, 8, "LIFT", "#ffffff")


def stairwell(pen: Pen, rng: Random) -> None:
    """Indoor stairs leading down with a banister and the word STAIRS."""
    tone = rng.choice(("#b9b2a6", "#c4b49c"))
    pen.rect(-60, 66, 64, 99, shade(tone, -0.35))
    for i in range(7):
        x, y = -58 + 17 * i, 44 + 8 * i
        pen.rect(x, y, x + 18, 99, shade(tone, -0.03 * i))
        pen.rect(x, y, x + 18, y + 2.4, shade(tone, 0.4))
    pen.line([(-58, 12), (58, 64)], "#7a4f2d", 4)
    for i in range(7):
        x = -50 + 17 * i
        pen.line([(x, 16 + 7.6 * i), (x, 45 + 8 * i)], "#4a4e57", 1.6)
    pen.rect(6, -4, 58, 14, "#2f8a5f", 2)
    pen.text(32, 5, 8, "STAIRS", "#ffffff")
    pen.line([(28, 24), (48, 38)], "#2f8a5f", 4)
    pen.poly([(55, 43), (50, 31), (42, 42)], "#2f8a5f")


def _bench(pen: Pen) -> None:
    pen.shadow(84)
    wood = "#3f8a5f"
    for x in (-62, 62):
        pen.rect(x - 4, 30, x + 4, 98, "#4a4e57", 2)
    for y in (32, 45):
        pen.rect(-78, y, 78, y + 10, wood, 2)
    pen.rect(-82, 66, 82, 77, shade(wood, 0.12), 3)
    pen.rect(-82, 75, 82, 79, shade(wood, -0.25), 1)


def wet_paint_bench(pen: Pen, rng: Random) -> None:
    """A bench with a note on its back: WET PAINT; a paint pot and brush beside it."""
    rng.random()
    _bench(pen)
    pen.rect(-44, 22, 44, 62, "#fff6d8", 1)
    pen.text(0, 33, 11, "WET", "#c23b3b")
    pen.text(0, 50, 11, "PAINT", "#c23b3b")
    for x in (-52, 52):
        pen.blob([(x - 2.6, 77), (x + 2.6, 77), (x + 2, 86), (x, 90), (x - 2, 86)], "#489868")
    pen.poly([(92, 76), (116, 76), (113, 98), (95, 98)], "#c3cad2")
    pen.oval(104, 76, 12, 3.4, "#3f8a5f")
    pen.line([(108, 74), (122, 54)], "#a8763f", 3)


def wet_floor_bench(pen: Pen, rng: Random) -> None:
    """A bench behind a puddle and a yellow board: a person slipping, WET FLOOR."""
    rng.random()
    _bench(pen)
    pen.oval(12, 97, 94, 7, "#a9d6ee")
    pen.oval(30, 96, 40, 3, "#d8eef8")
    pen.poly([(-26, 99), (-14, 26), (18, 26), (30, 99)], "#f2c21f")
    pen.poly([(-12, 32), (16, 32), (19, 58), (-15, 58)], "#ffe27a")
    pen.disc(-4, 37, 3.2, INK)
    pen.line([(-3, 41), (4, 49), (14, 45)], INK, 2.6)
    pen.line([(4, 49), (10, 55)], INK, 2.6)
    pen.line([(-2, 43), (8, 40)], INK, 2)
    pen.text(2, 67, 9, "WET", INK)
    pen.text(2, 82, 8, "FLOOR", INK)


def _clock(pen: Pen, reading: str, sky: str) -> None:
    pen.shadow(80)
    pen.rect(-80, 34, 80, 96, "#3a3f48", 10)
    pen.rect(-72, 42, 72, 88, "#10151c", 5)
    pen.text(0, 65, 30, reading, "#ff6a3a")
    for x in (-60, 60):
        pen.rect(x - 10, 94, x + 10, 99, "#2a2d33", 2)
    pen.rect(-30, -26, 30, 26, "#ffffff", 1)
    pen.rect(-26, -22, 26, 22, sky)
    pen.disc(10, -8, 8, "#ffd64f")
    for i in range(8):
        a = i * math.pi / 4
        pen.line([(10 + 10 * math.cos(a), -8 + 10 * math.sin(a)),
                  (10 + 13 * math.cos(a), -8 + 13 * math.sin(a))], "#ffc928", 1.2)  # fmt: skip
    pen.rect(-1, -22, 1, 22, "#ffffff")


def clock_10_00(pen: Pen, rng: Random) -> None:
    """A digital clock that shows 10:00, daylight in the window behind it."""
    rng.random()
    _clock(pen, "10:00", "#bfe3f5")


def clock_15_00(pen: Pen, rng: Random) -> None:
    """A digital clock that shows 15:00, daylight in the window behind it."""
    rng.random()
    _clock(pen, "15:00", "#bfe3f5")
