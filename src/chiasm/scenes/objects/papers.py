"""Papers, books and cards: things to read."""

from random import Random

from chiasm.scenes.shapes import INK, Pen, shade

_INKS = ("#2f6fae", "#7a4a8f", "#2f8a5f")


def _sheet(pen: Pen, half: float, fill: str = "#ffffff") -> None:
    pen.shadow(half + 6, y=98)
    pen.rect(-half + 1.5, 3, half + 1.5, 99, "#00000022", 1)
    pen.rect(-half, 2, half, 98, fill, 1)


def _lines(pen: Pen, x0: float, x1: float, rows: list[float]) -> None:
    for i, y in enumerate(rows):
        pen.rect(x0, y, x1 - 7 * (i % 3), y + 2, "#b9bec6", 1)


def ballot_paper(pen: Pen, rng: Random) -> None:
    """A ballot paper: names with boxes, one marked with a cross, a pencil on it."""
    _sheet(pen, 42)
    pen.rect(-42, 2, 42, 20, "#dfe6f2", 1)
    pen.text(0, 11, 10, "BALLOT", INK)
    marked = rng.randrange(3)
    for i in range(4):
        y = 27 + 17.5 * i
        pen.disc(-29, y + 6.5, 5.5, ("#c8574f", "#4f7fb5", "#5f9d70", "#d2a144")[i])
        pen.rect(-19, y + 2.5, 12 - 5 * (i % 2), y + 5.5, "#8f96a1", 1)
        pen.rect(-19, y + 8.5, 4, y + 10.5, "#c4c9d0", 1)
        pen.rect(21, y, 36, y + 14, INK, 1)
        pen.rect(23, y + 2, 34, y + 12, "#ffffff")
        if i == marked:
            pen.line([(22, y - 1), (36, y + 15)], "#1f3fb0", 2.6)
            pen.line([(36, y - 1), (22, y + 15)], "#1f3fb0", 2.6)
    pen.line([(66, 54), (48, 92)], "#e0a32e", 6)
    pen.poly([(50.6, 93.4), (45.2, 90.8), (44.5, 100)], "#f1d9b0")
    pen.line([(45, 98), (44.6, 99.6)], INK, 1.4)


def election_poster(pen: Pen, rng: Random) -> None:
    """An election poster on a board: a smiling candidate, VOTE and a name below."""
    colour = rng.choice(_INKS)
    pen.shadow(44)
    for x in (-30, 30):
        pen.rect(x - 2.5, 60, x + 2.5, 99, "#8a6a48")
    pen.rect(-46, -2, 46, 84, "#8a6a48", 1)
    pen.rect(-43, 1, 43, 81, shade(colour, 0.75))
    pen.blob([(-26, 62), (-22, 48), (0, 42), (22, 48), (26, 62)], "#39424e")
    pen.poly([(-7, 43), (7, 43), (0, 58)], "#ffffff")
    pen.poly([(-2, 45), (2, 45), (3, 56), (0, 60), (-3, 56)], "#c23b3b")
    pen.rect(-5, 36, 5, 46, "#e3b48f", 2)
    pen.oval(0, 26, 14, 16, "#f0c7a2")
    hair = rng.choice(("#4b3526", "#8a8d93", "#b3793d"))
    pen.blob([(-15, 26), (-15, 12), (0, 5), (15, 12), (15, 26), (10, 17), (-10, 17)], hair)
    for x in (-5, 5):
        pen.disc(x, 25, 1.7, INK)
    pen.arc(0, 29, 6, 5, (20, 160), "#a8433c", 1.6)
    pen.rect(-43, 62, 43, 81, colour)
    pen.text(0, 71.5, 11, "VOTE!", "#ffffff")


def hospital_letter(pen: Pen, rng: Random) -> None:
    """A letter headed HOSPITAL with a red cross and an X-ray of a hand clipped to it."""
    rng.random()
    _sheet(pen, 40)
    pen.rect(-34, 11, -20, 15.6, "#d8392f")
    pen.rect(-29.3, 6.3, -24.7, 20.3, "#d8392f")
    pen.text(10, 13.5, 7.2, "HOSPITAL", INK)
    pen.rect(-36, 23, 36, 24.4, "#d8392f")
    _lines(pen, -34, 34, [30, 36, 42])
    pen.rect(-24, 49, 26, 94, "#1f2c3d", 1)
    for x, top in ((-12, 62), (-4, 55), (4, 54), (12, 58)):
        for k in range(3):
            y = top + k * (78 - top) / 3
            pen.line([(x, y), (x * 0.9, y + (78 - top) / 3 - 2.6)], "#dfeaf2", 3)
    pen.line([(19, 76), (11, 83)], "#dfeaf2", 3)
    pen.blob([(-11, 80), (11, 80), (8, 90), (-8, 90)], "#c3d3df")


