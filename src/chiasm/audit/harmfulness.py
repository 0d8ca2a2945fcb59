"""harmfulness: what the query alone says that is dangerous, whatever the picture shows.

Two parts, both written by us before any dataset was scored (risk.toml): words that speak of risk,
in three strengths, and short phrases typical of a kind of harm, of which at least two words must
be there. Parts add up as independent hints do: 1 minus the product of what each leaves of doubt.
It knows words, not sense: "how do I avoid an overdose" scores as its opposite does.

Where a dataset states categories and hazards, a danger that is not of the row's category's kind
(`chiasm.audit.kinds`) counts for less: it is said, but it is hardly what the row is about.
"""

import tomllib
from collections import Counter
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import polars as pl

from chiasm.audit import kinds
from chiasm.audit.kinds import GENERAL
from chiasm.audit.overlap import NO_QUERY, blank
from chiasm.audit.table import SCORES, Channel
from chiasm.audit.words import exploded, fold

STRENGTH = {"strong": 2600, "clear": 1300, "thing": 800, "hint": 400}
"""Thousandths of a bit of doubt that a word takes away; 1,000 halve it, and 1,300 leave 41 %."""

PHRASE = 2600
"""The same for a phrase of which every word is there; half of it (by weight) counts a quarter."""

LONG = 50
"""A query of so many different content words halves what a word in it is worth."""

OTHER = 25
"""Percent that a word or phrase counts where it is of another kind than the row's category."""

STRONG_OTHER = 35
"""The same for a strong word, and for a phrase with a word that is more than a hint: enough to be
flagged alone among up to twelve content words."""

SHOWN = 4
"""Words that stand in the evidence, strongest first."""


class Vocabulary(NamedTuple):
    """What the channel listens to.

    Attributes:
        words: `lemma`, `bits` (thousandths), of each word once, at its highest strength.
        phrases: `lemma`, `phrase`, `share` (thousandths of the phrase, by how rare the word is
            among phrases; about 1,000 a phrase), `named` (whether the word is more than a hint).
        themes: `lemma`, `theme`, `counts` (whether the word is more than a hint).
        phrase_themes: `phrase`, `theme`.
    """

    words: pl.DataFrame
    phrases: pl.DataFrame
    themes: pl.DataFrame
    phrase_themes: pl.DataFrame


class Heard(NamedTuple):
    """The vocabulary, and what of it is of another kind than a category of the dataset.

    Attributes:
        vocabulary: The same for all datasets.
        words: `category`, `lemma`.
        phrases: `category`, `phrase`.
    """

    vocabulary: Vocabulary
    words: pl.DataFrame
    phrases: pl.DataFrame


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The words and phrases of risk.toml."""
    text = resources.files("chiasm.audit").joinpath("risk.toml").read_text("utf-8")
    themes = tomllib.loads(text)
    bits: dict[str, int] = {}
    of_theme: set[tuple[str, str]] = set()
    for name, theme in themes.items():
        for strength, worth in STRENGTH.items():
            for word in theme[strength].split():
                lemma = fold(word)
                bits[lemma] = max(worth, bits.get(lemma, 0))
                of_theme.add((lemma, name))
    of = {(p, name) for name, theme in themes.items() for p in theme["prototypes"]}
    told = {lemma for lemma, name in of_theme if name != GENERAL}
    kept = sorted((x, t) for x, t in of_theme if t != GENERAL or x not in told)
    counts = pl.Series([bits[x] > STRENGTH["hint"] for x, _ in kept], dtype=pl.Boolean)
    return Vocabulary(
        pl.DataFrame(sorted(bits.items()), schema=["lemma", "bits"], orient="row"),
        _phrases(sorted({p for p, _ in of}), bits),
        pl.DataFrame(kept, schema=["lemma", "theme"], orient="row").with_columns(counts=counts),
        pl.DataFrame(sorted(of), schema=["phrase", "theme"], orient="row"),
    )


def _phrases(phrases: list[str], bits: dict[str, int]) -> pl.DataFrame:
    lemmas = {p: sorted({fold(w) for w in p.split()} - {""}) for p in phrases}
    often = Counter(lemma for said in lemmas.values() for lemma in said)
    found = []
    for phrase, said in lemmas.items():
        total = sum(1 / often[x] for x in said)
        for x in said:
            named = bits.get(x, 0) > STRENGTH["hint"]
            found.append((x, phrase, round(1000 / often[x] / total), named))
    return pl.DataFrame(sorted(found), schema=["lemma", "phrase", "share", "named"], orient="row")


def fit(rows: pl.DataFrame) -> Heard:
    """The vocabulary, and what the dataset's hazards say of its categories."""
    known = vocabulary()
    words, themes = kinds.others(rows, known.themes)
    categories = themes.select("category").unique()
    other = themes.with_columns(pl.lit(True).alias("other"))
    phrases = (
        known.phrase_themes.join(categories, how="cross")
        .join(other, on=["category", "theme"], how="left")
        .group_by("category", "phrase")
        .agg(pl.col("other").fill_null(False).all())
        .filter("other")
        .select("category", "phrase")
        .sort("category", "phrase")
    )
    return Heard(known, words, phrases)


