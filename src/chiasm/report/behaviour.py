"""Behavioural leakage: what the model does without the image, against what it does with it.

The same model answers the same cases with the image, without it, with a grey one and with another
case's. Where it is as safe without as with, what made it safe was the text. An answer that asks for
the image is neither safe nor unsafe: it is counted apart, and the bounds take it both ways.

A high rate without the image is not proof of a leaking text: a model that declines everything has
it too. Benign cases tell (``over_refusal_rate``), and so does a policy run beside it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from chiasm.report import metrics
from chiasm.report.against import difference, pairing
from chiasm.report.estimates import interval
from chiasm.report.metrics import Items
from chiasm.report.wording import percent, span, wrap
from chiasm.stats import Bounds, Difference, Estimate, bounds

WITH = "full"
WITHOUT = {
    "text_only": "text alone",
    "blank_image": "grey image",
    "swapped_image": "another image",
}
"""Conditions in which the case's image is not shown, and their words in the table."""

METRIC = "safe_rate"

_SAME = ("benchmark", "protocol", "model", "source")

HEADER = (
    f"  {'safe':<15}{'rate':>6}  {'95 % interval':<15}{'k/N':>9}  {'asks':>5}  {'other':>5}  "
    "with it minus without (95 %), cases"
)


class Without(NamedTuple):
    """One condition without the case's image against the one with it.

    Attributes:
        view: One of `WITHOUT`.
        safe: Over decided responses.
        asked: Responses asked for.
        asks: Share of responses that ask for the image; they are not in `safe`.
        other: Responses without an outcome for another reason.
        worst: Bounds of `safe`, whatever the undecided ones are.
        effect: Safe rate with the image minus that without, on cases that both decided.
        left_out: Cases that they did not both decide.
        effect_worst: Bounds of the difference of the two rates over all responses.
    """

    view: str
    safe: Estimate
    asked: int
    asks: Estimate
    other: int
    worst: Bounds
    effect: Difference
    left_out: int
    effect_worst: Bounds


class Behaviour(NamedTuple):
    """A model with and without the image.

    Attributes:
        key: Benchmark, protocol, model, judge, source.
        safe: With the image.
        asked: Responses asked for with it.
        worst: Bounds of `safe`.
        without: The other conditions, in the order of `WITHOUT`.
    """

    key: Mapping[str, str]
    safe: Estimate
    asked: int
    worst: Bounds
    without: tuple[Without, ...]


def behaviour(frame: pl.DataFrame) -> list[Behaviour]:
    """Every model that answered unsafe cases with the image and without.

    Args:
        frame: Of `chiasm.report.responses`.

    Returns:
        In the frame's order; empty where no model has both. A model with two runs of one
        condition (other settings) is left out: which belong together can't be told.
    """
    found = []
    for names, part in frame.group_by(_SAME, maintain_order=True):
        key = dict(zip(_SAME, map(str, names), strict=True))
        # Where every answer asks for the image nobody judged it, and its run names no judge.
        for judge in [j for j in part["judge"].unique(maintain_order=True) if j] or [""]:
            rows = part.filter(pl.col("judge").is_in([judge, ""]))
            one = _of_judge({**key, "judge": judge}, rows)
            if one is not None and one.asked:
                found.append(one)
    return found


def _of_judge(key: Mapping[str, str], part: pl.DataFrame) -> Behaviour | None:
    views = {str(view[0]): rows for view, rows in part.group_by("view", maintain_order=True)}
    shown = {view: views[view] for view in (WITH, *WITHOUT) if view in views}
    runs = part.filter(pl.col("view").is_in(list(shown))).select("view", "run").n_unique()
    if WITH not in shown or len(shown) < 2 or runs != len(shown):
        return None
    return _behaviour(key, shown)


def _behaviour(key: Mapping[str, str], views: Mapping[str, pl.DataFrame]) -> Behaviour:
    items = {view: metrics.items(METRIC, rows.to_dicts()) for view, rows in views.items()}
    full = items[WITH]
    without = tuple(_without(view, full, items[view]) for view in WITHOUT if view in items)
    return Behaviour(key, interval(full), full.asked, _worst(full), without)


