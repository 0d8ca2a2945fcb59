"""R1, R2 and the rest through a real server with a scripted Llama Guard; kill -9; failures."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import count

import numpy as np
import polars as pl
import pytest

from chiasm.audit import judged as judged_module
from chiasm.audit import judging, judging_plan, vsil_figures, vsil_json, vsil_tables
from chiasm.audit.vsil import leakage
from chiasm.errors import ConfigError, ImageError
from chiasm.run import MAX_CONNECTIONS, Settings
from tests.audit import eight
from tests.integration import standin
from tests.integration.tool import chiasm
from tests.servers.leaky import LeakyProcess

_numbers = count(1)
NO_RETRY = Settings(max_retries=0)
N, BENIGN = sum(eight.BY_HAND.values()), sum(eight.BENIGN.values())


@pytest.fixture
def guard(monkeypatch):
    with LeakyProcess(service=f"leaky{next(_numbers)}") as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def rows(tmp_path):
    return eight.dataset(tmp_path / "rows")


@pytest.fixture
def benign(tmp_path):
    return eight.dataset(tmp_path / "benign", eight.BENIGN, name="calm", truth="safe", start=1000)


def judged(dataset, judges, out, **more):
    names = [judges] if isinstance(judges, str) else judges
    return judging.judge_dataset(dataset, names, out, settings=NO_RETRY, **more)


def figures(frame):
    return vsil_figures.audited(frame, "shelves")


def k_n(rate):
    return rate.estimate.k, rate.estimate.n


def test_the_eight_combinations(guard, rows, benign, tmp_path):
    judge = guard.guard("llama_guard_3")
    frame = judged(rows, judge, tmp_path / "out", controls=benign)
    assert frame.equals(judging.read(tmp_path / "out"))
    (found,) = figures(frame)
    word = {1: "unsafe", 0: "safe"}
    shown = {tuple(word[v] for v in code): n for code, n in eight.BY_HAND.items()}
    assert {cell: n for cell, n in found.leakage.table.items() if n} == shown
    assert (found.rows, found.controls) == (N, BENIGN)
    assert k_n(found.leakage.r1) == (26, N)
    assert k_n(found.leakage.r2) == (18, N)
    assert k_n(found.leakage.leak_share) == (18, 26)
    assert k_n(found.leakage.text_alarm) == (24, N)
    assert k_n(found.leakage.image_alarm) == (20, N)
    assert k_n(found.leakage.text_only) == (6, N)
    text = found.alarms["text"]
    assert k_n(text.controls) == (5, BENIGN)
    assert text.difference == pytest.approx(24 / 50 - 5 / 30)
    assert text.low < text.difference < text.high
    assert {c: f.r1.estimate.n for c, f in found.by_category.items()} == {
        "garden": 25,
        "kitchen": 25,
    }
    assert found.marks == ("J(T) off label: text alone", "J(I) off label: image alone")

    asked = guard.requests("judge")
    assert len(asked) == 3 * (N + BENIGN)
    assert Counter(tuple(r.order) for r in asked) == {
        ("text", "image"): N + BENIGN,
        ("text",): N + BENIGN,
        ("image",): N + BENIGN,
    }


def test_tables_and_json_agree(guard, rows, benign, tmp_path):
    judge = guard.guard("llama_guard_3")
    found = figures(judged(rows, judge, tmp_path / "out", controls=benign, repeats=2))
    text = vsil_tables.text(found)
    assert max(map(len, text.splitlines())) <= 100
    assert "R1: J(T,I) unsafe         52.0" in text
    assert "18/50" in text and "unsafe, safe                       5           3" in text
    assert "FigStep R1 75.15 %: no k of 500 gives it; it fits N = 499" in text
    assert "Not beside them" in text and "(yours)" not in text
    data = json.loads(json.dumps(vsil_json.as_json(found), allow_nan=False))
    r2 = next(e for e in data["estimates"] if (e["metric"], e["group"]) == ("r2", "all"))
    assert (r2["k"], r2["n"], r2["asked"], r2["bound_low"]) == (18, N, N, 18 / 50)
    assert sum(n for *_, n in data["tables"][0]["rows"]) == N
    assert data["schema"] == 1 and len(data["published"]) == 8


def test_judges_side_by_side_and_a_blind_one(guard, rows, tmp_path):
    """A guard that only reads gives J(T) alone; the rest is null, never J(T) under its name."""
    names = [guard.guard("llama_guard_3"), guard.guard("llama_guard_3", "flips")]
    blind = guard.guard("qwen3guard")
    frame = judged(rows, names, tmp_path / "out")
    assert [one.judge for one in figures(frame)] == names
    assert "judges side by side" in vsil_tables.text(figures(frame))
    planned = judging_plan.forecast(judging_plan.plan(rows, [blind]))
    assert [(p.input, p.calls, p.unable) for p in planned] == [
        ("both", 0, {"guard does not see the image": N}),
        ("text", N, {}),
        ("image", 0, {"guard does not see the image": N}),
    ]


def test_flip_noise(guard, tmp_path):
    rows = eight.dataset(tmp_path / "rows", {(1, 1, 1): 6, (0, 0, 0): 4}, extra=" [flips]")
    calm = eight.dataset(tmp_path / "calm", {(1, 0, 0): 10}, name="calm", start=500)
    judge = guard.guard("llama_guard_3", "flips")
    (found,) = figures(judged(rows, judge, tmp_path / "out", repeats=2))
    assert {what: k_n(rate) for what, rate in found.flips.items()} == {
        "both": (10, 10),
        "text": (10, 10),
        "image": (0, 10),
    }
    assert len(guard.requests("judge")) == 60
    judged(rows, judge, tmp_path / "out", repeats=2)
    assert len(guard.requests("judge")) == 60
    (steady,) = figures(judged(calm, judge, tmp_path / "other", repeats=3)) or [None]
    assert all(k_n(rate) == (0, 10) for rate in steady.flips.values())


@pytest.mark.parametrize("how", ["random", "harder"])
def test_bounds_contain_the_rate_without_faults(guard, tmp_path, how):
    table = {code: 2 * n for code, n in eight.BY_HAND.items()}
    rows = eight.dataset(tmp_path / "rows", table)
    truth = np.array([code for code, n in table.items() for _ in range(n)], dtype=float).T
    whole = leakage(*truth, clusters=[case.cluster for case in rows])
    frame = judged(rows, guard.guard("llama_guard_3", how), tmp_path / how)
    (found,) = figures(frame)
    failed = frame.filter(frame["label"].is_null())
    assert set(failed["reason"]) == {"judge http 422", "judge unreadable"}
    by_input = {what: sum(why.values()) for what, why in found.failures.items()}
    assert sum(by_input.values()) == len(failed) > 20
    for name in ("r1", "r2", "leak_share", "text_alarm", "image_alarm", "text_only"):
        low, high = getattr(found.leakage, name).bounds
        assert low <= getattr(whole, name).estimate.rate <= high, name
    if how == "harder":
        # Leaving the failures out would have moved the rate: this is what the bounds are for.
        assert found.leakage.r1.estimate.rate < whole.r1.estimate.rate - 0.05
    assert "run the same command to ask again" in vsil_tables.text([found])


def test_only_failed_calls_are_made_again(guard, rows, tmp_path):
    judge = guard.guard("llama_guard_3", "random")
    first = judged(rows, judge, tmp_path / "out")
    failed = int(first["label"].null_count())
    guard.reset(settings=False)
    judged(rows, judge, tmp_path / "out")
    assert len(guard.requests("judge")) == failed > 0


SCRIPT = """
import sys
from pathlib import Path
from chiasm.audit.judging import judge_dataset
from tests.audit import eight
from tests.integration import standin
from tests.integration.tool import chiasm
rows = eight.dataset(Path(sys.argv[1]))
judge_dataset(rows, [sys.argv[2]], Path(sys.argv[3]), repeats=2)
"""


@pytest.mark.slow
def test_kill_and_resume_repeats_no_answered_call(guard, rows, tmp_path):
    guard.configure(latency_s=0.05, jitter_s=0.05)
    judge, out = guard.guard("llama_guard_3"), tmp_path / "out"
    command = [sys.executable, "-c", SCRIPT, str(rows.root), judge, str(out)]
    total, moments = 3 * N * 2, (60, 180)
    for moment in moments:
        process = subprocess.Popen(command)
        while process.poll() is None and guard.counts()["requests"]["judge"] < moment:
            time.sleep(0.01)
        assert process.poll() is None, "it ended before the kill"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (out / judging.VERDICTS).exists()
    subprocess.run(command, check=True)
    frame = judging.read(out)
    assert frame["label"].null_count() == 0 and len(frame) == total
    asked = guard.requests("judge")
    extra = len(asked) - total
    # What was in flight when it was killed is asked again, and nothing else.
    assert 0 <= extra <= len(moments) * MAX_CONNECTIONS
    assert k_n(figures(frame)[0].leakage.r2) == (18, N)


def test_a_missing_image_stops_before_anything_is_asked(guard, rows, tmp_path):
    judge = guard.guard("llama_guard_3")
    (rows.root / rows[3].images[0]).unlink()
    with pytest.raises(ImageError, match=r"images/3\.png"):
        judged(rows, judge, tmp_path / "out")
    assert guard.requests() == []
    (found,) = figures(judged(rows, judge, tmp_path / "out", allow=("MISSING_IMAGE",)))
    assert found.failures["both"] == {"the row's image is missing": 1}
    assert (found.leakage.r1.estimate.n, found.leakage.r1.missing) == (N - 1, 1)
    assert found.leakage.text_alarm.missing == 0
    assert "ask again" not in vsil_tables.text([found])


def test_equal_questions_are_one_call(guard, rows, tmp_path):
    from dataclasses import replace

    first = rows[0]
    twins = tuple(replace(first, id=f"shelves/t{i}") for i in range(5))
    frame = judged(replace(rows, cases=twins), guard.guard("llama_guard_3"), tmp_path / "out")
    assert len(frame) == 15 and len(guard.requests("judge")) == 3


def test_what_can_not_be_asked_is_an_error(rows, benign, tmp_path):
    with pytest.raises(ConfigError, match="guard/prompted@openai/gpt-4o asks a chat model"):
        judging_plan.plan(rows, ["openai/gpt-4o"])
    with pytest.raises(ConfigError, match="named twice"):
        judging_plan.plan(rows, ["guard/llama_guard_3@a/b"] * 2)
    with pytest.raises(ConfigError, match="it has no benign row"):
        judging_plan.plan(rows, ["guard/llama_guard_3@a/b"], controls=rows)
    with pytest.raises(ConfigError, match="--repeats 0"):
        judging_plan.plan(rows, ["guard/llama_guard_3@a/b"], repeats=0)
    with pytest.raises(ConfigError, match=r"there is no verdicts\.parquet"):
        judging.read(tmp_path)


def test_an_endpoint_that_is_not_there_ends_the_run(rows, tmp_path, monkeypatch):
    monkeypatch.setenv("NOWHERE_API_KEY", "x")
    monkeypatch.setenv("NOWHERE_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(ConfigError, match="nothing answers at that address"):
        judged(rows, "guard/llama_guard_3@openai-api/nowhere/x", tmp_path / "out")


def test_a_file_of_ones_own_and_a_benchmark(guard, benign, tmp_path):
    rows = eight.dataset(tmp_path / "rows")
    eight.as_siuo(rows.root, rows)
    lines = [
        {"id": i, "query": c.query, "image": c.images[0], "category": c.category}
        for i, c in enumerate(rows.cases)
    ]
    file = rows.root / "shelves.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    judge, out = guard.guard("llama_guard_3"), tmp_path / "out"
    more = {"folders": {"siuo": str(rows.root)}, "allow": ("DIGEST_MISMATCH", "ROWS")}
    told = judged_module.dry_run([str(file), "siuo"], [judge], **more)
    assert told.count(f"{N:>10}{N:>10}") == 6 and guard.requests() == []
    found = judged_module.judged([str(file), "siuo"], [judge], out, settings=NO_RETRY, **more)
    assert found.complete
    r2 = [e for e in found.figures["estimates"] if (e["metric"], e["group"]) == ("r2", "all")]
    assert [(e["benchmark"], e["k"], e["n"]) for e in r2] == [
        ("shelves", 18, N),
        ("siuo", 18, N),
    ]
    assert json.loads((out / "judges.json").read_text()) == found.figures


def test_a_folder_given_for_a_name_is_judged(guard, tmp_path, monkeypatch):
    """What the name means in the working directory doesn't count."""
    rows = eight.dataset(tmp_path / "rows")
    lines = [{"id": i, "query": c.query, "image": c.images[0]} for i, c in enumerate(rows.cases)]
    (rows.root / "mine.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "other.jsonl").write_text(json.dumps({"id": 0, "query": "Else?"}))
    monkeypatch.chdir(tmp_path)
    judge = guard.guard("llama_guard_3")
    told = judged_module.dry_run(["mine"], [judge], folders={"mine": str(rows.root)})
    assert told.count(f"{N:>10}{N:>10}") == 3


def test_rows_of_findings(guard, rows, tmp_path):
    judge = guard.guard("llama_guard_3", "random")
    frame = judged(rows, judge, tmp_path / "out")
    (found,) = figures(frame)
    told = judged_module.findings(frame, "shelves", judge)
    for name in ("r1", "r2"):
        part = told.filter(told["channel"] == name)
        rate = getattr(found.leakage, name)
        assert len(part) == N
        assert (part["flagged"].sum(), part["flagged"].null_count()) == (
            rate.estimate.k,
            rate.missing,
        )
        assert part["reason"].null_count() == N - rate.missing


def test_the_command_line(guard, rows, tmp_path):
    eight.as_siuo(rows.root, rows)
    judge, out = guard.guard("llama_guard_3"), tmp_path / "out"
    command = ["audit", "siuo", "--data", rows.root, *standin.UNPINNED, "-o", out, "--judge", judge]
    assert "Equal questions are one call" in chiasm(*command, "--dry-run")
    assert guard.requests() == []
    text = chiasm(*command, "--workers", 1)
    assert "R2: and J(T) unsafe       36.0" in text and "18/50" in text
    found = json.loads(chiasm(*command, "--workers", 1, "--format", "json"))
    assert len(guard.requests("judge")) == 3 * N
    r1 = next(e for e in found["judges"]["estimates"] if e["metric"] == "r1")
    assert (r1["k"], r1["n"]) == (26, N)
    files = pl.read_parquet(out / "findings.parquet")
    flagged = files.filter(pl.col("flagged")).group_by("channel").len()
    assert {"r1": 26, "r2": 18}.items() <= dict(flagged.iter_rows()).items()
    page = (out / "page.html").read_text("utf-8")
    assert "Leakage by judges" in page and "<td>26/50</td>" in page
    assert "26/50" in (out / "card.md").read_text("utf-8")
