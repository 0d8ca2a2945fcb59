"""The figure: Youden's J of every arm on leaky, leak-free and joint rows, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from chiasm.lab.results import HEADLINE

TITLES = {
    "leaky": ("leaky", "the question names the danger"),
    "leak_free": ("leak-free", "only the picture shows it"),
    "joint": ("joint", "picture + question, unseen pairs"),
}
ARMS = {
    "base": "base, not aligned",
    "text_sft": "textual SFT",
    "text_sft_named": "textual SFT, all named",
    "text_unlearning": "textual unlearning",
    "mm_sft": "multimodal SFT, leak-free rows",
    "mm_sft_leaky": "multimodal SFT, leaky rows",
    "combined": "textual + multimodal SFT",
    "mm_dpo": "multimodal DPO",
    "mm_rl": "multimodal online RL",
    "fusion": "fusion adapter, rest frozen",
    "caption": "caption, then check the text",
}
"""As they are drawn, from the top."""

LEFT, WIDTH, GAP, TOP, LINE = 235, 210, 26, 62, 30
LOW, HIGH = -0.25, 1.0
FOOT = (
    "J: share of unsafe rows declined minus share of matched benign rows declined.",
    "Large dot: all seeds; bar: 95 % interval; small dots: single seeds. A toy world.",
)

STYLE = """
text { font: 13px system-ui, "Segoe UI", "Liberation Sans", sans-serif; fill: #1d2329; }
.soft { fill: #5b6570; font-size: 11.5px; } .head { font-weight: 650; }
.grid { stroke: #e3e0d8; } .zero { stroke: #5b6570; } .panel { fill: #fbfaf7; }
.span { stroke-width: 5; stroke-linecap: round; opacity: .45; } .seed { opacity: .5; }
.textual { stroke: #b4552d; fill: #b4552d; } .pictures { stroke: #1f5fa8; fill: #1f5fa8; }
.neither { stroke: #6b6f76; fill: #6b6f76; }
"""


def figure(found: Mapping[str, Any]) -> str:
    """The figure of some results, as an SVG file's text."""
    arms = [arm for arm in ARMS if arm in found["arms"]]
    height = TOP + LINE * len(arms) + 70
    width = LEFT + len(HEADLINE) * (WIDTH + GAP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-label="J by arm and set">'
        ),
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for i, arm in enumerate(arms):
        y = TOP + LINE * i + LINE / 2
        name = escape(ARMS[arm])
        parts.append(f'<text x="{LEFT - 14}" y="{y + 4.5}" text-anchor="end">{name}</text>')
    for column, name in enumerate(HEADLINE):
        parts += _panel(found, arms, name, LEFT + column * (WIDTH + GAP))
    foot = TOP + LINE * len(arms) + 42
    for i, text in enumerate(FOOT):
        parts.append(f'<text class="soft" x="{LEFT}" y="{foot + 16 * i}">{text}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(found: Mapping[str, Any], arms: Sequence[str], name: str, left: float) -> list[str]:
    bottom = TOP + LINE * len(arms)
    title, explained = TITLES[name]
    parts = [
        f'<rect class="panel" x="{left}" y="{TOP}" width="{WIDTH}" height="{bottom - TOP}"/>',
        f'<text class="head" x="{left}" y="{TOP - 30}">{title}</text>',
        f'<text class="soft" x="{left}" y="{TOP - 12}">{explained}</text>',
    ]
    for tick in (0.0, 0.5, 1.0):
        x = _x(tick, left)
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(
            f'<text class="soft" x="{x}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
        )
    for i, arm in enumerate(arms):
        parts += _mark(found["arms"][arm]["sets"][name]["j"], arm, left, TOP + LINE * (i + 0.5))
    return parts


def _mark(j: Mapping[str, Any], arm: str, left: float, y: float) -> list[str]:
    if j["rate"] is None:
        return [f'<text class="soft" x="{left + 8}" y="{y + 4}">undefined</text>']
    kind = "textual" if arm.startswith("text") else "neither" if arm == "base" else "pictures"
    low, high = _x(j["low"], left), _x(j["high"], left)
    seeds = j["per_seed"].values()
    return [
        f'<line class="span {kind}" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>',
        *(
            f'<circle class="seed {kind}" cx="{_x(value, left)}" cy="{y + 7}" r="2"/>'
            for value in (seeds if len(seeds) > 1 else ())
        ),
        f'<circle class="{kind}" cx="{_x(j["rate"], left)}" cy="{y}" r="5"/>',
    ]


def _x(value: float, left: float) -> float:
    inside = min(HIGH, max(LOW, value))
    return round(left + 8 + (inside - LOW) / (HIGH - LOW) * (WIDTH - 16), 1)
