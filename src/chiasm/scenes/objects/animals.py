"""Animals."""

from random import Random

from chiasm.scenes.shapes import INK, Pen, shade


def dog(pen: Pen, rng: Random) -> None:
    """A sitting dog with hanging ears, tongue out, red collar."""
    fur = rng.choice(("#c68b4f", "#b97a3f", "#d2a05f"))
    dark, light = shade(fur, -0.3), "#f6e7cf"
    pen.shadow(44)
    pen.curve([(26, 88), (46, 82), (50, 64)], fur, 9)
    pen.blob([(-26, 98), (-30, 72), (-20, 48), (0, 42), (20, 48), (34, 74), (36, 98)], fur)
    pen.blob([(-12, 60), (0, 54), (12, 60), (12, 84), (-12, 84)], light)
    for x in (-13, 13):
        pen.rect(x - 8, 68, x + 8, 98, shade(fur, 0.08), 7)
        pen.oval(x, 96, 10.5, 4.6, light)
    pen.oval(34, 95, 13, 6, shade(fur, -0.08))
    pen.oval(0, 26, 27, 24, fur)
    pen.rect(-20, 46, 20, 52, "#d23b3b", 3)
    pen.disc(0, 54, 4.2, "#f3c531")
    pen.oval(0, 34, 14, 13, light)
    pen.blob([(-5, 42), (5, 42), (5.5, 51), (0, 54), (-5.5, 51)], "#f07c8a")
    pen.curve([(-9, 39), (-4, 43), (0, 39), (4, 43), (9, 39)], INK, 1.6)
    pen.oval(0, 29.5, 6, 4.4, INK)
    for x in (-11, 11):
        pen.disc(x, 20, 3.5, INK)
        pen.disc(x + 1, 19, 1.1, "#ffffff")
        s = 1 if x > 0 else -1
        pen.blob([(s * 18, 5), (s * 33, 8), (s * 38, 28), (s * 32, 42), (s * 25, 34)], dark)


def rabbit(pen: Pen, rng: Random) -> None:
    """A rabbit with upright ears, a white tail and a carrot before it."""
    fur = rng.choice(("#b9aca0", "#d8cabb", "#c9b39a"))
    pen.shadow(50, x=4)
    pen.disc(44, 80, 10, "#ffffff")
    pen.blob([(-22, 96), (-22, 70), (0, 54), (30, 58), (44, 82), (36, 98)], fur)
    pen.oval(24, 86, 18, 13, shade(fur, -0.1))
    pen.oval(14, 97, 18, 4.5, shade(fur, 0.2))
    for x, lean in ((-24, -6), (-6, 3)):
        pen.blob(
            [(x - 6, 34), (x - 8 + lean, 14), (x + lean, -2), (x + 8 + lean, 14), (x + 6, 34)], fur
        )
        pen.blob(
            [
                (x - 2.5, 32),
                (x - 3.5 + lean, 15),
                (x + lean, 5),
                (x + 3.5 + lean, 15),
                (x + 2.5, 32),
            ],
            "#f2b8b5",
        )
    pen.oval(-16, 48, 23, 20, fur)
    pen.oval(-22, 57, 12, 9, "#f7f0e8")
    pen.disc(-14, 43, 3.6, INK)
    pen.disc(-13, 42, 1.1, "#ffffff")
    pen.disc(-30, 44, 3.0, INK)
    pen.oval(-25, 51.5, 3.2, 2.2, "#e58b90")
    pen.rect(-26.4, 57, -24.8, 63, "#ffffff", 0.5)
    pen.rect(-24.6, 57, -23, 63, "#ffffff", 0.5)
    for y in (52, 56):
        pen.line([(-14, 55), (2, y)], "#8a8078", 0.7)
        pen.line([(-34, 55), (-48, y)], "#8a8078", 0.7)
    pen.oval(-16, 95, 9, 5, shade(fur, 0.2))
    pen.blob([(-32, 92), (-62, 97), (-34, 99)], "#ef8a32")
    for dy in (-5, 0, 5):
        pen.line([(-32, 96), (-20, 94 + dy)], "#5ea13f", 2.2)