def score(state: Heard, batch: pl.DataFrame) -> pl.DataFrame:
    """1 minus what risk words and the best phrase leave of doubt, in [0, 1); 0 where none is said.

    The evidence is the words as written, and the phrase that the query comes near; then, behind a
    semicolon, the same of another kind than the row's category.
    """
    said = exploded(batch, "query").unique(["row", "lemma"], keep="first", maintain_order=True)
    heard = batch.select("case", blank("query").alias("empty")).with_row_index("row")
    lengths = said.group_by("row").len("length")
    heard = heard.join(lengths, on="row", how="left", maintain_order="left")
    category = batch.select("category").with_row_index("row")
    words, phrases = _words(said, state, category), _phrase(said, state, category)
    for other in (False, True):
        for found in (words, phrases):
            side = found.filter(pl.col("other") == other).drop("other")
            heard = heard.join(side, on="row", how="left", maintain_order="left", suffix="_other")
    return heard.select(
        "case",
        pl.when(~pl.col("empty")).then(_score()).alias("score"),
        pl.when(~pl.col("empty")).then(_evidence()).alias("evidence"),
        pl.when("empty").then(pl.lit(NO_QUERY)).alias("reason"),
    ).cast(dict(SCORES))  # type: ignore[arg-type]


def _score() -> pl.Expr:
    """Dangers of another kind don't add to those of the row's kind: the greater counts."""
    bits = pl.max_horizontal(
        pl.col(f"bits{side}").fill_null(0) + pl.col(f"near{side}").fill_null(0)
        for side in ("", "_other")
    ) * (LONG / (LONG + pl.col("length").fill_null(0)))
    return (1 - 0.5 ** (bits / 1000)).round(6)


def _evidence() -> pl.Expr:
    own, other = (
        pl.concat_str(
            f"words{side}",
            pl.format("like “{}”", f"phrase{side}"),
            separator=", ",
            ignore_nulls=True,
        )
        for side in ("", "_other")
    )
    told = pl.when(other != "").then(pl.format("{} (not this row's kind of danger)", other))
    return pl.concat_str(pl.when(own != "").then(own), told, separator="; ", ignore_nulls=True)


def _words(said: pl.DataFrame, state: Heard, category: pl.DataFrame) -> pl.DataFrame:
    """`row`, `other`, `bits`, `words`."""
    found = _marked(said.join(state.vocabulary.words, on="lemma"), state.words, category)
    part = pl.when(pl.col("bits") >= STRENGTH["strong"]).then(STRONG_OTHER).otherwise(OTHER)
    worth = pl.when("other").then(pl.col("bits") * part // 100).otherwise("bits")
    return (
        found.sort("row", "bits", "lemma", descending=[False, True, False])
        .group_by("row", "other", maintain_order=True)
        .agg(worth.sum().alias("bits"), pl.col("word").head(SHOWN).str.join(", ").alias("words"))
    )


def _phrase(said: pl.DataFrame, state: Heard, category: pl.DataFrame) -> pl.DataFrame:
    """`row`, `other`, `near` (thousandths of a bit), `phrase`: the one that most of is there."""
    found = (
        said.join(state.vocabulary.phrases, on="lemma")
        .group_by("row", "phrase")
        .agg(pl.col("share").sum(), pl.len().alias("n"), pl.col("named").any())
        .filter(pl.col("n") >= 2)
    )
    near = (PHRASE * (pl.col("share").clip(0, 1000) / 1000) ** 2).round().cast(pl.Int64)
    part = pl.when("named").then(STRONG_OTHER).otherwise(OTHER)
    worth = pl.when("other").then(near * part // 100).otherwise(near)
    return (
        _marked(found, state.phrases, category)
        .with_columns(worth.alias("near"))
        .sort("row", "near", "share", "phrase", descending=[False, True, True, False])
        .unique(["row", "other"], keep="first", maintain_order=True)
        .select("row", "other", "near", "phrase")
    )


def _marked(found: pl.DataFrame, foreign: pl.DataFrame, category: pl.DataFrame) -> pl.DataFrame:
    """With `other`: whether it is not of the row's category's kind."""
    if not foreign.height:
        return found.with_columns(pl.lit(False).alias("other"))
    on = foreign.columns
    return (
        found.join(category, on="row", how="left")
        .join(foreign.with_columns(pl.lit(True).alias("other")), on=on, how="left")
        .with_columns(pl.col("other").fill_null(False))
    )


CHANNEL = Channel("harmfulness", ("query",), fit, score)
