"""Drawings of the page, as SVG: pure functions from numbers to markup.

Bars use percentages for x, so that they fill any width without distorting text. No style
attributes (the page's security policy forbids them): colours are classes of the stylesheet, and so
light, dark and print need no second drawing. Every text is escaped here.
"""

from collections.abc import Sequence
from math import cos, pi, sin
from typing import NamedTuple

from markupsafe import Markup, escape


class Segment(NamedTuple):
    """A part of a stacked bar.

    Attributes:
        css: Class of its colour.
        letter: Shown in it where there is room.
        label: For its tooltip.
        n: How many.
    """

    css: str
    letter: str
    label: str
    n: int


class Slice(NamedTuple):
    """A part of a sunburst.

    Attributes:
        label: Its name.
        n: Its size.
        rate: In [0, 1], shown by depth of colour; None where undefined.
        told: For its tooltip.
        href: Where it leads.
        parts: The ring outside it.
    """

    label: str
    n: int
    rate: float | None
    told: str
    href: str
    parts: Sequence["Slice"] = ()


def interval_bar(
    rate: float | None,
    low: float | None,
    high: float | None,
    bounds: tuple[float, float] | None,
    told: str,
) -> Markup:
    """A rate as a dot, its interval as a band, its worst-case bounds as a line with ends.

    Args:
        rate: In [0, 1]; None draws the track alone.
        low: Of the interval.
        high: Of the interval.
        bounds: None where nothing is missing.
        told: The same in words.
    """
    drawn = ['<rect class="track" x="0" y="7" width="100%" height="2" rx="1"/>']
    if low is not None and high is not None:
        drawn.append(
            f'<rect class="band" x="{_p(low)}" y="3" width="{_p(high - low)}" height="10" rx="3"/>'
        )
    if bounds is not None:
        a, b = (_p(x) for x in bounds)
        drawn.append(f'<line class="worst" x1="{a}" x2="{b}" y1="8" y2="8"/>')
        drawn += [f'<line class="worst" x1="{x}" x2="{x}" y1="4" y2="12"/>' for x in (a, b)]
    if rate is not None:
        drawn.append(f'<circle class="dot" cx="{_p(rate)}" cy="8" r="4.5"/>')
    return _svg("bar", 'width="100%" height="16"', told, drawn)


def difference_bar(difference: float, low: float | None, high: float | None, told: str) -> Markup:
    """A difference as a dot and its interval as a band, on a track with 0 in its middle.

    Args:
        difference: In [-1, 1].
        low: Of the interval; None where there is none.
        high: Likewise.
        told: The same in words.
    """
    drawn = ['<rect class="track" x="0" y="7" width="100%" height="2" rx="1"/>']
    if low is not None and high is not None:
        x, width = _p((low + 1) / 2), _p((high - low) / 2)
        drawn.append(f'<rect class="band" x="{x}" y="3" width="{width}" height="10" rx="3"/>')
    drawn.append('<line class="worst" x1="50%" x2="50%" y1="1" y2="15"/>')
    drawn.append(f'<circle class="dot" cx="{_p((difference + 1) / 2)}" cy="8" r="4.5"/>')
    return _svg("bar", 'width="100%" height="16"', told, drawn)


def stacked_bar(segments: Sequence[Segment], told: str) -> Markup:
    """Shares of a whole, with letter and count where there is room."""
    total = sum(s.n for s in segments)
    drawn, x = [], 0.0
    for s in segments:
        share = s.n / total
        drawn.append(
            f"<g><title>{escape(s.label)}: {s.n} of {total} ({100 * share:.1f} %)</title>"
            f'<rect class="{s.css}" x="{_p(x)}" y="0" width="{_p(share)}" height="30"/>'
        )
        if share >= 0.035:
            text = f"{s.letter} {100 * share:.0f}" if share >= 0.1 else s.letter
            drawn.append(f'<text class="on {s.css}" x="{_p(x + share / 2)}" y="20">{text}</text>')
        drawn.append("</g>")
        x += share
    return _svg("stack", 'width="100%" height="30"', told, drawn)


