"""Throughput and CPU of an evaluation with pictures, beside other ways to make the same calls.

    python perf/throughput.py                                  # all systems, latencies 0, 0.5, 2 s
    python perf/throughput.py --systems bare chiasm --latency 2 --cases 2241
    python perf/throughput.py --kb 1000 --systems bare chiasm --cases 500 --latency 2

Two calls a sample, model and judge, both with the picture. The server runs on one core and the
system under measurement on the other (``--client-cores`` for another choice). Each row is a process
of its own: wall time includes its start and its imports, CPU is user + system of it and its
children, memory the sum of the peaks of its processes.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pictures
import systems

HERE = Path(__file__).parent

SAMPLES = {
    "bare": {0.0: 1000, 0.5: 2241, 2.0: 2241},
    "sequential": {0.0: 300, 0.5: 20, 2.0: 5},
    "threads": {0.0: 300, 0.5: 300, 2.0: 160},
    "chiasm": {0.0: 1000, 0.5: 2241, 2.0: 2241},
    "chiasm-lean": {0.0: 1000, 0.5: 2241, 2.0: 2241},
    "chiasm-lean-2": {0.0: 1000, 0.5: 2241, 2.0: 2241},
}
"""Samples a row unless ``--cases`` says otherwise: what is slow is measured on few."""

IN_FLIGHT = {"sequential": 1, "threads": 32}
"""Requests at once of systems that have no choice."""


LEAN = {"provider": "chiasm_openai"}
VARIANTS = {"chiasm-lean": LEAN, "chiasm-lean-2": {**LEAN, "workers": 2}}
"""chiasm with its own provider in place of Inspect's, and with two worker processes (on all cores:
the server's too, for want of a third)."""

COLUMNS = (
    "system, latency s, in flight, samples, samples/s, to bare, wall / ideal, CPU ms a sample, "
    "to bare, memory MB, written MB, server busy"
)


class Row(NamedTuple):
    """One measurement.

    Attributes:
        wall_s: Of the whole process.
        cpu_s: User and system.
        memory_mb: Sum of the peak resident sizes of its processes.
        log_mb: What it wrote.
        server_cpu_s: The server's.
        peak: Highest number of requests in flight.
    """

    system: str
    latency_s: float
    in_flight: int
    n: int
    wall_s: float
    cpu_s: float
    memory_mb: float
    log_mb: float
    server_cpu_s: float
    peak: int

    @property
    def ideal_s(self) -> float:
        """2 calls a sample, one latency each, always as many in flight as allowed."""
        return 2 * self.n * self.latency_s / self.in_flight


