"""Cases as rows of an audit: what is not stated is null."""

from chiasm import scenes
from chiasm.audit.table import ROWS, rows_of
from chiasm.cases import Case, Oracle


def test_what_a_case_does_not_state_is_null():
    case = Case(id="a/1", turns=("Hi",), ground_truth="safe", category="", cluster="a/1")
    (row,) = rows_of([case]).to_dicts()
    stated = {name for name, value in row.items() if value is not None}
    assert stated == {"case", "cluster", "ground_truth", "query"}


def test_a_warning_stands_for_the_hazard_where_there_is_no_other():
    case = Case(
        id="a/1",
        turns=("One", "two"),
        images=("x.png", "y.png"),
        ground_truth="unsafe",
        category="c",
        cluster="k",
        options=("p", "q"),
        answer=1,
        oracle=Oracle(description="A rail.", warning="Trains come."),
        extra={"source": "coco"},
    )
    (row,) = rows_of([case]).to_dicts()
    assert row["hazard"] == "Trains come."
    assert (row["query"], row["image"], row["options"]) == ("One\n\ntwo", "x.png", ["p", "q"])
    assert (row["source"], row["answer"]) == ("coco", 1)


def test_every_case_is_a_row():
    cases = scenes.cases()
    frame = rows_of(cases)
    assert frame["case"].to_list() == [case.id for case in cases]
    assert frame.schema == ROWS
