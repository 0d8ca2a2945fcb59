"""All paths in one run against scripted models over the real protocol; kills; what it costs."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.build.conftest import builders as builders
from tests.build.server import FATE
from tests.build.world import BuildServer, recipe
from tests.integration.tool import chiasm

pytestmark = pytest.mark.slow

CHIASM = Path(sys.executable).with_name("chiasm")


def made(out: Path) -> tuple[list[dict], list[dict]]:
    rows = [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]
    return rows, json.loads((out / "dropped.json").read_text())


def test_from_taxonomy_to_a_dataset_that_is_evaluated_and_audited(
    builders: BuildServer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    path = recipe(tmp_path / "recipe", builders)
    figures = json.loads(chiasm("build", path, "-o", out, "--format", "json"))
    rows, dropped = made(out)

    # planted faults: each ends at the step that should notice it, for the reason that it has
    fates = {
        i["item"]["seed"].split()[1]: (i["step"], i["reason"])
        for i in dropped
        if i["item"]["path"] == "risk" and i["item"]["category"] == "heat"
    }
    assert fates == {kind: fate for kind, fate in FATE.items() if fate}
    joint = {d["item"]["seed"].split()[1]: d["step"] for d in dropped
             if d["item"]["path"] == "joint"}  # fmt: skip
    assert joint == {"harmpart": "parts", "telling": "options", "harmlesspair": "write"}
    erotic = [d for d in dropped if d["item"]["category"] == "Erotic"]
    assert {d["step"] for d in erotic} == {"rules"}
    assert len(erotic) == len(FATE)

    # the funnel adds up, step by step and as a whole
    for before, after in zip(figures["funnel"], figures["funnel"][1:], strict=False):
        assert before["kept"] == after["entered"]
    for step in figures["funnel"]:
        assert step["entered"] == step["kept"] + sum(step["dropped"].values())
        assert Counter(step["dropped"]) == Counter(
            d["reason"] for d in dropped if d["step"] == step["step"]
        )
    assert figures["funnel"][0]["entered"] == len(rows) + len(dropped)
    assert figures["funnel"][-1]["kept"] == len(rows) == figures["kept"]

    # all four paths are in it, with picture, provenance, explanation
    assert {row["source"] for row in rows} == {"risk", "pictures", "joint", "grids"}
    provenance = json.loads((out / "provenance.json").read_text())
    assert set(provenance) == {row["id"].partition("/")[2] for row in rows}
    for row in rows:
        assert (out / row["file_name"]).is_file()
        steps = [t["step"].partition("@")[0] for t in provenance[row["id"].partition("/")[2]]]
        assert steps[0] == "rules"
        assert {"text alone", "pair", "match", "leaks", "duplicates"} <= set(steps)
        assert row["explanation"] or row["source"] == "grids"
    used = {row["file_name"] for row in rows}
    assert {f"images/{p.name}" for p in (out / "images").iterdir()} == used

    # chiasm eval and chiasm audit take it as it is
    for name in ("built", "built_safe"):
        text = chiasm(
            *("eval", name, "--data", out, "--model", builders.model("ref-weak")),
            *("--grader", "chiasm/refusal", "--log-dir", tmp_path / "logs", "--format", "json"),
        )
        found = json.loads(text)["estimates"]
        truth = "unsafe" if name == "built" else "safe"
        n = sum(row["ground_truth"] == truth for row in rows)
        assert {e["asked"] for e in found if e["group"] == "all"} == {n}
    chiasm("eval", "built_mc", "--data", out, "--model", "chiasm/comply", "--log-dir",
           tmp_path / "logs", "--format", "json")  # fmt: skip
    chiasm("audit", out, "-o", tmp_path / "audit", "--workers", "1")
    audit = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert [d["rows"] for d in audit["datasets"]] == [len(rows)]
    assert "toybench" in chiasm("quality", out)


def asked(server: BuildServer) -> int:
    return sum(server.counts()["requests"].values())


def files(out: Path) -> dict[str, bytes]:
    """The exported folder, without what is kept between runs."""
    found = (p for p in out.rglob("*") if p.is_file() and "work" not in p.relative_to(out).parts)
    return {str(p.relative_to(out)): p.read_bytes() for p in found}


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.long)])
def test_kills_repeat_no_paid_call_and_give_the_same_export(
    builders: BuildServer, tmp_path: Path, kills: int
) -> None:
    path = recipe(tmp_path / "recipe", builders, grids={"source": "grids.toml"})
    command = [str(CHIASM), "build", str(path), "--max-connections", "6", "-o"]
    calm = subprocess.run([*command, str(tmp_path / "calm")], capture_output=True, text=True)
    assert calm.returncode == 0, calm.stderr
    total = asked(builders)
    builders.reset(settings=False)
    builders.configure(latency_s=0.05, jitter_s=0.1)

    moments = sorted(random.Random(5).sample(range(5, total - 30), kills))
    for moment in moments:
        process = subprocess.Popen(
            [*command, str(tmp_path / "killed")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and asked(builders) < moment:
            time.sleep(0.02)
        assert process.poll() is None, "it ended before the kill"
        process.kill()
        process.wait()
        time.sleep(0.4)  # what is in flight arrives
    last = subprocess.run([*command, str(tmp_path / "killed")], capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    assert files(tmp_path / "killed") == files(tmp_path / "calm")
    extra = asked(builders) - total
    print(f"{total} calls, {extra} repeated after {len(moments)} kills")
    assert 0 <= extra <= len(moments) * 6

    before = asked(builders)
    again = subprocess.run([*command, str(tmp_path / "killed")], capture_output=True, text=True)
    assert again.returncode == 0
    assert asked(builders) == before
    assert files(tmp_path / "killed") == files(tmp_path / "calm")


def test_a_model_that_fails_leaves_items_waiting_and_the_next_run_goes_on(
    builders: BuildServer, tmp_path: Path
) -> None:
    models = {r: builders.model(r) for r in ("writer", "viewer", "rewriter", "critic", "painter")}
    down = {**models, "judge": builders.model("down-judge")}
    out, folder = tmp_path / "out", tmp_path / "recipe"
    parts = {"pictures": None, "grids": None, "joint": None}
    path = recipe(folder, builders, models=down, **parts)
    said = chiasm("build", path, "-o", out, "--max-retries", "0", code=1)
    assert "not finished" in said
    assert not (out / "metadata.jsonl").exists()
    written = builders.counts()["requests"]["model"]

    path = recipe(folder, builders, models={**models, "judge": builders.model("judge")}, **parts)
    chiasm("build", path, "-o", out)
    writers = [r for r in builders.requests() if r.model == "writer"]
    assert len(writers) == 2 * len(FATE), "what was written is not written again"
    assert written >= len(writers)


def test_what_it_may_cost_is_kept_over_runs(builders: BuildServer, tmp_path: Path) -> None:
    names = ("writer", "viewer", "rewriter", "critic", "judge", "ref-weak", "ref-strong")
    prices = {builders.model(n): "1000/1000" for n in names} | {builders.model("painter"): "0.01"}
    parts = {"pictures": None, "grids": None, "joint": None}
    path = recipe(tmp_path / "recipe", builders, prices=prices, **parts)
    out = tmp_path / "out"
    plan = json.loads(chiasm("build", path, "--dry-run", "--format", "json"))
    assert asked(builders) == 0
    assert plan["cost"] > 10
    chiasm("build", path, "-o", out, "--max-cost", "8", code=1)
    # 100 + 50 tokens a call, and what is set aside for one call is at most 2,000 tokens
    spent = asked(builders) * 0.15
    assert 5 < spent <= 8
    chiasm("build", path, "-o", out, "--max-cost", "8", code=1)
    both = builders.counts()["requests"]["model"] + builders.counts()["requests"]["judge"]
    assert both * 0.15 <= 8, "the second run has no budget of its own"
    done = json.loads(chiasm("build", path, "-o", out, "--max-cost", "500", "--format", "json"))
    assert done["spent"] <= plan["cost"]
    planned = {role: sum(c["calls"] for c in plan["calls"] if c["role"] == role)
               for role in ("writer", "rewriter", "critic", "judge", "painter")}  # fmt: skip
    for role, most in planned.items():
        assert done["asked"].get(role, 0) <= most, role
