"""Scoring shard by shard on all cores of this machine; what is done survives a kill.

A shard's findings are a file that is written whole or not at all, and whose name holds a digest of
the rows, of what the channels were fitted on, of the thresholds and of the code: a file that is
there is not made again, and one that was made of anything else is not used.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from chiasm.audit.shards import Shard, write_frame
from chiasm.audit.table import FINDINGS, SCORES, Channel
from chiasm.errors import ChiasmError

GROUPING = {"category": pl.String, "source": pl.String, "cluster": pl.String}
"""What a shard's findings hold beside `FINDINGS`, to count rates by."""

TRIES = 3
"""How often a pool is started anew after a worker was killed, by lack of memory for example."""

Tell = Callable[[int], None]
"""So many more rows are done."""


class Fitted(NamedTuple):
    """A channel, ready to score rows of one dataset.

    Attributes:
        channel: The channel.
        state: What its `fit` gave; None where it has none.
        threshold: Rows at or above it are flagged; None where it can't be set.
        reason: Why the dataset can't be audited by it; then no row is scored.
    """

    channel: Channel
    state: Any
    threshold: float | None
    reason: str = ""


class Job(NamedTuple):
    """A shard that has no findings yet.

    Attributes:
        shard: Its rows.
        target: Where its findings go.
    """

    shard: Shard
    target: Path


def score_rows(plan: Sequence[Fitted], rows: pl.DataFrame) -> pl.DataFrame:
    """The findings of all channels on these rows: a channel after the other, rows in their order.

    Returns:
        `FINDINGS` and `GROUPING`.
    """
    found = [_findings(fitted, rows) for fitted in plan]
    return pl.concat(found)


def _findings(fitted: Fitted, rows: pl.DataFrame) -> pl.DataFrame:
    name, limit = fitted.channel.name, fitted.threshold
    if fitted.reason:
        silent = {"score": None, "evidence": None, "reason": fitted.reason}
        scores = rows.select(
            "case", *(pl.lit(v, dtype=SCORES[k]).alias(k) for k, v in silent.items())
        )
    else:
        scores = fitted.channel.score(fitted.state, rows)
        if scores.height != rows.height or not scores["case"].equals(rows["case"]):
            raise ChiasmError(f"the channel {name} gave other rows back than it was given")
    flagged = pl.lit(None, dtype=pl.Boolean) if limit is None else pl.col("score") >= limit
    found = scores.select(
        "case",
        pl.lit(name).alias("channel"),
        "score",
        "evidence",
        pl.lit(limit, dtype=pl.Float64).alias("threshold"),
        flagged.alias("flagged"),
        "reason",
    )
    return found.cast(FINDINGS).hstack(rows.select(list(GROUPING)))  # type: ignore[arg-type]


def key_of(plan: Sequence[Fitted], fitted_on: str, shard: Shard) -> str:
    """Digest of all that a shard's findings depend on, 16 hex digits.

    States are not part of it: they follow from the rows they were fitted on and from the code. One
    that follows from a file of a model as well has a `digest` of that.

    Args:
        plan: The channels.
        fitted_on: Digest of those rows.
        shard: The shard.
    """
    total = sha256(f"{shard.digest} {fitted_on} {code_digest()}".encode())
    for fitted in plan:
        what = (fitted.channel.name, fitted.channel.score.__module__)
        model = getattr(fitted.state, "digest", "")
        total.update(repr((*what, model, fitted.threshold, fitted.reason)).encode())
    return total.hexdigest()[:16]


def code_digest() -> str:
    """Of the version and of this package's files."""
    from chiasm import __version__, text

    total = sha256(__version__.encode())
    here = Path(__file__).parent
    files = [p for p in here.rglob("*") if p.suffix in (".py", ".toml", ".txt", ".csv")]
    for file in [*sorted(files), Path(text.__file__)]:
        total.update(file.read_bytes())
    return total.hexdigest()[:16]


def run_local(plan: Sequence[Fitted], jobs: Sequence[Job], workers: int, tell: Tell) -> None:
    """Write the findings of all shards; several processes where there are several shards.

    Raises:
        ChiasmError: Workers were killed again and again; what they had finished is kept.
    """
    if min(workers, len(jobs)) <= 1:
        for job in jobs:
            write_frame(score_rows(plan, pl.read_parquet(job.shard.path)), job.target)
            tell(job.shard.rows)
        return
    left = list(jobs)
    for _ in range(TRIES):
        left = _pool(plan, left, workers, tell)
        if not left:
            return
    raise ChiasmError(
        f"workers ended {TRIES} times before they were done, by lack of memory perhaps: "
        f"{len(left)} shards are left; the same command with fewer --workers continues"
    )


def _pool(plan: Sequence[Fitted], jobs: Sequence[Job], workers: int, tell: Tell) -> list[Job]:
    """One pool; what it left undone because a worker was killed."""
    with _threads(max(1, (os.cpu_count() or 1) // workers)):
        pool = ProcessPoolExecutor(
            min(workers, len(jobs)), get_context("spawn"), _remember, (tuple(plan),)
        )
        try:
            waiting = iter(jobs)
            running: dict[Future[None], Job] = {}
            for job in waiting:
                running[pool.submit(_work, job)] = job
                if len(running) >= 2 * workers:
                    _collect(running, tell)
            while running:
                _collect(running, tell)
        except BrokenProcessPool:
            pass
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [job for job in jobs if not job.target.exists()]


def _collect(running: dict[Future[None], Job], tell: Tell) -> None:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        job = running.pop(future)
        future.result()
        tell(job.shard.rows)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """How many threads polars starts in workers: read from the environment when it is imported."""
    name = "POLARS_MAX_THREADS"
    before = os.environ.get(name)
    os.environ[name] = before or str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


_plan: list[Sequence[Fitted]] = []


def _remember(plan: Sequence[Fitted]) -> None:
    _plan[:] = [plan]


def _work(job: Job) -> None:
    write_frame(score_rows(_plan[0], pl.read_parquet(job.shard.path)), job.target)
