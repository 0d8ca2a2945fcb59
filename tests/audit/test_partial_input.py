"""partial_input: the blind rules of chiasm.text, and a model of options that learns on others."""

import numpy as np
import pytest
from tests.audit.made import queries, real, rows

from chiasm.audit.partial_input import CHANNEL, chosen, facts, fit
from chiasm.text import BLIND_RULES


def questions(n, *, telling):
    """The right option is said to be `careful` where it is telling, else any is."""
    rng = np.random.default_rng(5)
    stated = []
    for i in range(n):
        answer = int(rng.integers(4))
        marked = answer if telling else int(rng.integers(4))
        options = [f"go {'gently' if j == marked else 'boldly'} word{i}x{j}" for j in range(4)]
        stated.append({"query": "Which?", "options": options, "answer": answer})
    return rows(*stated)


def test_the_option_model_finds_what_tells_and_nothing_where_nothing_does():
    telling, other = facts(questions(80, telling=True)), facts(questions(80, telling=False))
    assert telling["option_model"].accuracy.rate == 1
    assert other["option_model"].accuracy.low < 0.25
    assert telling["option_model"].chance == 0.25


def test_the_score_is_the_share_of_rules_that_are_right():
    frame = rows({"options": ["Careful: a hazard.", "A much longer one, all in all."], "answer": 1})
    got = CHANNEL.score(fit(frame), frame)
    assert (got["score"][0], got["evidence"][0]) == (0.5, "longest")  # too few for a model


def test_without_options_there_is_a_reason():
    got = CHANNEL.score(fit(queries("Hm?")), queries("Hm?"))
    assert got["reason"].to_list() == ["no options, or no right one: not multiple choice"]
    assert facts(queries("Hm?")) == {}


def test_the_rules_pick_what_those_of_text_pick(shared):
    frame = real("siuo_mcqa", shared)
    picks = chosen(fit(frame), frame)
    for name in ("longest", "warning_words"):
        expected = [
            BLIND_RULES[name](query, [o.strip() for o in options])
            for query, options in zip(frame["query"], frame["options"].to_list(), strict=True)
        ]
        assert picks[name].to_list() == expected


def test_siuo_can_be_half_answered_blind(shared):
    found = facts(real("siuo_mcqa", shared))
    assert found["longest"].accuracy.k == 64  # 38.3 %, notes of the data's own check
    assert found["warning_words"].accuracy.low > 0.4
    assert found["option_model"].accuracy.rate == pytest.approx(0.61, abs=0.05)
