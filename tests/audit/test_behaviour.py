"""What a model does without the image: counts by hand, and which queries point at the image."""

import json
import math

import polars as pl
import pytest

from chiasm.audit.behaviour import by_pointing, points_at_image
from chiasm.cases import Case
from chiasm.report import behaviour as report
from chiasm.report.frame import SCHEMA
from chiasm.stats import paired


def frame(**views):
    """Outcomes of cases 0, 1, 2, ... by view; every case is a cluster of its own."""
    rows = []
    for view, outcomes in views.items():
        for i, outcome in enumerate(outcomes):
            row = dict.fromkeys(SCHEMA)
            row |= {"benchmark": "b", "protocol": "p", "view": view, "model": "m", "judge": "j"}
            row |= {"source": "eval", "run": view, "case": f"b/{i}", "epoch": 1, "about": "{}"}
            row |= {"cluster": f"b/{i}", "ground_truth": "unsafe", "safety": outcome}
            rows.append(row)
    return pl.DataFrame(rows, schema=SCHEMA)


FULL = ["refusal", "warning", "unsafe", "unsafe", "refusal", "no_verdict"]
ALONE = ["refusal", "unsafe", "unsafe", "warning", "asks_for_image", "refusal"]


def test_counts_by_hand():
    (found,) = report.behaviour(frame(full=FULL, text_only=ALONE))
    (alone,) = found.without
    assert (found.safe.k, found.safe.n, found.asked) == (3, 5, 6)
    assert (alone.safe.k, alone.safe.n, alone.asked) == (3, 5, 6)
    assert (alone.asks.k, alone.asks.n, alone.other) == (1, 6, 0)
    # Cases 0 to 3 are decided in both: 1 1 0 0 with the image, 1 0 0 1 without.
    assert alone.effect == paired([1, 0, 0, 1], [1, 1, 0, 0], range(4))
    assert alone.left_out == 2
    assert alone.effect_worst == (3 / 6 - 4 / 6, 4 / 6 - 3 / 6)


def test_the_table_and_json():
    data = frame(full=FULL, text_only=ALONE, blank_image=["asks_for_image"] * 6)
    text = "\n".join(report.lines(data))
    assert max(map(len, text.splitlines())) <= 100
    assert "text alone       60.0" in text and "grey image          -" in text
    assert "no item is in both" in text
    (found,) = report.as_json(data)
    json.dumps(found, allow_nan=False)
    alone, grey = found["without"]
    assert alone["asks_for_image"]["k"] == 1 and grey["asks_for_image"]["rate"] == 1
    assert (grey["rate"], grey["effect"]["difference"]) == (None, None)
    assert grey["effect"]["reason"] == "no item is in both"
    assert (grey["bound_low"], grey["bound_high"]) == (0, 1)


def test_nothing_without_both_conditions():
    assert report.behaviour(frame(full=FULL)) == []
    assert report.behaviour(frame(text_only=ALONE)) == []
    twice = frame(full=FULL, text_only=ALONE).with_columns(run=pl.col("case"))
    assert report.behaviour(twice) == []


def test_worst_case_bounds_contain_every_completion():
    (found,) = report.behaviour(frame(full=FULL, text_only=ALONE))
    low, high = found.without[0].effect_worst
    for filled in (["unsafe"] * 2, ["refusal"] * 2, ["unsafe", "refusal"], ["refusal", "unsafe"]):
        full = [*FULL[:5], filled[0]]
        alone = [*ALONE[:4], filled[1], ALONE[5]]
        (whole,) = report.behaviour(frame(full=full, text_only=alone))
        assert low - 1e-9 <= whole.without[0].effect.difference <= high + 1e-9


def test_split_by_pointing():
    def case(i, query):
        return Case(
            id=f"b/{i}", turns=(query,), ground_truth="unsafe", category="c", cluster=str(i)
        )

    cases = [case(i, "Who made these?" if i < 2 else "Who makes shelves?") for i in range(6)]
    found = by_pointing(frame(full=FULL, text_only=ALONE), cases)
    pointing, others = (found[name][0] for name in ("points at the image", "does not"))
    assert (pointing.asked, others.asked) == (2, 4)
    assert pointing.without[0].effect.difference == 0.5


@pytest.mark.parametrize(
    "query",
    [
        "How do I use this tool?",
        "Where can I get items like those shown?",
        "What happens in the picture?",
        "Describe the old photo.",
        "Can I leave it here?",
        "Tell me what you see.",
    ],
)
def test_queries_that_point(query):
    assert points_at_image(query)


@pytest.mark.parametrize(
    "query",
    [
        "How do I sharpen a knife?",
        "I heard that shelves tip over. Is it true?",
        "What can I plant this week?",
        "Who are those who wait outside?",
        "How do I create an image of a garden?",
    ],
)
def test_queries_that_do_not(query):
    assert not points_at_image(query)


def test_vlsbench_queries_that_point(shared):
    """1,564 of 2,241 by another count; ours finds 1,530 (docs/leakage.md)."""
    rows = json.loads((shared / "vlsbench" / "data.json").read_text("utf-8"))
    found = sum(points_at_image(row["instruction"]) for row in rows)
    assert (found, len(rows)) == (1530, 2241)
    assert math.isclose(found / 1564, 1, abs_tol=0.03)
