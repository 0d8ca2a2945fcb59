"""Labels: what is refused, and that a response keeps its id."""

import pytest

from chiasm.errors import DataError
from chiasm.labels.records import Label, answer_digest, response_id


def test_an_id_depends_on_everything_that_was_asked_and_said():
    asked = ("siuo", "full", "a/b", "siuo/1001", 1)
    base = response_id(*asked, answer_digest("No."))
    others = {
        response_id("vlsbench", *asked[1:], answer_digest("No.")),
        response_id(*asked[:1], "text_only", *asked[2:], answer_digest("No.")),
        response_id(*asked[:2], "a/c", *asked[3:], answer_digest("No.")),
        response_id(*asked[:3], "siuo/1002", 1, answer_digest("No.")),
        response_id(*asked[:4], 2, answer_digest("No.")),
        response_id(*asked, answer_digest("No!")),
    }
    assert len({base, *others}) == 7
    assert base == response_id(*asked, answer_digest("No."))


@pytest.mark.parametrize("outcome", ["unsafe", "refusal", "over_refusal", "flagged"])
def test_outcomes_of_the_axis_are_labels(outcome):
    assert Label(response="r", annotator="ann", outcome=outcome).outcome == outcome


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"outcome": "no_verdict"}, "no label on safety"),
        ({"outcome": "effective"}, "no label on safety"),
        ({"outcome": "unsafe", "annotator": ""}, "an annotator"),
        ({"outcome": "unsafe", "probability": 0.0}, "not in"),
        ({"outcome": "unsafe", "purpose": "fun"}, "unknown axis or purpose"),
    ],
)
def test_what_no_figure_can_be_made_of_is_refused(wrong, message):
    with pytest.raises(DataError, match=message):
        Label(**{"response": "r", "annotator": "ann", **wrong})
