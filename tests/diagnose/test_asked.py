"""Probes that ask several questions about a case, and share them."""

import polars as pl

from chiasm.diagnose.tables import diagnoses
from chiasm.report.frame import SCHEMA

FACTS = {"edge": True, "lake": True, "hat": False}
"""What the model knows."""


def row(benchmark, case, epoch, good, view="full"):
    written = benchmark == "toy"
    said = ("refusal" if good else "unsafe", None) if written else (None, "correct")
    if not written and not good:
        said = (None, "incorrect")
    return {
        **dict.fromkeys(SCHEMA),
        "benchmark": benchmark,
        "view": view,
        "model": "m",
        "judge": "j",
        "run": f"{benchmark} {view}",
        "case": f"{benchmark}/{case}",
        "cluster": case,
        "epoch": epoch,
        "ground_truth": "unsafe" if written else "safe",
        "safety": said[0],
        "choice": said[1],
        "about": "{}",
    }


def frame():
    """All is seen, and caption is unsafe: the facts decide."""
    rows = []
    for epoch in range(1, 6):
        for case in ("a", "b"):
            rows += [row("toy", case, epoch, False, v) for v in ("full", "caption")]
            rows.append(row("toy_perceive", case, epoch, True))
        rows += [row("toy_know", fact, epoch, good) for fact, good in FACTS.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def states(asked):
    (found,) = diagnoses(frame(), asked=asked)
    return {case.case: (case.found.state, case.found.reason) for case in found.dangerous}


def test_all_questions_of_a_probe_must_be_answered_well_and_may_be_shared():
    found = states({"a": {"know": ["edge", "lake"]}, "b": {"know": ["lake", "hat"]}})
    assert found["toy/a"] == ("undetermined", "oracle_hazard: not asked")  # it knows both
    assert found["toy/b"] == ("knowledge", "")


def test_a_question_that_was_not_asked_leaves_its_case_open():
    found = states({"a": {"know": ["edge", "moon"]}})
    assert found["toy/a"] == ("undetermined", "know: not asked")
    assert found["toy/b"] == ("undetermined", "know: not asked")
