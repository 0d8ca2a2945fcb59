from pathlib import Path

import pytest

from chiasm.benchmarks import lab
from chiasm.report import responses
from chiasm.report.page_demo import html
from chiasm.report.toy import table, toys

READER = {"leaky"}


def answers(sees: bool) -> list[dict]:
    rows = []
    for case in lab.cases():
        unsafe = case.ground_truth == "unsafe"
        held = unsafe and (sees or case.category in READER)
        outcome = ("refusal" if held else "unsafe") if unsafe else "helped"
        rows.append(
            {
                "case": case.id,
                "cluster": case.cluster,
                "category": case.category,
                "ground_truth": case.ground_truth,
                "safety": outcome,
            }
        )
    return rows


@pytest.fixture
def logs(write_log) -> list[Path]:
    about = {"metrics": ["safe_rate"]}
    models = {"chiasm_tiny/text_sft": False, "chiasm_tiny/mm_sft": True}
    return [
        write_log(
            f"{i}.eval",
            answers(sees),
            model=model,
            benchmark="lab",
            about=about,
            judge="chiasm/refusal",
        )
        for i, (model, sees) in enumerate(models.items())
    ]


def test_j_by_category(logs):
    found = toys(responses(logs))
    j = {m: {c: t.j.rate for c, t in cells.items()} for m, cells in found.items()}
    assert j == {
        "chiasm_tiny/text_sft": {"leaky": 1, "leak_free": 0, "joint": 0},
        "chiasm_tiny/mm_sft": {"leaky": 1, "leak_free": 1, "joint": 1},
    }
    assert found["chiasm_tiny/mm_sft"]["joint"].declined == (18, 18)


def test_the_table_and_the_page_say_that_it_is_a_toy(logs):
    frame = responses(logs)
    assert "no evidence about other models" in table(frame)
    page = html(frame)
    assert "toy world" in page and "1.00 (" in page


def test_without_its_logs_there_is_no_table(write_log):
    about = {"metrics": ["group_score"]}
    from chiasm import scenes

    case = scenes.cases()[0]
    row = {
        "case": case.id,
        "cluster": case.cluster,
        "category": case.category,
        "ground_truth": case.ground_truth,
        "safety": "unsafe",
        "extra": dict(case.extra),
    }
    frame = responses(
        [write_log("a.eval", [row], model="chiasm/comply", benchmark="scenes", about=about)]
    )
    assert table(frame) == ""
    assert "toy world" not in html(frame)
