"""What the gateway adds, on loopback: alone, and under many streams at once.

    python perf/gateway.py              # 300 pairs of requests, then 100 streams for a minute
    python perf/gateway.py --streams 100 --seconds 10 --pairs 100

Every request has a picture and a text of its own, both checks are on, and guards answer at once:
the guard's own time comes on top. Direct and guarded requests alternate, so that both meet the same
load. Of every stream is checked that it came whole and is the answer to its own request. CPU time
of the gateway's process (from /proc) is what hangs least on other work of the machine.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
import numpy as np
from tests.guard.gateway import PICTURE, Gateway, body, streamed
from tests.guard.upstream import Upstream


def client(url: str) -> httpx.AsyncClient:
    """One that waits long and has as many connections as it wants."""
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=600, limits=limits, trust_env=False)


async def ask(to: httpx.AsyncClient, text: str) -> tuple[float, bool]:
    """One stream: seconds, and whether it is whole and the right one."""
    start = time.perf_counter()
    try:
        reply = await to.post("/chat/completions", json=body(text, image=PICTURE, stream=True))
    except httpx.HTTPError:
        return time.perf_counter() - start, False
    right = streamed(reply.text) == f"echo: {text}" and reply.text.endswith("data: [DONE]\n\n")
    return time.perf_counter() - start, right


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def alternate(direct: str, guarded: str, pairs: int) -> None:
    """One request at a time, direct and guarded in turn."""
    took: dict[str, list[float]] = {direct: [], guarded: []}
    async with client(direct) as a, client(guarded) as b:
        for i in range(pairs + 5):
            for url, to in ((direct, a), (guarded, b)):
                seconds, right = await ask(to, f"number {i} of many")
                assert right
                took[url].append(seconds)
    # The first five open connections.
    x, y = (1000 * np.array(took[url][5:]) for url in (direct, guarded))
    added = np.random.default_rng(0).choice(len(x), (2000, len(x)))
    gaps = np.quantile(y[added], 0.95, axis=1) - np.quantile(x[added], 0.95, axis=1)
    low, high = np.quantile(gaps, (0.025, 0.975))
    for name, ms in (("direct", x), ("guarded", y)):
        print(f"{name}: median {np.median(ms):.0f} ms, p95 {np.quantile(ms, 0.95):.0f} ms")
    gap = np.quantile(y, 0.95) - np.quantile(x, 0.95)
    print(f"added at p95: {gap:.0f} ms (95 % interval {low:.0f} .. {high:.0f})")


async def flood(url: str, streams: int, seconds: float) -> list[tuple[float, bool]]:
    """So many streams in flight for so long."""
    until = time.perf_counter() + seconds
    found: list[tuple[float, bool]] = []

    async def one(to: httpx.AsyncClient, worker: int) -> None:
        n = 0
        while time.perf_counter() < until:
            n += 1
            found.append(await ask(to, f"number {n} of worker {worker}"))

    async with client(url) as to:
        await asyncio.gather(*(one(to, i) for i in range(streams)))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, Upstream() as upstream:
        log = Path(folder) / "decisions.jsonl"
        with Gateway(upstream, log) as gateway:
            asyncio.run(alternate(upstream.base_url, gateway.url, chosen.pairs))
            for name, url in (("direct", upstream.base_url), ("guarded", gateway.url)):
                before, spent = len(gateway.decisions), cpu(gateway.process.pid)
                found = asyncio.run(flood(url, chosen.streams, chosen.seconds))
                ms = 1000 * np.array([seconds for seconds, _ in found])
                spent = 1000 * (cpu(gateway.process.pid) - spent) / len(found)
                wrong = sum(not right for _, right in found)
                lines = len(gateway.decisions) - before
                print(
                    f"{name}, {chosen.streams} streams for {chosen.seconds:.0f} s: {len(found)} "
                    f"responses, {wrong} lost or mixed up, {lines} lines in the log; median "
                    f"{np.median(ms):.0f} ms, p95 {np.quantile(ms, 0.95):.0f} ms; the gateway's "
                    f"CPU {spent:.0f} ms a response"
                )


if __name__ == "__main__":
    main()
