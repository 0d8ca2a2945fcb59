"""Multinomial logistic regression on TF-IDF of words and neighbouring words, in numpy and scipy."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from chiasm.audit.words import exploded

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PENALTY = 0.2
"""L2 of the weights; the loss is summed over rows."""

STEPS = 80
"""L-BFGS iterations at most; more move the third digit of the accuracy."""

LEAST = 2
"""Rows that a term must be in to be a feature."""

MOST = 30_000
"""Features at most, the commonest."""


class Terms(NamedTuple):
    """Features, and how rare each is.

    Attributes:
        ids: `term`, `id`.
        idf: By id, shape (terms,).
    """

    ids: pl.DataFrame
    idf: FloatArray


class Softmax(NamedTuple):
    """A fitted model: weights (terms, classes) and intercepts (classes,)."""

    weights: FloatArray
    intercepts: FloatArray

    def probabilities(self, x: Any) -> FloatArray:
        """(rows, classes), rows of `x` sum to 1; `x` is a sparse (rows, terms) matrix."""
        return softmax(x @ self.weights + self.intercepts)


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities of each row's classes."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    total: FloatArray = raised / raised.sum(axis=1, keepdims=True)
    return total


def terms_of(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """`row`, `term`: folded words, and pairs of neighbours, as often as they are said."""
    one = exploded(rows, column).select("row", "lemma")
    after = one.select(
        "row", "lemma", then=pl.col("lemma").shift(-1), next_row=pl.col("row").shift(-1)
    )
    two = after.filter(pl.col("row") == pl.col("next_row")).select(
        "row", term=pl.format("{} {}", "lemma", "then")
    )
    return pl.concat([one.rename({"lemma": "term"}), two])


def fit_terms(long: pl.DataFrame, rows: int) -> Terms:
    """Terms of at least `LEAST` rows, by how common they are and then by name."""
    counts = (
        long.unique()
        .group_by("term")
        .len("count")
        .filter(pl.col("count") >= LEAST)
        .sort("count", "term", descending=[True, False])
        .head(MOST)
    )
    ids = counts.select("term", pl.int_range(pl.len(), dtype=pl.Int64).alias("id"))
    return Terms(ids, np.log((1 + rows) / (1 + counts["count"].to_numpy())) + 1)


def features(long: pl.DataFrame, terms: Terms, rows: int) -> Any:
    """TF-IDF rows of length 1, sparse; rows without a known term are empty."""
    from scipy.sparse import csr_array, diags_array  # type: ignore[import-untyped]

    counted = long.join(terms.ids, on="term").group_by("row", "id").len("n").sort("row", "id")
    row, column = counted["row"].to_numpy(), counted["id"].to_numpy()
    values = (1 + np.log(counted["n"].to_numpy())) * terms.idf[column]
    starts = np.searchsorted(row, np.arange(rows + 1))
    made = csr_array((values, column, starts), shape=(rows, len(terms.idf)))
    length = np.sqrt(np.asarray(made.multiply(made).sum(axis=1)).ravel())
    return (diags_array(1 / np.where(length > 0, length, 1.0)) @ made).tocsr()


def fit_softmax(x: Any, y: IntArray, classes: int, penalty: float = PENALTY) -> Softmax:
    """Fit by L-BFGS from zero: the same data give the same model.

    Args:
        x: Sparse (rows, terms).
        y: Class of each row, 0 to classes - 1.
        classes: How many there are; one that no row has gets a low probability.
        penalty: See `PENALTY`.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    rows, terms = x.shape
    ones = np.zeros((rows, classes))
    ones[np.arange(rows), y] = 1
    turned = x.T.tocsr()

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        beta = flat.reshape(terms + 1, classes)
        p = softmax(x @ beta[1:] + beta[0])
        value = -np.log(np.maximum(p[ones == 1], 1e-300)).sum()
        off = p - ones
        gradient = np.concatenate([off.sum(axis=0)[None], turned @ off + penalty * beta[1:]])
        return float(value + penalty / 2 * (beta[1:] ** 2).sum()), gradient.ravel()

    start = np.zeros((terms + 1) * classes)
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "ftol": 1e-6}
    )
    beta = found.x.reshape(terms + 1, classes)
    return Softmax(beta[1:], beta[0])
