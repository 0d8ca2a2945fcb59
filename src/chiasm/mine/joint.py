"""Joint hazard of pairs, without looking at all pairs: only rules that both sides meet are formed.

A pair's score is what the rules find between the two parts, times how benign each part is alone:
``joint * (1 - alone(image)) * (1 - alone(query))``. It is a product, so a dangerous part can't make
up for a pair that has nothing to do with each other. `alone` joins text-only harmfulness with the
rules that one text meets all by itself ("may I jump into this pool alone" holds thing and act).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl

from chiasm.mine.rules import Phrase, Rules, found

SIDE = 60
"""Images, and queries, of a rule that are combined with each other, the most benign and telling
first: at most 3,600 pairs of a rule, however large the pools are."""

UNTOUCHED = "names nothing that a rule knows"
ALONE = "no counterpart: no part on the other side meets its rules"
BEYOND = "behind the first of its rules"


class Joined(NamedTuple):
    """Pairs and what is in none.

    Attributes:
        pairs: `image`, `query` (row numbers), `score`, `joint`, `alone_image`, `alone_query`,
            `category`, `rules` (list of structs: rule, thing_words, act_words), best first.
        why: `part`, `row`, `reason` for rows that stand in no pair.
    """

    pairs: pl.DataFrame
    why: pl.DataFrame


def join(images: pl.DataFrame, queries: pl.DataFrame, rules: Rules, *, seed: int = 0) -> Joined:
    """Score the pairs that meet a rule.

    Args:
        images: Screened descriptions; columns `text`, `score`.
        queries: Likewise.
        rules: What is dangerous together.
        seed: Decides between equals.
    """
    table = rules.frame()
    sides = {}
    for part, pool, phrases in (("image", images, rules.things), ("query", queries, rules.acts)):
        told = named(pool, phrases)
        alone = _alone(pool, table, rules)
        order = np.random.default_rng(seed).permutation(pool.height).tolist()
        key = "thing" if part == "image" else "act"
        met = told.join(table.select("rule", key), left_on="concept", right_on=key)
        alone = alone.with_columns(tie=pl.Series(order, dtype=pl.Int64)[alone["row"]])
        sides[part] = met.join(alone, on="row").with_columns(
            (pl.col("strength") * (1 - pl.col("alone"))).alias("worth")
        )
    both = set(sides["image"]["rule"]) & set(sides["query"]["rule"])
    first = {part: _first(met, both) for part, met in sides.items()}
    pairs = _pairs(first["image"], first["query"], table)
    why = [_why(part, pool.height, sides[part], both, first[part])
           for part, pool in (("image", images), ("query", queries))]  # fmt: skip
    return Joined(pairs, pl.concat(why))


def pair_score(image: pl.DataFrame, query: pl.DataFrame, rules: Rules) -> list[float]:
    """The score of given pairs (row i with row i), 0 where no rule is met: for measuring."""
    table = rules.frame()
    things = named(image, rules.things).join(
        table.select("rule", "thing"), left_on="concept", right_on="thing"
    )
    acts = named(query, rules.acts).join(
        table.select("rule", "act"), left_on="concept", right_on="act"
    )
    met = things.join(acts, on=["row", "rule"], suffix="_q").with_columns(
        (1 - pl.col("strength") * pl.col("strength_q")).alias("doubt")
    )
    joint = met.group_by("row").agg((1 - pl.col("doubt").product()).alias("joint"))
    frame = (
        _alone(image, table, rules)
        .join(_alone(query, table, rules), on="row", suffix="_q")
        .join(joint, on="row", how="left")
        .sort("row")
    )
    return (
        frame.select(pl.col("joint").fill_null(0) * (1 - pl.col("alone")) * (1 - pl.col("alone_q")))
        .to_series()
        .to_list()
    )


def named(pool: pl.DataFrame, phrases: Iterable[Phrase]) -> pl.DataFrame:
    """`chiasm.mine.rules.found`, with `strength` times how telling the concept is in this pool.

    That is log((texts + 1) / texts that name it) / log(texts + 1), in (0, 1]: what every text names
    tells next to nothing, what a single text names tells most.
    """
    met = found(pool, "text", phrases)
    texts = pool.height + 1
    telling = (texts / pl.len().over("concept")).log() / math.log(texts)
    return met.with_columns(pl.col("strength") * telling)


def _alone(pool: pl.DataFrame, table: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """`row`, `alone` in [0, 1): how dangerous the text is without any counterpart."""
    things, acts = (found(pool, "text", phrases) for phrases in (rules.things, rules.acts))
    own = (
        things.join(table.select("rule", "thing", "act"), left_on="concept", right_on="thing")
        .join(acts, left_on=["row", "act"], right_on=["row", "concept"], suffix="_act")
        .with_columns((pl.col("strength") * pl.col("strength_act")).alias("met"))
        .group_by("row")
        .agg(pl.col("met").max())
    )
    base = pool.select("score").with_row_index("row").join(own, on="row", how="left")
    left = (1 - pl.col("score")) * (1 - pl.col("met").fill_null(0))
    return base.select("row", (1 - left).alias("alone"))


def _first(met: pl.DataFrame, both: set[int]) -> pl.DataFrame:
    order = ["rule", "worth", "tie", "row"]
    ranked = met.filter(pl.col("rule").is_in(list(both))).sort(
        order, descending=[False, True, False, False]
    )
    return ranked.group_by("rule", maintain_order=True).head(SIDE)


def _pairs(things: pl.DataFrame, acts: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    kept = ("rule", "row", "strength", "alone", "words")
    met = (
        things.select(kept)
        .join(acts.select(kept), on="rule", suffix="_q")
        .join(table.select("rule", "category"), on="rule")
        .with_columns((pl.col("strength") * pl.col("strength_q")).alias("each"))
        .sort("row", "row_q", "each", "rule", descending=[False, False, True, False])
    )
    pairs = met.group_by("row", "row_q", maintain_order=True).agg(
        (1 - (1 - pl.col("each")).product()).alias("joint"),
        pl.col("alone").first().alias("alone_image"),
        pl.col("alone_q").first().alias("alone_query"),
        pl.col("category").first(),
        pl.struct("rule", "words", "words_q").alias("rules"),
    )
    score = pl.col("joint") * (1 - pl.col("alone_image")) * (1 - pl.col("alone_query"))
    return (
        pairs.rename({"row": "image", "row_q": "query"})
        .with_columns(score.round(9).alias("score"))
        .sort("score", "image", "query", descending=[True, False, False])
    )


def _why(
    part: str, height: int, met: pl.DataFrame, both: set[int], first: pl.DataFrame
) -> pl.DataFrame:
    touched, met_both = met["row"].unique(), met.filter(pl.col("rule").is_in(list(both)))["row"]
    row = pl.col("row")
    return (
        pl.DataFrame({"row": range(height)}, schema={"row": pl.UInt32})
        .with_columns(
            pl.when(row.is_in(first["row"].unique().to_list())).then(None)
            .when(row.is_in(met_both.unique().to_list())).then(pl.lit(BEYOND))
            .when(row.is_in(touched.to_list())).then(pl.lit(ALONE))
            .otherwise(pl.lit(UNTOUCHED)).alias("reason"),
            pl.lit(part).alias("part"),
        )
        .filter(pl.col("reason").is_not_null())
        .select("part", "row", "reason")
    )  # fmt: skip
