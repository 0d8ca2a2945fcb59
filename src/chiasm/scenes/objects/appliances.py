"""Kitchen and home devices; several come in two states that differ in one relation."""

from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def _oven(pen: Pen, unit: str, numbers: tuple[str, ...]) -> None:
    pen.shadow(62)
    pen.rect(-58, 0, 58, 98, "#e6e9ed", 4)
    pen.rect(-58, 0, 58, 44, "#cfd5db", 4)
    pen.disc(-14, 23, 12, "#4a4e57")
    pen.disc(-14, 23, 9, "#6d737c")
    pen.line([(-14, 23), (-14, 14)], "#ffffff", 2)
    for (x, y), number in zip(((-14, 6), (8, 23), (-14, 40), (-37, 23)), numbers, strict=True):
        pen.text(x, y, 5.4, number, INK)
    pen.rect(24, 9, 54, 36, "#22262d", 2)
    pen.text(39, 22.5, 14, unit, "#ff8a3a")
    pen.disc(29.5, 14, 2.2, "#ff8a3a")
    pen.disc(29.5, 14, 1.1, "#22262d")
    pen.rect(-48, 52, 48, 92, "#3a3f48", 3)
    pen.rect(-42, 57, 42, 87, "#22262d", 2)
    pen.poly([(-36, 60), (-26, 60), (-34, 84), (-38, 84)], "#ffffff30")
    pen.rect(-44, 47, 44, 50.5, "#8a929b", 2)


def oven_fahrenheit(pen: Pen, rng: Random) -> None:
    """An oven with a dial from 200 to 500 and a display: degrees F."""
    rng.random()
    _oven(pen, "F", ("200", "300", "400", "500"))


def oven_celsius(pen: Pen, rng: Random) -> None:
    """An oven with a dial from 100 to 350 and a display: degrees C."""
    rng.random()
    _oven(pen, "C", ("100", "200", "300", "350"))


def radio(pen: Pen, rng: Random) -> None:
    """A radio with speaker, dial, handle, aerial, and notes in the air."""
    body = rng.choice(("#c8574f", "#4f7fb5", "#d2a144"))
    pen.shadow(74)
    pen.line([(50, 34), (78, -8)], "#8a929b", 2)
    pen.disc(78, -8, 2.6, "#8a929b")
    pen.rect(-34, 22, 34, 27, "#5a5f68", 2)
    for x in (-34, 31):
        pen.rect(x, 22, x + 4, 38, "#5a5f68", 1)
    pen.rect(-70, 36, 70, 97, body, 7)
    pen.disc(-32, 67, 24, shade(body, -0.35))
    pen.disc(-32, 67, 20, "#2b2d33")
    for r in (16, 11, 6):
        pen.arc(-32, 67, r, r, (0, 360), "#6d737c", 1.3)
    pen.rect(2, 46, 60, 62, "#fdf3d8", 2)
    for x in range(8, 58, 6):
        pen.rect(x, 49, x + 1, 55, INK)
    pen.rect(36, 47, 38, 61, "#d8392f")
    for x in (16, 44):
        pen.disc(x, 79, 8, "#f2e6cf")
        pen.line([(x, 79), (x + 4, 74)], INK, 1.6)
    for x, y in ((-58, 10), (-14, 0)):
        pen.oval(x, y + 14, 4.4, 3.4, INK)
        pen.line([(x + 4, y + 13), (x + 4, y - 6), (x + 13, y - 2)], INK, 2)


def _socket(pen: Pen, x: float, y: float) -> None:
    pen.rect(x - 11, y - 11, x + 11, y + 11, "#c9d0d7", 3)
    pen.rect(x - 10, y - 10, x + 10, y + 10, "#ffffff", 3)
    pen.disc(x, y, 7, "#e1e6ea")
    for dx in (-2.6, 2.6):
        pen.disc(x + dx, y, 1.1, INK)


def _plug(pen: Pen, x: float, y: float) -> None:
    pen.rect(x - 6, y - 5, x + 6, y + 8, INK, 3)


