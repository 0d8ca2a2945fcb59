"""overlap: words that the query takes from the description of the picture.

The score is the rarity of the rarest word, or of the rarest two neighbouring words, that query and
description share: ln of how many rows there are for one with that word, summed over both words of
a pair. 5 is a word of one row in 150; 7 is a word of one row in 1,100 or, far more often, two
neighbours that one row in 33 has each. It measures copying and not danger: a shared harmless
phrase counts as much as a shared weapon.

What the query shares with the stated hazard is shown and not scored: hazards restate the request,
so that nearly every row would share words with its own (docs/audit-channels.md has figures).
"""

from typing import NamedTuple

import polars as pl

from chiasm.audit.table import SCORES, Channel
from chiasm.audit.words import TALK_OF_PICTURES, document_counts, exploded, fold

SHOWN = 3
"""Shared words or pairs that stand in the evidence, rarest first."""

NO_QUERY = "no query"
NO_DESCRIPTION = "no description to compare the query with"

_IGNORED = sorted({fold(word) for word in TALK_OF_PICTURES} - {""})


class Rarity(NamedTuple):
    """How many rows have a word in their description.

    Attributes:
        counts: `lemma`, `count`.
        rows: Of how many rows with a description.
    """

    counts: pl.DataFrame
    rows: int


def fit(rows: pl.DataFrame) -> Rarity:
    """Count the rows that have a word in their description."""
    described = rows.filter(~blank("description"))
    return Rarity(document_counts(described, "description"), described.height)


def score(state: Rarity, batch: pl.DataFrame) -> pl.DataFrame:
    """Rarity of the rarest word or pair that query and description share, 0 where there is none."""
    silent = batch.select(
        pl.when(blank("query"))
        .then(pl.lit(NO_QUERY))
        .when(blank("description"))
        .then(pl.lit(NO_DESCRIPTION))
        .alias("reason")
    ).to_series()
    best = _rarest(_shared(batch), state)
    rows = batch.select("case", silent).with_row_index("row")
    return (
        rows.join(best, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("score").fill_null(0.0), pl.col("evidence").fill_null(""))
        .select(
            "case",
            pl.when(pl.col("reason").is_null()).then("score").alias("score"),
            pl.when(pl.col("reason").is_null()).then("evidence").alias("evidence"),
            "reason",
        )
        .cast(dict(SCORES))  # type: ignore[arg-type]
    )


def blank(column: str) -> pl.Expr:
    """Whether a text is null or nothing but white space."""
    return pl.col(column).fill_null("").str.strip_chars() == ""


def _content(batch: pl.DataFrame, column: str) -> pl.DataFrame:
    return exploded(batch, column).filter(~pl.col("lemma").is_in(_IGNORED))


def _shared(batch: pl.DataFrame) -> pl.DataFrame:
    """Terms of the query that the description has: `row`, `a`, `b` (null for one word), `term`."""
    query = _content(batch, "query")
    seen = _content(batch, "description")
    both = query.join(seen.select("row", "lemma").unique(), on=["row", "lemma"], how="semi")
    one = both.select("row", a="lemma", b=pl.lit(None, dtype=pl.String), term="word")
    pairs = _pairs(query).join(
        _pairs(seen).select("row", "a", "b").unique(), on=["row", "a", "b"], how="semi"
    )
    return pl.concat([one, pairs]).unique(["row", "a", "b"], keep="first", maintain_order=True)


def _pairs(long: pl.DataFrame) -> pl.DataFrame:
    """Neighbours, but for function words between them."""
    after = pl.col("lemma").shift(-1), pl.col("word").shift(-1), pl.col("row").shift(-1)
    return (
        long.select("row", "word", a="lemma", b=after[0], then=after[1], next_row=after[2])
        .filter(pl.col("row") == pl.col("next_row"))
        .select("row", "a", "b", term=pl.format("{} {}", "word", "then"))
    )


def _rarest(shared: pl.DataFrame, state: Rarity) -> pl.DataFrame:
    """`row`, `score` and `evidence`."""
    for side in ("a", "b"):
        counts = state.counts.select(
            pl.col("lemma").alias(side), pl.col("count").alias(f"n_{side}")
        )
        shared = shared.join(counts, on=side, how="left")
    both = _rarity("n_a", state.rows) + pl.when(pl.col("b").is_not_null()).then(
        _rarity("n_b", state.rows)
    ).otherwise(0.0)
    return (
        shared.with_columns(both.round(6).alias("score"))
        .sort("row", "score", "term", descending=[False, True, False])
        .group_by("row", maintain_order=True)
        .agg(pl.col("score").first(), pl.col("term").head(SHOWN).str.join(", ").alias("evidence"))
    )


def _rarity(count: str, rows: int) -> pl.Expr:
    """ln((rows + 1) / (count + 1)), at least 0."""
    return ((rows + 1) / (pl.col(count).fill_null(0) + 1)).log().clip(0)


CHANNEL = Channel("overlap", ("query", "description"), fit, score)
