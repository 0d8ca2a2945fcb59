"""Scores on grids: right on both queries, on both pictures, on all cells."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Literal, NamedTuple

Score = Literal["text_score", "image_score", "group_score"]

CellId = tuple[str, str, str]
"""Grid, image, query: as in ``Case.extra``."""


class Unit(NamedTuple):
    """Cells that have to be right together.

    Attributes:
        cluster: Units that share it are not independent (the family).
        right: None where it can't be told: a cell is missing and no other is wrong.
    """

    cluster: str
    right: bool | None


class Count(NamedTuple):
    """A score as counts.

    Attributes:
        k: Units that are right.
        n: Units that are decided; 0 leaves the score undefined.
        missing: Units that are not decided.
        successes: One 0 or 1 per decided unit.
        clusters: The family of each decided unit, for intervals.
    """

    k: int
    n: int
    missing: int
    successes: tuple[int, ...]
    clusters: tuple[str, ...]


def grid_score(
    score: Score, cells: Mapping[CellId, bool | None], clusters: Mapping[str, str]
) -> Count:
    """Count a score over grids.

    Args:
        score: ``text_score``: right on both queries for an image (a unit per grid and image);
            ``image_score``: right on both images for a query (per grid and query);
            ``group_score``: all cells (per grid).
        cells: Whether each cell was answered right; None where it has no verdict. Give a cell of
            a grid that was never asked as None: what is not in here is not part of its unit.
        clusters: The family of each grid.

    Returns:
        A unit with a wrong cell is wrong whatever else is missing; else, with a cell missing, it
        is missing.

    Raises:
        KeyError: A grid has no cluster.

    >>> cells = {("g", "0", "0"): True, ("g", "0", "1"): False, ("g", "1", "0"): None}
    >>> grid_score("text_score", cells, {"g": "f"})[:3]
    (0, 1, 1)
    """
    found = units(score, cells, clusters)
    decided = [u for u in found if u.right is not None]
    return Count(
        k=sum(bool(u.right) for u in decided),
        n=len(decided),
        missing=len(found) - len(decided),
        successes=tuple(int(bool(u.right)) for u in decided),
        clusters=tuple(u.cluster for u in decided),
    )


def units(
    score: Score, cells: Mapping[CellId, bool | None], clusters: Mapping[str, str]
) -> tuple[Unit, ...]:
    """The units of a score, in the order of their first cells; see `grid_score`."""
    grouped: dict[tuple[str, Hashable], list[bool | None]] = {}
    for (grid, image, query), right in cells.items():
        part = {"text_score": image, "image_score": query, "group_score": None}[score]
        grouped.setdefault((grid, part), []).append(right)
    return tuple(Unit(clusters[grid], _all(results)) for (grid, _), results in grouped.items())


def _all(results: Sequence[bool | None]) -> bool | None:
    if any(right is False for right in results):
        return False
    return None if None in results else True
