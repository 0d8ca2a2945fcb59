import math

import numpy as np
import pytest

from chiasm.stats import adjust, choose, labels_needed
from chiasm.stats.cells import halves

NAN = math.nan
SAYS = np.r_[np.ones(40), np.zeros(150), np.full(10, NAN)]


def test_first_round():
    found = choose(SAYS, 60, np.random.default_rng(0))
    assert len(set(found.indices.tolist())) == 60
    assert found.probabilities.sum() == pytest.approx(60)
    counts = np.bincount(found.strata[found.indices])
    sizes = np.bincount(found.strata)
    assert counts.min() >= 10
    assert np.allclose(found.probabilities, (counts / sizes)[found.strata])


def test_chosen_as_often_as_the_probabilities_say():
    scores = np.linspace(0, 1, 200)
    for given in (None, scores):
        runs, seen = 4000, np.zeros(200)
        for seed in range(runs):
            found = choose(SAYS, 45, np.random.default_rng(seed), scores=given, floor=5)
            seen[found.indices] += 1
        error = np.sqrt(found.probabilities * (1 - found.probabilities) / runs)
        assert (np.abs(seen / runs - found.probabilities) <= 4.5 * error + 1e-12).all()
        assert found.probabilities.min() > 0
        assert len(found.indices) == 45


@pytest.mark.parametrize("how", ["one round", "two rounds", "scores"])
def test_weighted_estimates_are_unbiased(how):
    rng = np.random.default_rng(4)
    truth = np.where(SAYS == 1, rng.random(200) < 0.6, rng.random(200) < 0.15).astype(float)
    scores = 0.1 + truth + rng.random(200)  # what people say and what is drawn go together
    rates, plain = [], []
    for seed in range(1500):
        rng, labels = np.random.default_rng(seed), np.full(200, NAN)
        chosen = choose(SAYS, 40, rng, scores=scores if how == "scores" else None)
        labels[chosen.indices] = truth[chosen.indices]
        if how == "two rounds":
            chosen = choose(SAYS, 30, rng, labels=labels)
            labels[chosen.indices] = truth[chosen.indices]
        there = ~np.isnan(labels)
        assert there.sum() == (70 if how == "two rounds" else 40)
        weighted = np.where(there, np.nan_to_num(labels) / chosen.probabilities, 0).sum() / 200
        rates.append(weighted)
        plain.append(np.nanmean(labels))
    error = np.std(rates) / math.sqrt(len(rates))
    assert abs(np.mean(rates) - truth.mean()) < 3.5 * error + 0.001
    assert abs(np.mean(plain) - truth.mean()) > 0.01  # unweighted is off


def test_later_rounds_go_where_labels_vary():
    says, rng = np.r_[np.ones(300), np.zeros(300)], np.random.default_rng(0)
    first = choose(says, 60, rng)
    labels = np.full(600, NAN)
    labels[first.indices] = np.where(says[first.indices] == 1, rng.random(60) < 0.5, 0)
    second = choose(says, 100, rng, labels=labels)
    assert not set(first.indices.tolist()) & set(second.indices.tolist())
    new = says[second.indices]
    assert (new == 1).sum() > 2 * (new == 0).sum()
    assert second.probabilities.sum() == pytest.approx(160)


def test_a_budget_larger_than_what_is_left_takes_all():
    found = choose(SAYS, 500, np.random.default_rng(0))
    assert sorted(found.indices.tolist()) == list(range(200))
    assert (found.probabilities == 1).all()
    labels = np.zeros(200)
    assert len(choose(SAYS, 10, np.random.default_rng(0), labels=labels).indices) == 0


def test_bad_input_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="too small"):
        choose(SAYS, 2, rng)
    with pytest.raises(ValueError, match="scores"):
        choose(SAYS, 20, rng, scores=np.full(200, -1.0))
    with pytest.raises(ValueError, match="scores"):
        choose(SAYS, 20, rng, scores=np.ones(200), labels=np.full(200, NAN))
    with pytest.raises(ValueError, match="strata"):
        choose(SAYS, 20, rng, strata=["a"])


def test_labels_needed_without_a_judge_is_the_textbooks():
    # n = z^2 / (4 h^2) less z^2 for Wilson's form, then the finite-population correction.
    found = labels_needed(0.05, prevalence=0.5, sensitivity=0.9, specificity=0.9)
    assert found.human_only == pytest.approx(381, abs=3)
    few = labels_needed(0.05, prevalence=0.5, sensitivity=0.9, specificity=0.9, total=2241)
    assert few.human_only == pytest.approx(381 / (1 + 381 / 2241), abs=3)


@pytest.mark.parametrize("judge", [(0.9, 0.9), (0.8, 0.8), (0.6, 0.95), (0.5, 0.5)])
def test_labels_needed_give_the_width(judge):
    sens, spec = judge
    found = labels_needed(0.05, prevalence=0.3, sensitivity=sens, specificity=spec, total=2000)
    assert found.unsafe + found.safe == found.adjusted <= found.human_only + 2
    sizes = np.array([2000 * (0.3 * sens + 0.7 * (1 - spec)), 0.0])
    sizes[1] = 2000 - sizes[0]
    rates = np.array([600 * sens, 600 * (1 - sens)]) / sizes
    labels = np.array([found.unsafe, found.safe])
    reach = halves(rates, labels / (1 - labels / sizes), sizes / 2000, 1.96)
    assert (reach.below + reach.above) / 2 == pytest.approx(0.05, rel=0.01)
    assert found.power == pytest.approx(rates[0] - rates[1])


def test_a_better_judge_needs_fewer_labels():
    needed = [
        labels_needed(0.05, prevalence=0.5, sensitivity=q, specificity=q, total=2241).adjusted
        for q in (0.5, 0.7, 0.8, 0.9, 0.97)
    ]
    assert needed == sorted(needed, reverse=True) and needed[-1] < 0.35 * needed[0]
    with pytest.raises(ValueError, match="half_width"):
        labels_needed(0.6, prevalence=0.5, sensitivity=0.9, specificity=0.9)


def test_the_plan_holds():
    rng = np.random.default_rng(6)
    plan = labels_needed(0.05, prevalence=0.3, sensitivity=0.9, specificity=0.9, total=2000)
    widths = []
    for _ in range(30):
        truth = (rng.random(2000) < 0.3).astype(float)
        says = np.where(rng.random(2000) < 0.9, truth, 1 - truth)
        chosen = choose(says, plan.adjusted, rng)
        labels = np.full(2000, NAN)
        labels[chosen.indices] = truth[chosen.indices]
        found = adjust(says, labels, chosen.probabilities)
        widths.append((found.high - found.low) / 2)
    assert np.median(widths) == pytest.approx(0.05, rel=0.1)
