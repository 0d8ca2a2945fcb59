"""topic: how well the query alone tells the category. Topic, not leakage.

A query about a network tells that its danger, if there is one, is about computers; that says
nothing of whether it is dangerous. The score of a row is the probability that a model gives to its
own category, from other rows' queries only: multinomial logistic regression on TF-IDF, five folds,
rows with the same picture, an equal or nearly equal query in one fold. Datasets of several sources
are told apart by style as well: `facts` shows how well the same model tells the source, and how
well it tells the category within each source.
"""

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from chiasm.audit import softmax as model
from chiasm.audit.groups import FOLDS, equal_query, fold_of, grouped_sample
from chiasm.audit.overlap import NO_QUERY, blank
from chiasm.audit.table import SCORES, Channel
from chiasm.stats.intervals import Estimate, clustered

FEWEST = 5
"""Groups of rows that each category needs; rarer ones are left out."""

SHOWN = 3
_Ints = npt.NDArray[np.int64]


class Topic(NamedTuple):
    """One model a fold, fitted on the rows of all other folds.

    Attributes:
        terms: Features, counted on the whole sample.
        models: By fold.
        classes: Categories in order.
        folds: `key` (cluster or lower-case query), `fold`, of the sample.
        reason: Why there is no model; empty where there is one.
    """

    terms: model.Terms | None
    models: tuple[model.Softmax, ...]
    classes: tuple[str, ...]
    folds: pl.DataFrame
    reason: str = ""


class Within(NamedTuple):
    """The category model on the rows of one source, and the share of their commonest category."""

    accuracy: Estimate
    majority: float


class Facts(NamedTuple):
    """What the queries of a dataset tell.

    Attributes:
        accuracy: Of the category, cross-validated, clustered by group.
        majority: Share of the commonest category: what a constant reaches.
        bits: Mutual information that the model's probabilities show, in bits; at least 0.
        entropy: Of the category, in bits: the most that `bits` can be.
        source: Accuracy of the same model for the source; None with one source or none.
        source_majority: Share of the commonest source.
        within: By source, where there are two.
        rows: Of the sample that was used.
        reason: Why there is nothing to tell; then all figures are NaN.
    """

    accuracy: Estimate
    majority: float
    bits: float
    entropy: float
    source: Estimate | None
    source_majority: float
    within: dict[str, Within]
    rows: int
    reason: str = ""


def fit(rows: pl.DataFrame) -> Topic:
    """Models for each fold, from a seeded sample of the rows."""
    sample, groups = grouped_sample(rows)
    fold = np.array([fold_of(g) for g in groups], dtype=np.int64)
    keys = pl.concat(
        [
            sample.select(pl.col("cluster").alias("key"), pl.Series("fold", fold)),
            sample.select(equal_query().alias("key"), pl.Series("fold", fold)),
        ]
    ).unique("key", keep="first", maintain_order=True)
    usable, classes, reason = _classes(sample, groups)
    if reason:
        return Topic(None, (), (), keys, reason)
    kept = sample.filter(usable)
    terms, x = _features(kept)
    y = _numbers(kept["category"], classes)
    return Topic(terms, _models(x, y, fold[usable.to_numpy()], len(classes)), classes, keys)


def score(state: Topic, batch: pl.DataFrame) -> pl.DataFrame:
    """Probability of the row's own category; the evidence is the terms that speak most for it."""
    y = _numbers(batch["category"], state.classes)
    reason = pl.select(
        pl.when(pl.lit(bool(state.reason)))
        .then(pl.lit(state.reason))
        .when(batch.select(blank("query").alias("q"))["q"])
        .then(pl.lit(NO_QUERY))
        .when(pl.Series(y < 0))
        .then(pl.lit("no category, or one of too few rows"))
        .alias("reason")
    )["reason"]
    scores, shown = np.zeros(batch.height), pl.DataFrame(schema=_SHOWN)
    if state.terms is not None:
        long = model.terms_of(batch, "query")
        x = model.features(long, state.terms, batch.height)
        fold = _folds_of(state, batch)
        for k, fitted in enumerate(state.models):
            mine = np.flatnonzero((fold == k) & (y >= 0))
            scores[mine] = fitted.probabilities(x[mine])[np.arange(len(mine)), y[mine]]
        shown = _evidence(state, state.terms, x, y, fold)
    said = batch.select("case").with_columns(reason, pl.Series("score", scores).round(6))
    said = said.with_row_index("row").join(shown, on="row", how="left", maintain_order="left")
    spoken = pl.col("reason").is_null()
    return said.select(
        "case",
        pl.when(spoken).then("score").alias("score"),
        pl.when(spoken).then(pl.col("evidence").fill_null("")).alias("evidence"),
        "reason",
    ).cast(dict(SCORES))  # type: ignore[arg-type]


def facts(rows: pl.DataFrame) -> Facts:
    """Accuracy and bits of the category, and source as a confounder, cross-validated."""
    sample, groups = grouped_sample(rows)
    usable, classes, reason = _classes(sample, groups)
    nothing = Estimate(math.nan, math.nan, math.nan, 0, 0, "wilson", reason)
    if reason:
        return Facts(nothing, math.nan, math.nan, math.nan, None, math.nan, {}, 0, reason)
    kept = sample.filter(usable)
    mine = [g for g, used in zip(groups, usable.to_list(), strict=True) if used]
    p, y = _cross_validated(kept, mine, "category", classes)
    right = (p.argmax(axis=1) == y).astype(np.float64)
    shares = np.bincount(y) / len(y)
    entropy = float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())
    loss = float(-np.log2(np.maximum(p[np.arange(len(y)), y], 1e-12)).mean())
    sources = sorted(set(kept["source"].drop_nulls().to_list()))
    told, most, within = None, math.nan, {}
    if len(sources) > 1:
        told, most = _source(kept, mine, tuple(sources))
        within = {s: _within(s, kept, mine, right) for s in sources}
    return Facts(
        accuracy=clustered(right, mine),
        majority=float(shares.max()),
        bits=max(0.0, entropy - loss),
        entropy=entropy,
        source=told,
        source_majority=most,
        within=within,
        rows=len(y),
    )


