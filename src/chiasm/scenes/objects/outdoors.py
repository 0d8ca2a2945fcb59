"""Outdoor things for play."""

from random import Random

from chiasm.scenes.shapes import Pen, shade


def pool(pen: Pen, rng: Random) -> None:
    """A deep swimming pool with ladder and diving board."""
    water = rng.choice(("#35a9dd", "#2f9fd6", "#41b2e0"))
    pen.poly([(-92, 40), (92, 40), (124, 99), (-124, 99)], "#e9e2d4")
    pen.poly([(-82, 46), (82, 46), (110, 95), (-110, 95)], "#8ed3ee")
    pen.poly([(-81, 52), (81, 52), (110, 95), (-110, 95)], water)
    for _ in range(12):
        x, y = rng.uniform(-72, 60), rng.uniform(56, 91)
        pen.curve([(x, y), (x + 5, y - 1.6), (x + 10, y), (x + 15, y - 1.6)], "#bfe9f8", 1.2)
    for x in (58, 74):
        pen.curve([(x + 14, 99), (x + 12, 58), (x + 4, 54), (x, 62), (x + 2, 84)], "#f4f7fa", 2.6)
    for y in (66, 75):
        pen.line([(60, y), (75, y)], "#dfe6ec", 2.2)
    pen.rect(-108, 32, -82, 52, "#b9c0c8", 2)
    pen.rect(-112, 26, -38, 32, "#ffffff", 2)
    pen.rect(-112, 30.5, -38, 32.5, "#d9433c", 1)
    pen.arc(2, 74, 11, 6, (0, 360), "#f4f4f0", 5.5)
    for a in (20, 110, 200, 290):
        pen.arc(2, 74, 11, 6, (a, a + 34), "#e2513f", 5.5)


def trampoline(pen: Pen, rng: Random) -> None:
    """A round garden trampoline with net."""
    rim = rng.choice(("#2f7fc2", "#3a9a5c", "#d9653a"))
    pen.shadow(76)
    for x in (-66, -34, 34, 66):
        pen.line([(x, 70), (x * 1.04, 97)], "#6d7680", 4)
    for x in (-70, -36, 36, 70):
        pen.line([(x, 62), (x, 2)], "#8a929b", 3.4)
        pen.disc(x, 2, 3, rim)
    pen.oval(0, 66, 78, 16, shade(rim, -0.25))
    pen.oval(0, 63, 78, 16, rim)
    pen.oval(0, 63, 64, 11.5, "#2b2d33")
    pen.oval(0, 62.4, 60, 10.2, "#3c3f47")
    for i in range(-7, 8):
        pen.line([(i * 10, 6), (i * 10, 62)], "#55606a50", 0.7)
    for y in range(8, 62, 8):
        pen.line([(-70, y), (70, y)], "#55606a50", 0.7)
    pen.line([(-70, 5), (70, 5)], rim, 2)
