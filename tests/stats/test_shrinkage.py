import math

import numpy as np
import pytest

from chiasm.stats import shrink


def test_equal_sizes_by_hand():
    # S = 20 (.16 + 0 + .16) = 6.4; rho = (6.4 / .25 - 2) / (60 - 20 - 2); w = 20 rho / (1 + 19 rho)
    rho = 23.6 / 38
    weight = 20 * rho / (1 + 19 * rho)
    found = shrink([2, 10, 18], [20, 20, 20])
    assert found.rates == pytest.approx([0.5 - 0.4 * weight, 0.5, 0.5 + 0.4 * weight])
    assert found.mean == 0.5
    assert found.sd == pytest.approx(math.sqrt(rho) / 2)


def test_recovers_the_spread_and_errs_less_than_raw_or_pooled_rates():
    # Nine categories of SIUO's sizes, true rates of mean .42 and sd .12.
    rng = np.random.default_rng(3)
    n = np.array([16, 17, 18, 18, 19, 19, 20, 20, 20])
    spread = 0.42 * 0.58 / 0.12**2 - 1
    errors, sds = [], []
    for _ in range(1500):
        truth = rng.beta(0.42 * spread, 0.58 * spread, 9)
        k = rng.binomial(n, truth)
        found = shrink(k, n)
        errors.append([found.rates - truth, k / n - truth, found.mean - truth])
        sds.append(found.sd)
    shrunk, raw, pooled = (np.sqrt(np.mean(np.square([e[i] for e in errors]))) for i in range(3))
    assert shrunk < 0.95 * pooled < 0.95 * 0.13
    assert shrunk < 0.87 * raw
    assert math.sqrt(np.mean(np.square(sds))) == pytest.approx(0.12, abs=0.015)


def test_no_more_spread_than_chance_is_pooled():
    found = shrink([8, 9, 8], [20, 20, 20])
    assert found.sd == 0
    assert found.rates == pytest.approx([25 / 60] * 3)


def test_larger_categories_move_less():
    found = shrink([7, 70, 30, 300], [10, 100, 100, 1000])
    raw = np.array([0.7, 0.7, 0.3, 0.3])
    moved = np.abs(found.rates - raw)
    assert moved[0] > moved[1] and moved[2] > moved[3]


def test_an_empty_category_gets_the_pooled_rate():
    found = shrink([18, 2, 0], [20, 20, 0])
    assert found.rates[2] == found.mean == 0.5
    assert found.sd > 0


@pytest.mark.parametrize(("k", "n"), [([3], [10]), ([1, 0, 1], [1, 1, 1]), ([3, 0], [10, 0])])
def test_a_spread_that_cannot_be_estimated_is_nan(k, n):
    found = shrink(k, n)
    assert found.rates == pytest.approx([sum(k) / sum(n)] * len(k))
    assert math.isnan(found.sd) and found.reason


def test_all_or_none_everywhere():
    assert shrink([0, 0], [5, 9]).sd == 0
    assert shrink([5, 9], [5, 9]).rates.tolist() == [1, 1]


def test_nothing_scored_is_nan():
    found = shrink([0, 0], [0, 0])
    assert np.isnan(found.rates).all() and math.isnan(found.mean) and found.reason


@pytest.mark.parametrize(("k", "n"), [([3], [2]), ([-1], [2]), ([1, 2], [3]), ([[1]], [[2]])])
def test_refuses_impossible_counts(k, n):
    with pytest.raises(ValueError):
        shrink(k, n)
