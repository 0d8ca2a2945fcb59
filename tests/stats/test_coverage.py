"""Does the interval of `clustered` cover the truth?

For clusters of one size the interval depends only on how many clusters have 0, 1, ... ones. So
the coverage is the sum of the probabilities of the tables whose interval holds the truth: exact,
without Monte-Carlo error. Unequal sizes, and the exact figures themselves, are simulated.
"""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import betaln, gammaln

from chiasm.stats import clustered
from chiasm.stats.intervals import Sums, effective_size, score_limits, t_quantile

DOCS = Path(__file__).parents[2] / "docs" / "statistics.md"
REQUIRED = 0.92
RATES = (0.02, 0.5, 0.98)
CORRELATIONS = (0.0, 0.3, 0.6, 0.9)


class Tables(NamedTuple):
    """All ways in which m clusters of one size can fall, with the interval of each."""

    counts: np.ndarray  # (n_tables, size + 1): clusters with 0, 1, ..., size ones
    log_ways: np.ndarray
    low: np.ndarray
    high: np.ndarray


@cache
def tables(clusters, size):
    counts = compositions(clusters, size + 1)
    log_factorial = gammaln(np.arange(clusters + 1) + 1.0)
    ones = np.arange(size + 1)
    n = clusters * size
    k = counts @ ones
    sums = Sums(clusters, k, n, counts @ ones**2, k * size, n * size)
    low, high = score_limits(k / n, effective_size(sums), t_quantile(clusters, 0.95))
    return Tables(counts, log_factorial[-1] - log_factorial[counts].sum(1), low, high)


def compositions(total, parts):
    """All rows of that many whole numbers >= 0 that add up to the total."""
    rows, left = np.zeros((1, 0), dtype=int), np.array([total])
    for _ in range(parts - 1):
        starts = np.cumsum(left + 1) - (left + 1)
        rows = np.repeat(rows, left + 1, axis=0)
        value = np.arange(len(rows)) - np.repeat(starts, left + 1)
        left = np.repeat(left, left + 1) - value
        rows = np.column_stack([rows, value])
    return np.column_stack([rows, left])


def beta_binomial(rate, correlation, size):
    """Each cluster has a rate of its own, from a beta distribution."""
    j = np.arange(size + 1)
    log_choose = gammaln(size + 1) - gammaln(j + 1) - gammaln(size - j + 1)
    if correlation == 0:
        return np.exp(log_choose + j * math.log(rate) + (size - j) * math.log1p(-rate))
    spread = 1 / correlation - 1
    a, b = rate * spread, (1 - rate) * spread
    return np.exp(log_choose + betaln(j + a, size - j + b) - betaln(a, b))


def copying(rate, correlation, size):
    """Each item copies its cluster's draw with probability sqrt(correlation), or draws anew."""
    copies = math.sqrt(correlation)
    of_one, of_zero = copies + (1 - copies) * rate, (1 - copies) * rate
    ones, zeros = beta_binomial(of_one, 0, size), beta_binomial(of_zero, 0, size)
    return rate * ones + (1 - rate) * zeros


def exact(clusters, size, rate, correlation, mechanism=beta_binomial):
    """Coverage and mean width, exact."""
    found = tables(clusters, size)
    weight = np.exp(found.log_ways + found.counts @ np.log(mechanism(rate, correlation, size)))
    assert weight.sum() == pytest.approx(1)
    covers = (found.low <= rate) & (rate <= found.high)
    return weight @ covers, weight @ (found.high - found.low)


def draw(rng, clusters, rate, correlation):
    """Beta-binomial verdicts for given cluster numbers."""
    own = np.full(clusters.max() + 1, rate)
    if correlation:
        spread = 1 / correlation - 1
        own = rng.beta(rate * spread, (1 - rate) * spread, clusters.max() + 1)
    return rng.random(len(clusters)) < own[clusters]


def simulate(clusters, rate, correlation, runs, seed):
    rng = np.random.default_rng(seed)
    found = [clustered(draw(rng, clusters, rate, correlation), clusters) for _ in range(runs)]
    assert min(e.high - e.low for e in found) > 0
    return sum(e.low <= rate <= e.high for e in found) / runs


