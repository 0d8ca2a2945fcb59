"""Busy scenes for the hard tier: one relation or one small thing among many."""

from random import Random

from chiasm.scenes.objects import animals, food, treats, vehicles
from chiasm.scenes.shapes import INK, Pen, shade


def _rack(pen: Pen, rng: Random) -> None:
    """An open rack: posts, four boards, harmless things on three of them."""
    pen.shadow(52)
    for y in (12, 40, 68, 96):
        pen.rect(-50, y, 50, y + 3.4, "#a9744a", 1)
    for x in (-50, 47):
        pen.rect(x, -4, x + 3.4, 99, "#8a5a34", 1)
    colours = ["#c8574f", "#4f7fb5", "#5f9d70", "#d2a144", "#8a6bb0", "#7d8fa3"]
    for y, left, right in ((40, -42.0, 33.0), (68, 2.0, 35.0)):
        while left < right:
            w, h = rng.uniform(4, 7), rng.uniform(15, 21)
            pen.rect(left, y - h, left + w, y, rng.choice(colours), 0.6)
            left += w + 0.6
    pen.oval(-24, 62, 14, 6, "#d9b98a")
    pen.rect(-38, 56, -10, 68, "#c9985f", 3)
    pen.disc(30, 89, 7, rng.choice(colours))
    pen.arc(30, 89, 7, 2.6, (0, 360), "#ffffff", 1)
    pen.rect(24, -2, 40, 12, "#7d8fa3", 2)
    pen.blob([(26, -2), (20, -14), (32, -10), (42, -16), (38, -2)], "#5f9d70")


def _syrup(pen: Pen, x: float, y: float) -> None:
    """A brown bottle with a white cap and a red cross."""
    pen.rect(x - 8, y - 19, x + 8, y, "#8a4a1c", 2)
    pen.rect(x - 4.5, y - 25, x + 4.5, y - 18, "#ffffff", 1)
    pen.rect(x - 7, y - 15, x + 7, y - 4, "#ffffff", 0.6)
    pen.rect(x - 4, y - 10.6, x + 4, y - 8.4, "#d8392f")
    pen.rect(x - 1.1, y - 13.5, x + 1.1, y - 5.5, "#d8392f")


def syrup_low(pen: Pen, rng: Random) -> None:
    """A rack with books and toys; a medicine bottle on the lowest board, near the floor."""
    _rack(pen, rng)
    _syrup(pen, -20 + rng.uniform(-6, 6), 96)


def syrup_high(pen: Pen, rng: Random) -> None:
    """A rack with books and toys; a medicine bottle on top of it, under the ceiling."""
    _rack(pen, rng)
    _syrup(pen, -20 + rng.uniform(-6, 6), 12)


def _drive(pen: Pen, rng: Random, x: float) -> None:
    pen.rect(56, 6, 118, 78, "#e3d3bf")
    pen.poly([(48, 8), (87, -22), (126, 8)], "#a3523f")
    pen.rect(64, 26, 110, 78, "#5a626d")
    pen.rect(68, 30, 106, 78, "#3a3f48")
    pen.poly([(-120, 82), (118, 76), (118, 100), (-120, 100)], "#b9b4ac")
    vehicles.car(pen.at(-4, 94, 52), rng)
    animals.cat(pen.at(x, 98, 28), rng)


def cat_behind_car(pen: Pen, rng: Random) -> None:
    """A drive before a garage: a car facing the open garage, a cat sits close behind its boot."""
    _drive(pen, rng, -82)


def cat_before_car(pen: Pen, rng: Random) -> None:
    """A drive before a garage: a car facing the open garage, a cat sits right before its bonnet."""
    _drive(pen, rng, 66)


def _crossing(pen: Pen, rng: Random, walk: bool) -> None:
    for i in range(6):
        x = -44 + 18 * i
        pen.poly([(x, 76), (x + 10, 76), (x + 14, 100), (x + 2, 100)], "#f4f2ea")
    vehicles.car(pen.at(-86, 94, 30), rng)
    vehicles.bicycle(pen.at(96, 76, 22), rng)
    pen.rect(60, 22, 63, 84, "#5a5f68")
    pen.rect(50, -4, 73, 34, "#22262d", 3)
    _person(pen, 61.5, 6, "#ff4a3a" if not walk else "#4a2522", still=True)
    _person(pen, 61.5, 24, "#4aff7a" if walk else "#1f3f2a", still=False)


