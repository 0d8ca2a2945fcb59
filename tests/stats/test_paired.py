import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from chiasm.stats import mcnemar, paired


@pytest.mark.parametrize(("b", "c"), [(1, 0), (0, 5), (1, 7), (10, 10), (30, 12), (200, 251)])
def test_exact_mcnemar_is_statsmodels(b, c):
    expected = statsmodels_mcnemar([[9, b], [c, 9]], exact=True).pvalue
    assert mcnemar(b, c) == pytest.approx(expected)
    assert mcnemar(c, b) == mcnemar(b, c)


@pytest.mark.parametrize(("b", "c"), [(1, 0), (0, 5), (1, 7), (10, 10), (30, 12), (200, 251)])
def test_midp_is_exact_less_the_observed_table(b, c):
    exact = statsmodels_mcnemar([[9, b], [c, 9]], exact=True).pvalue
    expected = 1.0 if b == c else exact - binom.pmf(min(b, c), b + c, 0.5)
    assert mcnemar(b, c, method="midp") == pytest.approx(expected)


def test_midp_of_a_published_example():
    # Fagerland, Lydersen & Laake (2013), airway hyper-responsiveness: p = .039, exact .070.
    assert mcnemar(1, 7, method="midp") == pytest.approx(0.039, abs=5e-4)
    assert mcnemar(1, 7) == pytest.approx(0.070, abs=5e-4)


def test_without_discordant_cases_nothing_speaks_against_equality():
    assert mcnemar(0, 0) == mcnemar(0, 0, method="midp") == 1


def test_mcnemar_refuses_what_it_cannot_test():
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)
    with pytest.raises(ValueError, match="midp"):
        mcnemar(1, 2, method="chi2")


def test_difference_by_hand():
    # Changes by cluster: +2 of 2, 0 of 2, -1 of 2. The imaginary cluster: size 2, half +1, half -1.
    found = paired([0, 0, 1, 0, 1, 1], [1, 1, 1, 0, 1, 0], list("aabbcc"))
    centre = 1 / 8
    squares = (2 - 0.25) ** 2 + 0.25**2 + 1.25**2 + 4 * (0.875**2 + 1.125**2) / 2
    error = math.sqrt(4 / 3 * squares) / 8
    assert found.difference == pytest.approx(1 / 6)
    assert (found.n, found.b, found.c) == (6, 1, 2)
    assert found.high == pytest.approx(min(1, centre + 4.302652729696142 * error))
    assert found.low == pytest.approx(max(-1, centre - 4.302652729696142 * error))
    x = centre / error  # Student's t with 2 degrees of freedom in closed form
    assert found.p == pytest.approx(1 - x / math.sqrt(2 + x**2))


def test_large_sample_is_the_textbook_interval():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 4000)) < [[0.5], [0.55]]
    change = b.astype(float) - a
    found = paired(a, b, range(4000))
    half = 1.959964 * change.std() / math.sqrt(4000)
    assert found.low == pytest.approx(change.mean() - half, abs=3e-4)
    assert found.high == pytest.approx(change.mean() + half, abs=3e-4)
    fell, rose = int((a & ~b).sum()), int((b & ~a).sum())
    assert (found.b, found.c) == (fell, rose)
    assert found.p == pytest.approx(mcnemar(fell, rose, method="midp"), rel=0.05)


@pytest.mark.parametrize("n", [2, 12, 167])
def test_models_that_never_differ_have_a_width(n):
    found = paired([1] * n, [1] * n, range(n))
    assert found.difference == 0 and found.p == 1
    assert found.low < -0.01 and found.high > 0.01


def test_undefined_is_nan_with_a_reason():
    nothing, one = paired([], [], []), paired([0, 1], [1, 1], "aa")
    assert math.isnan(nothing.difference) and nothing.reason
    assert one.difference == 0.5
    assert all(map(math.isnan, (one.low, one.high, one.p))) and "single cluster" in one.reason


