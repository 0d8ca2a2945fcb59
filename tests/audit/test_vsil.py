"""R1, R2 and what they leave out, on a table made by hand; bounds that must contain the truth."""

import itertools
import math

import numpy as np
import pytest
from tests.audit.eight import BY_HAND

from chiasm.audit.vsil import flips, leakage

NAN = math.nan


def rows(table):
    return np.array([key for key, n in table.items() for _ in range(n)], dtype=float).T


def measured(verdicts):
    return leakage(*verdicts, clusters=range(verdicts.shape[1]))


def test_the_eight_combinations():
    found = measured(rows(BY_HAND))
    assert (found.r1.estimate.k, found.r1.estimate.n) == (26, 50)
    assert (found.r2.estimate.k, found.r2.estimate.n) == (18, 50)
    assert (found.leak_share.estimate.k, found.leak_share.estimate.n) == (18, 26)
    assert (found.text_alarm.estimate.k, found.image_alarm.estimate.k) == (24, 20)
    assert (found.text_only.estimate.k, found.text_only.estimate.n) == (6, 50)
    word = {1: "unsafe", 0: "safe"}
    shown = {tuple(word[v] for v in key): n for key, n in BY_HAND.items()}
    assert {key: n for key, n in found.table.items() if n} == shown
    assert len(found.table) == 27
    assert found.r1.bounds == (26 / 50, 26 / 50)


def test_r2_is_decided_when_either_verdict_is_safe():
    verdicts = np.array([[0, NAN, 1, NAN, 1], [NAN, 0, NAN, 1, 1], [NAN] * 5], dtype=float)
    found = measured(verdicts)
    assert (found.r2.estimate.k, found.r2.estimate.n, found.r2.missing) == (1, 3, 2)
    assert found.r2.bounds == (1 / 5, 3 / 5)
    assert math.isnan(found.image_alarm.estimate.rate)
    assert found.image_alarm.bounds == (0, 1)


@pytest.mark.parametrize("seed", range(30))
def test_bounds_are_those_of_every_way_to_fill_the_gaps(seed):
    rng = np.random.default_rng(seed)
    verdicts = rng.integers(0, 2, (3, 9)).astype(float)
    gaps = [(r, c) for r, c in zip(rng.integers(0, 2, 5), rng.integers(0, 9, 5), strict=True)]
    for r, c in gaps:
        verdicts[r, c] = NAN
    found = measured(verdicts)
    gaps = sorted(set(gaps))
    seen = {"r1": [], "r2": [], "leak_share": [], "text_only": []}
    for values in itertools.product((0, 1), repeat=len(gaps)):
        filled = verdicts.copy()
        for (r, c), value in zip(gaps, values, strict=True):
            filled[r, c] = value
        whole = measured(filled)
        for name, rates in seen.items():
            rates.append(getattr(whole, name).estimate.rate)
    for name, rates in seen.items():
        bounds = getattr(found, name).bounds
        rates = [r for r in rates if not math.isnan(r)]
        assert bounds == pytest.approx((min(rates), max(rates))), name


@pytest.mark.parametrize("harder", [False, True])
def test_bounds_contain_the_rate_without_faults(harder):
    rng = np.random.default_rng(1)
    truth = rows(BY_HAND)
    whole = measured(truth)
    for _ in range(200):
        failed = rng.random(truth.shape) < (0.3 * truth + 0.02 if harder else 0.1)
        found = measured(np.where(failed, NAN, truth))
        for name in ("r1", "r2", "leak_share", "text_alarm", "text_only"):
            low, high = getattr(found, name).bounds
            assert low <= getattr(whole, name).estimate.rate <= high


def test_nothing_unsafe_has_no_share():
    found = leakage([0, 0], [1, 0], [0, 0], clusters="ab")
    assert math.isnan(found.leak_share.estimate.rate)
    assert found.leak_share.estimate.reason == "no row with J(T, I) unsafe"
    assert math.isnan(leakage([], [], [], clusters=[]).r1.estimate.rate)


def test_a_judge_that_contradicts_itself():
    found = flips([[1, 1, 1], [1, 0, 1], [0, NAN, 0], [1, NAN, NAN]], clusters="abcd")
    assert (found.estimate.k, found.estimate.n, found.missing) == (1, 3, 1)


@pytest.mark.parametrize(("values", "message"), [([2, 0], "must be"), ([0], "shape")])
def test_verdicts_that_are_none(values, message):
    with pytest.raises(ValueError, match=message):
        leakage(values, [0, 0], [0, 0], clusters="ab")
