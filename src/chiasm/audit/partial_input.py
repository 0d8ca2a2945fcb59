"""partial_input: multiple choice that can be answered without looking.

Three blind rules: the longest option, the highest share of warning words (both of `chiasm.text`),
and a model of the options' words, fitted on other questions. The score is the share of the three
that picks the right option: 1 says that nobody has to look. One row can be right by luck; how much
a dataset gives away is the accuracy of each rule against chance, in `facts`.
"""

from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from chiasm.audit import softmax as model
from chiasm.audit.table import SCORES, Channel
from chiasm.stats.intervals import Estimate, clustered
from chiasm.text import WARNING_WORDS

FOLDS = 5
SAMPLE = 4000
"""Questions that the option model is fitted on at most."""

FEWEST = 20
"""Questions that it needs."""

RULES = ("longest", "warning_words", "option_model")
NO_OPTIONS = "no options, or no right one: not multiple choice"

_WORD = r"[^\W_]+(?:['’][^\W_]+)*"
_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


class Blind(NamedTuple):
    """The option model, one a fold; none where there are too few questions.

    Attributes:
        terms: Features of options.
        weights: By fold, (terms,): towards being right.
    """

    terms: model.Terms | None
    weights: tuple[_Floats, ...]


class Rule(NamedTuple):
    """How often a blind rule is right.

    Attributes:
        accuracy: Over questions, clustered.
        chance: Mean of 1 / options.
    """

    accuracy: Estimate
    chance: float


def fit(rows: pl.DataFrame) -> Blind:
    """Fit the option model on a seeded sample of the questions, leaving each fold out."""
    asked = rows.filter(_answerable())
    if asked.height > SAMPLE:
        order = np.array([crc32(case.encode()) for case in asked["case"].to_list()])
        asked = asked[np.sort(np.argsort(order, kind="stable")[:SAMPLE]).tolist()]
    asked = asked.sort("case")
    if asked.height < FEWEST:
        return Blind(None, ())
    options = _options(asked)
    long = model.terms_of(options, "option")
    terms = model.fit_terms(long, options.height)
    x = model.features(long, terms, options.height)
    fold = _folds(asked)[options["question"].to_numpy()]
    question, right = options["question"].to_numpy(), options["right"].to_numpy()
    made = []
    for k in range(FOLDS):
        rest = np.flatnonzero(fold != k)
        made.append(_fit_weights(x[rest], question[rest], right[rest]))
    return Blind(terms, tuple(made))


def score(state: Blind, batch: pl.DataFrame) -> pl.DataFrame:
    """Share of the blind rules that pick the right option; the evidence names them."""
    picks = chosen(state, batch)
    answer = batch["answer"]
    names = [n for n in RULES if n in picks.columns]
    hits = picks.select((pl.col(n) == answer).fill_null(False) for n in names)
    mean = hits.select(pl.mean_horizontal(pl.all().cast(pl.Float64)).round(6)).to_series()
    shown = hits.select(
        pl.concat_str(
            (pl.when(n).then(pl.lit(n)) for n in names), separator=", ", ignore_nulls=True
        )
    ).to_series()
    able = _answerable()
    return batch.select(
        "case",
        pl.when(able).then(mean.alias("mean")).alias("score"),
        pl.when(able).then(shown.alias("shown")).alias("evidence"),
        pl.when(~able).then(pl.lit(NO_OPTIONS)).alias("reason"),
    ).cast(dict(SCORES))  # type: ignore[arg-type]


def chosen(state: Blind, batch: pl.DataFrame) -> pl.DataFrame:
    """Index of the option that each rule picks, null where there are none; the first of equals."""
    options = _options(batch)
    by = pl.col("question")
    first = pl.DataFrame({"question": np.arange(batch.height, dtype=np.int64)})
    ranked = {"longest": pl.col("option").str.len_chars(), "warning_words": _density()}
    if state.terms is not None:
        long = model.terms_of(options, "option")
        x = model.features(long, state.terms, options.height)
        fold = _folds(batch)[options["question"].to_numpy()]
        logit = np.zeros(options.height)
        for k, weights in enumerate(state.weights):
            mine = np.flatnonzero(fold == k)
            logit[mine] = x[mine] @ weights
        options = options.with_columns(pl.Series("logit", logit).round(9))
        ranked["option_model"] = pl.col("logit")
    best = options.group_by(by, maintain_order=True).agg(
        pl.col("index").get(worth.arg_max()).alias(name) for name, worth in ranked.items()
    )
    return first.join(best, on="question", how="left", maintain_order="left").drop("question")


def facts(rows: pl.DataFrame) -> dict[str, Rule]:
    """Accuracy of each blind rule over all questions; empty without multiple choice.

    Clusters are the rows' clusters: questions on one picture are not independent.
    """
    asked = rows.filter(_answerable())
    if not asked.height:
        return {}
    picks = chosen(fit(rows), asked)
    chance = float((1 / asked["options"].list.len().to_numpy()).mean())
    clusters = asked["cluster"].fill_null(asked["case"]).to_list()
    return {
        name: Rule(
            clustered((picks[name] == asked["answer"]).cast(pl.Float64).to_numpy(), clusters),
            chance,
        )
        for name in picks.columns
    }


def _answerable() -> pl.Expr:
    many = pl.col("options").list.len().fill_null(0)
    return (many >= 2) & pl.col("answer").is_between(0, many - 1).fill_null(False)


def _options(rows: pl.DataFrame) -> pl.DataFrame:
    """A row per option: `question` (row number), `index`, `option` (stripped), `right`."""
    return (
        rows.select("options", "answer")
        .with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("question"))
        .filter(pl.col("options").list.len() > 0)
        .with_columns(pl.int_ranges(0, pl.col("options").list.len()).alias("index"))
        .explode("options", "index", empty_as_null=False)
        .select(
            "question",
            "index",
            pl.col("options").fill_null("").str.strip_chars().alias("option"),
            (pl.col("index") == pl.col("answer")).fill_null(False).alias("right"),
        )
    )


def _density() -> pl.Expr:
    """Share of warning words, as `chiasm.text.BLIND_RULES` counts."""
    words = pl.col("option").str.to_lowercase().str.extract_all(_WORD)
    straight = words.list.eval(pl.element().str.replace_all("’", "'", literal=True))
    warned = straight.list.eval(pl.element().is_in(sorted(WARNING_WORDS))).list.sum()
    return warned.cast(pl.Float64) / words.list.len().clip(1)


def _folds(rows: pl.DataFrame) -> _Ints:
    keys = rows["cluster"].fill_null(rows["case"]).to_list()
    return np.array([crc32(key.encode()) % FOLDS for key in keys], dtype=np.int64)


def _fit_weights(x: Any, question: _Ints, right: npt.NDArray[np.bool_]) -> _Floats:
    """Conditional logit: the probability of an option among those of its question."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    _, of = np.unique(question, return_inverse=True)
    turned = x.T.tocsr()

    def loss(w: _Floats) -> tuple[float, _Floats]:
        logit = x @ w
        top = np.full(of.max() + 1, -np.inf)
        np.maximum.at(top, of, logit)
        raised = np.exp(logit - top[of])
        p = raised / np.bincount(of, weights=raised)[of]
        value = -np.log(np.maximum(p[right], 1e-300)).sum() + model.PENALTY / 2 * w @ w
        return float(value), turned @ (p - right) + model.PENALTY * w

    start = np.zeros(x.shape[1])
    options = {"maxiter": model.STEPS}
    found: _Floats = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return found


CHANNEL = Channel("partial_input", ("options", "answer"), fit, score)
