import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from chiasm.stats import holm


@pytest.mark.parametrize("n", [1, 2, 9, 30])
def test_is_statsmodels(n):
    p = np.random.default_rng(n).beta(0.5, 3, n)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_ties_and_ends():
    p = [0.5, 0.0, 1.0, 0.02, 0.02]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_a_test_that_could_not_be_done_does_not_count():
    found = holm([0.01, np.nan, 0.03])
    assert found[[0, 2]] == pytest.approx([0.02, 0.03])
    assert np.isnan(found[1])


def test_no_tests():
    assert holm([]).shape == (0,)


@pytest.mark.parametrize("p", [[-0.1], [1.1], [[0.5]]])
def test_refuses_what_is_no_list_of_p_values(p):
    with pytest.raises(ValueError):
        holm(p)