@pytest.mark.parametrize(
    ("a", "b", "clusters", "match"),
    [
        ([1], [1, 0], "ab", "one length"),
        ([1, 0], [1, 0], "a", "one length"),
        ([1, 2], [1, 0], "ab", "a must be"),
        ([1, 0], [1, math.nan], "ab", "b must be"),
    ],
)
def test_refuses_what_it_cannot_compare(a, b, clusters, match):
    with pytest.raises(ValueError, match=match):
        paired(a, b, clusters)


ITEM = st.tuples(*[st.sampled_from([0, 1 / 3, 2 / 3, 1])] * 2, st.integers(0, 5))


@given(
    st.lists(ITEM, min_size=2, max_size=30).filter(lambda items: len({i[2] for i in items}) > 1),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_interval_holds_the_difference_and_agrees_with_p(items, level):
    a, b, clusters = zip(*items, strict=True)
    found = paired(a, b, clusters, level=level)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert found.high > found.low
    if abs(found.p - (1 - level)) > 1e-9:
        assert (found.p < 1 - level) == (not found.low <= 0 <= found.high)
    back = paired(b, a, clusters, level=level)
    assert (-back.high, -back.low, back.p) == pytest.approx((found.low, found.high, found.p))


def test_order_changes_no_digit():
    rng = np.random.default_rng(2)
    a, b, clusters = rng.random(200), rng.random(200), rng.integers(0, 60, 200)
    once = paired(a, b, clusters)
    for _ in range(10):
        order = rng.permutation(200)
        assert paired(a[order], b[order], clusters[order]) == once


LAYOUTS = {
    "12 cases": np.arange(12),
    "20 cases x 3 answers": np.repeat(np.arange(20), 3),
    "12 families of 2, 4 or 8": np.repeat(np.arange(12), np.resize([2, 4, 8], 12)),
    "167 cases": np.arange(167),
}
# Shares of items on which only the first, only the second model is right.
DISCORDANT = [(0.05, 0.05), (0.25, 0.25), (0.001, 0.02), (0.001, 0.1), (0.1, 0.3), (0.0, 0.5)]


def simulate(clusters, only_a, only_b, copied, runs, seed):
    """Differences found where each item copies its cluster's draw with probability sqrt(copied)."""
    rng = np.random.default_rng(seed)
    shares = [only_a, only_b, 1 - only_a - only_b]
    for _ in range(runs):
        own, of_cluster = rng.choice(3, (2, len(clusters)), p=shares)
        drawn = np.where(rng.random(len(clusters)) < math.sqrt(copied), of_cluster[clusters], own)
        yield paired(drawn == 0, drawn == 1, clusters)


def check_coverage(name, runs):
    for only_a, only_b in DISCORDANT:
        for copied in (0.0, 0.6, 0.9) if name.split()[-1] != "cases" else (0.0,):
            truth = only_b - only_a
            found = list(simulate(LAYOUTS[name], only_a, only_b, copied, runs, seed=4))
            coverage = np.mean([d.low <= truth <= d.high for d in found])
            assert coverage + 3 * math.sqrt(0.92 * 0.08 / runs) >= 0.92, (only_a, only_b, copied)


@pytest.mark.parametrize("name", LAYOUTS)
def test_coverage(name):
    check_coverage(name, runs=200)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
def test_coverage_with_a_small_error(name):
    check_coverage(name, runs=4000)


def test_non_inferiority_rarely_passes_a_model_that_is_worse_by_the_margin():
    # Truly 10 points worse: low > -.10 should happen in 2.5 % of comparisons, and never in > 4 %.
    runs = 1500
    found = simulate(LAYOUTS["167 cases"], 0.2, 0.1, 0.0, runs, seed=8)
    assert np.mean([d.low > -0.1 for d in found]) < 0.04
    equal = simulate(LAYOUTS["167 cases"], 0.05, 0.05, 0.0, 300, seed=9)
    assert np.mean([d.low > -0.1 for d in equal]) > 0.9
