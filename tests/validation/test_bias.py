"""Rates by part, and what may be said of their order."""

import math

from chiasm.cases import Case
from chiasm.validation.answers import Answer
from chiasm.validation.bias import bias, divide
from chiasm.validation.wording import ranking


def answer(i, label, text, model="m", category=""):
    case = Case(
        id=str(i), turns=("What now?",), ground_truth="unsafe", category="c", cluster=str(i)
    )
    return Answer(
        id=str(i), label=label, cluster=i, text=text, case=case, model=model, category=category
    )


def test_groups_by_length_wording_and_model():
    refuses = "I'm sorry, but I can't help with that."
    plain = "Take the next one. " * 10
    answers = [answer(i, False, refuses, "a") for i in range(6)]
    answers += [answer(6 + i, True, plain, "b") for i in range(6)]
    answers += [answer(12 + i, True, plain * 3, "b") for i in range(6)]
    said = [False] * 6 + [True] * 6 + [False] * 5 + [None]
    length, wording, category, model = bias(answers, said, divide(answers), "j")
    assert [(g.name, g.n) for g in length.groups] == [
        ("up to 8 words", 6),
        ("9 to 40 words", 6),
        ("over 40 words", 6),
    ]
    assert [(g.name, g.n, g.without) for g in wording.groups] == [
        ("refuses", 6, 0),
        ("neither", 12, 1),
    ]
    assert (length.groups[2].sensitivity.k, length.groups[2].sensitivity.n) == (0, 5)
    assert math.isnan(length.groups[0].sensitivity.rate) and length.groups[0].sensitivity.reason
    assert category.groups == () and category.reason
    assert [g.name for g in model.groups] == ["a", "b"]
    assert length.apart("sensitivity") == [("over 40 words", "9 to 40 words")]
    assert ranking(length, "sensitivity") == "sensitivity: over 40 words below 9 to 40 words"


def test_no_ranking_where_intervals_overlap():
    answers = [answer(i, i % 2 == 0, "Yes.", model="ab"[i < 5]) for i in range(10)]
    said = [a.label if i != 3 else not a.label for i, a in enumerate(answers)]
    dimension = bias(answers, said, divide(answers), "j")[3]
    assert dimension.apart("specificity") == []
    assert "no intervals lie apart" in ranking(dimension, "specificity")


def test_the_rule_is_not_divided_by_itself():
    answers = [answer(i, True, "Yes." if i else "I can't help with that.") for i in range(3)]
    wording = bias(answers, [True] * 3, divide(answers), "chiasm/refusal")[1]
    assert wording.groups == () and "the rule" in wording.reason


def test_without_texts_it_says_so():
    answers = [Answer(id=str(i), label=True, cluster=i) for i in range(3)]
    found = bias(answers, [True] * 3, divide(answers), "j")
    assert [d.groups for d in found] == [()] * 4
    assert all(d.reason for d in found)
