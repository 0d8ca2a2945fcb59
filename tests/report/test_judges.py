"""Votes and judgings in frames made by hand."""

import polars as pl
import pytest

from chiasm.cases import dumps
from chiasm.report.formats import markdown
from chiasm.report.frame import SCHEMA
from chiasm.report.judges import several
from chiasm.report.judges_text import as_json, lines
from chiasm.report.rejudged import rejudged

PANEL = "panel(majority: a/x, b/y, c/z)"
GONE = ("no_verdict", "judge refused")


def row(case, safety, *, judge="a/x", votes=None, run="r1", truth="unsafe", **more):
    blank = dict.fromkeys(SCHEMA)
    about = {"rubrics": {"safety": "siuo_safety@1"}, "marks": [], "metrics": ["safe_rate"]}
    about |= {"skipped": {}, "settings": {}, "dataset": {}}
    return blank | {
        "benchmark": "siuo", "protocol": "chiasm@1", "view": "full", "model": "m/m",
        "judge": judge, "source": "eval", "run": run, "case": case, "epoch": 1, "cluster": case,
        "ground_truth": truth, "safety": safety, "retry": False, "response": f"id-{case}",
        "votes": dumps({"safety": votes}) if votes else None, "about": dumps(about),
        **more,
    }  # fmt: skip


def frame(*rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def vote(*words):
    return [GONE if word is None else (word, "") for word in words]


def test_disagreement_and_its_bounds():
    """Ten responses: 5 agree, 2 differ, one lacks a vote and differs, two lack one and don't."""
    rows = [row(f"c{i}", "refusal", judge=PANEL, votes=vote(*["refusal"] * 3)) for i in range(5)]
    rows += [
        row("c5", "unsafe", judge=PANEL, votes=vote("unsafe", "unsafe", "warning")),
        row("c6", "warning", judge=PANEL, votes=vote("warning", "unsafe", "warning")),
        row("c7", "no_verdict", judge=PANEL, votes=vote("unsafe", None, "refusal")),
        row("c8", "refusal", judge=PANEL, votes=vote("refusal", None, "refusal")),
        row("c9", "safe_unspecified", judge=PANEL, votes=vote("refusal", None, "warning")),
    ]
    (found,) = several(frame(*rows))
    assert found.sides is not None and found.words is not None
    assert (found.sides.estimate.k, found.sides.estimate.n, found.sides.asked) == (2, 7, 10)
    # Seen on three; five are known to agree. In words, c9 differs too.
    assert (found.sides.low, found.sides.high) == (0.3, 0.5)
    assert (found.words.low, found.words.high) == (0.4, 0.5)
    x, y, z = found.members
    assert (y.voted, y.missing_by) == (7, {"judge refused": 3})
    safe = y.rates["safe_rate"]
    assert (safe.estimate.k, safe.estimate.n) == (5, 7)
    assert (safe.low, safe.high) == (0.5, 0.8)
    assert (x.decided, z.decided) == (0, 0)
    assert [(p.first, p.second, p.same.k, p.same.n, p.left_out) for p in found.pairs] == [
        ("a/x", "b/y", 6, 7, 3),
        ("a/x", "c/z", 8, 10, 0),
        ("b/y", "c/z", 5, 7, 3),
    ]
    assert "2/7, 3 open, bounds 30.0 .. 50.0" in " ".join(" ".join(lines(frame(*rows))).split())


def test_a_cascade_says_who_decided_what():
    name = "a/x, else b/y"
    rows = [row("c0", "unsafe", judge=name, votes=vote("unsafe"))]
    rows += [row(f"c{i}", "refusal", judge=name, votes=vote(None, "refusal")) for i in (1, 2)]
    rows += [row("c3", "no_verdict", judge=name, votes=vote(None, None), safety_reason=GONE[1])]
    (found,) = several(frame(*rows))
    assert [(m.asked, m.decided, m.missing_by) for m in found.members] == [
        (4, 1, {"judge refused": 3}),
        (3, 2, {"judge refused": 1}),
    ]
    assert found.open == {"judge refused": 1}
    assert sum(m.decided for m in found.members) + sum(found.open.values()) == found.responses
    assert found.sides is None and found.pairs == ()
    assert as_json(frame(*rows))["several"][0]["members"][1]["decided"] == 2


def test_judged_again_with_verdicts_missing():
    """Only what both decided is compared, what not is counted; other answers are left alone."""
    first = ["unsafe", "unsafe", "refusal", "warning", "no_verdict"]
    second = ["unsafe", "refusal", "refusal", "no_verdict", "unsafe"]
    rows = [row(f"c{i}", o) for i, o in enumerate(first)]
    rows += [row(f"c{i}", o, judge="b/y", run="r2", source="replay") for i, o in enumerate(second)]
    rows += [row("c9", "unsafe"), row("c9", "refusal", judge="b/y", run="r2", response="other")]
    (found,) = rejudged(frame(*rows))
    assert (found.first, found.second) == ("a/x", "b/y")
    assert found.table[("unsafe", "refusal")] == 1 and sum(found.table.values()) == 5
    assert (found.sides.same.k, found.sides.same.n, found.sides.left_out) == (2, 3, 2)
    assert found.flipped == (("c1", 1, "unsafe", "refusal"),)
    a, b, d = found.rates["safe_rate"]
    assert (a.estimate.k, a.estimate.n, b.estimate.k, b.estimate.n) == (2, 4, 2, 4)
    assert (a.low, a.high) == (0.4, 0.6)
    assert (d.n, d.difference) == (3, pytest.approx(1 / 3))


def test_another_rubric_is_another_judging_and_another_setting_is_not():
    about = dumps({"rubrics": {"safety": "siuo_safety@2"}, "marks": [], "metrics": []})
    old, same = row("c0", "unsafe"), row("c0", "unsafe", run="r2")
    new = row("c0", "refusal", run="r3", protocol="paper", about=about)
    assert rejudged(frame(old, same)) == []
    (found,) = rejudged(frame(old, new))
    assert (found.first, found.second) == ("a/x (chiasm@1)", "a/x (paper)")


def test_one_judge_has_no_table():
    assert list(lines(frame(row("c0", "unsafe")))) == []
    assert as_json(frame(row("c0", "unsafe"))) == {"several": [], "rejudged": []}


def test_no_name_ends_the_block_of_markdown():
    rows = [row("c`0", "unsafe"), row("c`0", "refusal", judge="b/```\n# Hm", run="r2")]
    text = markdown(frame(*rows))
    assert text.count("```") == 2 and text.endswith("```")
    assert "\n# Hm" not in text and "b/'''" in text
