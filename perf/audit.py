"""Time and memory of an audit of many rows with all offline channels, on synthetic texts.

    python perf/audit.py                                   # 1,000,000 rows, two processes
    python perf/audit.py --rows 100000 --engines local ray

Rows are drawn by seed: function words of English, invented words by Zipf's law, and in some rows
words of our own risk vocabulary; lengths are those of VLSBench (14 words of query, 18 of
description, 22 of hazard). The rows are written once and kept; each run is a `chiasm audit` of its
own into an empty folder, so that time includes its start, and memory is the sum over its processes
of what each has for itself and its share of the rest (PSS).
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH = 50_000
LENGTHS = {"query": 14, "description": 18, "hazard": 22}
SYLLABLES = (
    "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu zan bel cor dim".split()  # noqa: SIM905
)


def vocabulary(size: int) -> list[str]:
    """Function words, then invented ones, the more frequent first."""
    from chiasm.audit.words import FUNCTION_WORDS

    rng = np.random.default_rng(1)
    invented = {"".join(rng.choice(SYLLABLES, rng.integers(2, 5))) for _ in range(2 * size)}
    return [*sorted(FUNCTION_WORDS)[:150], *sorted(invented)[:size]]


def risky() -> list[str]:
    """Words of the package's own risk vocabulary."""
    import tomllib
    from importlib.resources import files

    themes = tomllib.loads(files("chiasm.audit").joinpath("risk.toml").read_text("utf-8"))
    return sorted({w for t in themes.values() for w in t["clear"].split()})


def write(folder: Path, rows: int) -> None:
    """The rows as parquet files, as a dataset of the hub has them."""
    import polars as pl

    words, risk = np.array(vocabulary(20_000)), np.array(risky())
    ranks = np.arange(1, len(words) + 1)
    chance = 1 / ranks / (1 / ranks).sum()
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, rows, BATCH):
        rng = np.random.default_rng([2, start])
        n = min(BATCH, rows - start)
        query = np.empty((n, 0))
        made = {"id": np.arange(start, start + n).astype(str)}
        for name, length in LENGTHS.items():
            drawn = words[rng.choice(len(words), (n, length), p=chance)]
            hit = rng.random(n) < (0.07 if name == "query" else 0.5)
            drawn[hit, 3] = rng.choice(risk, hit.sum())
            query = drawn if name == "query" else query
            copied = rng.random(n) < (0 if name == "query" else 0.3)
            drawn[copied, 5] = query[copied, 7]
            made[name] = [" ".join(row) for row in drawn]
        sub = rng.integers(0, 19, n)
        made["category"] = [f"category {s % 6}" for s in sub]
        made["subcategory"] = [f"part {s}" for s in sub]
        made["source"] = [f"source {s}" for s in rng.integers(0, 6, n)]
        made["image"] = [f"images/{i}.png" for i in rng.integers(0, rows, n)]
        pl.DataFrame(made).write_parquet(folder / f"rows-{start // BATCH:04}.parquet")


def memory(root: int) -> float:
    """Megabytes of a process and all below it, shared pages divided among who shares them."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        parents.setdefault(parent, []).append(int(stat.parent.name))
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        waiting += parents.get(pid, [])
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def run(rows: Path, engine: str, workers: int) -> tuple[float, float, float, float, str]:
    """Seconds, CPU seconds, megabytes, written megabytes, and the findings' digest."""
    with tempfile.TemporaryDirectory() as out:
        chiasm = Path(sys.executable).with_name("chiasm")
        command = [chiasm, "audit", rows, "-o", out, "--engine", engine, "--workers", str(workers)]
        before, start = os.times(), time.perf_counter()
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.2)
        wall, after = time.perf_counter() - start, os.times()
        if process.returncode:
            raise SystemExit(f"{command} exits with {process.returncode}")
        used = sum(after[2:4]) - sum(before[2:4])
        found = Path(out) / "findings.parquet"
        digest = hashlib.sha256(found.read_bytes()).hexdigest()[:12]
        return wall, used, peak, found.stat().st_size / 1e6, digest


def per_channel(folder: Path) -> None:
    """CPU time of each channel, on one thread."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    from chiasm.audit.channels import CHANNELS
    from chiasm.audit.run import lacking
    from chiasm.audit.sources import open_source

    batch = next(iter(open_source(str(folder)).batches()))
    print("\n| channel | CPU s to fit on 20,000 rows | CPU microseconds a row |\n|---|---|---|")
    for channel in CHANNELS:
        if lacking(channel, batch):
            print(f"| {channel.name} | - | - |")
            continue
        start = time.process_time()
        state = channel.fit(batch)
        middle = time.process_time()
        channel.score(state, batch)
        took = (time.process_time() - middle) / batch.height * 1e6
        print(f"| {channel.name} | {middle - start:.1f} | {took:.0f} |", flush=True)


def main() -> None:
    """Write what is missing, audit, print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engines", nargs="+", default=["local"], help="local ray")
    parser.add_argument("--workers", nargs="+", type=int, default=[2])
    parser.add_argument("--data", type=Path, help="where the rows are kept between runs")
    chosen = parser.parse_args()
    folder = chosen.data or Path(tempfile.gettempdir()) / f"chiasm-audit-{chosen.rows}"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, chosen.rows)
        (folder / "done").touch()
    size = sum(f.stat().st_size for f in folder.glob("*.parquet")) / 1e6
    print(f"{chosen.rows:,} rows, {size:.0f} MB of parquet; Python {platform.python_version()}, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    heads = "engine | processes | wall s | CPU s | rows a second | peak MB | written MB | findings"
    print(f"\n| {heads} |\n|{'---|' * 8}")
    for engine in chosen.engines:
        for workers in chosen.workers:
            wall, cpu, peak, wrote, digest = run(folder, engine, workers)
            speed = f"{chosen.rows / wall:,.0f}"
            print(f"| {engine} | {workers} | {wall:.0f} | {cpu:.0f} | {speed} | {peak:.0f} | "
                  f"{wrote:.0f} | {digest} |", flush=True)  # fmt: skip
    per_channel(folder)


if __name__ == "__main__":
    main()
