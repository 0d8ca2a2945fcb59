"""What an audit reads and writes: the rows of a dataset, and findings on them.

Rows are a polars frame, so that a million of them fit; a channel gets them in batches and knows
nothing of benchmarks. A fact that a dataset does not state is null, never an empty text.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import polars as pl

from chiasm.cases import Case

ROWS: dict[str, pl.DataType | type[pl.DataType]] = {
    "case": pl.String,
    "cluster": pl.String,
    "category": pl.String,
    "subcategory": pl.String,
    "source": pl.String,
    "ground_truth": pl.String,
    "query": pl.String,
    "description": pl.String,
    "hazard": pl.String,
    "options": pl.List(pl.String),
    "answer": pl.Int64,
    "image": pl.String,
}
"""Columns of the rows. `description` is what the image shows, `hazard` what is dangerous about the
pair, `source` where the authors took the row from, `image` the first picture's path."""

FINDINGS: dict[str, type[pl.DataType]] = {
    "case": pl.String,
    "channel": pl.String,
    "score": pl.Float64,
    "evidence": pl.String,
    "threshold": pl.Float64,
    "flagged": pl.Boolean,
    "reason": pl.String,
}
"""Columns of the findings, a row per case and channel. `score` is null where the channel can't say
anything about the case or the dataset, and `reason` says why; then `flagged` is null too, which is
not the same as false. `evidence` is the words that lead to the score; untrusted."""

SCORES: dict[str, type[pl.DataType]] = {
    "case": pl.String,
    "score": pl.Float64,
    "evidence": pl.String,
    "reason": pl.String,
}
"""Columns that a channel gives back, a row per row of the batch, in its order."""


class Channel(NamedTuple):
    """One way in which a text can give the danger away.

    Attributes:
        name: ``overlap``, ``harmfulness``, ``topic``, ``residue``, ``partial_input`` or
            ``embedding``.
        needs: Columns without which it can say nothing.
        fit: From the rows of the whole dataset (or a seeded sample of it) to what `score` needs
            to know of them, such as how rare each word is: small, and can be pickled. Where it
            has a `reason` that is not empty, nothing can be said of the dataset.
        score: From that and a batch of rows to `SCORES`; higher is more leaky. The same for any
            cut into batches.
    """

    name: str
    needs: tuple[str, ...]
    fit: Callable[[pl.DataFrame], Any]
    score: Callable[[Any, pl.DataFrame], pl.DataFrame]


def rows_of(cases: Iterable[Case]) -> pl.DataFrame:
    """Cases as rows of an audit."""
    return pl.DataFrame([_row(case) for case in cases], schema=ROWS, orient="row")


def _row(case: Case) -> tuple[Any, ...]:
    return (
        case.id,
        case.cluster,
        case.category or None,
        case.subcategory or None,
        case.extra.get("source"),
        case.ground_truth,
        case.query or None,
        case.oracle.description or None,
        case.oracle.hazard or case.oracle.warning or None,
        list(case.options) or None,
        case.answer,
        case.images[0] if case.images else None,
    )
