import pytest

from chiasm.cases import Case
from chiasm.data import checks_choice as choice


def case(*options, answer=0, cluster="1"):
    return Case(
        id="own/1",
        turns=("Which?",),
        ground_truth="unsafe",
        category="a",
        cluster=cluster,
        options=options,
        answer=answer,
    )


def test_dup_options_tell_whether_the_key_is_among_them():
    both = [case("Go.", "Stop.", " Go.", "Stop. "), case("a b", "a\n b", "c", answer=2)]
    assert [f.detail for f in choice.dup_options(both)] == [
        "A = C, the right one among them",
        "B = D, all wrong",
        "A = B, all wrong",
    ]


@pytest.mark.parametrize(
    ("option", "odd", "truncated"),
    [
        ("Yes", True, False),
        ("None of them.", True, False),
        ("Four words are enough.", False, False),
        ("There are many reasons to visit this place, but large crowds can be", False, True),
        ("There are many reasons to visit this place, and it appears you'", False, True),
        ("There are many reasons to visit this place.\n- the view\n- the food", False, False),
        ("There are many reasons to visit this place.\n\nBest regards", False, False),
        ("There are many reasons to visit this lovely place!**", False, False),
    ],
)
def test_odd_and_truncated(option, odd, truncated):
    assert bool(list(choice.odd_option([case(option)]))) == odd
    assert bool(list(choice.truncated_option([case(option)]))) == truncated


def test_key_ref_mismatch_compares_without_white_space_and_only_where_there_is_a_reference():
    cases = [case(" Go\n now.", "Stop."), case("Go.", "Stop.", answer=1, cluster="2")]
    references = {"1": "Go now. ", "2": "Go."}
    assert [f.field for f in choice.key_ref_mismatch(cases, references)] == ["options.B"]
    assert list(choice.key_ref_mismatch(cases, {})) == []


def test_baselines_count_cases_with_options_only():
    free = Case(id="own/3", turns=("q",), ground_truth="unsafe", category="a", cluster="3")
    scores = choice.baselines([case("short", "much longer", answer=1), case("a", "b"), free])
    assert scores["first"] == (1, 2)
    assert scores["longest"] == (2, 2)
    assert choice.baselines([free]) == {}
