"""A pen on a canvas: flat shapes in local units, drawn large and scaled down for smooth edges.

A canvas is 100 x 100 units, x to the right, y down. A thing is drawn in its own frame: x from -50
to 50 around its middle, y from 0 (top) to 100 (where it stands); `Pen.at` places that frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageColor, ImageDraw

from chiasm.scenes.letters import strokes

Point = tuple[float, float]
Colour = str
"""``#rrggbb`` or ``#rrggbbaa``."""

OVERSAMPLING = 3
INK = "#3a3640"


def shade(colour: Colour, by: float) -> Colour:
    """The colour, lighter for ``by`` in (0, 1], darker for [-1, 0).

    >>> shade("#808080", -0.5), shade("#000000", 1.0)
    ('#404040', '#ffffff')
    """
    end = 255 if by > 0 else 0
    rgb = ImageColor.getrgb(colour)[:3]
    return "#" + "".join(f"{round(v + (end - v) * abs(by)):02x}" for v in rgb)


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws into one frame of a canvas.

    Attributes:
        blend: Pillow's drawing context for colours with an alpha channel.
        solid: The one for colours without; it draws the same, several times as fast.
        unit: Pixels per unit.
        x: Pixels from the canvas's left to the frame's x = 0.
        y: Pixels from the canvas's top to the frame's y = 0.
        mirror: -1 where left and right are exchanged, else 1.
    """

    blend: ImageDraw.ImageDraw
    solid: ImageDraw.ImageDraw
    unit: float
    x: float = 0.0
    y: float = 0.0
    mirror: int = 1

    def at(self, x: float, y: float, height: float, *, mirror: bool = False) -> "Pen":
        """A frame of that height whose foot stands at (x, y) of this one."""
        unit = self.unit * height / 100
        left, foot = self._px((x, y))
        side = -self.mirror if mirror else self.mirror
        return Pen(self.blend, self.solid, unit, left, foot - 100 * unit, side)

    def _draw(self, fill: Colour) -> ImageDraw.ImageDraw:
        return self.solid if len(fill) == 7 else self.blend

    def _px(self, point: Point) -> Point:
        return self.x + self.mirror * point[0] * self.unit, self.y + point[1] * self.unit

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> list[float]:
        (a, b), (c, d) = self._px((x0, y0)), self._px((x1, y1))
        return [min(a, c), min(b, d), max(a, c), max(b, d)]

    def poly(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled polygon."""
        self._draw(fill).polygon([self._px(p) for p in points], fill=fill)

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, fill: Colour, r: float = 0.0
    ) -> None:
        """A filled rectangle with rounded corners of radius r."""
        self._draw(fill).rounded_rectangle(self._box(x0, y0, x1, y1), r * self.unit, fill=fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """A filled ellipse around (x, y)."""
        self._draw(fill).ellipse(self._box(x - rx, y - ry, x + rx, y + ry), fill=fill)

    def disc(self, x: float, y: float, r: float, fill: Colour) -> None:
        """A filled circle around (x, y)."""
        self.oval(x, y, r, r, fill)

    def line(self, points: Sequence[Point], fill: Colour, w: float) -> None:
        """A stroke of width w through the points, with round ends and joints."""
        for a, b in pairwise(points):
            self._segment(a, b, fill, w)
        for p in points:
            self.disc(*p, w / 2, fill)

    def _segment(self, a: Point, b: Point, fill: Colour, w: float) -> None:
        length = math.dist(a, b) or 1.0
        dx, dy = (b[1] - a[1]) / length * w / 2, (a[0] - b[0]) / length * w / 2
        corners = [
            (a[0] + dx, a[1] + dy),
            (b[0] + dx, b[1] + dy),
            (b[0] - dx, b[1] - dy),
            (a[0] - dx, a[1] - dy),
        ]
        self.poly(corners, fill)

    def arc(
        self, x: float, y: float, rx: float, ry: float, span: Point, fill: Colour, w: float
    ) -> None:
        """A stroke along an ellipse, clockwise from the right, ``span`` in degrees."""
        steps = 40
        angles = [math.radians(span[0] + (span[1] - span[0]) * i / steps) for i in range(steps + 1)]
        self.line([(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles], fill, w)

    def blob(self, points: Sequence[Point], fill: Colour) -> None:
        """A smooth closed shape through the points (Catmull-Rom)."""
        self.poly(smooth(points, closed=True), fill)

    def curve(self, points: Sequence[Point], fill: Colour, w: float) -> None:
        """A smooth stroke through the points."""
        self.line(smooth(points, closed=False), fill, w)

    def text(self, x: float, y: float, height: float, text: str, fill: Colour) -> None:
        """Capitals and digits by strokes, their block centred on (x, y)."""
        scale = height / 6
        left = x - (5.4 * len(text) - 1.4) * scale / 2
        for i, letter in enumerate(text):
            for stroke in strokes(letter):
                at = [(left + (5.4 * i + a) * scale, y + (b - 3) * scale) for a, b in stroke]
                self.line(at, fill, 0.95 * scale)

    def shadow(self, width: float = 30.0, x: float = 0.0, y: float = 99.0) -> None:
        """A soft shadow on the ground under a thing."""
        for i in range(3):
            self.oval(x, y, width * (1 - 0.12 * i), width * 0.13 * (1 - 0.12 * i), "#0000001c")


def smooth(points: Sequence[Point], *, closed: bool, steps: int = 10) -> list[Point]:
    """Points along the Catmull-Rom spline through the given ones."""
    n = len(points)
    line: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            quad = [points[(i + j) % n] for j in (-1, 0, 1, 2)]
        else:
            quad = [points[min(n - 1, max(0, i + j))] for j in (-1, 0, 1, 2)]
        line += [_spline(quad, s / steps) for s in range(steps)]
    return line if closed else [*line, points[-1]]


def _spline(quad: Sequence[Point], t: float) -> Point:
    def at(k: int) -> float:
        a, b, c, d = (p[k] for p in quad)
        return 0.5 * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )

    return at(0), at(1)


def canvas(size: int) -> tuple[Image.Image, Pen]:
    """An empty picture, `OVERSAMPLING` times as large as asked, and a pen for all of it."""
    image = Image.new("RGB", (size * OVERSAMPLING, size * OVERSAMPLING), "#ffffff")
    blend, solid = ImageDraw.Draw(image, "RGBA"), ImageDraw.Draw(image)
    return image, Pen(blend, solid, size * OVERSAMPLING / 100)
