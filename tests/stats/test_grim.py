import json
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.stats import possible, possible_counts
from chiasm.stats.grim import chance, neighbours, possible_totals


def printed(k, n, decimals, how):
    """Python's own formatting, on whole numbers large enough to keep every digit."""
    tenths = 100 * k * 10 ** (decimals + 1) // n
    cut = tenths // 10
    return {"truncated": {cut}, "rounded": {cut + (tenths % 10 >= 5)}}[how]


@pytest.mark.parametrize("how", ["rounded", "truncated"])
@pytest.mark.parametrize(("n", "decimals"), [(7, 0), (167, 2), (167, 1), (280, 2), (8, 3)])
def test_every_k_is_found_from_what_it_prints(n, decimals, how):
    for k in range(n + 1):
        for figure in printed(k, n, decimals, how):
            rate = f"{figure // 10**decimals}.{figure % 10**decimals:0{decimals}d}".rstrip(".")
            assert k in possible_counts(rate, n, decimals, how=how)
            assert k in possible_counts(rate, n, decimals)


def test_each_grid_point_and_nothing_between():
    # 10,001 figures of two decimals, 168 fractions: rounding hits 168 of them, cutting as many.
    for how in ("rounded", "truncated"):
        hits = [len(possible_counts(f"{i / 100:.2f}", 167, how=how)) for i in range(10_001)]
        assert sum(hits) == 168 and max(hits) == 1


def test_a_half_may_be_rounded_either_way():
    assert list(possible_counts("12", 8, 0)) == [1]  # 12.5
    assert list(possible_counts("13", 8, 0)) == [1]
    assert not possible("13", 8, 0, how="truncated")


def test_published_rates_known_to_be_impossible():
    # Transfer tables of the VLSBench paper: 75.15 of 500 and 52.0 of 110.
    assert not possible(75.15, 500)
    assert not possible(52.0, 110, 1)


def test_cut_but_not_rounded():
    # 1 / 167 = 0.5988 %
    assert possible(0.59, 167, how="truncated") and not possible(0.59, 167, how="rounded")
    assert possible(0.60, 167, how="rounded") and not possible(0.60, 167, how="truncated")


def test_the_ends():
    assert list(possible_counts(0, 167)) == [0]
    assert list(possible_counts(100, 167)) == [167]
    assert not possible(100.01, 167)
    assert not possible(-0.01, 167)


@pytest.mark.parametrize(("rate", "n", "decimals"), [(53.291, 167, 2), (50, 0, 2), (50, 167, -1)])
def test_refuses_what_cannot_be_asked(rate, n, decimals):
    with pytest.raises(ValueError):
        possible(rate, n, decimals)


def test_all_published_siuo_rates_are_k_of_167(shared):
    rows = json.loads((shared / "published_results.json").read_text("utf-8"))
    human = [r for r in rows if r["benchmark"] == "SIUO" and r["judge"] == "human"]
    choice = [r for r in rows if r["benchmark"] == "SIUO-MCQA" and r["model"] != "Random"]
    assert (len(human), len(choice)) == (45, 11)
    for row in human + choice:
        counts = possible_counts(row["value"], row["n"], 2, how="rounded")
        assert row["n"] == 167
        assert len(counts) == 1, row
        assert f"{100 * counts[0] / 167:.2f}" == f"{row['value']:.2f}"


@given(st.integers(1, 5000), st.data(), st.integers(0, 4))
def test_whatever_k_prints_is_possible(n, data, decimals):
    k = data.draw(st.integers(0, n))
    for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN):
        with localcontext(prec=60):
            rate = (Decimal(100 * k) / n).quantize(Decimal(1).scaleb(-decimals), rounding=mode)
        assert k in possible_counts(rate, n, decimals)


@pytest.mark.parametrize(("n", "decimals"), [(7, 0), (8, 0), (167, 1), (167, 2), (280, 1)])
@pytest.mark.parametrize("how", ["either", "rounded", "truncated"])
def test_chance_is_the_share_of_figures_that_fit(n, decimals, how):
    scale = 100 * 10**decimals
    fit = sum(
        possible(Decimal(i).scaleb(-decimals), n, decimals, how=how) for i in range(scale + 1)
    )
    assert chance(n, decimals, how=how) == fit / (scale + 1)


def test_everything_fits_a_large_denominator():
    assert (
        chance(9_000, how="rounded") < 1
        and chance(10_000) == 1 == chance(10**9)
        and chance(100, 0) == 1
    )


def test_neighbours_stand_on_both_sides():
    assert neighbours("75.15", 500) == (375, 376)
    assert neighbours("100", 167, 0) == (167, None)
    assert neighbours("0", 167, 0) == (0, 1)
    assert neighbours("53.29", 167) == (88, 89)  # 89 / 167 is 53.293


def test_totals_that_fit():
    # 41 / 165 = 24.848, 42 / 169 = 24.852, 43 / 173 = 24.855
    assert possible_totals("24.85", range(160, 175)) == [165, 169, 173]
    assert possible_totals("24.85", []) == []