def _fridge(pen: Pen) -> None:
    """The door stands open: food inside is in sight."""
    pen.shadow(52)
    pen.rect(-42, 0, 42, 98, "#dfe5ea", 4)
    pen.rect(-37, 5, 37, 90, "#f7fafc", 2)
    for y in (30, 56):
        pen.rect(-37, y, 37, y + 2, "#b9c6cf")
    pen.rect(-37, 82, 37, 90, "#cfe3ea")
    pen.rect(-30, 12, -16, 30, "#4a90c2", 1)
    pen.rect(-30, 12, -16, 17, "#ffffff", 1)
    pen.rect(-8, 18, 12, 30, "#f6c445", 1)
    pen.disc(22, 24, 6, "#d23b3b")
    pen.rect(-32, 40, -6, 56, "#c2577a", 2)
    pen.rect(2, 44, 16, 56, "#6fa548", 3)
    pen.rect(20, 38, 30, 56, "#f2b03b", 2)
    pen.oval(-18, 74, 12, 8, "#7fb05a")
    pen.oval(10, 75, 10, 7, "#f07f24")
    pen.poly([(-42, 0), (-74, 6), (-74, 99), (-42, 98)], "#c6d0d8")
    pen.poly([(-45, 5), (-71, 10), (-71, 94), (-45, 93)], "#e9eff3")
    pen.rect(-42, 98, -34, 100, "#5a5f68")
    pen.rect(34, 98, 42, 100, "#5a5f68")


def fridge_plugged(pen: Pen, rng: Random) -> None:
    """An open fridge with food; its cable ends in the wall socket."""
    rng.random()
    _socket(pen, 76, 52)
    pen.curve([(42, 84), (56, 92), (68, 88), (76, 72), (76, 58)], INK, 2.6)
    _plug(pen, 76, 51)
    _fridge(pen)


def fridge_unplugged(pen: Pen, rng: Random) -> None:
    """An open fridge with food; its plug lies on the floor, the wall socket is empty."""
    rng.random()
    _socket(pen, 76, 52)
    pen.curve([(42, 84), (52, 93), (66, 97), (80, 94)], INK, 2.6)
    pen.rect(78, 89, 94, 99, INK, 3)
    for y in (92, 96):
        pen.line([(94, y), (101, y)], "#8a929b", 1.8)
    _fridge(pen)


def _jar(pen: Pen) -> None:
    pen.shadow(44)
    pen.rect(-34, 20, 34, 98, "#dcecf3", 9)
    pen.rect(-30, 36, 30, 95, "#d9602f", 8)
    for x, y, c in ((-16, 52, "#f4b24a"), (10, 46, "#6fa548"), (18, 70, "#f4b24a"),
                    (-12, 78, "#6fa548"), (4, 88, "#f4b24a"), (-4, 64, "#e9d3a0")):  # fmt: skip
        pen.oval(x, y, 6, 4, c)
    pen.rect(-28, 26, -22, 88, "#ffffff90", 3)
    pen.rect(-28, 12, 28, 22, "#cfe3ec", 2)


def jar_closed(pen: Pen, rng: Random) -> None:
    """A glass jar of soup, its metal lid screwed on tight."""
    lid = rng.choice(("#c8322f", "#2f6fae", "#3f8a5f"))
    _jar(pen)
    _lid(pen, 0, 8, lid)


def jar_open(pen: Pen, rng: Random) -> None:
    """A glass jar of soup without a lid; the lid lies beside it."""
    lid = rng.choice(("#c8322f", "#2f6fae", "#3f8a5f"))
    _jar(pen)
    pen.oval(0, 13, 28, 4.5, "#eef6fa")
    pen.oval(0, 14, 24, 3.2, "#b9ccd6")
    _lid(pen, 78, 90, lid)


def _lid(pen: Pen, x: float, y: float, colour: str) -> None:
    pen.rect(x - 32, y - 8, x + 32, y + 9, colour, 3)
    pen.rect(x - 32, y - 8, x + 32, y - 3, shade(colour, 0.25), 3)
    for dx in range(-28, 30, 7):
        pen.rect(x + dx, y - 1, x + dx + 1.6, y + 8, shade(colour, -0.25))


