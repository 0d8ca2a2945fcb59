import math

import numpy as np
import pytest

from chiasm.stats import rogan_gladen, wilson

KNOWN = 1e12


def test_brucellosis_in_a_herd():
    # epiR's manual: 23 of 150 cows positive, sensitivity 96 %, specificity 89 %, both known.
    found = rogan_gladen((23 / 150, 150), (0.96, KNOWN), (0.89, KNOWN))
    assert found.rate == pytest.approx(0.051, abs=5e-4)
    assert found.low == 0 and found.high == pytest.approx(0.13, abs=5e-3)
    assert not found.unstable and found.reason == ""


def test_a_perfect_judge_is_corrected_by_nothing():
    found, plain = rogan_gladen((0.3, 500), (1.0, KNOWN), (1.0, KNOWN)), wilson(150, 500)
    assert found[:3] == pytest.approx(plain[:3], abs=1e-3)


def test_unknown_errors_widen():
    known = rogan_gladen((0.3, math.inf), (0.9, KNOWN), (0.9, KNOWN))
    few = rogan_gladen((0.3, math.inf), (0.9, 40), (0.9, 100))
    assert known.high - known.low < 1e-4 < few.high - few.low


def test_unstable_below_three_tenths():
    assert rogan_gladen((0.3, 500), (0.64, 200), (0.65, 500)).unstable
    assert "unstable" in rogan_gladen((0.3, 500), (0.64, 200), (0.65, 500)).reason
    assert not rogan_gladen((0.3, 500), (0.66, 200), (0.65, 500)).unstable
    chance = rogan_gladen((0.3, 500), (0.4, 200), (0.6, 500))
    assert math.isnan(chance.rate) and "chance" in chance.reason and chance.unstable


def test_clipped():
    found = rogan_gladen((0.08, 500), (0.9, 100), (0.9, 300))
    assert found.rate == found.low == 0 < found.high < 0.1


def test_a_judge_whose_errors_do_not_fit_has_no_interval():
    # 5 % alarms from a judge that is said to give 10 % on safe answers alone.
    found = rogan_gladen((0.05, 5000), (0.9, 1000), (0.9, 3000))
    assert found.rate == 0 and math.isnan(found.low) and math.isnan(found.high)
    assert found.unstable and "do not fit" in found.reason


def test_unknown_and_wrong_input():
    assert math.isnan(rogan_gladen((0.3, 500), (math.nan, 0), (0.9, 100)).rate)
    with pytest.raises(ValueError, match="raw"):
        rogan_gladen((1.3, 500), (0.9, 100), (0.9, 100))


def test_coverage():
    rng, runs, hits = np.random.default_rng(1), 1000, 0
    for _ in range(runs):
        k, se, sp = rng.binomial(400, 0.2 * 0.85 + 0.8 * 0.1), *rng.binomial([60, 150], [0.85, 0.9])
        found = rogan_gladen((k / 400, 400), (se / 60, 60), (sp / 150, 150))
        hits += found.low <= 0.2 <= found.high
    assert hits / runs + 3 * math.sqrt(0.93 * 0.07 / runs) >= 0.93
