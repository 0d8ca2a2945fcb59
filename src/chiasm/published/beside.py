"""Runs of one's own, as lines that can stand beside published ones."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.published.groups import Entry, Key, key_of
from chiasm.published.table import STANDS_ALONE, Rate
from chiasm.stats import Estimate

_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8})$")


def judge_name(judge: str) -> str:
    """The judge of a log as the table writes it: without provider and date.

    A source that says "GPT-4o" does not say which; the date is told in a note.

    >>> judge_name("openai/gpt-4o-2024-08-06"), judge_name("chiasm/exact")
    ('gpt-4o', 'exact')
    """
    return _DATED.sub("", judge.rpartition("/")[2].lower())


def own(
    paths: Sequence[str | Path], rates: Iterable[Rate], metric: str = ""
) -> list[tuple[Key, Entry]]:
    """The figures of logs whose metrics are in the table, each with the key of its group.

    Args:
        paths: ``.eval`` files or folders of them.
        rates: The published figures that are shown; runs of other benchmarks are left out.
        metric: Only this one.

    Raises:
        DataError: A path does not exist, or no log of chiasm's is there.
    """
    from chiasm.report import estimates, responses

    published = list(rates)
    shown = {(r.benchmark, r.metric) for r in published}
    found = []
    for figure in estimates(responses(list(paths)), by=()):
        name = (figure["benchmark"], figure["metric"])
        if figure["estimand"] == "model" and name in shown and metric in ("", figure["metric"]):
            key = own_key(figure)
            sizes = {r.n for r in published if key_of(r) == key and r.n}
            found.append((key, own_entry(figure, sizes)))
    return found


def own_key(figure: Mapping[str, Any]) -> Key:
    """The group of a figure of `chiasm.report.estimates`."""
    judge = judge_name(figure["judge"] or "")
    # A word that stands for "some other one" in the table must not be met by a run of that name.
    judge = f"{judge} (yours)" if judge in STANDS_ALONE else judge
    return Key(figure["benchmark"], figure["view"], figure["metric"], figure["protocol"], judge)


def own_entry(figure: Mapping[str, Any], sizes: Iterable[int] = ()) -> Entry:
    """A line from a figure of `chiasm.report.estimates`.

    Args:
        figure: With k, n, rate, low, high, bounds, marks.
        sizes: The N of the published figures that it stands beside.
    """
    rate, low, high = (
        math.nan if figure[f] is None else figure[f] for f in ("rate", "low", "high")
    )
    found = Estimate(
        rate, low, high, figure["k"], figure["n"], figure["method"], figure.get("reason") or ""
    )
    shown = "-" if math.isnan(rate) else f"{100 * rate:.2f}"
    return Entry(f"{figure['model']} (yours)", found, shown, "", tuple(_notes(figure, sizes)))


def _notes(figure: Mapping[str, Any], sizes: Iterable[int]) -> Iterable[str]:
    yield from figure["marks"]
    missing = figure["asked"] - figure["n"]
    if missing:
        low, high = 100 * figure["bound_low"], 100 * figure["bound_high"]
        yield f"{missing} without verdict: {low:.1f} .. {high:.1f}"
    if _DATED.search(figure["judge"] or ""):
        yield f"judge {figure['judge']}; the sources give no date"
    known = sorted(sizes)
    if known and figure["unit"] == "response" and figure["asked"] < 0.9 * known[0]:
        yield f"{figure['asked']:,} asked, published N is {known[0]:,}: another set of cases"
