"""The tables of perf/guards.py: nothing missing counts as wrong, nothing partial as whole."""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from chiasm.benchmarks import lab
from tests.servers.process import ROOT

ABILITY = ("ability", "lab", "exact")


@pytest.fixture(scope="module")
def table() -> Any:
    sys.path.insert(0, str(ROOT / "perf"))
    try:
        import guards_table

        yield guards_table
    finally:
        sys.path.remove(str(ROOT / "perf"))


def test_missing_answer_is_not_a_wrong_one(table: Any) -> None:
    right = {c.id: c.oracle.reference for c in lab.cases() if c.ground_truth == "safe"}
    answers = dict(list(right.items())[:50])
    answers[next(iter(answers))] = "something else"
    rows = pl.DataFrame({"benchmark": ["lab"], "spent": [None]})
    arm = table.Arm("base", "none", "local", rows, answers)
    found = table.rate(arm, table.Column(*ABILITY))
    assert (found.k, found.n, found.missing) == (49, 50, 4)
    assert found.cell[0] == 0.98
    assert table._rate_told(found).endswith(" 49/50, 4 missing")


def test_cost_of_a_run_that_was_resumed_is_not_known(table: Any, tmp_path: Path) -> None:
    counted = {"guard-rule": {"calls": 10, "sent": 300, "back": 20}}
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    whole.write_text(json.dumps({"guards": counted}))
    part.write_text(json.dumps({"guards": None}))
    assert table.guard_cost(whole) == (10, 320)
    assert table.guard_cost(part) is None
    assert table.guard_cost(None) == (0, 0)
    spent = json.dumps({"calls": 1, "tokens_in": 3, "tokens_out": 4, "seconds": 0.5})
    arm = table.Arm("base", "g", "gate-both", pl.DataFrame({"spent": [spent] * 3}), {})
    assert table._cost(arm, table.guard_cost(part), 5)[0] == "1.0 + ?"
    assert table._cost(arm, table.guard_cost(whole), 5)[0] == "1.0 + 2.0"


def test_passes_behind_one_answer_are_counted(table: Any) -> None:
    spent = json.dumps({"calls": 1, "tokens_in": 3, "tokens_out": 4, "seconds": 0.5})
    said = {"a": "sorry , no .", "b": "a red cup ."}
    rows = pl.DataFrame({"spent": [spent] * 2})
    arm = table.Arm("base", table.LABELS["caption"], "local", rows, said)
    assert table._cost(arm, (0, 0), 2)[0] == "2.5"