def radar(
    labels: Sequence[str],
    values: Sequence[float | None],
    others: Sequence[float | None],
    told: str,
) -> Markup:
    """A rate per category on spokes, over the mean of all models as a dashed line.

    Args:
        labels: Three or more.
        values: In [0, 1]; None leaves a gap in the line's points.
        others: What it is compared with.
        told: The same in words.
    """
    n, radius = len(labels), 74
    drawn = [f'<circle class="ring" r="{radius * r:g}"/>' for r in (0.25, 0.5, 0.75, 1)]
    for i, label in enumerate(labels):
        x, y = _at(i / n, radius)
        drawn.append(f'<line class="ring" x1="0" y1="0" x2="{x}" y2="{y}"/>')
        x, y = _at(i / n, radius + 11)
        side = "middle" if abs(x) < 15 else "start" if x > 0 else "end"
        drawn.append(
            f'<text class="tick" x="{x}" y="{y + 3:.1f}" text-anchor="{side}">'
            f"<title>{escape(label)}</title>{escape(_short(label, 13))}</text>"
        )
    drawn.append(f'<polygon class="mean" points="{_points(others, radius)}"/>')
    drawn.append(f'<polygon class="area" points="{_points(values, radius)}"/>')
    for i, value in enumerate(values):
        if value is not None:
            x, y = _at(i / n, radius * value)
            drawn.append(f'<circle class="dot" cx="{x}" cy="{y}" r="2.6"/>')
    return _svg("radar", 'viewBox="-150 -98 300 196"', told, drawn)


def sunburst(slices: Sequence[Slice], told: str) -> Markup:
    """Categories, and outside them their subcategories; size is cases, depth is the rate."""
    total = sum(s.n for s in slices)
    rings = 2 if any(len(s.parts) > 1 for s in slices) else 1
    drawn, start = [], 0.0
    for s in slices:
        width = s.n / total
        drawn.append(_arc(s, start, width, (50, 112 if rings == 2 else 150)))
        inner = start
        for part in s.parts if rings == 2 else ():
            drawn.append(_arc(part, inner, part.n / total, (114, 172)))
            inner += part.n / total
        start += width
    drawn.append(
        f'<text class="hub" y="-2">{total}</text><text class="tick hub2" y="15">cases</text>'
    )
    size = 176 if rings == 2 else 154
    return _svg(
        f"sunburst rings{rings}", f'viewBox="{-size} {-size} {2 * size} {2 * size}"', told, drawn
    )


def _arc(s: Slice, start: float, width: float, ring: tuple[int, int]) -> str:
    end = start + min(width, 0.9999)  # an arc of a full turn has no length
    (x0, y0), (x1, y1) = _at(start, ring[1]), _at(end, ring[1])
    (x2, y2), (x3, y3) = _at(end, ring[0]), _at(start, ring[0])
    far = int(end - start > 0.5)
    path = (
        f"M{x0} {y0}A{ring[1]} {ring[1]} 0 {far} 1 {x1} {y1}"
        f"L{x2} {y2}A{ring[0]} {ring[0]} 0 {far} 0 {x3} {y3}Z"
    )
    shade = "empty" if s.rate is None else f"shade{min(9, int(10 * s.rate))}"
    return (
        f'<a href="{escape(s.href)}"><title>{escape(s.told)}</title>'
        f'<path class="{shade}" d="{path}"/>{_arc_text(s.label, start, width, ring, shade)}</a>'
    )


def _arc_text(label: str, start: float, width: float, ring: tuple[int, int], shade: str) -> str:
    """Along the radius, read from the left; nothing where the arc is too narrow for a line."""
    middle = (ring[0] + ring[1]) / 2
    if 2 * pi * middle * width < 13:
        return ""
    x, y = _at(start + width / 2, middle)
    turn = 360 * (start + width / 2) - 90
    turn += 180 if 90 < turn % 360 < 270 else 0
    text = escape(_short(label, int((ring[1] - ring[0]) / 5.4)))
    return (
        f'<text class="on {shade}" transform="translate({x} {y}) rotate({turn:.1f})">{text}</text>'
    )


def _points(values: Sequence[float | None], radius: float) -> str:
    n = len(values)
    places = [_at(i / n, radius * v) for i, v in enumerate(values) if v is not None]
    return " ".join(f"{x},{y}" for x, y in places)


def _at(turn: float, radius: float) -> tuple[float, float]:
    """A point of a circle; turns count clockwise from the top."""
    angle = 2 * pi * turn
    return round(radius * sin(angle), 2) + 0.0, round(-radius * cos(angle), 2) + 0.0  # no -0.0


def _p(share: float) -> str:
    return f"{100 * share:.2f}%"


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(1, room - 1)].rstrip() + "…"


def _svg(css: str, size: str, told: str, drawn: Sequence[str]) -> Markup:
    """The only place where markup is declared safe: numbers, our own words, escaped text."""
    opening = f'<svg class="{css}" {size} role="img" aria-label="{escape(told)}">'
    return Markup(f"{opening}{''.join(drawn)}</svg>")
