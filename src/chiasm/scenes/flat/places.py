"""The lab's places, each the whole picture: x from -50 to 50, y from 0 to 100, overlapping it."""

from collections.abc import Callable, Mapping

from chiasm.scenes.shapes import Pen

SKY, GRASS, ROCK, WATER, ASPHALT = "#9cc8ee", "#74b05c", "#8a7460", "#3f7fd0", "#55585e"


def _ground(pen: Pen, top: str, bottom: str, horizon: float) -> None:
    pen.rect(-80, -30, 80, horizon, top)
    pen.rect(-80, horizon, 80, 140, bottom)


def cliff(pen: Pen) -> None:
    """Rock that ends, far above the water."""
    _ground(pen, SKY, WATER, 86)
    pen.poly([(-80, 36), (6, 36), (14, 46), (2, 60), (10, 76), (0, 140), (-80, 140)], ROCK)
    pen.rect(-80, 30, 6, 38, GRASS)


def roof(pen: Pen) -> None:
    """A house under a red roof."""
    _ground(pen, SKY, GRASS, 90)
    pen.rect(-32, 52, 32, 96, "#e8dcc0")
    pen.poly([(-46, 54), (0, 10), (46, 54)], "#b4402e")
    pen.rect(-8, 68, 8, 96, "#70503a")


def tower(pen: Pen) -> None:
    """A tall stone tower."""
    _ground(pen, SKY, GRASS, 90)
    pen.rect(-14, 18, 14, 96, "#9a9a9e")
    for x in (-20, -5, 10):
        pen.rect(x, 4, x + 10, 20, "#9a9a9e")
    pen.rect(-4, 34, 4, 48, "#2c2c34")
    pen.rect(-4, 62, 4, 76, "#2c2c34")


def track(pen: Pen) -> None:
    """Two rails on sleepers, towards the horizon."""
    _ground(pen, SKY, GRASS, 34)
    for i in range(6):
        y, w = 40 + 11 * i, 10 + 8 * i
        pen.rect(-w, y, w, y + 5, "#6e4a2c")
    pen.line([(-4, 34), (-34, 104)], "#34363c", 5)
    pen.line([(4, 34), (34, 104)], "#34363c", 5)


def road(pen: Pen) -> None:
    """A grey road with a dashed line through fields."""
    _ground(pen, SKY, "#c8b45a", 34)
    pen.poly([(-7, 34), (7, 34), (46, 120), (-46, 120)], ASPHALT)
    for i, y in enumerate((42, 58, 78)):
        pen.rect(-1 - i, y, 1 + i, y + 9, "#f0f0ea")


def runway(pen: Pen) -> None:
    """A wide dark strip with white bars, lamps on both sides."""
    _ground(pen, "#e0c4d8", "#3c4046", 30)
    for x in (-34, -22, -10, 2, 14, 26):
        pen.rect(x, 66, x + 8, 96, "#f4f4f4")
    for y in (38, 50, 62):
        pen.disc(-45, y, 4, "#ffd93c")
        pen.disc(45, y, 4, "#ffd93c")


def lake(pen: Pen) -> None:
    """Round water among meadows."""
    _ground(pen, SKY, GRASS, 30)
    pen.oval(0, 66, 42, 24, WATER)
    pen.oval(-8, 62, 18, 6, "#86b4ee")


def river(pen: Pen) -> None:
    """A winding band of water."""
    _ground(pen, SKY, GRASS, 24)
    pen.curve([(14, 22), (24, 40), (-20, 58), (-12, 78), (22, 108)], WATER, 20)


def waterfall(pen: Pen) -> None:
    """White water between dark rocks."""
    _ground(pen, SKY, "#4c4c50", 18)
    pen.rect(-14, 18, 14, 84, "#dcecfa")
    pen.rect(-8, 18, -4, 84, "#9cc4ec")
    pen.rect(4, 18, 8, 84, "#9cc4ec")
    pen.oval(0, 90, 34, 12, WATER)


def campfire(pen: Pen) -> None:
    """Flames on logs, at night."""
    _ground(pen, "#1c2440", "#38402c", 70)
    pen.line([(-26, 92), (22, 80)], "#7a4c2a", 9)
    pen.line([(26, 92), (-22, 80)], "#7a4c2a", 9)
    pen.poly([(-18, 82), (-12, 52), (-4, 64), (2, 34), (10, 60), (16, 50), (18, 82)], "#f07820")
    pen.poly([(-8, 82), (0, 58), (8, 82)], "#ffdc50")


def stove(pen: Pen) -> None:
    """A white stove with glowing rings, in a tiled kitchen."""
    _ground(pen, "#d4e4d8", "#b49a78", 88)
    pen.rect(-36, 34, 36, 98, "#f2f2f2")
    pen.rect(-36, 24, 36, 38, "#2c2c30")
    pen.oval(-18, 31, 13, 5, "#ff4a28")
    pen.oval(18, 31, 13, 5, "#ff4a28")
    pen.rect(-26, 54, 26, 88, "#3c3c44")


def volcano(pen: Pen) -> None:
    """A dark mountain with lava."""
    _ground(pen, "#c89a8c", "#5a4a44", 92)
    pen.poly([(-50, 100), (-12, 30), (12, 30), (50, 100)], "#4a3632")
    pen.poly([(-12, 30), (12, 30), (4, 52), (8, 74), (-2, 64), (-8, 84), (-6, 48)], "#ff5a1e")
    pen.disc(0, 18, 13, "#8c8480")


PLACES: Mapping[str, Callable[[Pen], None]] = {
    f.__name__: f
    for f in (
        *(cliff, roof, tower, track, road, runway),
        *(lake, river, waterfall, campfire, stove, volcano),
    )
}
"""Name in world.toml -> how it is drawn."""
