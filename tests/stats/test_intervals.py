import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from chiasm.stats import bounds, clustered, wilson


@pytest.mark.parametrize("n", [1, 16, 21, 167, 2241])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_is_statsmodels(n, level):
    for k in {0, 1, n // 3, n // 2, n - 1, n}:
        found = wilson(k, n, level=level)
        low, high = proportion_confint(k, n, alpha=1 - level, method="wilson")
        assert found.rate == k / n
        assert found.low == pytest.approx(low, abs=1e-12)
        assert found.high == pytest.approx(high, abs=1e-12)


def test_nothing_scored_is_nan_with_a_reason():
    for found in (wilson(0, 0), clustered([], [])):
        assert all(map(math.isnan, found[:3]))
        assert found.reason == "nothing was scored"


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_wilson_refuses_impossible_counts(k, n):
    with pytest.raises(ValueError, match="0 <= k <= n"):
        wilson(k, n)


@pytest.mark.parametrize("level", [0, 1, 95, math.nan])
def test_level_is_a_share(level):
    with pytest.raises(ValueError, match="level"):
        wilson(1, 2, level=level)
    with pytest.raises(ValueError, match="level"):
        clustered([0, 1, 1], list("aab"), level=level)


def test_own_cluster_each_is_wilson():
    assert clustered([1, 0, 0, 1, 1], range(5)) == wilson(3, 5)


def test_a_single_cluster_has_a_rate_and_no_interval():
    found = clustered([1, 0, 1], ["a"] * 3)
    assert found.rate == 2 / 3
    assert math.isnan(found.low) and math.isnan(found.high)
    assert "single cluster" in found.reason


def test_clustered_by_hand():
    # k 5 of n 12 in clusters 3, 0, 2, 0 of 3. The imaginary cluster: size 3, half ones.
    p = (5 + 1.5) / 15
    squares = sum((k - 3 * p) ** 2 for k in (3, 0, 2, 0)) + 4.5 * ((1 - p) ** 2 + p**2)
    design_effect = 5 / 4 * squares / 15**2 / (p * (1 - p) / 15)
    size, t = 12 / design_effect, 3.182446305284263  # t table, 3 degrees of freedom
    rate = 5 / 12
    half = t / (1 + t**2 / size) * math.sqrt(rate * (1 - rate) / size + t**2 / (4 * size**2))
    centre = (rate + t**2 / (2 * size)) / (1 + t**2 / size)
    found = clustered([1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0], list("aaabbbcccddd"))
    assert found.effective_n == pytest.approx(size)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half))


@pytest.mark.parametrize("clusters", [3, 12, 17, 167])
@pytest.mark.parametrize("size", [2, 3, 8])
@pytest.mark.parametrize("value", [0, 1])
def test_all_alike_counts_about_one_item_a_cluster(clusters, size, value):
    found = clustered([value] * clusters * size, np.repeat(np.arange(clusters), size))
    assert found.effective_n == pytest.approx(clusters, rel=0.25)
    assert found.low <= value <= found.high
    assert found.high - found.low > 0.02


def test_perfect_dependence_is_wilson_on_the_clusters():
    # 167 questions, three equal answers each: as much as 167 answers, not as 501.
    verdicts = np.repeat(np.arange(167) < 70, 3)
    found, once = clustered(verdicts, np.repeat(np.arange(167), 3)), wilson(70, 167)
    assert found.high - found.low == pytest.approx(once.high - once.low, rel=0.02)


def test_no_dependence_is_nearly_wilson_on_the_items():
    rng = np.random.default_rng(0)
    verdicts = rng.random(501) < 0.4
    found = clustered(verdicts, np.repeat(np.arange(167), 3))
    once = wilson(int(verdicts.sum()), 501)
    assert found.high - found.low == pytest.approx(once.high - once.low, rel=0.15)
    assert found.effective_n <= 501


def test_no_jump_between_no_hit_and_one():
    # Were 0 hits a special case, the one hit that shows no dependence would halve the upper limit.
    clusters = np.repeat(np.arange(167), 3)
    none, one = (clustered(np.arange(501) < k, clusters).high for k in (0, 1))
    assert one == pytest.approx(none, rel=0.15)


def test_the_order_of_items_changes_no_digit():
    rng = np.random.default_rng(1)
    verdicts, clusters = rng.integers(0, 2, 300), rng.integers(0, 70, 300)
    once = clustered(verdicts, clusters)
    for _ in range(20):
        order = rng.permutation(300)
        assert clustered(verdicts[order], clusters[order]) == once


def test_clusters_may_be_any_hashable():
    verdicts = [1, 0, 1, 1, 0, 0]
    names = ["a", "a", "b", "b", "c", "c"]
    expected = clustered(verdicts, names)
    assert clustered(verdicts, np.array(names)) == expected
    assert clustered(verdicts, [("x", name) for name in names]) == expected


@pytest.mark.parametrize(
    ("successes", "clusters", "match"),
    [
        ([1, 0], ["a"], "2,"),
        ([1, 2], ["a", "b"], "0 or 1"),
        ([1, math.nan], ["a", "b"], "0 or 1"),
        ([[1, 0]], ["a", "b"], "shape"),
    ],
)
def test_clustered_refuses_what_it_cannot_count(successes, clusters, match):
    with pytest.raises(ValueError, match=match):
        clustered(successes, clusters)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=40).filter(
        lambda items: len({cluster for _, cluster in items}) > 1
    )
)
def test_an_interval_has_a_width_holds_the_rate_and_mirrors(items):
    verdicts, clusters = zip(*items, strict=True)
    found = clustered(verdicts, clusters)
    assert 0 <= found.low <= found.rate <= found.high <= 1
    assert found.high - found.low > 0.05
    assert 0 < found.effective_n <= found.n
    mirrored = clustered([1 - verdict for verdict in verdicts], clusters)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high))


def test_bounds_are_the_two_extremes():
    assert bounds(69, 165, 2) == (69 / 167, 71 / 167)
    assert bounds(3, 4, 0) == (0.75, 0.75)
    assert bounds(0, 0, 5) == (0, 1)
    assert all(map(math.isnan, bounds(0, 0, 0)))
    with pytest.raises(ValueError, match="missing"):
        bounds(1, 2, -1)
