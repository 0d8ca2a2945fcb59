"""The figure: AUC of every head by carrier, as SVG."""

from collections.abc import Mapping
from html import escape
from typing import Any

from chiasm.guard.trained.heads import FUSING, WORDS
from chiasm.guard.trained.show import GROUPS

LEFT, WIDTH, GAP, TOP, LINE = 170, 170, 22, 44, 28
LOW, HIGH = 0.2, 1.0
STYLE = """
text { font: 13px system-ui, "Segoe UI", "Liberation Sans", sans-serif; fill: #1d2329; }
.soft { fill: #5b6570; font-size: 11.5px; } .head { font-weight: 650; }
.grid { stroke: #e3e0d8; } .half { stroke: #5b6570; } .panel { fill: #fbfaf7; }
.span { stroke-width: 5; stroke-linecap: round; opacity: .45; } .seed { opacity: .5; }
.fusing { stroke: #1f5fa8; fill: #1f5fa8; } .other { stroke: #b4552d; fill: #b4552d; }
"""


def figure(found: Mapping[str, Any], foot: str = "") -> str:
    """The AUC panels of a comparison, as an SVG file's text."""
    heads, groups = found["heads"], list(found["groups"])
    bottom = TOP + LINE * len(heads)
    width, height = LEFT + len(groups) * (WIDTH + GAP), bottom + 62
    cells = {(f["head"], f["group"]): f for f in found["figures"] if f["measure"] == "auc"}
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-label="AUC by head and group">'
        ),
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for k, head in enumerate(heads):
        y = TOP + LINE * (k + 0.5) + 4.5
        name = escape(WORDS[head])
        parts.append(f'<text x="{LEFT - 14}" y="{y}" text-anchor="end">{name}</text>')
    for k, group in enumerate(groups):
        left = LEFT + k * (WIDTH + GAP)
        parts += _panel(escape(GROUPS.get(group, group)), left, bottom)
        for row, head in enumerate(heads):
            parts += _mark(cells[head, group], head, left, TOP + LINE * (row + 0.5))
    said = (
        f"AUC on held-out families. Large dot: mean of {found['seeds']} seeds; bar: 95 % interval "
        f"over families; small dots: seeds. {foot}"
    )
    parts.append(f'<text class="soft" x="{LEFT}" y="{bottom + 44}">{escape(said.strip())}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(title: str, left: float, bottom: float) -> list[str]:
    parts = [
        f'<rect class="panel" x="{left}" y="{TOP}" width="{WIDTH}" height="{bottom - TOP}"/>',
        f'<text class="head" x="{left}" y="{TOP - 14}">{title}</text>',
    ]
    for tick in (0.25, 0.5, 0.75, 1.0):
        x = _x(tick, left)
        kind = "half" if tick == 0.5 else "grid"
        parts.append(f'<line class="{kind}" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(
            f'<text class="soft" x="{x}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        )
    return parts


def _mark(one: Mapping[str, Any], head: str, left: float, y: float) -> list[str]:
    if one["value"] is None:
        return [f'<text class="soft" x="{left + 8}" y="{y + 4}">undefined</text>']
    kind = "fusing" if head in FUSING else "other"
    parts = []
    if one["low"] is not None:
        ends = f'x1="{_x(one["low"], left)}" x2="{_x(one["high"], left)}"'
        parts.append(f'<line class="span {kind}" {ends} y1="{y}" y2="{y}"/>')
    parts += [
        f'<circle class="seed {kind}" cx="{_x(value, left)}" cy="{y + 7}" r="2"/>'
        for value in one["per_seed"]
    ]
    return [*parts, f'<circle class="{kind}" cx="{_x(one["value"], left)}" cy="{y}" r="5"/>']


def _x(value: float, left: float) -> float:
    inside = min(HIGH, max(LOW, value))
    return round(left + 8 + (inside - LOW) / (HIGH - LOW) * (WIDTH - 16), 1)
