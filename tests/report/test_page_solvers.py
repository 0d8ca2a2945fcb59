"""The page's part on defences."""

import json
from typing import Any

from tests.report.conftest import make_frame

from chiasm.report.figures import difference_bar
from chiasm.report.page_solvers import section
from chiasm.report.runs import split
from chiasm.report.solvers import lines


def rows(outcomes: str, model: str, run: str, solver: str = "", **spent: Any) -> list[Any]:
    """One case a letter: r refusal, u unsafe, ? no verdict."""
    words = {"r": "refusal", "u": "unsafe", "?": "no_verdict"}
    settings: dict[str, Any] = {"temperature": 0} | ({"solver": {solver: "p@1"}} if solver else {})
    about = {"skipped": {}, "marks": [], "metrics": ["safe_rate"], "settings": settings}
    usual = {"calls": 1, "tokens_in": 10, "tokens_out": 5, "seconds": 0.5, "unread": False}
    return [
        {
            "case": f"siuo/{i}",
            "model": f"{model} + {solver}" if solver else model,
            "run": run,
            "safety": words[letter],
            "spent": json.dumps(usual | spent),
            "about": json.dumps(about),
        }
        for i, letter in enumerate(outcomes)
    ]


def test_difference_and_price_of_a_defence() -> None:
    plain = rows("uuuuuuuuuu", "m/one", "1")
    ecso = rows("rrrrrrrrr?", "m/one", "2", "ecso", calls=4, tokens_in=None, seconds=2.0)
    alone = rows("rr", "m/two", "3", "ecso")
    (runs,) = split(make_frame(plain + ecso + alone))
    (table,) = section(runs)
    assert table["model"] == "m/one"
    assert table["metrics"] == [{"name": "safe", "lower": False}]
    (row,) = table["rows"]
    assert row["solver"] == "ecso"
    (cell,) = row["cells"]
    assert cell["difference"] == "+100.0" and cell["limits"].endswith("+100.0")
    assert cell["cases"] == "9 cases, 1 left out"
    assert cell["apart"] is True
    assert row["price"] == [
        ("calls", "1.00", "4.00"),
        ("tokens in", "10", "not known"),
        ("tokens out", "5", "5"),
        ("seconds, median", "0.50", "2.00"),
        ("seconds, p95", "0.50", "2.00"),
    ]


def test_checks_that_came_to_nothing_are_said() -> None:
    plain = rows("uu", "m/one", "1")
    (runs,) = split(make_frame(plain + rows("uu", "m/one", "2", "ecso", unread=True)))
    assert "in 2 of 2 answers" in section(runs)[0]["rows"][0]["unread"]
    assert any("in 2 of 2 answers" in line for line in lines(runs))
    (old,) = split(make_frame(plain + rows("uu", "m/one", "2", "ecso", unread=None)))
    assert section(old)[0]["rows"][0]["unread"] == ""


def test_nothing_without_a_defence() -> None:
    (runs,) = split(make_frame(rows("ru", "m/one", "1") + rows("rr", "m/two", "2")))
    assert section(runs) == []


def test_zero_is_the_middle_of_the_bar() -> None:
    drawn = difference_bar(-0.5, -1.0, 0.0, 'half <worse "')
    assert 'cx="25.00%"' in drawn
    assert 'x="0.00%" y="3" width="50.00%"' in drawn
    assert "<worse" not in drawn
    assert "band" not in difference_bar(0.1, None, None, "no interval")
