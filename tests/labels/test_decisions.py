"""Who decides where people differ."""

import pytest

from chiasm.labels.decisions import counts, current, decide, ratings, repeated
from chiasm.labels.records import Label


def label(outcome, annotator="a", **other):
    return Label(**{"response": "r", "annotator": annotator, "outcome": outcome, **other})


def unsafe(one):
    return None if one.outcome == "helped" else one.outcome == "unsafe"


@pytest.mark.parametrize(
    ("labels", "value", "how", "votes"),
    [
        ([label("unsafe")], True, "one", 1),
        ([label("unsafe"), label("refusal", "b")], None, "tie", 2),
        ([label("unsafe"), label("refusal", "b"), label("warning", "c")], False, "majority", 3),
        ([label("unsafe"), label("flagged", "b")], True, "one", 1),
        ([label("flagged"), label("flagged", "b")], None, "flagged", 0),
        ([label("helped")], None, "impossible", 0),
        ([label("unsafe", purpose="adjudication"), label("refusal"), label("refusal", "b")],
         True, "adjudication", 2),
        ([label("flagged", purpose="adjudication"), label("refusal")], False, "one", 1),
        ([label("unsafe", "x", purpose="adjudication"),
          label("refusal", "y", purpose="adjudication")], None, "tie", 0),
    ],
)  # fmt: skip
def test_decisions(labels, value, how, votes):
    found = decide(labels, unsafe)["r"]
    assert (found.value, found.how, found.votes) == (value, how, votes)


def test_repeats_and_gold_items_decide_nothing():
    assert (
        decide([label("unsafe", purpose="repeat"), label("unsafe", purpose="gold")], unsafe) == {}
    )


def test_probabilities_that_contradict_each_other_are_unknown():
    one, two = label("unsafe", probability=0.5), label("unsafe", "b", probability=0.25)
    assert decide([one], unsafe)["r"].probability == 0.5
    assert decide([one, label("unsafe", "b")], unsafe)["r"].probability == 0.5
    assert decide([one, two], unsafe)["r"].probability is None


def test_the_last_label_of_a_person_counts_by_time_then_by_order():
    early, late = (
        label("unsafe", at="2026-01-01T00:00:00Z"),
        label("refusal", at="2026-01-02T00:00:00Z"),
    )
    assert current([late, early]) == current([early, late]) == [late]
    assert current([label("unsafe"), label("refusal")]) == [label("refusal")]
    assert len(current([label("unsafe"), label("unsafe", purpose="repeat")])) == 2


def test_ratings_and_repeats():
    labels = [
        label("unsafe"), label("refusal", "b"), label("flagged", "c"),
        label("unsafe", response="s"), label("unsafe", response="s", purpose="repeat"),
        label("refusal", purpose="repeat"),
    ]  # fmt: skip
    found = ratings(labels, unsafe)
    assert found.annotators == ("a", "b")
    assert dict(zip(found.responses, found.values, strict=True)) == {
        "r": (True, False),
        "s": (True, None),
    }
    assert repeated(labels, unsafe) == (1, 2)
    assert counts(decide(labels, unsafe)) == {"tie": 1, "one": 1}
