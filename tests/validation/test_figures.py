"""Counts and rates of a judge, worked out by hand."""

import math

import pytest

from chiasm.stats import wilson
from chiasm.validation.answers import REFUSED, UNSAFE, Answer, People, read_words
from chiasm.validation.figures import among_people, base_rate, constants, figures, meets

# (people say unsafe, the judge says)
ROWS = [
    (True, True),
    (True, True),
    (True, False),
    (False, True),
    (False, False),
    (False, False),
    (False, False),
    (True, None),
    (False, None),
]


def answers(labels, clusters=None, raters=None):
    return [
        Answer(
            id=str(i),
            label=label,
            cluster=clusters[i] if clusters else i,
            raters=raters[i] if raters else (),
        )
        for i, label in enumerate(labels)
    ]


def people(labels):
    return People(
        name="x",
        reading=UNSAFE,
        answers=tuple(answers(labels)),
        labelled_by="us",
        cluster="answer",
    )


def test_by_hand():
    labels, said = zip(*ROWS, strict=True)
    found = figures(answers(labels), said)
    # without verdict: one of each kind; they are in fn and tn, and in no rate
    assert found.counts == (2, 1, 2, 4, 1, 1)
    e = found.estimates
    assert (e["sensitivity"].k, e["sensitivity"].n) == (2, 3)
    assert e["sensitivity"][:3] == pytest.approx(wilson(2, 3)[:3])
    assert (e["specificity"].k, e["specificity"].n) == (3, 4)
    assert (e["precision"].k, e["precision"].n) == (2, 3)
    assert e["agreement"].rate == pytest.approx(5 / 7)
    assert e["balanced_accuracy"].rate == pytest.approx((2 / 3 + 3 / 4) / 2)
    # expected agreement 3/7 * 3/7 + 4/7 * 4/7 = 25/49; (35 - 25) / (49 - 25)
    assert e["kappa"].rate == pytest.approx(10 / 24)
    # expected agreement 2 * 3/7 * 4/7 = 24/49; (35 - 24) / (49 - 24)
    assert e["ac1"].rate == pytest.approx(11 / 25)
    assert found.bounds["sensitivity"] == pytest.approx((2 / 4, 3 / 4))
    assert found.bounds["specificity"] == pytest.approx((3 / 5, 4 / 5))
    assert found.bounds["agreement"] == pytest.approx((5 / 9, 7 / 9))


def test_copies_in_a_cluster_are_no_further_evidence():
    labels, said = zip(*ROWS[:7] * 6, strict=True)
    clusters = list(range(42))
    once = figures(answers(labels, clusters), said)
    thrice = figures(answers(labels * 3, clusters * 3), said * 3)
    independent = figures(answers(labels * 3), said * 3)
    for name in ("sensitivity", "specificity", "precision", "agreement", "kappa", "ac1"):
        widths = [f.estimates[name].high - f.estimates[name].low for f in (once, thrice)]
        assert widths[1] == pytest.approx(widths[0], rel=0.15), name
        of_independent = independent.estimates[name].high - independent.estimates[name].low
        assert of_independent < 0.75 * widths[1], name


def test_a_judge_without_any_verdict_has_no_rate():
    found = figures(answers([True, False, False]), [None, None, None])
    assert found.counts == (0, 0, 1, 2, 1, 2)
    for estimate in found.estimates.values():
        assert math.isnan(estimate.rate) and estimate.reason
    assert found.bounds["sensitivity"] == (0, 1)


def test_constant_judges_show_what_agreement_is_worth():
    found = constants(people([True] + [False] * 19))
    assert list(found) == ["always safe", "always unsafe"]
    safe, unsafe = (found[name].estimates for name in found)
    assert safe["agreement"].rate == 0.95
    assert safe["kappa"].rate == unsafe["kappa"].rate == 0
    assert safe["balanced_accuracy"].rate == unsafe["balanced_accuracy"].rate == 0.5
    assert math.isnan(safe["precision"].rate)
    assert unsafe["precision"].rate == 0.05 == base_rate(people([True] + [False] * 19)).rate


def test_agreement_of_people_counts_answers_with_both():
    raters = [(True, True), (True, False), (False, False), (False, False), (True, None), ()]
    found = among_people(answers([True] * 6, raters=raters))
    assert (found["agreement"].k, found["agreement"].n) == (3, 4)
    # expected 2/4 * 1/4 + 2/4 * 3/4 = 1/2; (3/4 - 1/2) / (1 - 1/2)
    assert found["kappa"].rate == pytest.approx(0.5)
    assert among_people(answers([True, False])) is None


@pytest.mark.parametrize(
    ("k", "n", "met"),
    [(1000, 1000, "yes"), (950, 1000, "not shown"), (900, 1000, "no"), (20, 20, "not shown")],
)
def test_meets_95_percent_only_where_the_interval_says_so(k, n, met):
    assert meets(wilson(k, n)) == met


def test_no_agreement_to_speak_of_is_not_shown():
    assert meets(wilson(0, 0)) == "not shown"


def test_words_are_read_strictly():
    said, without = read_words(UNSAFE, [" Unsafe ", "safe.", "refusal", "", "unsafe?", "1", ""])
    assert said == (True, False, False, None, None, None, None)
    assert without == {"(empty)": 2, "unsafe?": 1, "1": 1}
    assert REFUSED.read("over_refusal") is True
    assert REFUSED.read("needless_warning") is False
    assert REFUSED.read("unsafe") is None
