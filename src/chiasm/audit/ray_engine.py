"""Scoring shard by shard on a Ray cluster: one Ray Core task a shard.

Rows travel to a task and findings back through Ray, so that machines need share no disk; only this
process writes. A task whose worker or machine is lost is run again elsewhere, and gives the same
bytes.

Environment: RAY_ADDRESS, of a cluster that runs; without it one is started on this machine.
"""

import os
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import polars as pl

from chiasm.audit.engine import Fitted, Job, Tell, score_rows
from chiasm.audit.shards import write_bytes
from chiasm.errors import ChiasmError, ConfigError

RETRIES = 5
"""How often a shard's task is run again after its worker was lost."""

IN_FLIGHT = 2
"""Tasks waiting or running for each core of the cluster: bounds what the object store holds."""


def run_ray(plan: Sequence[Fitted], jobs: Sequence[Job], workers: int, tell: Tell) -> None:
    """Write the findings of all shards.

    Args:
        plan: The channels, fitted.
        jobs: What is to be done.
        workers: Cores of a cluster that is started here; one that runs already has its own.
        tell: Called after each shard.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster at RAY_ADDRESS.
        ChiasmError: A shard's workers were lost again and again; what is finished is kept.
    """
    if not jobs:
        return
    ray = _ray()
    ours = not ray.is_initialized()
    if ours:
        _start(ray, workers)
    try:
        _run(ray, plan, jobs, tell)
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, ChiasmError) else error from None
    except ray.exceptions.RayError as error:
        said = (str(error).strip().splitlines() or [""])[0]
        raise ChiasmError(
            f"Ray gave up after {RETRIES} tries: {type(error).__name__}: {said}\n"
            "       the same command continues with what is left"
        ) from None
    finally:
        if ours:
            ray.shutdown()


def _run(ray: Any, plan: Sequence[Fitted], jobs: Sequence[Job], tell: Tell) -> None:
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(score_bytes)
    shared = ray.put(tuple(plan))
    room = IN_FLIGHT * max(1, int(ray.cluster_resources().get("CPU", 1)))
    running: dict[Any, Job] = {}
    for job in jobs:
        running[task.remote(shared, job.shard.path.read_bytes())] = job
        if len(running) >= room:
            _collect(ray, running, tell)
    while running:
        _collect(ray, running, tell)


def _collect(ray: Any, running: dict[Any, Job], tell: Tell) -> None:
    done, _ = ray.wait(list(running), num_returns=1)
    for reference in done:
        job = running.pop(reference)
        write_bytes(ray.get(reference), job.target)
        tell(job.shard.rows)


def score_bytes(plan: Sequence[Fitted], rows: bytes) -> bytes:
    """Findings of a shard as the bytes of the file that `run_local` would write."""
    out = BytesIO()
    found = score_rows(plan, pl.read_parquet(BytesIO(rows)))
    found.write_parquet(out, compression="zstd", compression_level=1)
    return out.getvalue()


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise ConfigError("--engine ray needs the extra `ray`: pip install 'chiasm[ray]'") from None
    return ray


def _start(ray: Any, workers: int) -> None:
    """Join the cluster of RAY_ADDRESS, or start one that listens to this machine only."""
    address = os.environ.get("RAY_ADDRESS", "")
    how = {"address": address} if address else {
        "address": "local", "num_cpus": workers, "include_dashboard": False
    }  # fmt: skip
    try:
        ray.init(log_to_driver=False, logging_level="error", **how)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(f"Ray can't start at {address or 'this machine'}: {error}") from None