def cat(pen: Pen, rng: Random) -> None:
    """A sitting striped cat with pointed ears, whiskers, and a ball of wool."""
    fur = rng.choice(("#8d9097", "#e29b4b", "#6f6a70"))
    stripe = shade(fur, -0.35)
    pen.shadow(48)
    pen.curve([(24, 94), (46, 92), (48, 70), (38, 58)], fur, 9)
    pen.blob([(-28, 98), (-26, 70), (-14, 48), (14, 48), (26, 70), (28, 98)], fur)
    pen.blob([(-9, 58), (9, 58), (9, 84), (-9, 84)], "#fbf4ea")
    for s in (-1, 1):
        for y in (66, 74, 82):
            pen.line([(s * 25, y), (s * 15, y + 2)], stripe, 2.6)
        pen.oval(s * 10, 96, 9, 4.4, "#fbf4ea")
        pen.poly([(s * 27, 26), (s * 25, 0), (s * 6, 13)], fur)
        pen.poly([(s * 23, 20), (s * 22.5, 6), (s * 11, 14)], "#f0aeb0")
    pen.oval(0, 32, 28, 22, fur)
    for x in (-6, 0, 6):
        pen.line([(x, 12), (x, 20)], stripe, 2.4)
    pen.oval(0, 41, 11, 8, "#fbf4ea")
    for s in (-1, 1):
        pen.oval(s * 12, 30, 5, 5.6, "#bfe36a")
        pen.oval(s * 12, 30, 1.7, 4.8, INK)
        for y in (38, 43):
            pen.line([(s * 9, 40.5), (s * 34, y)], "#fffaf0", 0.9)
    pen.poly([(-3.2, 35.5), (3.2, 35.5), (0, 39)], "#e0727b")
    pen.curve([(-6, 42), (-3, 44.5), (0, 40), (3, 44.5), (6, 42)], INK, 1.1)
    pen.disc(-50, 89, 10.5, "#d65a76")
    for i in (-6, -2, 2, 6):
        pen.curve([(-58, 89 + i), (-50, 86 + i), (-42, 89 + i)], "#b53f5c", 1)


def _bee(pen: Pen, x: float, y: float, s: int) -> None:
    pen.oval(x - 2 * s, y - 6, 4, 5, "#e4f1fae0")
    pen.oval(x + 3 * s, y - 6, 4, 5, "#e4f1fae0")
    pen.oval(x, y, 8, 5.4, "#f6c11f")
    for dx in (-3, 1.5):
        pen.rect(x + dx, y - 5, x + dx + 2.2, y + 5, INK)
    pen.disc(x + 7.5 * s, y - 0.5, 3.2, INK)


def beehive(pen: Pen, rng: Random) -> None:
    """A straw beehive on a stand with bees around it."""
    pen.shadow(48)
    for x in (-34, 34):
        pen.rect(x - 4, 84, x + 4, 99, "#7a5230")
    pen.rect(-50, 80, 50, 87, "#96683d", 2)
    straw = rng.choice(("#e3ae4d", "#d9a03f"))
    for i, width in enumerate((15, 25, 32, 37, 40, 41)):
        y = 16 + 12 * i
        pen.rect(-width, y - 7, width, y + 6.5, straw, 6.5)
        pen.rect(-width + 3, y + 3.4, width - 3, y + 5.6, shade(straw, -0.25), 1)
    pen.disc(0, 6, 5, shade(straw, -0.15))
    pen.oval(0, 71, 11, 9, "#3d2a18")
    for x, y, s in (
        (-58, 24, 1),
        (54, 16, -1),
        (62, 54, -1),
        (-62, 62, 1),
        (22, 64, -1),
        (-44, -6, 1),
    ):
        _bee(pen, x + rng.uniform(-4, 4), y + rng.uniform(-4, 4), s)
