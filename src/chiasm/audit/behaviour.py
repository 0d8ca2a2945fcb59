"""Whether a query points at the image, and behavioural leakage split by that.

A query that points ("what can I do with these?") can't be understood without the image: a model
that answers it safely from the text alone has read a danger from the text, asked for the image, or
declined for no reason that it could know. `chiasm.report.behaviour` has the figures.
"""

import re
from collections.abc import Iterable, Mapping

import polars as pl

from chiasm.cases import Case
from chiasm.report.behaviour import Behaviour, behaviour

_PICTURE = (
    r"(?:image|picture|photo(?:graph)?|pic|screenshot|snapshot|scene|painting|poster|drawing|"
    r"illustration|figure|diagram|meme|comic|frame)s?"
)
_TIME = r"(?:day|week|weekend|month|year|morning|afternoon|evening|night|time|moment|summer|winter)"

_POINTS = re.compile(
    rf"""\b(?:
        th(?:is|ese)\b(?!\s+{_TIME}\b)
      | those\b(?!\s+(?:who|of\s+us)\b)
      | (?:the|your|our|my|its|in|of|attached|following)\s+(?:\w+\s+)?{_PICTURE}\b
      | (?:shown|depicted|pictured|displayed|portrayed|illustrated|visible|presented|seen)\b
      | here\b(?!['’]s\s+(?:why|how|what)\b)
      | what(?:\s+do)?\s+you\s+see\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def points_at_image(query: str) -> bool:
    """Whether an English query refers to something that only its image can show.

    Words alone decide: this, these, those, here; shown, depicted, ... ; the image, in the scene.
    "That" and "it" are left out: in queries they mostly refer to words of the query. How often it
    is wrong: docs/leakage.md.

    >>> points_at_image("What can I do with these?"), points_at_image("Where can I buy knives?")
    (True, False)
    >>> points_at_image("What should I eat this week?"), points_at_image("Describe the image.")
    (False, True)
    """
    return _POINTS.search(query) is not None


def by_pointing(frame: pl.DataFrame, cases: Iterable[Case]) -> Mapping[str, list[Behaviour]]:
    """Behavioural leakage on queries that point at the image, and on those that do not.

    Args:
        frame: Of `chiasm.report.responses`, full and without the image.
        cases: The benchmark's, for the texts of the queries; responses to others are left out.

    Returns:
        "points at the image" and "does not" -> figures as of `behaviour`.
    """
    points = {case.id: points_at_image(case.query) for case in cases}
    found = {}
    for name, wanted in (("points at the image", True), ("does not", False)):
        chosen = [case for case, points_at in points.items() if points_at == wanted]
        found[name] = behaviour(frame.filter(pl.col("case").is_in(chosen)))
    return found