def measure(name: str, latency_s: float, options: argparse.Namespace) -> Row:
    """Run one system in a process of its own, against a fresh server."""
    n = options.cases or SAMPLES[name].get(latency_s, 300)
    in_flight = IN_FLIGHT.get(name, options.in_flight)
    out = Path(tempfile.mkdtemp(prefix="chiasm-perf-"))
    server = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), "--latency", str(latency_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, options.server_cores),
    )
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    job = systems.Job(url, str(options.data), str(out), n, in_flight)._replace(
        **VARIANTS.get(name, {})
    )
    cores = {*options.client_cores, *(options.server_cores if job.workers > 1 else ())}
    system = name.partition("-")[0]
    command = [sys.executable, __file__, "--one", system, "--job", json.dumps(job)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    client = subprocess.Popen(
        command,
        env=environment(),
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    watch = Watch(client.pid)
    if client.wait():
        raise SystemExit(f"{name} failed")
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with urllib.request.urlopen(f"{url}/counts") as reply:
        counts = json.load(reply)
    server.kill()
    server.communicate()
    asked = sum(counts["requests"].values())
    if asked != 2 * n:
        print(f"  {name}: {asked} requests in place of {2 * n}", file=sys.stderr)
    wrote = sum(f.stat().st_size for f in out.rglob("*") if f.is_file()) / 1e6
    if options.keep:
        print(f"  kept: {out}", file=sys.stderr)
    else:
        shutil.rmtree(out)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Row(
        name,
        latency_s,
        in_flight,
        n,
        wall,
        cpu,
        watch.stop(),
        wrote,
        counts["cpu_s"],
        counts["peak"],
    )


def environment() -> dict[str, str]:
    """The environment with compiled bytecode, which an installed package has."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "chiasm-perf-pyc")}


class Watch:
    """Notes the peak memory of a process and all its descendants, by looking every half second."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peaks: dict[int, float] = {}
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def stop(self) -> float:
        """MB: the sum of the processes' peaks."""
        self.done.set()
        self.thread.join()
        return sum(self.peaks.values())

    def _watch(self) -> None:
        while not self.done.wait(0.5):
            for pid in _family(self.pid):
                for line in _lines(Path(f"/proc/{pid}/status")):
                    if line.startswith("VmHWM:"):
                        self.peaks[pid] = int(line.split()[1]) / 1000


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []  # it ended while we looked


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for line in _lines(task) for child in line.split()]
    return found


def table(rows: Iterable[Row]) -> str:
    """Markdown; ratios to the bare client of the same latency, and to the ideal."""
    rows = list(rows)
    columns = COLUMNS.split(", ")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows:
        base = next((r for r in rows if r.system == "bare" and r.latency_s == row.latency_s), None)
        speed, cpu = row.n / row.wall_s, row.cpu_s / row.n * 1000
        ratio = f"{speed / (base.n / base.wall_s):.3f}" if base else ""
        costs = f"{cpu / (base.cpu_s / base.n * 1000):.1f}" if base else ""
        ideal = f"{row.wall_s / row.ideal_s:.2f}" if row.ideal_s else "CPU-bound"
        lines.append(
            f"| {row.system} | {row.latency_s:g} | {row.in_flight} (peak {row.peak}) | {row.n} | "
            f"{speed:.1f} | {ratio} | {ideal} | {cpu:.1f} | {costs} | {row.memory_mb:.0f} | "
            f"{row.log_mb:.1f} | {row.server_cpu_s / row.wall_s:.0%} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """One line on where this was measured."""
    model = next(
        (
            ln.partition(":")[2].strip()
            for ln in _lines(Path("/proc/cpuinfo"))
            if "model name" in ln
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; load before the run {load:.1f}"
    )


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", nargs="+", default=list(SAMPLES), choices=list(SAMPLES))
    parser.add_argument("--latency", nargs="+", type=float, default=[0.0, 0.5, 2.0], help="s")
    parser.add_argument("--cases", type=int, help="samples a row; by default see SAMPLES")
    parser.add_argument("--in-flight", type=int, default=100, help="requests at once, in all")
    parser.add_argument("--kb", type=int, default=250, choices=list(pictures.SIDE))
    parser.add_argument("--data", type=Path, help="where the pictures are kept between runs")
    parser.add_argument("--server-cores", type=int, nargs="+", default=[0])
    parser.add_argument("--client-cores", type=int, nargs="+", default=[1])
    parser.add_argument("--keep", action="store_true", help="keep what the systems wrote")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure, and print a table."""
    chosen = options()
    if chosen.one:
        systems.SYSTEMS[chosen.one](systems.Job(*json.loads(chosen.job)))
        return
    folder = Path(tempfile.gettempdir()) / f"chiasm-pictures-{chosen.kb}"
    chosen.data = chosen.data or folder
    most = chosen.cases or max(
        SAMPLES[s].get(t, 300) for s in chosen.systems for t in chosen.latency
    )
    size = pictures.write(chosen.data, most, chosen.kb)
    print(f"{machine()}\n{most} pictures of {size:.0f} KB on average\n")
    for name in chosen.systems:
        measure(name, 0.0, argparse.Namespace(**{**vars(chosen), "cases": 1}))  # compiles bytecode
    rows = []
    for latency in chosen.latency:
        for name in chosen.systems:
            rows.append(measure(name, latency, chosen))
            print(table(rows).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
