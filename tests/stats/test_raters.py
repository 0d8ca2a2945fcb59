"""Agreement of several raters against worked examples of the literature and statsmodels."""

import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as oracle_fleiss

from chiasm.stats import fleiss_kappa, gwet_ac1, krippendorff_alpha, percent_agreement
from chiasm.stats.coefficients import averages, fleiss, gwet
from chiasm.stats.raters import _cluster_sums, _rated, _variance

N = None
# Krippendorff (2011), section C: four observers, twelve units. Gwet's handbook (4th ed., p. 120)
# uses the same ratings.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]
UNITS = [list(unit) for unit in zip(*OBSERVERS, strict=True)]
# Fleiss (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses, as counts per patient.
PATIENTS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050
02031 00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
# Gwet's handbook, two abstractors of 100 pregnancies.
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
COEFFICIENTS = (percent_agreement, fleiss_kappa, gwet_ac1, krippendorff_alpha)


def pairs(table):
    """Two raters' labels for each count of a table."""
    cells = np.array(table)
    x, y = np.nonzero(cells)
    return np.column_stack([np.repeat(x, cells[x, y]), np.repeat(y, cells[x, y])])


def standard_error(ratings, coefficient):
    rated = _rated(ratings, None, None)
    sums = _cluster_sums(averages(rated.counts), rated.clusters)
    return math.sqrt(_variance(sums.sum(0), sums, coefficient))


def test_krippendorffs_example():
    assert krippendorff_alpha(UNITS).rate == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(UNITS, metric="ordinal").rate == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha(UNITS).n == 11  # one unit has a single rating


def test_krippendorffs_two_observers():
    # Section A of the same paper: two observers, ten units, a binary label.
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    found = krippendorff_alpha(list(zip(first, second, strict=True)))
    assert found.rate == pytest.approx(0.095, abs=5e-4)
    assert (found.k, found.n) == (6, 10)


def test_fleiss_example():
    patients = [[int(count) for count in patient] for patient in PATIENTS.split()]
    assert np.sum(patients, 0).tolist() == [26, 26, 30, 55, 43]
    ratings = [np.repeat(range(5), counts).tolist() for counts in patients]
    found = fleiss_kappa(ratings)
    assert found.rate == pytest.approx(0.430, abs=5e-4)
    assert percent_agreement(ratings).rate == pytest.approx(0.5556, abs=5e-4)


def test_gwets_example_with_missing_ratings():
    # Published with the handbook's software for the same ratings.
    assert percent_agreement(UNITS).rate == pytest.approx(0.8181818, abs=1e-7)
    assert gwet_ac1(UNITS).rate == pytest.approx(0.77544, abs=5e-6)
    assert fleiss_kappa(UNITS).rate == pytest.approx(0.76117, abs=5e-6)


def test_gwets_two_abstractors_and_their_standard_errors():
    ratings = pairs(ABSTRACTORS)
    assert gwet_ac1(ratings).rate == pytest.approx(0.8493305, abs=1e-7)
    assert fleiss_kappa(ratings).rate == pytest.approx(0.7962397, abs=1e-7)
    assert krippendorff_alpha(ratings).rate == pytest.approx(0.7972585, abs=1e-7)
    assert percent_agreement(ratings)[:1] == (0.89,)
    # Published for a table of counts, without the factor n / (n - 1) that ours has.
    assert standard_error(ratings, gwet) * 0.99**0.5 == pytest.approx(0.04321747, rel=1e-5)
    assert standard_error(ratings, fleiss) * 0.99**0.5 == pytest.approx(0.05905473, rel=1e-5)


