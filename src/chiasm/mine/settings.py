"""How to mine, and what was found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from chiasm.mine.diverse import NEAR, REUSE
from chiasm.mine.pools import THRESHOLD, Names

NO_NAMES = Names()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to mine.

    Attributes:
        n: Pairs wanted.
        images: Columns of the descriptions.
        queries: Columns of the queries.
        judge: ``guard/FORMAT@provider/model``; empty for none.
        top: How many pairs the judge is asked about; 0 for twice `n`.
        root: The folder of the pictures; None for that of the descriptions.
        threshold: Of text-only harmfulness, from which a part is dropped.
        near: See `chiasm.mine.diverse`.
        reuse: Likewise.
        seed: Decides between equals.
    """

    n: int = 200
    images: Names = NO_NAMES
    queries: Names = NO_NAMES
    judge: str = ""
    top: int = 0
    root: Path | None = None
    threshold: float = THRESHOLD
    near: float = NEAR
    reuse: int = REUSE
    seed: int = 0


class Mined(NamedTuple):
    """What was found.

    Attributes:
        candidates: As in ``candidates.jsonl``, in the order of choice.
        dropped: `chiasm.mine.pools.DROPPED`.
        summary: As in ``summary.json``.
        complete: Whether no call of the judge failed.
    """

    candidates: list[dict[str, Any]]
    dropped: pl.DataFrame
    summary: dict[str, Any]
    complete: bool
