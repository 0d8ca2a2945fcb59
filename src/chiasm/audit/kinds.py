"""Which dangers are of a category's kind, and which are not, as a dataset's own hazards say.

A weapon named in a row on erotic content says little of why that row is dangerous. What a category
is about is counted in the hazards that the dataset states, and in the descriptions of rows that
state one: words of a theme that are said there clearly less often than in all other categories
are not of its kind. Queries are never counted, so that none vouches for itself. Without categories
or hazards nothing is known, and nothing counts for less.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from chiasm.audit.words import exploded

CLEARLY = 5.41
"""Chi-square with one degree of freedom that 1 in 100 reaches by chance, in one direction."""

AT_MOST = 0.8
"""And the share of the rows that say it is at most this part of the share elsewhere."""

MANY = 200
"""More categories than that are no kinds of danger."""

GENERAL = "general"
"""The theme of words that speak of any danger."""

_Ints = npt.NDArray[np.int64]


def others(rows: pl.DataFrame, words: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is not a category's kind.

    A word that its category says clearly more or less often than the others decides for itself;
    for any other word its themes do, of which one of the category's kind is enough.

    Args:
        rows: Of an audit; those that state a category and a hazard are counted.
        words: `lemma`, `theme`, and `counts`: whether a text with it speaks of the theme.

    Returns:
        Pairs `category`, `lemma`, and pairs `category`, `theme`, each in order.
    """
    stated = rows.filter(
        pl.all_horizontal(pl.col(c).fill_null("").str.strip_chars() != "" for c in _COUNTED)
    )
    size = stated.group_by("category").len("size").sort("category")
    if not 2 <= size.height <= MANY:
        empty = pl.DataFrame(schema={"category": pl.String, "lemma": pl.String})
        return empty, empty.rename({"lemma": "theme"})
    said = _said(stated, words)
    themes = said.filter("counts").select("row", "category", "theme").unique()
    by_theme = _sides(themes, "theme", words["theme"], size)
    foreign = by_theme.filter(
        (pl.col("side") < 0) & (pl.col("theme") != GENERAL)
    ).select("category", "theme")  # fmt: skip
    lemmas = said.select("row", "category", "lemma").unique()
    by_lemma = _sides(lemmas, "lemma", words["lemma"], size)
    of = words.select("lemma", "theme").unique().join(size.select("category"), how="cross")
    known = foreign.with_columns(pl.lit(True).alias("other"))
    no_theme = (
        of.join(known, on=["category", "theme"], how="left")
        .group_by("category", "lemma")
        .agg(pl.col("other").fill_null(False).all())
    )
    decided = by_lemma.join(no_theme, on=["category", "lemma"]).filter(
        (pl.col("side") < 0) | ((pl.col("side") == 0) & pl.col("other"))
    )
    order = ["category", "lemma"]
    return decided.select(order).sort(order), foreign.sort("category", "theme")


_COUNTED = ("category", "hazard")
_READ = ("hazard", "description")


def _said(stated: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """`row`, `category`, `lemma`, `theme`, `counts` of the words that hazard or description say."""
    texts = (exploded(stated, column).select("row", "lemma") for column in _READ)
    categories = stated.select("category").with_row_index("row")
    return pl.concat(texts).unique().join(words, on="lemma").join(categories, on="row")


def _sides(said: pl.DataFrame, what: str, values: pl.Series, size: pl.DataFrame) -> pl.DataFrame:
    """`category`, `what`, `side`: -1 where clearly rarer than elsewhere, 1 clearly commoner."""
    pairs = values.unique().sort().to_frame(what).join(size, how="cross")
    count = said.group_by("category", what).len("k")
    found = pairs.join(count, on=["category", what], how="left").with_columns(
        pl.col("k").fill_null(0)
    )
    total = pl.col("k").sum().over(what)
    found = found.with_columns(total.alias("all"))
    side = _side(
        found["k"].cast(pl.Int64).to_numpy(),
        found["size"].cast(pl.Int64).to_numpy(),
        found["all"].cast(pl.Int64).to_numpy(),
        int(size["size"].sum()),
    )
    return found.select("category", what, pl.Series("side", side))


def _side(k: _Ints, n: _Ints, total: _Ints, rows: int) -> _Ints:
    """Compare k of n with the rest of `total` in the rest of the rows; products can be large."""
    m, rest = rows - n, total - k
    spread = 1.0 * n * m * total * (rows - total)
    chi2 = rows * (1.0 * k * m - 1.0 * rest * n) ** 2 / np.maximum(spread, 1.0)
    less = (chi2 > CLEARLY) & (k / n <= AT_MOST * rest / m)
    more = (chi2 > CLEARLY) & (rest / m <= AT_MOST * k / n)
    side: _Ints = more.astype(np.int64) - less.astype(np.int64)
    return side
