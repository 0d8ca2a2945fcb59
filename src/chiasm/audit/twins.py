"""Benign rows and their harmful twins: does a channel tell them apart by the text alone?"""

from typing import Any, NamedTuple

import polars as pl

from chiasm.audit.table import Channel
from chiasm.stats.intervals import Estimate, clustered
from chiasm.stats.paired import Difference, paired
from chiasm.text import normalise


class Contrast(NamedTuple):
    """Flags among twins of one category.

    Attributes:
        benign: Flagged of the benign ones.
        harmful: Flagged of the harmful ones.
        difference: Harmful minus benign, paired.
        identical: Pairs left out because both say the same: text can't tell them apart.
        unscored: Pairs left out because the channel has no score for one of both.
    """

    benign: Estimate
    harmful: Estimate
    difference: Difference
    identical: int
    unscored: int


def contrast(
    channel: Channel, benign: pl.DataFrame, harmful: pl.DataFrame, limit: float
) -> dict[str, Contrast]:
    """By the harmful row's category, and `all`.

    Twins have the same number after the last slash of their ids; rows without a twin take no
    part. A twin is often another request altogether: a difference is no error rate.

    Args:
        channel: Fitted on both sets together.
        benign: Rows.
        harmful: Rows.
        limit: Rows at or above it are flagged.
    """
    state = channel.fit(pl.concat([benign, harmful]))
    pairs = _scored(channel, state, benign).join(
        _scored(channel, state, harmful), on="number", suffix="_harmful", maintain_order="left"
    )
    of = {"all": pairs}
    for category in sorted(set(pairs["category_harmful"].drop_nulls().to_list())):
        of[category] = pairs.filter(pl.col("category_harmful") == category)
    return {name: _contrast(frame, limit) for name, frame in of.items()}


def _scored(channel: Channel, state: Any, rows: pl.DataFrame) -> pl.DataFrame:
    said = [normalise(q or "").casefold() for q in rows["query"].to_list()]
    return rows.select(
        pl.col("case").str.split("/").list.last().alias("number"),
        "category",
        "cluster",
        pl.Series("said", said),
        channel.score(state, rows)["score"],
    )


def _contrast(pairs: pl.DataFrame, limit: float) -> Contrast:
    unlike = pairs.filter(pl.col("said") != pl.col("said_harmful"))
    known = unlike.drop_nulls(["score", "score_harmful"])
    flags = [(known[c] >= limit).cast(pl.Float64).to_numpy() for c in ("score", "score_harmful")]
    clusters = known["cluster"].to_list()
    return Contrast(
        benign=clustered(flags[0], clusters),
        harmful=clustered(flags[1], clusters),
        difference=paired(flags[0], flags[1], clusters),
        identical=pairs.height - unlike.height,
        unscored=unlike.height - known.height,
    )
