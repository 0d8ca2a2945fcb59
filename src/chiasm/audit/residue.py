"""residue: text in the query that its generator left there, or that states a hidden intent.

The generator's talk and its stray markup are what `chiasm data check` finds as RESIDUE. Beyond
those, a query that says itself that it is meant to look harmless gives its danger away.
"""

import polars as pl

from chiasm.audit.overlap import NO_QUERY, blank
from chiasm.audit.table import SCORES, Channel
from chiasm.audit.words import LONGEST
from chiasm.data.checks_text import RESIDUE, STRAY_MARKUP

INTENT = (
    r"(?i)\b(?:designed|meant|intended|worded|phrased|written|rephrased) to "
    r"(?:appear|seem|look|sound|be) (?:\w{1,12} ){0,2}(?:benign|innocent|innocuous|harmless|safe)"
    r"|\b(?:hidden|underlying|true|actual|malicious|harmful|unsafe) (?:intent|intention)s?\b"
    r"|\b(?:appears?|seems?|looks|sounds) (?:\w{1,12} ){0,2}(?:benign|innocent|innocuous|harmless)"
    r"(?: \w{1,12}){0,3} but\b"
    r"|\bwithout (?:revealing|disclosing|mentioning|stating) (?:the|its|any|my) "
    r"(?:\w{1,12} ){0,2}(?:intent|intention|purpose|harm)"
)
"""Says that it means other than it says."""

MARKUP = 0.5
"""Score of stray markup: left by a generator too, but it states nothing."""


def fit(rows: pl.DataFrame) -> None:
    """Nothing: patterns are the same for all datasets."""


def score(state: None, batch: pl.DataFrame) -> pl.DataFrame:
    """1 for a generator's talk or a stated intent, `MARKUP` for stray markup, else 0."""
    text = pl.col("query").fill_null("").str.slice(0, LONGEST)
    talk = text.str.extract(f"(?i)({RESIDUE.pattern})", 1)
    intent = text.str.extract(f"({INTENT})", 1)
    markup = text.str.contains(f"^(?:{STRAY_MARKUP.pattern})")
    found = batch.select(
        "case", blank("query").alias("empty"), talk.alias("t"), intent.alias("i"), markup.alias("m")
    )
    score = pl.when(pl.any_horizontal(pl.col("t", "i").is_not_null())).then(1.0)
    said = pl.coalesce("t", "i", pl.when("m").then(pl.lit("begins with markup alone")))
    spoken = ~pl.col("empty")
    return found.select(
        "case",
        pl.when(spoken).then(score.when("m").then(MARKUP).otherwise(0.0)).alias("score"),
        pl.when(spoken).then(said.fill_null("")).alias("evidence"),
        pl.when("empty").then(pl.lit(NO_QUERY)).alias("reason"),
    ).cast(dict(SCORES))  # type: ignore[arg-type]


CHANNEL = Channel("residue", ("query",), fit, score)
