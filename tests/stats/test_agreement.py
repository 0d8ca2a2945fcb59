import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from chiasm.stats import cohen_kappa
from chiasm.stats.agreement import _kappa, _variance

TABLES = {
    "binary": [[40, 9], [6, 45]],
    "rare": [[3, 2], [1, 94]],
    "three labels": [[44, 5, 1], [7, 20, 3], [9, 5, 6]],
    "worse than chance": [[5, 30], [25, 10]],
}


def labels(table):
    """One pair of labels for each count of a table."""
    cells = np.array(table)
    x, y = np.nonzero(cells)
    return np.repeat(x, cells[x, y]).tolist(), np.repeat(y, cells[x, y]).tolist()


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_kappa_and_its_variance_are_statsmodels(table):
    x, y = labels(table)
    oracle = cohens_kappa(table)
    found, parts = cohen_kappa(x, y), _kappa(x, y)
    assert found.rate == pytest.approx(oracle.kappa)
    assert (found.k, found.n) == (np.trace(table), np.sum(table))
    assert _variance(parts.influence, list(range(found.n))) == pytest.approx(oracle.var_kappa)


def test_interval_is_statsmodels_where_there_is_much_data():
    table = np.array(TABLES["three labels"]) * 500
    found, oracle = cohen_kappa(*labels(table)), cohens_kappa(table)
    assert (found.low, found.high) == pytest.approx((oracle.kappa_low, oracle.kappa_upp), abs=1e-3)


def test_exchanging_judges_and_renaming_labels_changes_nothing():
    x, y = labels(TABLES["three labels"])
    once = cohen_kappa(x, y)
    assert cohen_kappa(y, x)[:3] == pytest.approx(once[:3])
    assert cohen_kappa(["cba"[i] for i in x], ["cba"[i] for i in y])[:3] == pytest.approx(once[:3])


def test_perfect_agreement_has_a_width():
    found = cohen_kappa("ab" * 20, "ab" * 20)
    assert found.rate == found.high == 1
    assert 0.7 < found.low < 0.9


def test_clusters_of_equal_items_are_worth_one_each():
    x, y = labels(TABLES["binary"])
    once = cohen_kappa(x, y)
    thrice = cohen_kappa(x * 3, y * 3, clusters=list(range(100)) * 3)
    as_if_independent = cohen_kappa(x * 3, y * 3)
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=0.03)
    assert as_if_independent.high - as_if_independent.low < 0.62 * (once.high - once.low)


def test_order_changes_no_digit():
    rng = np.random.default_rng(0)
    x, y, clusters = rng.integers(0, 3, (3, 90))
    once = cohen_kappa(x.tolist(), y.tolist(), clusters=clusters.tolist())
    order = rng.permutation(90)
    assert cohen_kappa(x[order].tolist(), y[order].tolist(), clusters=clusters[order]) == once


def test_undefined_is_nan_with_a_reason():
    nothing, constant = cohen_kappa([], []), cohen_kappa("aaa", "aaa")
    assert math.isnan(nothing.rate) and nothing.reason
    assert math.isnan(constant.rate) and "single label" in constant.reason
    one = cohen_kappa("aab", "abb", clusters="xxx")
    assert one.rate == pytest.approx(0.4)
    assert math.isnan(one.low) and "single cluster" in one.reason


def test_one_constant_judge_is_no_better_than_chance():
    found = cohen_kappa("aaaaaaaaaa", "aaaaaabbbb")
    assert found.rate == 0
    assert found.low < 0 < found.high


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="lengths"):
        cohen_kappa("ab", "abc")
    with pytest.raises(ValueError, match="lengths"):
        cohen_kappa("ab", "ab", clusters="abc")


@pytest.mark.parametrize(
    ("truth", "n", "size", "copied"),
    [
        ([[0.45, 0.05], [0.05, 0.45]], 100, 1, 0.0),
        ([[0.09, 0.01], [0.05, 0.85]], 100, 1, 0.0),
        ([[0.3, 0.02, 0.01], [0.03, 0.3, 0.02], [0.02, 0.03, 0.27]], 501, 3, 0.6),
    ],
)
def test_coverage(truth, n, size, copied):
    rng = np.random.default_rng(7)
    cells = np.array(truth)
    expected = cells.sum(0) @ cells.sum(1)
    kappa = (np.trace(cells) - expected) / (1 - expected)
    clusters = np.arange(n) // size
    hits, runs = 0, 400
    for _ in range(runs):
        own, of_cluster = rng.choice(cells.size, (2, n), p=cells.ravel())
        drawn = np.where(rng.random(n) < math.sqrt(copied), of_cluster[clusters], own)
        x, y = np.divmod(drawn, len(cells))
        found = cohen_kappa(x.tolist(), y.tolist(), clusters=clusters.tolist())
        hits += found.low <= kappa <= found.high
    assert hits / runs + 3 * math.sqrt(0.92 * 0.08 / runs) >= 0.92
