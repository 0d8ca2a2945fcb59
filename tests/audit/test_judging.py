"""Figures from verdicts, the paper's lines beside them, and the difference to benign rows."""

import math

import numpy as np
import polars as pl
import pytest

from chiasm.audit import vsil_figures, vsil_json, vsil_tables
from chiasm.audit.judging import SCHEMA
from chiasm.audit.vsil_controls import rate_difference
from chiasm.audit.vsil_published import lines, published_judge

NAN = math.nan
LG3V = "guard/llama_guard_3@openai-api/local/meta-llama/Llama-Guard-3-11B-Vision"
GPT4O = "guard/prompted@openai/gpt-4o-2024-08-06"


def frame(judge, codes, *, truth="unsafe", dataset="vlsbench", reason="judge http 500"):
    """Verdicts of rows (both, text, image); None is a failure."""
    rows = []
    for i, code in enumerate(codes):
        for what, value in zip(("both", "text", "image"), code, strict=True):
            label = None if value is None else ("safe", "unsafe")[value]
            why = reason if value is None else None
            case = (f"{dataset}/{i}", f"{dataset}/{i}", "garden")
            rows.append((judge, dataset, *case, truth, what, 0, label, why, [], None, None))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def audited(*frames, dataset="vlsbench"):
    return vsil_figures.audited(pl.concat(frames), dataset)


def test_the_papers_leak_shares():
    """notes of the paper's table 1 and 7: R2 / R1 in percent, from counts."""
    found = {(x.judge, x.dataset): round(100 * x.leak_share.rate, 1) for x in lines()
             if not math.isnan(x.leak_share.rate)}  # fmt: skip
    assert found == {
        ("llama-guard-3-11b-vision", "figstep"): 99.3,
        ("llama-guard-3-11b-vision", "jailbreakv_mini_raw"): 99.5,
        ("llama-guard-3-11b-vision", "harmbench_mm"): 97.1,
        ("llama-guard-3-11b-vision", "vlsafe"): 99.7,
        ("gpt-4o", "jailbreakv_mini_raw"): 96.0,
        ("gpt-4o", "vlsafe"): 100.0,
    }


def test_impossible_figures_are_told():
    notes = [note for line in lines() for note in line.notes]
    assert notes == [
        "FigStep R1 75.15 %: no k of 500 gives it; it fits N = 499, 503, 495",
        "HarmBench multimodal R2 52.00 %: no k of 110 gives it; it fits N = 100",
    ]


@pytest.mark.parametrize(
    ("judge", "is_"),
    [
        (LG3V, "llama-guard-3-11b-vision"),
        (GPT4O, "gpt-4o"),
        ("guard/llama_guard_4@openai-api/local/Llama-Guard-3-11B-Vision", ""),
        ("guard/prompted@openai/gpt-4o-mini", ""),
        ("guard/llama_guard_3@openai-api/local/gpt-4o", ""),
    ],
)
def test_whose_figures_a_run_stands_beside(judge, is_):
    (found,) = audited(frame(judge, [(1, 1, 0)]))
    assert published_judge(found) == is_


def test_a_run_stands_beside_the_papers_lines_of_its_judge_only():
    codes = [(1, 1, 0)] * 3 + [(1, 0, 0)] * 5
    text = vsil_tables.text(audited(frame(LG3V, codes)))
    table1, table7 = text.split("VLSBench, table 7")
    assert "vlsbench (yours)                    8  100.00   37.50    37.5" in table1
    assert "yours" not in table7
    other = vsil_tables.text(audited(frame("guard/llama_guard_4@a/b", codes)))
    assert "(yours)" not in other and "Not beside them: guard/llama_guard_4@a/b" in other
    own = vsil_tables.text(audited(frame(GPT4O, codes)))
    assert "same model, another instruction than the paper's: not compared" in own
    data = vsil_json.as_json(audited(frame(LG3V, codes)))
    beside = {line["judge"]: [b["judge"] for b in line["beside"]] for line in data["published"]}
    assert beside == {"llama-guard-3-11b-vision": [LG3V], "gpt-4o": []}


def test_missing_verdicts_are_counted_where_they_leave_a_metric_open():
    codes = [(1, 1, 1), (None, 1, 0), (None, 0, 0), (1, None, 0), (0, None, None), (0, 0, 0)]
    (found,) = audited(frame(LG3V, codes))
    missing = {name: sum(why.values()) for name, why in found.missing.items()}
    leak = found.leakage
    assert missing == {name: getattr(leak, name).missing for name in missing}
    assert missing == {
        "r1": 2,
        "r2": 2,
        "leak_share": 3,
        "text_alarm": 2,
        "image_alarm": 1,
        "text_only": 2,
    }


def test_benign_rows_alone_have_no_r1():
    (found,) = audited(frame(LG3V, [(1, 0, 0), (0, 1, 0)], truth="safe"))
    assert math.isnan(found.leakage.r1.estimate.rate)
    assert found.leakage.r1.estimate.reason == "no rows"
    assert found.alarms["text"].controls.estimate.k == 1
    assert "no unsafe row: every alarm is a false one" in vsil_tables.text([found])


def test_without_benign_rows_there_is_no_difference():
    (found,) = audited(frame(LG3V, [(1, 1, 0)] * 4))
    assert found.alarms["text"].reason == "no benign rows: name some with --controls"
    assert math.isnan(found.alarms["text"].difference)
    (both,) = audited(
        frame(LG3V, [(1, 1, 0)] * 4), frame(LG3V, [(0, 0, 0)] * 4, truth="safe", dataset="calm")
    )
    assert both.alarms["text"].difference == 1


def test_newcombes_example():
    """Newcombe (1998), Stat. Med. 17:873, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10."""
    ones = lambda k, n: [1] * k + [0] * (n - k)  # noqa: E731
    found = rate_difference(ones(56, 70), range(70), ones(48, 80), range(100, 180))
    assert found[:3] == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    found = rate_difference(ones(9, 10), range(10), ones(3, 10), range(20, 30))
    assert found[:3] == pytest.approx((0.6, 0.1705, 0.8090), abs=5e-5)


@pytest.mark.parametrize("shared", [False, True])
def test_the_interval_of_the_difference_covers(shared):
    """Clusters of five rows with a common propensity, in one group or across both."""
    rng = np.random.default_rng(5)
    hits, runs, m = 0, 400, 40
    for _ in range(runs):
        level = rng.beta(1.0, 1.0, m)
        other = level if shared else rng.beta(1.0, 1.0, m)
        a = (rng.random((m, 5)) < level[:, None]).ravel().astype(float)
        b = (rng.random((m, 5)) < other[:, None] * 0.4).ravel().astype(float)
        names = np.repeat(np.arange(m), 5)
        found = rate_difference(a, names.tolist(), b, (names + (0 if shared else m)).tolist())
        hits += found.low <= 0.5 - 0.2 <= found.high
    assert 0.92 <= hits / runs <= 0.995


def test_shared_clusters_narrow_the_interval():
    a = [1] * 10 + [0] * 10
    b = [1] * 10 + [0] * 10
    apart = rate_difference(a, range(20), b, range(20, 40))
    together = rate_difference(a, range(20), b, range(20))
    assert together.high - together.low < apart.high - apart.low


def test_bounds_of_the_difference_take_every_gap_at_its_worst():
    found = rate_difference([1, NAN, 0, 0], range(4), [0, NAN], range(4, 6))
    assert found.bounds == (pytest.approx(0.25 - 0.5), pytest.approx(0.5 - 0.0))