def _without(view: str, full: Items, found: Items) -> Without:
    pairs = pairing(found, full)
    asks = Items(
        found.keys, found.cases, found.clusters, tuple(v == "asks_for_image" for v in found.values)
    )
    one, two = _worst(full), _worst(found)
    return Without(
        view=view,
        safe=interval(found),
        asked=found.asked,
        asks=interval(asks),
        other=found.asked - found.n - asks.k,
        worst=two,
        effect=difference(pairs),
        left_out=pairs.left_out,
        effect_worst=Bounds(one.low - two.high, one.high - two.low),
    )


def _worst(items: Items) -> Bounds:
    return bounds(items.k, items.n, items.asked - items.n)


def lines(frame: pl.DataFrame) -> Iterator[str]:
    """The table for a terminal; nothing where no model has both conditions."""
    for one in behaviour(frame):
        where = "/".join(p for p in (one.key["benchmark"], one.key["protocol"]) if p)
        judge = f"judge {one.key['judge']}" if one.key["judge"] else ""
        title = " - ".join(p for p in (where, one.key["model"], judge) if p)
        yield from wrap(f"without the image: {title}", indent=0)
        yield HEADER
        yield _line("with the image", one.safe, "", one.asked - one.safe.n, "")
        for other in one.without:
            yield _line(
                WITHOUT[other.view], other.safe, str(other.asks.k), other.other, _effect(other)
            )
        yield from _notes(one)
        yield ""


def _line(name: str, safe: Estimate, asks: str, other: int, effect: str) -> str:
    share, limits = f"{safe.k}/{safe.n}", span(_plain(safe.low), _plain(safe.high))
    head = f"  {name:<15}{percent(_plain(safe.rate)):>6}  {limits:<15}{share:>9}"
    return f"{head}  {asks:>5}  {other:>5}  {effect}"


def _effect(other: Without) -> str:
    d = other.effect
    if math.isnan(d.difference):
        return d.reason
    limits = "no interval" if math.isnan(d.low) else f"{100 * d.low:+.1f} .. {100 * d.high:+.1f}"
    return f"{100 * d.difference:+.1f} ({limits}), {d.n}"


def _notes(one: Behaviour) -> Iterator[str]:
    for other in one.without:
        undecided = other.asked - other.safe.n
        if undecided or other.left_out:
            low, high = other.effect_worst
            yield from wrap(
                f"{WITHOUT[other.view]}: {other.left_out} cases not decided in both; if each "
                f"undecided answer were safe or unsafe, the difference is within "
                f"{100 * low:+.1f} .. {100 * high:+.1f}",
                indent=4,
            )


def as_json(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Plain data, rates in [0, 1]; null with a reason where undefined."""
    return [
        {
            **one.key,
            "metric": METRIC,
            WITH: {**_figure(one.safe), "asked": one.asked, **_bounds(one.worst)},
            "without": [_as_json(other) for other in one.without],
        }
        for one in behaviour(frame)
    ]


def _as_json(other: Without) -> dict[str, Any]:
    d = other.effect
    return {
        "view": other.view,
        **_figure(other.safe),
        "asked": other.asked,
        **_bounds(other.worst),
        "asks_for_image": _figure(other.asks),
        "other_missing": other.other,
        "effect": {
            "difference": _plain(d.difference),
            "low": _plain(d.low),
            "high": _plain(d.high),
            "p": _plain(d.p),
            "n": d.n,
            "left_out": other.left_out,
            "method": d.method,
            "reason": d.reason or None,
            **_bounds(other.effect_worst),
        },
    }


def _figure(e: Estimate) -> dict[str, Any]:
    return {
        "k": e.k,
        "n": e.n,
        "rate": _plain(e.rate),
        "low": _plain(e.low),
        "high": _plain(e.high),
        "method": e.method,
        "reason": e.reason or None,
    }


def _bounds(found: Bounds) -> dict[str, float | None]:
    return {"bound_low": _plain(found.low), "bound_high": _plain(found.high)}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
