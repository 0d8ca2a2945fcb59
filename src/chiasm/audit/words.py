"""Words of many texts at once: split, fold inflections, number, count.

A channel scores a million queries, so a text is never touched in a Python loop: polars splits, and
only the different words of a batch are folded. What a word becomes depends on the word alone.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

FUNCTION_WORDS = frozenset(
    """
    a about above after again all also am an and any anyone anything are aren't as at be because
    been before being below between both but by can can't could did do does doesn't doing don't
    down during each either else etc ever every everyone everything few for from further get gets
    give given go going got had has have having he her here hers herself him himself his how how's
    however i i'd i'll i'm i've if in into is isn't it it's its itself just let let's like made make
    makes making many may me might more most much must my myself need needs no nor not now of off on
    once one ones only or other others our ours ourselves out over own please put same she should so
    some someone something still such take taken taking than that that's the their theirs them
    themselves then there there's these they they're this those through to too toward towards under
    until up upon us use used uses using very via want was way ways we we're well were what what's
    when where where's whether which while who whom whose why will with within without won't would
    yes yet you you'd you'll you're you've your yours yourself yourselves
    """.split()  # noqa: SIM905
)
"""English words that say nothing by themselves."""

TALK_OF_PICTURES = frozenset(
    """
    background depict depicted depicting describe display displayed displaying foreground illustrate
    illustration image images picture pictured pictures photo photograph photographs photos scene
    scenes show showing shown shows view visible visual
    """.split()  # noqa: SIM905
)
"""Words by which queries and descriptions speak of a picture, whatever it shows."""

_TOKEN = r"[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*"
LONGEST = 4000
"""Characters of a text that are read."""


def tokens(column: str) -> pl.Expr:
    """Lower-case words of a text column, as a list; apostrophes and hyphens kept inside them."""
    text = pl.col(column).fill_null("").str.slice(0, LONGEST).str.to_lowercase()
    return text.str.replace_all("’", "'", literal=True).str.extract_all(_TOKEN)


def exploded(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """A row per word: `row` (its number in `rows`), `word` as written, `lemma` as folded.

    Function words are left out; order within a text is kept.
    """
    split = rows.select(tokens(column).alias("word"))
    long = split.with_row_index("row").explode("word", empty_as_null=False)
    different = long["word"].unique()
    folded = pl.DataFrame(
        {"word": different, "lemma": [fold(w) for w in different.to_list()]},
        schema={"word": pl.String, "lemma": pl.String},
    )
    return long.join(folded, on="word", how="left", maintain_order="left").filter(
        pl.col("lemma") != ""
    )


@lru_cache(maxsize=500_000)
def fold(word: str) -> str:
    """What a word and its inflections have in common; empty for a function word or a number.

    No dictionary: endings of plurals, of -ing and of -ed are taken off, then a final e, and
    f becomes v. The result need not be a word.

    >>> [fold(w) for w in ("knives", "knife", "smoking", "smoked", "robbed", "robbing", "the")]
    ['kniv', 'kniv', 'smok', 'smok', 'rob', 'rob', '']
    """
    word = word.removesuffix("'s").removesuffix("'")
    if word in FUNCTION_WORDS or len(word) < 2 or word.isdigit():
        return ""
    return word if len(word) < 4 or not word.isascii() else _end(_tense(_number(word)))


def _number(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural else word


def _tense(word: str) -> str:
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and any(c in "aeiouy" for c in stem):
            return stem[:-1] if stem[-1] == stem[-2] and stem[-1] not in "lsz" else stem
    return word


def _end(word: str) -> str:
    word = word[:-1] if word.endswith("e") and len(word) > 3 else word
    return word[:-1] + "v" if word.endswith("f") and not word.endswith("ff") else word


def document_counts(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """In how many rows a lemma occurs: `lemma`, `count`, sorted by lemma."""
    different = exploded(rows, column).select("row", "lemma").unique()
    return different.group_by("lemma").len("count").sort("lemma")


def numbered(long: pl.DataFrame, vocabulary: pl.DataFrame) -> pl.DataFrame:
    """The words that are in the vocabulary (`lemma`, `id`), with their `id`."""
    return long.join(vocabulary, on="lemma", how="inner", maintain_order="left")


def matrix(
    row: npt.NDArray[Any], column: npt.NDArray[Any], shape: tuple[int, int]
) -> Any:  # scipy has no types
    """Counts as a sparse matrix with sorted indices, so that sums have one order."""
    from scipy.sparse import csr_array  # type: ignore[import-untyped]

    found = csr_array((np.ones(len(row)), (row, column)), shape=shape)
    found.sum_duplicates()
    return found
