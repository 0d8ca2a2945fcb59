"""The flow of dangerous cases along the chain, as SVG: what leaves it at each link.

The stream of cases runs from left to right; at each link the cases that it explains bend down out
of it. Widths are counts. Colours are classes of the page's stylesheet; every text is escaped.
"""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

STEP = 148
"""Room for a branch, wider than the whole stream is high: no two can overlap."""

HIGH = 130
TOP, END = 34, 250

START = 44
"""Where the first branch leaves."""


class Branch(NamedTuple):
    """Cases that leave the stream.

    Attributes:
        name: Of the state.
        css: Class of its colour.
        n: How many cases.
        asked: What decides it, in words.
    """

    name: str
    css: str
    n: int
    asked: str


def flow(branches: Sequence[Branch]) -> Markup:
    """The figure; branches in the order in which they leave, together all cases, at least one."""
    total = sum(branch.n for branch in branches)
    left = float(HIGH)
    edge = [f"M0 {TOP}H{START + STEP * (len(branches) - 1)}"]
    steps = ["Z"]
    drawn = []
    for i, branch in enumerate(branches):
        x, share = START + i * STEP, branch.n / total
        thick = HIGH * share
        steps.append(f"V{TOP + left:.1f}H{x - STEP if i else 0}")
        left -= thick
        drawn.append(_branch(x, left, thick, branch, share))
    told = "; ".join(f"{b.name} {b.n} of {total}" for b in branches)
    stream = f'<path class="stream" d="{"".join([*edge, *reversed(steps)])}"/>'
    head = f'<text class="head" x="0" y="18">{total} dangerous cases</text>'
    size = f'viewBox="0 0 {START + STEP * len(branches)} {END + 62}"'
    opening = f'<svg class="flow" {size} role="img" aria-label="{escape(told)}">'
    return Markup(f"{opening}{head}{stream}{''.join(drawn)}</svg>")


def _branch(x: float, left: float, thick: float, branch: Branch, share: float) -> str:
    words = (
        f'<text class="name" x="{x + 4}" y="{END + 20}">{escape(branch.name)}</text>'
        f'<text class="soft" x="{x + 4}" y="{END + 38}">{branch.n} ({100 * share:.0f} %)</text>'
        f'<text class="soft small" x="{x + 4}" y="{END + 54}">{escape(branch.asked)}</text>'
    )
    if not branch.n:
        return f'<g class="none">{words}</g>'
    y1, y2, near = TOP + left, TOP + left + thick, x + 6
    far = near + max(thick, 1.5)
    path = (
        f"M{x} {y1:.1f}H{near}C{far:.1f} {y1:.1f} {far:.1f} {y1 + 30:.1f} {far:.1f} {y2 + 45:.1f}"
        f"V{END}H{near}V{y2 + 20:.1f}C{near} {y2 + 8:.1f} {near - 2} {y2:.1f} {x} {y2:.1f}Z"
    )
    told = f"{branch.name}: {branch.n} ({100 * share:.1f} %)"
    return f'<g><title>{escape(told)}</title><path class="{branch.css}" d="{path}"/>{words}</g>'
