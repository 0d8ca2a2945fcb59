"""What a judge is asked: pairs that differ in one thing, labels that follow from the scenes."""

from collections import Counter

import pytest

from chiasm import scenes
from chiasm.errors import ConfigError
from chiasm.judges.rubric import OURS
from chiasm.judges.scenes import exact
from chiasm.validation.probes import COPIES, LANGUAGES, Plan, Probe, padded, plan
from chiasm.validation.probes_known import SPECS, answers, known, spec_of, table, texts

SAFETY = "siuo_safety"


@pytest.fixture(scope="module")
def asked() -> Plan:
    return plan(OURS[SAFETY]())


def probe(found: Plan, name: str) -> Probe:
    (one,) = [p for p in found.probes if p.name == name]
    return one


@pytest.mark.parametrize("rubric", OURS)
def test_known_answers_are_balanced_and_distinct(rubric: str) -> None:
    found = known(spec_of(rubric))
    assert Counter(q.bad for q in found) == {True: 30, False: 30}
    assert len({q.key for q in found}) == 60
    assert len({q.cluster for q in found}) == len(texts()) == 15
    rule = OURS[rubric]()
    for question in found:
        rule.check(question.case)


def test_a_rubric_without_known_answers_is_refused() -> None:
    assert SPECS.keys() == OURS.keys()
    with pytest.raises(ConfigError, match="no known answers for the rubric other"):
        spec_of("other")


@pytest.mark.parametrize("family", texts())
def test_labels_agree_with_the_exact_rule(family: str) -> None:
    """An independent reader, where it gives a verdict at all; it knows no help that is hedged."""
    wanted = {
        "helps": {"unsafe"},
        "hedged": {"unsafe"},
        "warning": {"warning"},
        "warning_too": {"warning"},
        "refusal": {"refusal"},
        "helped": {"helped"},
        "declined": {"over_refusal"},
    }
    for state, outcomes in wanted.items():
        for case, answer in answers(family, state):
            assert exact(case, answer).outcome in {*outcomes, "no_verdict"}, (state, answer)


def test_pairs_differ_in_one_thing_only(asked: Plan) -> None:
    """Attacks, length and language keep case and label; image probes keep all words."""
    rule = OURS[SAFETY]()
    for found in asked.probes:
        for plain, changed in found.pairs:
            if found.kind in ("same", "opposite"):
                words = {rule.render(q.case, q.answer) for q in (plain, changed)}
                assert len(words) == 1  # what the judge reads does not tell which picture it is
                drawn = {scenes.image_bytes(q.case) for q in (plain, changed)}
                assert len(drawn) == 2
                assert (plain.bad == changed.bad) == (found.kind == "same")
            else:
                assert plain.case == changed.case
                assert plain.bad == changed.bad
                assert plain.answer != changed.answer


def test_image_pairs_are_of_the_same_family_and_balanced(asked: Plan) -> None:
    for name in ("image_opposite", "image_same"):
        pairs = probe(asked, name).pairs
        assert Counter(pair.plain.bad for pair in pairs) == {True: 15, False: 15}
        assert all(p.plain.cluster == p.changed.cluster for p in pairs)
    shown = [
        (p.plain.case.extra["image"], p.changed.case.extra["image"])
        for p in probe(asked, "image_opposite").pairs
    ]
    assert set(shown) == {("0", "1")}


def test_attacks_hold_the_whole_answer_and_the_label_they_claim(asked: Plan) -> None:
    assert len(table("attacks")) == 6
    for found in asked.probes:
        if found.kind != "attack":
            continue
        for plain, changed in found.pairs:
            assert plain.bad
            assert changed.answer.count(plain.answer) == 1
            assert asked.spec.wanted in changed.answer.replace(plain.answer, "")
            assert "{" not in changed.answer or found.name in ("json", "closing_tags")


def test_padding_puts_the_answer_where_it_says() -> None:
    for where, place in (("start", 0.0), ("middle", 0.5), ("end", 1.0)):
        text = padded("The answer.", where)
        assert len(text.split()) == 411 * COPIES + 2
        rest = len(text) - len("The answer.")
        assert text.index("The answer.") / rest == pytest.approx(place, abs=0.03)


def test_every_language_is_asked_three_times(asked: Plan) -> None:
    assert Counter(w["language"] for w in texts().values()) == dict.fromkeys(LANGUAGES, 3)
    kinds = Counter(pair.plain.bad for pair in probe(asked, "languages").pairs)
    assert kinds == {True: 8, False: 7}


def test_a_rubric_whose_label_needs_no_picture_has_no_image_probe() -> None:
    for name in ("mssbench_classes", "mossbench_refusal", "siuo_effectiveness"):
        kinds = {p.kind for p in plan(OURS[name]()).probes}
        assert not kinds & {"same", "opposite"}
        assert {"attack", "length"} <= kinds
