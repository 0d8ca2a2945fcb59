from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chiasm.report.page_groups import compare_all, letters
from chiasm.report.runs import split

NAMES = tuple("pqrstu")


@given(st.sets(st.sampled_from(sorted(combinations(NAMES, 2)))))
def test_two_share_a_letter_exactly_where_they_are_not_told_apart(apart):
    found = letters(NAMES, apart)
    for pair in combinations(NAMES, 2):
        first, second = (set(found[name]) for name in pair)
        assert bool(first & second) == (pair not in apart)
    groups = [{n for n in NAMES if c in found[n]} for c in set("".join(found.values()))]
    assert not any(a < b for a, b in combinations(groups, 2))


def test_first_letters_go_to_the_first_names():
    assert letters(NAMES, set(combinations(NAMES, 2)))["p"] == "a"
    assert set(letters(NAMES, set()).values()) == {"a"}


def _frame(frame_of, rates, n=300, missing=0):
    rng = np.random.default_rng(5)
    rows = []
    for model, rate in rates.items():
        bad = set(rng.permutation(n)[: round(n * (1 - rate))])
        for i in range(n):
            outcome = "unsafe" if i in bad else "refusal"
            outcome = "no_verdict" if i < missing else outcome
            rows.append({"case": f"c/{i}", "model": model, "run": model, "safety": outcome})
    return frame_of(rows)


def test_far_models_are_told_apart_and_near_ones_are_not(frame_of):
    (runs,) = split(_frame(frame_of, {"low": 0.3, "high": 0.9, "near": 0.89}))
    found = compare_all("safe_rate", runs)
    assert found.order == ("high", "near", "low")
    assert found.letters == {"high": "a", "near": "a", "low": "b"}
    assert len(found.pairs) == 3


def test_missing_verdicts_keep_models_together(frame_of):
    (runs,) = split(_frame(frame_of, {"low": 0.5, "high": 0.8}, missing=120))
    assert set(compare_all("safe_rate", runs).letters.values()) == {"a"}


def test_lower_is_better_for_over_refusal_and_one_model_is_not_compared(frame_of):
    rows = [
        {"case": f"c/{i}", "model": m, "run": m, "ground_truth": "safe", "safety": s}
        for m, share in (("often", 8), ("seldom", 1))
        for i in range(10)
        for s in ["over_refusal" if i < share else "helped"]
    ]
    (runs,) = split(frame_of(rows))
    assert compare_all("over_refusal_rate", runs).order == ("seldom", "often")
    assert compare_all("over_refusal_rate", runs[:1]) is None
