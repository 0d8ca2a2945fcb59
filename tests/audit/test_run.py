"""An audit from a file to findings and rates, with channels of a few lines."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.audit.toys import LENGTH, OPTIONS, TOY, write_rows

from chiasm.audit import engine, limits, sources
from chiasm.audit.findings import write_findings
from chiasm.audit.run import Options, audit, pick
from chiasm.audit.sources import open_source
from chiasm.audit.table import FINDINGS
from chiasm.errors import ChiasmError, ConfigError
from chiasm.stats.intervals import clustered

CHANNELS = [TOY, LENGTH, OPTIONS]
ALONE = Options(workers=1)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import the channels of this folder by name; about half of their rows are flagged."""
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setattr(engine, "code_digest", lambda: "this code")
    monkeypatch.setattr(limits, "DEFAULTS", {"overlap": 0.01, "residue": 25.0})


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "toy.jsonl", 300)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH", 50)


def findings(found, folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    write_findings(found.parts, folder / "findings.parquet", {"datasets": []})
    return (folder / "findings.parquet").read_bytes()


def test_a_row_for_each_case_and_channel(rows, tmp_path):
    found = audit(open_source(str(rows)), tmp_path / "work", channels=CHANNELS)
    findings(found, tmp_path)
    table = pl.read_parquet(tmp_path / "findings.parquet")
    assert dict(table.schema) == {k: v() if isinstance(v, type) else v for k, v in FINDINGS.items()}
    assert table.height == 300 * 3
    counted = table.group_by("channel").agg(
        pl.col("score").count().alias("scores"),
        pl.col("flagged").count().alias("flags"),
        pl.col("reason").count().alias("reasons"),
    )
    assert set(counted.rows()) == {
        ("overlap", 270, 270, 30), ("residue", 300, 300, 0), ("partial_input", 0, 0, 300),
    }  # fmt: skip
    about = json.loads(pl.read_parquet_metadata(tmp_path / "findings.parquet")["chiasm"])
    assert about["schema"] == 1


def test_rates_are_those_of_the_findings(rows, tmp_path):
    """Counted again from the file, with the clustered interval of `stats` on single rows."""
    found = audit(open_source(str(rows)), tmp_path / "work", channels=CHANNELS)
    findings(found, tmp_path)
    table = pl.read_parquet(tmp_path / "findings.parquet").filter(pl.col("channel") == "residue")
    flagged = table["flagged"].to_numpy()
    images = np.arange(300) // 2
    categories = np.array(list("AAB" * 100))
    rates = {(r.by, r.group): r for r in found.channels[1].rates}
    assert set(rates) == {("all", "all"), ("category", "A"), ("category", "B")}
    for key, rows_in in (
        (("all", "all"), np.ones(300, bool)),
        (("category", "A"), categories == "A"),
    ):
        wanted = clustered(flagged[rows_in], images[rows_in].tolist())
        got = rates[key]
        assert (got.k, got.n, got.asked) == (wanted.k, wanted.n, rows_in.sum())
        assert (got.rate, got.low, got.high) == pytest.approx(wanted[:3], abs=1e-12)


def test_rows_without_a_score_are_bounds(rows, tmp_path):
    found = audit(open_source(str(rows)), tmp_path / "work", channels=[TOY])
    rate = found.channels[0].whole
    assert (rate.n, rate.asked) == (270, 300)
    assert rate.bound_low == rate.k / 300
    assert rate.bound_high == (rate.k + 30) / 300


def test_a_channel_that_the_dataset_cannot_support_is_null_with_a_reason(rows, tmp_path):
    found = audit(open_source(str(rows)), tmp_path / "work", channels=[OPTIONS])
    (counted,) = found.channels
    assert counted.reason == "the dataset states no options, no answer"
    assert (counted.whole.rate, counted.whole.n, counted.whole.asked) == (None, 0, 300)
    assert counted.whole.reason


@pytest.mark.slow
def test_any_cut_and_any_number_of_processes_give_the_same_bytes(rows, tmp_path, monkeypatch):
    source = open_source(str(rows))
    whole = findings(audit(source, tmp_path / "a", channels=CHANNELS), tmp_path / "a")
    monkeypatch.setattr(sources, "BATCH", 50)
    two = audit(source, tmp_path / "b", Options(workers=2), channels=CHANNELS)
    assert len(two.parts) == 6
    one = audit(source, tmp_path / "c", Options(workers=1), channels=CHANNELS)
    assert findings(two, tmp_path / "b") == findings(one, tmp_path / "c")
    tables = [pl.read_parquet(tmp_path / n / "findings.parquet") for n in "ab"]
    assert tables[0].sort("channel", "case").equals(tables[1].sort("channel", "case"))
    assert whole
    assert [c.rates for c in two.channels] == [c.rates for c in one.channels]


def test_the_same_again_scores_nothing(rows, tmp_path, small_shards):
    source = open_source(str(rows))
    first = audit(source, tmp_path / "work", ALONE, channels=CHANNELS)
    made = {p: p.stat().st_mtime_ns for p in first.parts}
    told = []

    def tell(*step):
        told.append(step)

    second = audit(source, tmp_path / "work", ALONE, channels=CHANNELS, tell=tell)
    assert {p: p.stat().st_mtime_ns for p in second.parts} == made
    assert told == [("toy", 300, 300)]


def test_another_threshold_another_row_another_channel_are_other_findings(
    rows, tmp_path, small_shards, monkeypatch
):
    def names(path=rows, channels=(TOY, LENGTH)):
        found = audit(open_source(str(path)), tmp_path / "w", ALONE, channels=channels)
        return {p.name for p in found.parts}

    base = names()
    assert names() == base
    monkeypatch.setitem(limits.DEFAULTS, "overlap", 0.02)
    assert not names() & base
    assert not names(channels=[TOY]) & base
    lines = rows.read_text("utf-8").splitlines()
    lines[0] = lines[0].replace('"query": "', '"query": "lamp ')
    other = tmp_path / "x" / "toy.jsonl"
    other.parent.mkdir()
    other.write_text("\n".join(lines), "utf-8")
    assert not names(other) & base
    assert len(list((tmp_path / "w" / "found").iterdir())) == 6  # none of what was before


def test_a_damaged_shard_is_made_again(rows, tmp_path, small_shards):
    source = open_source(str(rows))
    first = audit(source, tmp_path / "work", ALONE, channels=CHANNELS)
    kept = [p.read_bytes() for p in first.parts]
    shard = tmp_path / "work" / "rows" / "rows-00002.parquet"
    shard.write_bytes(shard.read_bytes()[:-10])
    second = audit(source, tmp_path / "work", ALONE, channels=CHANNELS)
    assert [p.read_bytes() for p in second.parts] == kept


def test_a_channel_that_loses_rows_is_an_error(rows, tmp_path):
    broken = TOY._replace(score=lambda state, batch: TOY.score(state, batch.head(2)))
    with pytest.raises(ChiasmError, match="overlap gave other rows back"):
        audit(open_source(str(rows)), tmp_path / "work", channels=[broken])


@pytest.mark.parametrize("share", [0.0, 1.0, -1])
def test_false_alarms_are_a_share(rows, tmp_path, share):
    with pytest.raises(ConfigError, match="--false-alarms"):
        audit(open_source(str(rows)), tmp_path, Options(false_alarms=share), channels=CHANNELS)


def test_unknown_channels_are_named():
    with pytest.raises(ConfigError, match="--channel smell: known are overlap"):
        pick(["smell"])


def test_other_code_makes_other_findings(rows, tmp_path, monkeypatch):
    source = open_source(str(rows))
    before = audit(source, tmp_path / "work", ALONE, channels=CHANNELS).parts
    monkeypatch.setattr(engine, "code_digest", lambda: "other code")
    assert audit(source, tmp_path / "work", ALONE, channels=CHANNELS).parts != before


KILLED = """
import sys
from pathlib import Path
from chiasm.audit import engine, limits, sources
from chiasm.audit.run import Options, audit
from tests.audit.toys import LENGTH, OPTIONS, TOY
sources.BATCH = 50
engine.code_digest = lambda: "this code"
limits.DEFAULTS = {"overlap": 0.01, "residue": 25.0}

def tell(name, done, total):
    print(done, flush=True)

if __name__ == "__main__":
    audit(sources.open_source(sys.argv[1]), Path(sys.argv[2]), Options(workers=2),
          channels=[TOY, LENGTH, OPTIONS], tell=tell)
"""


@pytest.mark.slow
def test_killed_and_continued_gives_the_same_bytes(tmp_path, small_shards):
    rows = write_rows(tmp_path / "toy.jsonl", 3000)
    script = tmp_path / "killed.py"
    script.write_text(KILLED, "utf-8")
    command = [sys.executable, str(script), str(rows), str(tmp_path / "work")]
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=path
    ) as process:
        while process.stdout.readline().strip() in ("0", "50"):
            pass
        process.send_signal(signal.SIGKILL)
    found = tmp_path / "work" / "found"
    time.sleep(1)  # its workers end when they see that it is gone
    done = {p: p.stat().st_mtime_ns for p in found.glob("found-*.parquet")}
    assert 1 <= len(done) < 60
    source = open_source(str(rows))
    again = audit(source, tmp_path / "work", ALONE, channels=CHANNELS)
    assert {p: p.stat().st_mtime_ns for p in again.parts if p in done} == done
    fresh = audit(source, tmp_path / "fresh", ALONE, channels=CHANNELS)
    assert findings(again, tmp_path / "a") == findings(fresh, tmp_path / "b")
