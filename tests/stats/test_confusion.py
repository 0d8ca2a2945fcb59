import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from chiasm.stats import confusion, confusion_from_counts, wilson


def test_gpt4o_on_msts():
    found = confusion_from_counts(164, 705, 17, 3114)
    assert found[:4] == (164, 705, 17, 3114)
    assert found.sensitivity == wilson(164, 181)
    assert found.specificity == wilson(3114, 3819)
    assert found.precision == wilson(164, 869)
    assert found.base_rate == wilson(181, 4000)
    assert found.judged_rate == wilson(869, 4000)
    assert found.youden.rate == pytest.approx(164 / 181 + 3114 / 3819 - 1)
    assert found.balanced_accuracy.rate == pytest.approx((1 + found.youden.rate) / 2)
    assert found.kappa.rate == pytest.approx(cohens_kappa([[164, 17], [705, 3114]]).kappa)


def test_ac1_from_its_definition():
    found = confusion_from_counts(40, 9, 6, 45)
    p = (49 + 46) / 200
    expected = 2 * p * (1 - p)
    assert found.ac1.rate == pytest.approx((0.85 - expected) / (1 - expected))


def test_a_constant_judge():
    found = confusion_from_counts(0, 0, 25, 75)
    assert found.kappa.rate == found.youden.rate == 0
    assert found.accuracy.rate == 0.75
    assert found.ac1.rate == pytest.approx(0.68, abs=5e-3)
    assert math.isnan(found.precision.rate) and "no item" in found.precision.reason
    assert found.youden.low < 0 < found.youden.high


def test_undefined_classes_have_reasons():
    found = confusion([0, 0, 0], [0, 1, 0])
    for part in (found.sensitivity, found.balanced_accuracy, found.youden):
        assert math.isnan(part.rate) and math.isnan(part.low) and part.reason
    assert not math.isnan(found.specificity.rate)
    nothing = confusion([], [])
    assert all(math.isnan(part.rate) and part.reason for part in nothing[4:])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="0 or 1"):
        confusion([0, 1, math.nan], [0, 1, 1])
    with pytest.raises(ValueError, match="lengths"):
        confusion([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="negative"):
        confusion_from_counts(1, 2, -1, 4)


def draw(rng, clusters, size):
    """Verdicts of a judge that is right or wrong about whole clusters more often than not."""
    n = clusters * size
    truth = rng.random(n) < 0.3
    own, of_cluster = rng.random(n), np.repeat(rng.random(clusters), size)
    luck = np.where(rng.random(n) < 0.6, of_cluster, own)
    return truth, np.where(truth, luck < 0.8, luck >= 0.9)


@pytest.mark.parametrize("clustered", [False, True])
def test_youden_covers(clustered):
    rng = np.random.default_rng(4)
    clusters, size = (40, 3) if clustered else (120, 1)
    groups = np.repeat(np.arange(clusters), size).tolist()
    runs, hits = 300, 0
    for _ in range(runs):
        found = confusion(*draw(rng, clusters, size), groups).youden
        hits += found.low <= 0.7 <= found.high
    assert hits / runs + 3 * math.sqrt(0.92 * 0.08 / runs) >= 0.92


def test_clusters_widen():
    truth, says = np.array([1, 1, 0, 0, 1, 0, 0, 0] * 6), np.array([1, 0, 0, 1, 1, 0, 0, 0] * 6)
    once = confusion(truth, says)
    thrice = confusion(np.repeat(truth, 3), np.repeat(says, 3), np.repeat(range(48), 3).tolist())
    for a, b in zip(once[4:], thrice[4:], strict=True):
        assert b.rate == pytest.approx(a.rate)
        assert b.high - b.low == pytest.approx(a.high - a.low, rel=0.1)
