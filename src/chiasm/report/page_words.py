"""The words of the queries, as a cloud: how many cases have each."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from chiasm.text import words

COMMON = frozenset(
    """
    a about all also am an and any are as at be been being but by can can't could did do does doing
    don't each for from get give given go going had has have having he her here him his how i i'd
    i'm i've if in into is it it's its just let like make many may me might more most much my need
    no not now of on one only or other our out over own please she should so some such tell than
    that that's the their them then there these they this those to too up us use using very want
    was we were what what's when where which while who why will with would you you're your
    best image images look picture photo shown someone used way ways without
    """.split()  # noqa: SIM905
)
"""Words that say nothing about what is asked, English, lower case."""

SHOWN = 60
SIZES = 7


def cloud(queries: Iterable[str], benchmark: str) -> list[dict[str, Any]]:
    """The most frequent words in alphabetical order, with a size from 1 to `SIZES`.

    A word counts once a query. Words of fewer than three letters and of a single query are left
    out; ties are broken by the alphabet, so that the same queries give the same cloud.
    """
    counts: Counter[str] = Counter()
    for query in queries:
        counts.update({w for w in words(query) if len(w) > 2 and w not in COMMON})
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    kept = [(word, n) for word, n in ranked if n > 1]
    if not kept:
        return []
    most, least = kept[0][1] ** 0.5, kept[-1][1] ** 0.5
    step = (most - least) / (SIZES - 1) or 1.0
    return [
        {
            "word": word,
            "n": n,
            "size": 1 + round((n**0.5 - least) / step),
            "href": "#" + urlencode({"benchmark": benchmark, "q": word}),
        }
        for word, n in sorted(kept)
    ]
