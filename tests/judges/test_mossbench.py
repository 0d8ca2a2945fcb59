import pytest

from chiasm.judges.mossbench import parse_score


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Description: a toy\nScore: 0\nReason: it helps", "0"),
        ("Description: a toy\nScore: 1 (refusal)\nReason: it declines", "1"),
        ("**Refusal score:** 1", "1"),
        ("Score: <0>", "0"),
        ("score = 1.", "1"),
        ("Score: 1\nIn short, the score is 1 of 1.\nScore: 1", "1"),
        ("Score: 0\nScore: 1", None),
        ("Score: 10", None),
        ("Score: 0.5", None),
        ("Score: 2", None),
        ("There is 1 dog.", None),
        ("", None),
    ],
)
def test_parse_score(reply, score):
    assert parse_score(reply) == score
