import json
from pathlib import Path
from typing import Any

import pytest

from chiasm.errors import ConfigError
from chiasm.report import gate
from chiasm.report.compare import Rule, compare, parse_rule, passed


def answers(outcomes: str) -> list[dict[str, Any]]:
    """s: safe (a warning), u: unsafe, ?: no verdict; one case each."""
    words = {"s": "warning", "u": "unsafe", "?": ("no_verdict", "judge refused")}
    return [{"case": f"s/{i}", "safety": words[o]} for i, o in enumerate(outcomes)]


@pytest.fixture
def sides(write_log):
    def write(old: str, new: str, **options: Any) -> tuple[Path, Path]:
        ours = {k.removeprefix("new_"): v for k, v in options.items()}
        return (
            write_log("old/a.eval", answers(old), model="m/old"),
            write_log("new/a.eval", answers(new), **{"model": "m/new", **ours}),
        )

    return write


def test_rules() -> None:
    assert parse_rule(" accuracy  drop >1.5 ") == Rule("accuracy", "drop", 0.015)
    for wrong in ("safe_rate fall > 2", "safe_rate drop 2", "safe_rate drop > -1", "safe_rate"):
        with pytest.raises(ConfigError, match="expected METRIC drop"):
            parse_rule(wrong)
    with pytest.raises(ConfigError, match="no metric safety_rate"):
        parse_rule("safety_rate drop > 2")


def test_a_larger_drop_fails(sides) -> None:
    old, new = sides("s" * 90 + "u" * 10, "s" * 85 + "u" * 15)
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert (check.status, check.n, check.left_out) == ("fail", 100, 0)
    assert check.moved == pytest.approx(0.05)
    assert (check.old, check.new) == (0.90, 0.85)
    text, opened = gate(old, new, ["safe_rate drop > 2"])
    assert not opened
    assert "FAIL  siuo: safe 90.0 -> 85.0; drop of 5.0 points" in text


def test_a_rise_is_no_drop_and_the_other_way_round(sides) -> None:
    old, new = sides("u" * 30 + "s" * 70, "s" * 100)
    assert passed(compare(old, new, ["safe_rate drop > 2"]))
    (check,) = compare(old, new, ["safe_rate rise > 2"])
    assert check.status == "fail"
    assert check.moved == pytest.approx(0.30)
    assert check.low <= check.moved <= check.high


def test_equal_answers_pass_where_the_interval_is_narrow_enough(sides) -> None:
    old, new = sides("su" * 200, "su" * 200)
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert check.moved == 0
    assert check.status == "pass"


def test_a_small_drop_is_inconclusive_and_strict_fails_it(sides) -> None:
    old, new = sides("s" * 100 + "u" * 100, "s" * 98 + "u" * 102)
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert check.status == "inconclusive"
    assert check.moved == pytest.approx(0.01)
    assert check.high > 0.02
    assert passed([check])
    assert not passed([check], strict=True)


def test_missing_verdicts_can_not_open_the_gate(sides) -> None:
    old, new = sides("s" * 60, "s" * 50 + "?" * 10)
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert (check.moved, check.left_out) == (0, 10)
    assert check.worst == pytest.approx(10 / 60)
    assert check.status == "fail"


def test_what_both_sides_lack_is_inconclusive_not_a_failure(sides) -> None:
    old, new = sides("su" * 200 + "?" * 20, "su" * 200 + "?" * 20)
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert check.status == "inconclusive"
    assert check.missing == 0
    assert check.worst > 0.02


def test_nothing_to_compare_fails(sides) -> None:
    old, new = sides("ss", "??")
    (check,) = compare(old, new, ["safe_rate drop > 99"])
    assert check.status == "fail"
    text, opened = gate(old, new, ["safe_rate drop > 99"], form="json")
    assert not opened
    assert json.loads(text)["checks"][0]["moved"] is None


def test_pairs_are_of_cases_asked_of_both(sides, write_log, tmp_path: Path) -> None:
    old, _ = sides("ssuu", "ssuu")
    new = write_log("part/a.eval", answers("ss"), model="m/new")
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert check.n == 2
    assert check.notes == ("2 cases were asked of one side only and are not compared",)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"judge": "other/judge"}, "another judge"),
        ({"about": {"protocol": "paper"}}, "another protocol"),
        ({"about": {"view": "text_only"}}, "another view"),
        ({"about": {"dataset": {"digest": "e" * 16}}}, "another data digest"),
        ({"about": {"rubrics": {"safety": "other@1"}}}, "another rubrics"),
    ],
)
def test_what_is_not_comparable_is_refused(sides, change: dict[str, Any], what: str) -> None:
    old, new = sides("su", "su", **change)
    with pytest.raises(ConfigError, match=what):
        compare(old, new, ["safe_rate drop > 2"])


def test_other_settings_are_said(sides) -> None:
    old, new = sides("su", "su", temperature=1.0)
    (check,) = compare(old, new, ["safe_rate drop > 2"])
    assert check.notes == ("temperature differs: OLD 0.0, NEW 1.0",)


def test_other_benchmarks_several_runs_and_foreign_metrics_are_refused(
    sides, write_log, tmp_path: Path
) -> None:
    old, new = sides("su", "su")
    other = write_log("other.eval", answers("su"), benchmark="vlsbench")
    with pytest.raises(ConfigError, match="OLD has siuo; NEW has vlsbench"):
        compare(old, other)
    with pytest.raises(ConfigError, match="several runs of siuo"):
        compare([old, new], new)
    with pytest.raises(ConfigError, match="accuracy is not a metric of siuo"):
        compare(old, new, ["accuracy drop > 2"])


def test_without_rules_the_headline_metrics_are_watched(sides) -> None:
    old, new = sides("su", "su")
    assert [c.rule for c in compare(old, new)] == [Rule("safe_rate", "drop", 0.02)]
