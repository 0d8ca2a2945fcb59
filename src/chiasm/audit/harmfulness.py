"""harmfulness: what the query alone says that is dangerous, whatever the picture shows.

Two parts, both written by us before any dataset was scored (risk.toml): words that speak of risk,
in three strengths, and short phrases typical of a kind of harm, of which at least two words must
be there. Parts add up as independent hints do: 1 minus the product of what each leaves of doubt.
It knows words, not sense: "how do I avoid an overdose" scores as its opposite does.
"""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import polars as pl

from chiasm.audit.overlap import NO_QUERY, blank
from chiasm.audit.table import SCORES, Channel
from chiasm.audit.words import exploded, fold

STRENGTH = {"strong": 2600, "clear": 1300, "thing": 800, "hint": 400}
"""Thousandths of a bit of doubt that a word takes away; 1,000 halve it, and 1,300 leave 41 %."""

PHRASE = 2600
"""The same for a phrase of which every word is there; half of it (by weight) counts a quarter."""

LONG = 50
"""A query of so many different content words halves what a word in it is worth."""

SHOWN = 4
"""Words that stand in the evidence, strongest first."""


class Vocabulary(NamedTuple):
    """What the channel listens to.

    Attributes:
        words: `lemma`, `bits` (thousandths), of each word once, at its highest strength.
        phrases: `lemma`, `phrase`, `share` (thousandths of the phrase, by how rare the word is
            among phrases); about 1,000 a phrase.
    """

    words: pl.DataFrame
    phrases: pl.DataFrame


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The words and phrases of risk.toml."""
    text = resources.files("chiasm.audit").joinpath("risk.toml").read_text("utf-8")
    themes = tomllib.loads(text).values()
    bits: dict[str, int] = {}
    for theme in themes:
        for strength, worth in STRENGTH.items():
            for word in theme[strength].split():
                lemma = fold(word)
                bits[lemma] = max(worth, bits.get(lemma, 0))
    phrases = {
        p: sorted({fold(w) for w in p.split()} - {""}) for t in themes for p in t["prototypes"]
    }
    often: dict[str, int] = {}
    for lemmas in phrases.values():
        for lemma in lemmas:
            often[lemma] = often.get(lemma, 0) + 1
    shares = []
    for phrase, lemmas in phrases.items():
        total = sum(1 / often[x] for x in lemmas)
        shares += [(x, phrase, round(1000 / often[x] / total)) for x in lemmas]
    return Vocabulary(
        pl.DataFrame(sorted(bits.items()), schema=["lemma", "bits"], orient="row"),
        pl.DataFrame(sorted(shares), schema=["lemma", "phrase", "share"], orient="row"),
    )


def fit(rows: pl.DataFrame) -> Vocabulary:
    """The vocabulary: it knows nothing of the dataset."""
    return vocabulary()


def score(state: Vocabulary, batch: pl.DataFrame) -> pl.DataFrame:
    """1 minus what risk words and the best phrase leave of doubt, in [0, 1); 0 where none is said.

    The evidence is the words as written, and the phrase that the query comes near.
    """
    said = exploded(batch, "query").unique(["row", "lemma"], keep="first", maintain_order=True)
    heard = batch.select("case", blank("query").alias("empty")).with_row_index("row")
    lengths = said.group_by("row").len("length")
    heard = heard.join(lengths, on="row", how="left", maintain_order="left")
    heard = heard.join(_words(said, state), on="row", how="left", maintain_order="left")
    heard = heard.join(_phrase(said, state), on="row", how="left", maintain_order="left")
    bits = (pl.col("bits").fill_null(0) + pl.col("near").fill_null(0)) * (
        LONG / (LONG + pl.col("length").fill_null(0))
    )
    like = pl.format("like “{}”", "phrase")
    return heard.select(
        "case",
        pl.when(~pl.col("empty")).then((1 - 0.5 ** (bits / 1000)).round(6)).alias("score"),
        pl.when(~pl.col("empty"))
        .then(pl.concat_str("words", like, separator=", ", ignore_nulls=True))
        .alias("evidence"),
        pl.when("empty").then(pl.lit(NO_QUERY)).alias("reason"),
    ).cast(dict(SCORES))  # type: ignore[arg-type]


def _words(said: pl.DataFrame, state: Vocabulary) -> pl.DataFrame:
    """`row`, `bits`, `words`."""
    found = said.join(state.words, on="lemma").sort(
        "row", "bits", "lemma", descending=[False, True, False]
    )
    return found.group_by("row", maintain_order=True).agg(
        pl.col("bits").sum(), pl.col("word").head(SHOWN).str.join(", ").alias("words")
    )


def _phrase(said: pl.DataFrame, state: Vocabulary) -> pl.DataFrame:
    """`row`, `near` (thousandths of a bit), `phrase`: the one that most of is there."""
    found = (
        said.join(state.phrases, on="lemma")
        .group_by("row", "phrase")
        .agg(pl.col("share").sum(), pl.len().alias("n"))
    )
    best = (
        found.filter(pl.col("n") >= 2)
        .sort("row", "share", "phrase", descending=[False, True, False])
        .unique("row", keep="first", maintain_order=True)
    )
    near = (PHRASE * (pl.col("share").clip(0, 1000) / 1000) ** 2).round().cast(pl.Int64)
    return best.select("row", near.alias("near"), "phrase")


CHANNEL = Channel("harmfulness", ("query",), fit, score)
