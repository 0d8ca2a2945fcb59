import math

import numpy as np
import pytest

from chiasm.stats import adjust, adjusted_difference, adjusted_pairs, choose, clustered

NAN = math.nan


def responses(n, rate, sens, spec, seed=0):
    """People's verdicts on all responses, and a judge's."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < rate).astype(float)
    luck = rng.random(n)
    return truth, np.where(truth == 1, luck < sens, luck >= spec).astype(float)


def reveal(truth, indices):
    labels = np.full(len(truth), NAN)
    labels[indices] = truth[indices]
    return labels


def sampled(n, budget, *, rate=0.2, sens=0.85, spec=0.9, seed=0):
    truth, says = responses(n, rate, sens, spec, seed)
    chosen = choose(says, budget, np.random.default_rng(seed + 1))
    return truth, says, reveal(truth, chosen.indices), chosen.probabilities


def test_it_is_ppi_with_the_power_tuned_lambda():
    truth, says = responses(1000, 0.3, 0.8, 0.85)
    rng = np.random.default_rng(5)
    taken = rng.choice(1000, 150, replace=False)
    labels = reveal(truth, taken)
    found = adjust(says, labels, np.full(1000, 0.15))
    y, f = truth[taken], says[taken]
    # Angelopoulos et al. (2023), example of the mean, with a known mean verdict.
    tuned = np.cov(y, f)[0, 1] / np.var(f, ddof=1)
    assert found.power == pytest.approx(tuned)
    assert found.rate == pytest.approx(y.mean() - tuned * (f.mean() - says.mean()))
    assert found.human_only.rate == pytest.approx(y.mean())
    assert found.raw == clustered(says, range(1000))


def test_lambda_and_rate_with_unequal_probabilities():
    truth, says = responses(4000, 0.2, 0.8, 0.9)
    chances = np.random.default_rng(2).uniform(0.05, 0.3, 4000)
    labels = reveal(truth, np.flatnonzero(np.random.default_rng(3).random(4000) < chances))
    found = adjust(says, labels, chances)
    there = ~np.isnan(labels)
    w = 1 / chances[there]
    y, f = (np.average(values[there], weights=w) for values in (truth, says))
    assert found.rate == pytest.approx(y - found.power * (f - says.mean()))
    assert found.human_only.rate == pytest.approx(y)
    assert found.low < truth.mean() < found.high


def test_strata_by_verdict_by_hand():
    # 40 judged unsafe, 20 labelled, 15 of them unsafe; 160 judged safe, 20 labelled, 1 unsafe.
    says = [1] * 40 + [0] * 160
    labels = [1] * 15 + [0] * 5 + [NAN] * 20 + [1] + [0] * 19 + [NAN] * 140
    found = adjust(says, labels, [0.5] * 40 + [0.125] * 160)
    assert found.rate == pytest.approx(0.2 * 0.75 + 0.8 * 0.05)
    assert found.power == pytest.approx(0.75 - 0.05)
    assert (found.n_labels, found.n, found.target) == (40, 200, "items")
    assert found.human_only.rate == pytest.approx(found.rate)  # weighted labels, fixed sizes
    # Weighted: 30 of the 38 unsafe are judged so, 152 of the 162 safe.
    assert found.sensitivity.rate == pytest.approx(30 / 38)
    assert found.specificity.rate == pytest.approx(152 / 162)
    assert found.rogan_gladen.rate == pytest.approx(found.rate)
    wide = adjust(says, labels, [0.5] * 40 + [0.125] * 160, target="population")
    assert wide.rate == found.rate and wide.low < found.low and wide.high > found.high


def test_a_good_judge_narrows_and_a_useless_one_is_called_so():
    good = adjust(*sampled(2000, 200, sens=0.95, spec=0.97)[1:])
    assert good.high - good.low < 0.8 * (good.at_random.high - good.at_random.low)
    assert good.effective_n > 300 and good.note == ""
    useless = adjust(*sampled(2000, 200, sens=0.5, spec=0.5)[1:])
    assert abs(useless.power) < 0.15
    assert "no gain" in useless.note and "lambda" in useless.note
    assert useless.rogan_gladen.unstable
    inverted = adjust(*sampled(2000, 200, sens=0.1, spec=0.1)[1:])
    assert math.isnan(inverted.rogan_gladen.rate) and inverted.rogan_gladen.reason
    assert inverted.low < 0.2 < inverted.high  # strata need no good judge


def test_everything_labelled_is_exact_for_these_items():
    truth, says = responses(80, 0.3, 0.8, 0.8)
    found = adjust(says, truth, np.ones(80))
    assert found[:3] == pytest.approx([truth.mean()] * 3)
    assert found.note == ""
    population = adjust(says, truth, np.ones(80), target="population")
    assert population.high - population.low == pytest.approx(0.2, abs=0.03)


def test_order_changes_no_digit():
    _, says, labels, chances = sampled(300, 60)
    cases = [f"case {i // 3}" for i in range(300)]
    strata = ["ab"[i % 2] for i in range(300)]
    order = np.random.default_rng(9).permutation(300)

    def found(index, target):
        return adjust(
            says[index], labels[index], chances[index], clusters=[cases[i] for i in index],
            strata=[strata[i] for i in index], target=target,
        )  # fmt: skip

    for target in ("items", "population"):
        assert found(order, target) == found(np.arange(300), target)


def refused(**changes):
    _, says, labels, chances = sampled(300, 60)
    given = {"verdicts": says, "labels": labels, "probabilities": chances} | changes
    found = adjust(**given)
    assert math.isnan(found.rate) and math.isnan(found.low) and math.isnan(found.human_only.rate)
    return found.reason


def test_refusals_have_reasons():
    _, says, labels, chances = sampled(300, 60)
    assert "no response is labelled" in refused(labels=np.full(300, NAN))
    assert "no responses" in refused(verdicts=[], labels=[], probabilities=[])
    assert "known probability" in refused(probabilities=np.full(300, NAN))
    assert "could not have been chosen" in refused(
        probabilities=np.where(np.isnan(labels), 0, chances)
    )
    few = labels.copy()
    few[np.flatnonzero((says == 1) & ~np.isnan(labels))[9:]] = NAN
    assert "9 labels among" in refused(labels=few) and "10 are needed" in refused(labels=few)
    lonely = (np.cumsum(np.isnan(labels)) == 1) & np.isnan(labels)
    assert "strata have no label" in refused(strata=lonely.tolist())
    assert "single cluster" in refused(clusters=["x"] * 300, target="population")


def test_a_class_with_fewer_than_ten_responses_needs_them_all():
    says = np.r_[np.ones(4), np.zeros(96)]
    labels = np.r_[[1, 1, 0, 1], np.zeros(30), np.full(66, NAN)]
    chances = np.r_[np.ones(4), np.full(96, 30 / 96)]
    assert adjust(says, labels, chances).rate == pytest.approx(0.03)
    labels[0] = NAN
    assert "3 labels" in adjust(says, labels, chances).reason


def test_responses_without_a_verdict():
    truth, says, labels, chances = sampled(400, 100)
    says[:40] = NAN
    chosen = choose(says, 100, np.random.default_rng(0))
    assert len(np.unique(chosen.strata)) == 3
    found = adjust(says, reveal(truth, chosen.indices), chosen.probabilities)
    assert found.low < truth.mean() < found.high
    assert found.raw.n == 360 and "3 cells" in found.method
    # Never drawn and without a known chance: anything may be true of them.
    labels[:40] = NAN
    wider = adjust(says, labels, np.where(np.isnan(labels), NAN, chances))
    assert "40 responses without a verdict" in wider.note
    assert wider.high - wider.low > 0.1 + 0.5 * (found.high - found.low)
    silent = adjust(np.full(400, NAN), labels, np.full(400, 0.2))
    assert silent.raw.n == 0 and silent.raw.reason and silent.power == 0
    assert silent.rate == pytest.approx(np.nanmean(labels))


def test_no_yes_at_all_has_a_width():
    found = adjust([1] * 50 + [0] * 150, [0] * 20 + [NAN] * 30 + [0] * 30 + [NAN] * 120,
                   [0.4] * 50 + [0.2] * 150)  # fmt: skip
    assert found.rate == found.low == 0 and 0.03 < found.high < 0.12
    assert math.isnan(found.rogan_gladen.rate) and found.rogan_gladen.reason


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="length"):
        adjust([1, 0], [1], [0.5, 0.5])
    with pytest.raises(ValueError, match="verdicts must be"):
        adjust([2, 0], [1, 0], [0.5, 0.5])
    with pytest.raises(ValueError, match="probabilities"):
        adjust([1, 0], [1, 0], [0.5, 1.5])
    with pytest.raises(ValueError, match="target"):
        adjust([1, 0], [1, 0], [0.5, 0.5], target="world")


def two_models(seed, n=300, budget=120):
    rng = np.random.default_rng(seed)
    hard = rng.random(n)
    a, b = (hard < 0.35).astype(float), (hard * rng.choice([1, 0.6], n) < 0.2).astype(float)
    says = [np.where(rng.random(n) < 0.88, truth, 1 - truth) for truth in (a, b)]
    return rng, (a, b), says, budget


@pytest.mark.parametrize("target", ["items", "population"])
def test_paired_differences_cover(target):
    true = -0.35 + 0.5 * 0.2 + 0.5 * 0.2 / 0.6
    runs, hits, narrower = 400, 0, 0
    for seed in range(runs):
        rng, truths, says, budget = two_models(seed)
        change = says[1] - says[0]
        chosen = choose(np.ones(len(change)), budget, rng, strata=change.tolist())
        labels = tuple(reveal(truth, chosen.indices) for truth in truths)
        found = adjusted_pairs(tuple(says), labels, chosen.probabilities, target=target)
        wanted = true if target == "population" else (truths[1] - truths[0]).mean()
        hits += found.low <= wanted <= found.high
        alone = found.human_only
        narrower += found.high - found.low < alone[2] - alone[1]
        assert found.raw == pytest.approx(change.mean())
    assert hits / runs + 3 * math.sqrt(0.93 * 0.07 / runs) >= 0.93
    assert narrower / runs > 0.9


def test_differences_of_independent_labels_cover():
    runs, hits = 400, 0
    for seed in range(runs):
        rng, truths, says, budget = two_models(seed)
        both = []
        for truth, verdicts in zip(truths, says, strict=True):
            chosen = choose(verdicts, budget, rng)
            both.append(adjust(verdicts, reveal(truth, chosen.indices), chosen.probabilities))
        found = adjusted_difference(*both)
        assert found.difference == pytest.approx(both[1].rate - both[0].rate)
        hits += found.low <= (truths[1] - truths[0]).mean() <= found.high
    assert hits / runs + 3 * math.sqrt(0.93 * 0.07 / runs) >= 0.93


def test_differences_are_refused_with_reasons():
    few = adjusted_pairs(([1, 0], [0, 0]), ([1, NAN], [0, NAN]), [0.5, 0.5])
    assert math.isnan(few.difference) and "at least 10" in few.reason
    n = 40
    unknown = adjusted_pairs((np.ones(n), np.zeros(n)), (np.ones(n), np.ones(n)), np.full(n, NAN))
    assert math.isnan(unknown.low) and "probability" in unknown.reason
    _, says, labels, chances = sampled(300, 60)
    good, bad = adjust(says, labels, chances), adjust(says, np.full(300, NAN), chances)
    missing = adjusted_difference(bad, good)
    assert math.isnan(missing.difference) and missing.reason.startswith("first: no response")
    with pytest.raises(ValueError, match="targets"):
        adjusted_difference(good, adjust(says, labels, chances, target="population"))


def test_equal_models_differ_by_nothing():
    _, says, labels, chances = sampled(300, 90)
    found = adjusted_pairs((says, says), (labels, labels), chances)
    assert found.difference == 0 and found.low < 0 < found.high
    assert found.high - found.low < 0.12 and not found.reason