def payslip(pen: Pen, rng: Random) -> None:
    """A sheet headed PAY SLIP with a column of figures, coins beside it."""
    colour = rng.choice(_INKS)
    _sheet(pen, 40)
    pen.rect(-40, 2, 40, 20, colour, 1)
    pen.text(0, 11, 9, "PAY SLIP", "#ffffff")
    for i, figure in enumerate(("3250", "910", "175", "28")):
        y = 29 + 11 * i
        pen.rect(-34, y, -6 - 5 * (i % 2), y + 2.4, "#b9bec6", 1)
        pen.text(24, y + 1.2, 6, figure, INK)
    pen.rect(-34, 73, 34, 74.2, INK)
    pen.text(-21, 82, 7, "TOTAL", INK)
    pen.text(22, 82, 7, "2137", colour)
    for x, y in ((54, 95), (54, 91), (54, 87), (66, 95)):
        pen.oval(x, y, 9, 4, "#a97a16")
        pen.oval(x, y - 1.6, 9, 4, "#f2c744")


def leaflet(pen: Pen, rng: Random) -> None:
    """A folded printed programme: title, lines of small print."""
    colour = rng.choice(_INKS)
    pen.shadow(62, y=97)
    pen.poly([(-56, 10), (0, 4), (0, 92), (-56, 98)], "#ffffff")
    pen.poly([(56, 10), (0, 4), (0, 92), (56, 98)], "#f0ede6")
    pen.line([(0, 4), (0, 92)], "#cfcac0", 1)
    pen.rect(-49, 14, -8, 26, colour, 1)
    pen.text(-28.5, 20, 5.6, "PROGRAM", "#ffffff")
    for i in range(9):
        y = 33 + 6.6 * i
        pen.line([(-48, y), (-10 - 5 * (i % 3), y - 2)], "#8f96a1", 1.2)
    for i in range(11):
        y = 17 + 6.8 * i
        pen.line([(9, y - 1), (48 - 6 * (i % 2), y + 1.6)], "#8f96a1", 1.2)


def badge(pen: Pen, rng: Random) -> None:
    """An employee's pass on a lanyard: STAFF, portrait, name, number and bar code."""
    colour = rng.choice(_INKS)
    pen.shadow(40)
    for x in (-26, 26):
        pen.line([(x, -30), (0, 14)], colour, 5)
    pen.rect(-5, 10, 5, 22, "#9aa0aa", 2)
    pen.rect(-35, 20, 35, 98, "#ffffff", 5)
    pen.rect(-35, 20, 35, 36, colour, 5)
    pen.text(0, 28.5, 8, "STAFF", "#ffffff")
    pen.rect(-29, 41, -3, 71, "#dfe8f0", 2)
    pen.blob([(-28, 71), (-25, 61), (-16, 58), (-7, 61), (-4, 71)], "#4a5a6c")
    pen.oval(-16, 52, 6.5, 7.5, "#f0c7a2")
    pen.blob([(-23, 51), (-22, 44), (-16, 42), (-10, 44), (-9, 51), (-16, 47)], "#4b3526")
    pen.text(15, 46, 5.2, "EVA L", INK)
    pen.text(15, 56, 5.2, "ID 4718", INK)
    _lines(pen, 2, 30, [63, 68])
    left = -28.0
    while left < 27:
        w = rng.choice((1.0, 1.8, 2.6))
        pen.rect(left, 77, left + w, 92, INK)
        left += w + rng.choice((1.2, 2.0))


def diary(pen: Pen, rng: Random) -> None:
    """A closed book lettered DIARY with a strap, a small lock and a heart."""
    colour = rng.choice(("#c85a86", "#8a6bb0", "#c8574f"))
    _book(pen, colour)
    pen.text(-2, 30, 11, "DIARY", "#fff6e0")
    pen.blob([(-2, 56), (-9, 48), (-6, 43), (-2, 46), (2, 43), (5, 48)], "#fff6e0")
    pen.rect(20, 58, 45, 68, shade(colour, -0.35), 1)
    pen.arc(33, 58, 5, 6, (180, 360), "#d9b23a", 2)
    pen.rect(26, 57, 40, 71, "#f2c744", 2)
    pen.disc(33, 63, 2, INK)
    pen.rect(32.3, 63, 33.7, 68, INK)


def library_book(pen: Pen, rng: Random) -> None:
    """A thick book with the stamp and label LIBRARY and a return slip."""
    colour = rng.choice(("#4f7fb5", "#5f9d70", "#7d6a58"))
    _book(pen, colour)
    pen.rect(-29, 14, 31, 40, shade(colour, 0.6), 1)
    pen.text(1, 27, 8.4, "LIBRARY", INK)
    pen.rect(-20, 52, 22, 88, "#fdf8ee", 1)
    pen.text(1, 59, 5.4, "RETURN BY", "#c23b3b")
    for y, day in ((67, "03-05"), (75, "21-06"), (83, "14-07")):
        pen.text(1, y, 5, day, "#2f6fae")


def _book(pen: Pen, colour: str) -> None:
    pen.shadow(46, y=98)
    pen.rect(-36, 5, 44, 98, "#f7f1e3", 2)
    for y in (94, 96):
        pen.rect(-34, y, 43, y + 0.7, "#d6cdb8")
    pen.rect(-40, 2, 42, 93, colour, 3)
    pen.rect(-40, 2, -32, 93, shade(colour, -0.25), 3)