def test_fleiss_is_statsmodels_and_two_raters_agree_with_the_table():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 60)
    ratings = np.where(rng.random((60, 5)) < 0.7, truth[:, None], rng.integers(0, 4, (60, 5)))
    table, _ = aggregate_raters(ratings)
    assert fleiss_kappa(ratings).rate == pytest.approx(oracle_fleiss(table))


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_labels_raters_and_items_may_change_places(coefficient):
    once = coefficient(UNITS, clusters="aabbccddeeff")
    order = np.random.default_rng(1).permutation(12)
    moved = [UNITS[i][::-1] for i in order]
    assert coefficient(moved, clusters=["aabbccddeeff"[i] for i in order]) == once
    renamed = [[None if label is None else "xvwyz"[label - 1] for label in unit] for unit in UNITS]
    assert coefficient(renamed, clusters="aabbccddeeff")[:3] == pytest.approx(once[:3])
    floats = np.array(UNITS, dtype=float)  # None becomes NaN
    assert coefficient(floats, clusters="aabbccddeeff") == once


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_clusters_of_equal_items_are_worth_one_each(coefficient):
    ratings = pairs(ABSTRACTORS)
    once = coefficient(ratings)
    thrice = coefficient(np.repeat(ratings, 3, 0), clusters=np.repeat(range(100), 3).tolist())
    as_if_independent = coefficient(np.repeat(ratings, 3, 0))
    width = once.high - once.low
    assert thrice.high - thrice.low == pytest.approx(width, rel=0.03)
    assert as_if_independent.high - as_if_independent.low < 0.62 * width


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_perfect_agreement_has_a_width(coefficient):
    found = coefficient([["safe"] * 3] * 20 + [["unsafe"] * 3] * 20)
    assert found.rate == found.high == 1
    assert 0.7 < found.low < 0.95
    assert (found.k, found.n) == (40, 40)


def test_undefined_is_nan_with_a_reason():
    for coefficient in COEFFICIENTS:
        for nothing in ([], [[None, None]], [["a", None], [None, "b"]]):
            found = coefficient(nothing)
            assert math.isnan(found.rate) and "two ratings" in found.reason and found.n == 0
        single = coefficient([["a", "a"], ["a", "b"]], clusters="xx")
        assert not math.isnan(single.rate) and math.isnan(single.low) and single.reason
    for coefficient in (fleiss_kappa, gwet_ac1, krippendorff_alpha):
        constant = coefficient([["safe", "safe"]] * 9)
        assert math.isnan(constant.rate) and "single category" in constant.reason
    assert percent_agreement([["safe", "safe"]] * 9).rate == 1
    ac1 = gwet_ac1([["safe", "safe"]] * 9, categories=("safe", "unsafe"))
    assert ac1.rate == 1 and ac1.low < 0.8


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="items x raters"):
        fleiss_kappa(["a", "b"])
    with pytest.raises(ValueError, match="clusters"):
        fleiss_kappa([["a", "b"]], clusters="ab")
    with pytest.raises(ValueError, match="categories"):
        gwet_ac1([["a", "b"]], categories=("a",))
    with pytest.raises(ValueError, match="lowest first"):
        krippendorff_alpha([["low", "high"]], metric="ordinal")
    with pytest.raises(ValueError, match="metric"):
        krippendorff_alpha([[1, 2]], metric="interval")
    order = ("low", "middle", "high")
    steps = krippendorff_alpha(
        [["low", "middle"], ["high", "high"], ["low", "low"]], metric="ordinal", categories=order
    )
    jumps = krippendorff_alpha(
        [["low", "high"], ["high", "high"], ["low", "low"]], metric="ordinal", categories=order
    )
    assert steps.rate > jumps.rate


@pytest.mark.parametrize("coefficient", [fleiss_kappa, gwet_ac1, krippendorff_alpha])
@pytest.mark.parametrize(
    ("items", "size", "raters", "rate", "right"),
    [(60, 1, 3, 0.3, 0.85), (100, 1, 2, 0.1, 0.95), (40, 3, 3, 0.3, 0.9)],
)
def test_coverage(coefficient, items, size, raters, rate, right):
    rng = np.random.default_rng(11)
    clusters = np.repeat(np.arange(items), size)

    def draw(n, size):
        truth = np.repeat(rng.random(n) < rate, size)[:, None]
        flips = rng.random((n * size, raters)) >= right
        missing = (rng.random((n * size, raters)) < 0.15) & (raters > 2)
        return np.where(missing, np.nan, truth ^ flips)

    true = coefficient(draw(200_000 // size, size)).rate
    runs, hits = 300, 0
    for _ in range(runs):
        found = coefficient(draw(items, size), clusters=clusters.tolist(), categories=(0, 1))
        hits += found.low <= true <= found.high
    assert hits / runs + 3 * math.sqrt(0.92 * 0.08 / runs) >= 0.92, hits / runs