def _person(pen: Pen, x: float, y: float, colour: str, *, still: bool) -> None:
    pen.disc(x, y - 6, 2.2, colour)
    pen.line([(x, y - 3), (x, y + 2)], colour, 3)
    spread = 1.4 if still else 4.2
    for s in (-1, 1):
        pen.line([(x, y + 2), (x + s * spread, y + 8)], colour, 1.9)
        pen.line([(x, y - 2), (x + s * (2.6 if still else 4.4), y + 2)], colour, 1.5)


def crossing_red(pen: Pen, rng: Random) -> None:
    """A busy street with a zebra crossing; the small figure of the light for walkers is red."""
    _crossing(pen, rng, walk=False)


def crossing_green(pen: Pen, rng: Random) -> None:
    """A busy street with a zebra crossing; the small figure of the light for walkers is green."""
    _crossing(pen, rng, walk=True)


def _buffet(pen: Pen, rng: Random) -> None:
    pen.rect(-66, 52, 66, 100, "#fbf8f2")
    for x in range(-66, 66, 12):
        pen.poly([(x, 90), (x + 6, 95), (x + 12, 90), (x + 12, 87), (x, 87)], "#e6ddce")
    spots = [-50.0, -17.0, 17.0, 50.0]
    rng.shuffle(spots)
    for spot, draw in zip(
        spots, (food.bread, food.bananas, food.lemons, treats.apple), strict=True
    ):
        draw(pen.at(spot, 60, 19 if draw is not food.bread else 16), rng)
    for x in (-54, -36, -2, 16):
        pen.rect(x - 4, 66, x + 4, 83, "#dcecf3", 2)
        pen.rect(x - 3.2, 71, x + 3.2, 82, rng.choice(("#f0a92b", "#d8503f", "#8fb83a")), 2)


def buffet_nuts(pen: Pen, rng: Random) -> None:
    """A buffet of bread, fruit and juices; at its right end a small bowl of peanuts."""
    _buffet(pen, rng)
    food.peanuts(pen.at(46, 82, 15), rng)


def buffet_cheese(pen: Pen, rng: Random) -> None:
    """A buffet of bread, fruit and juices; at its right end a small piece of cheese."""
    _buffet(pen, rng)
    food.cheese(pen.at(46, 82, 14), rng)


def feast(pen: Pen, rng: Random) -> None:
    """A table laden with food: bread, cheese, fruit, a cake, pretzels."""
    for x, y, height, draw in (
        (-66, 64, 42, food.bread),
        (0, 58, 52, treats.birthday_cake),
        (66, 64, 42, food.cheese),
        (-72, 96, 40, food.bananas),
        (0, 96, 38, treats.pretzels),
        (72, 96, 42, treats.eggs),
    ):
        draw(pen.at(x, y, height), rng)


def no_swimming(pen: Pen, rng: Random) -> None:
    """A board at the water: a swimmer, struck out."""
    rng.random()
    _water_board(pen)
    pen.disc(10, 22, 5, INK)
    pen.line([(-14, 33), (4, 29), (-4, 19), (-14, 23)], INK, 4)
    _ban(pen)


def no_fishing(pen: Pen, rng: Random) -> None:
    """A board at the water: a rod with a fish on its hook, struck out."""
    rng.random()
    _water_board(pen)
    pen.curve([(-16, 46), (-6, 20), (8, 14)], INK, 2.6)
    pen.line([(8, 14), (9, 30)], INK, 1)
    pen.blob([(2, 34), (9, 29), (16, 34), (9, 39)], INK)
    pen.poly([(3, 34), (-5, 29), (-5, 39)], INK)
    _ban(pen)


def _water_board(pen: Pen) -> None:
    pen.rect(-2.6, 60, 2.6, 99, "#8a6a48")
    pen.rect(-36, -6, 36, 66, "#ffffff", 4)
    for y in (41, 47):
        pen.curve([(-16, y), (-8, y - 3), (0, y), (8, y - 3), (16, y)], "#2f6fae", 2)


def _ban(pen: Pen) -> None:
    pen.arc(0, 30, 27, 27, (0, 360), "#d02a2a", 6)
    pen.line([(-19, 11), (19, 49)], "#d02a2a", 5)


def table_edge(pen: Pen, rng: Random) -> None:
    """A small table seen from the side, with a tablecloth."""
    cloth = rng.choice(("#cfdcea", "#e8d9c6", "#d6e4d3"))
    for x in (-78, 72):
        pen.rect(x, 20, x + 6, 99, shade("#8a5a34", -0.1), 1)
    pen.rect(-90, 8, 90, 20, "#a9744a", 2)
    pen.rect(-90, 5, 90, 12, cloth, 1)