def _hob(pen: Pen, pot: float, cloth: float, rng: Random) -> None:
    stripe = rng.choice(("#d8503f", "#4f7fb5", "#5f9d70"))
    pen.shadow(98)
    pen.poly([(-84, 48), (84, 48), (98, 80), (-98, 80)], "#2b2d33")
    pen.rect(-98, 80, 98, 98, "#dfe3e8", 2)
    for x in (-46, 46):
        pen.disc(x, 89, 6, "#6d737c")
        pen.line([(x, 89), (x, 85)], "#ffffff", 1.6)
        pen.oval(x, 64, 32, 10, "#50545e")
        pen.oval(x, 64, 28, 8.4, "#3a3d46")
        pen.oval(x, 64, 17, 5, "#50545e")
        pen.oval(x, 64, 14, 3.9, "#3a3d46")
    pen.rect(pot - 26, 22, pot + 26, 66, "#a9b4c0", 5)
    pen.rect(pot - 26, 22, pot - 14, 66, "#c9d3dc", 5)
    pen.oval(pot, 23, 26, 6, "#cfd8e0")
    pen.oval(pot, 23, 22, 4.4, "#8fb7cf")
    for s in (-1, 1):
        pen.rect(pot + s * 30 - 6, 32, pot + s * 30 + 6, 37, "#5a616b", 2)
    c = cloth
    pen.poly([(c - 26, 52), (c + 26, 52), (c + 30, 80), (c - 30, 80)], "#fbf6ea")
    pen.rect(c - 30, 79, c + 30, 104, "#efe8d8")
    for d in (-22, -14, 14, 22):
        pen.poly([(c + d * 0.87 - 1.5, 52), (c + d * 0.87 + 1.5, 52), (c + d + 1.7, 80),
                  (c + d - 1.7, 80)], stripe)  # fmt: skip
        pen.rect(c + d - 1.7, 80, c + d + 1.7, 104, shade(stripe, -0.1))
    pen.rect(c - 30, 96, c + 30, 99, stripe)
    for d in range(-29, 30, 4):
        pen.rect(c + d, 104, c + d + 1.4, 108, "#efe8d8")


def hob_cloth_left(pen: Pen, rng: Random) -> None:
    """A cooker with two plates: a tea towel on the left, a pot of water on the right."""
    _hob(pen, 46, -46, rng)


def hob_cloth_right(pen: Pen, rng: Random) -> None:
    """A cooker with two plates: a pot of water on the left, a tea towel on the right."""
    _hob(pen, -46, 46, rng)


def laptop(pen: Pen, rng: Random) -> None:
    """An open laptop."""
    colour = rng.choice(("#b9c0c8", "#8f96a1"))
    pen.shadow(60)
    pen.poly([(-44, 20), (44, 20), (46, 74), (-46, 74)], "#3a3f48")
    pen.poly([(-40, 24), (40, 24), (42, 71), (-42, 71)], "#7fb0d6")
    pen.poly([(-40, 60), (-14, 40), (8, 58), (22, 48), (42, 66), (42, 71), (-42, 71)], "#4f8a6f")
    pen.poly([(-46, 76), (46, 76), (62, 97), (-62, 97)], colour)
    for row in range(3):
        y = 79 + 4 * row
        k = 40 + 4 * row
        pen.poly([(-k, y), (k, y), (k + 2, y + 2.6), (-k - 2, y + 2.6)], "#4a4e57")
    pen.rect(-62, 96, 62, 99, shade(colour, -0.2), 1)


def hot_mug(pen: Pen, rng: Random) -> None:
    """A mug of tea, steaming."""
    colour = rng.choice(("#c8574f", "#4f7fb5", "#5f9d70", "#d2a144"))
    for x in (-12, 8):
        pen.curve([(x, 26), (x + 8, 16), (x - 7, 6), (x + 4, -6)], "#ffffffe8", 5)
    pen.shadow(40)
    pen.arc(34, 64, 16, 17, (-90, 90), colour, 8)
    pen.rect(-36, 34, 36, 98, colour, 9)
    pen.oval(0, 36, 36, 9, shade(colour, -0.35))
    pen.oval(0, 37, 31, 6.6, "#8a4a1c")
    pen.rect(-28, 50, -20, 86, shade(colour, 0.35), 3)