_SHOWN = {"row": pl.UInt32, "evidence": pl.String}


def _folds_of(state: Topic, batch: pl.DataFrame) -> _Ints:
    """The fold of the sample's row with the same cluster or query; else by the cluster's name."""
    keys = batch.select(
        "case", pl.col("cluster").fill_null(pl.col("case")), equal_query().alias("equal")
    )
    for column in ("cluster", "equal"):
        known = state.folds.rename({"key": column, "fold": f"by_{column}"})
        keys = keys.join(known, on=column, how="left", maintain_order="left")
    own = pl.Series([fold_of(c) for c in keys["cluster"].to_list()], dtype=pl.Int64)
    return (
        keys.select(pl.coalesce("by_cluster", "by_equal", own.alias("own"))).to_series().to_numpy()
    )


def _classes(sample: pl.DataFrame, groups: list[str]) -> tuple[pl.Series, tuple[str, ...], str]:
    """Which rows can be used, the categories, and why there is no model."""
    if sample.height > 1 and sample.select(equal_query()).to_series().n_unique() == 1:
        reason = f"all {sample.height:,} rows have one query, from which nothing can be learnt"
        return sample["category"].is_null(), (), reason
    count = Counter(c for _, c in set(zip(groups, sample["category"].to_list(), strict=True)))
    classes = tuple(sorted(c for c, n in count.items() if n >= FEWEST))
    usable = sample["category"].is_in(classes)
    if len(classes) > 1:
        return usable, classes, ""
    return usable, (), f"fewer than two categories with {FEWEST} unlike queries"


def _numbers(values: pl.Series, classes: tuple[str, ...]) -> _Ints:
    """Numbers of the classes; -1 for any other value."""
    at = {name: i for i, name in enumerate(classes)}
    numbers = values.replace_strict(at, default=-1, return_dtype=pl.Int64) if at else None
    if numbers is None:
        return np.full(len(values), -1, dtype=np.int64)
    return numbers.fill_null(-1).to_numpy()


def _features(rows: pl.DataFrame) -> tuple[model.Terms, Any]:
    long = model.terms_of(rows, "query")
    terms = model.fit_terms(long, rows.height)
    return terms, model.features(long, terms, rows.height)


def _models(x: Any, y: _Ints, fold: _Ints, classes: int) -> tuple[model.Softmax, ...]:
    made = []
    for k in range(FOLDS):
        rest = np.flatnonzero(fold != k)
        made.append(model.fit_softmax(x[rest], y[rest], classes))
    return tuple(made)


def _cross_validated(
    rows: pl.DataFrame, groups: list[str], column: str, classes: tuple[str, ...]
) -> tuple[model.FloatArray, _Ints]:
    """Probabilities (rows, classes) from models of other folds, and the true class."""
    _, x = _features(rows)
    y = _numbers(rows[column], classes)
    fold = np.array([fold_of(g) for g in groups])
    p = np.zeros((rows.height, len(classes)))
    for k, fitted in enumerate(_models(x, y, fold, len(classes))):
        held = np.flatnonzero(fold == k)
        p[held] = fitted.probabilities(x[held])
    return p, y


def _source(
    rows: pl.DataFrame, groups: list[str], sources: tuple[str, ...]
) -> tuple[Estimate, float]:
    known = rows["source"].is_not_null()
    of = [g for g, k in zip(groups, known.to_list(), strict=True) if k]
    p, y = _cross_validated(rows.filter(known), of, "source", sources)
    right = (p.argmax(axis=1) == y).astype(np.float64)
    return clustered(right, of), float(np.bincount(y).max() / len(y))


def _within(source: str, rows: pl.DataFrame, groups: list[str], right: model.FloatArray) -> Within:
    mine = (rows["source"] == source).fill_null(False).to_numpy()
    of = [g for g, m in zip(groups, mine.tolist(), strict=True) if m]
    most = rows.filter(pl.Series(mine))["category"].value_counts()["count"].max()
    return Within(clustered(right[mine], of), float(most) / len(of))  # type: ignore[arg-type]


def _evidence(state: Topic, terms: model.Terms, x: Any, y: _Ints, fold: _Ints) -> pl.DataFrame:
    """`row`, `evidence`: terms by what they add to the own category over the mean category."""
    parts = x.tocoo()
    row, column = parts.row, parts.col
    stacked = np.stack([m.weights - m.weights.mean(axis=1, keepdims=True) for m in state.models])
    adds = parts.data * stacked[fold[row], column, np.maximum(y[row], 0)]
    kept = adds > 0.1
    best = (
        pl.DataFrame({"row": row[kept], "id": column[kept], "adds": adds[kept].round(6)})
        .sort("row", "adds", "id", descending=[False, True, False])
        .group_by("row", maintain_order=True)
        .agg(pl.col("id").head(SHOWN).cast(pl.Int64))
        .explode("id", empty_as_null=False)
    )
    return (
        best.join(terms.ids, on="id", how="left", maintain_order="left")
        .group_by("row", maintain_order=True)
        .agg(pl.col("term").str.join(", ").alias("evidence"))
        .cast(_SHOWN)  # type: ignore[arg-type]
    )


CHANNEL = Channel("topic", ("query", "category"), fit, score)