def error(coverage, runs):
    return math.sqrt(coverage * (1 - coverage) / runs)


def covers_enough(coverage, runs):
    """Whether a simulated coverage is compatible with the one required (3 standard errors)."""
    return coverage + 3 * math.sqrt(REQUIRED * (1 - REQUIRED) / runs) >= REQUIRED


@pytest.mark.parametrize("mechanism", [beta_binomial, copying])
@pytest.mark.parametrize("clusters", [17, 20, 167])
def test_three_answers_a_case(clusters, mechanism):
    for rate in RATES:
        for correlation in CORRELATIONS:
            coverage, _ = exact(clusters, 3, rate, correlation, mechanism)
            assert coverage >= REQUIRED, (rate, correlation)
    found = tables(clusters, 3)
    assert (found.high - found.low).min() > 0.02


@pytest.mark.parametrize("mechanism", [beta_binomial, copying])
@pytest.mark.parametrize(
    ("clusters", "size"),
    [(12, 4), pytest.param(12, 8, marks=pytest.mark.slow), (17, 3), (20, 3), (167, 3)],
)
def test_rates_between(clusters, size, mechanism):
    for rate in (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.95):
        for correlation in CORRELATIONS:
            coverage, _ = exact(clusters, size, rate, correlation, mechanism)
            assert coverage >= REQUIRED, (rate, correlation)


@pytest.mark.parametrize(("rate", "correlation"), [(0.02, 0.9), (0.5, 0.3), (0.98, 0.0)])
@pytest.mark.parametrize("clusters", [17, 167])
def test_simulation_agrees_with_the_exact_coverage(clusters, rate, correlation):
    runs = 600
    expected, _ = exact(clusters, 3, rate, correlation)
    found = simulate(np.repeat(np.arange(clusters), 3), rate, correlation, runs, seed=5)
    assert abs(found - expected) < 3.5 * math.sqrt(expected * (1 - expected) / runs)


UNEQUAL = {
    "twelve families of 2, 4 or 8": np.repeat(np.arange(12), np.resize([2, 4, 8], 12)),
    "226 cases on 196 images": np.repeat(np.arange(196), [1] * 175 + [2] * 16 + [3, 3, 4, 4, 5]),
    "60 cases, answers missing": np.repeat(np.arange(60), np.resize([3, 3, 2, 1], 60)),
}


def unequal(name, runs):
    for rate in (0.02, 0.1, 0.5):
        for correlation in (0.0, 0.3, 0.9):
            coverage = simulate(UNEQUAL[name], rate, correlation, runs, seed=11)
            assert covers_enough(coverage, runs), (rate, correlation, coverage)


@pytest.mark.parametrize("name", UNEQUAL)
def test_unequal_clusters(name):
    unequal(name, runs=200)


@pytest.mark.slow
@pytest.mark.parametrize("name", UNEQUAL)
def test_unequal_clusters_with_a_small_error(name):
    unequal(name, runs=4000)


def test_counting_answers_as_independent_would_be_seen_to_fail():
    # The check of the check: Wilson on all 501 answers covers 81 % at correlation .6.
    found = tables(167, 3)
    low, high = score_limits(found.counts @ np.arange(4) / 501, 501.0, 1.96)
    weight = np.exp(found.log_ways + found.counts @ np.log(beta_binomial(0.5, 0.6, 3)))
    assert 0.80 < weight @ ((low <= 0.5) & (high >= 0.5)) < 0.83


def table_rows():
    """The rows of the page's exact coverage table, as numbers."""
    section = DOCS.read_text("utf-8").split("<!-- exact coverage -->")[1]
    cells = [line.strip("|").split("|") for line in section.splitlines() if "/" in line]
    return [[cell.strip() for cell in row] for row in cells]


def test_the_page_prints_these_figures():
    rows = table_rows()
    assert len(rows) == 20
    for clusters_size, rate, *cells in rows:
        clusters, size = (int(part) for part in clusters_size.split(" x "))
        for correlation, cell in zip(CORRELATIONS, cells, strict=True):
            coverage, width = exact(clusters, size, float(rate), correlation)
            assert cell == f"{100 * coverage:.1f} / {100 * width:.1f}"
