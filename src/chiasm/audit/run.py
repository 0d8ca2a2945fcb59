"""An audit from a dataset's name to findings: cut, fit, set thresholds, score, count.

Everything that is slow is kept in ``OUT/work`` and not done twice: the same command continues
after a kill. The folder can be deleted.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl

from chiasm.audit.columns import Columns
from chiasm.audit.engine import Fitted, Job, key_of, run_local
from chiasm.audit.findings import Rate, Striking, rates, striking, tally
from chiasm.audit.limits import Limit, Planted, limit_of, plant
from chiasm.audit.shards import Shards, cut, sample
from chiasm.audit.sources import Source, open_source
from chiasm.audit.table import Channel
from chiasm.errors import ConfigError

Engine = Literal["local", "ray"]

FITTED_ON = 20_000
"""Rows that channels are fitted on and thresholds are set with: all of a benchmark, and a seeded
sample of what is larger."""

TOPIC = "topic"
"""How well the query tells the category: a fact about the topic, not a leak of the danger."""

Tell = Callable[[str, int, int], None]
"""(dataset, rows done, rows in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to audit.

    Attributes:
        channels: Names; all where empty.
        false_alarms: Share of a dataset's harmless rows that its thresholds may flag, in (0, 1);
            None for thresholds that were fixed in advance, the same for all datasets.
        engine: Where shards are scored.
        workers: Processes; all cores by default.
        seed: Of samples.
        striking: Rows shown of each channel.
        embedding_model: Of the channel `embedding`; its default where empty.
    """

    channels: tuple[str, ...] = ()
    false_alarms: float | None = None
    engine: Engine = "local"
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    seed: int = 0
    striking: int = 5
    embedding_model: str = ""


class Counted(NamedTuple):
    """What one channel found in a dataset.

    Attributes:
        name: The channel.
        limit: Its threshold, and how well it tells leaks from harmless rows.
        rates: Of the whole, by category, by source.
        reason: Why it says nothing about this dataset; empty where it does.
    """

    name: str
    limit: Limit
    rates: tuple[Rate, ...]
    reason: str

    @property
    def whole(self) -> Rate:
        """Of all rows."""
        return self.rates[0]


class Audit(NamedTuple):
    """An audited dataset.

    Attributes:
        source: The dataset.
        rows: How many.
        fitted_on: Rows that the channels were fitted on.
        channels: In the order of the page.
        striking: Flagged rows with the highest scores.
        parts: Files of the shards' findings.
    """

    source: Source
    rows: int
    fitted_on: int
    channels: tuple[Counted, ...]
    striking: tuple[Striking, ...]
    parts: tuple[Path, ...]


def audit(
    source: Source,
    work: Path,
    options: Options | None = None,
    *,
    channels: Sequence[Channel] | None = None,
    tell: Tell | None = None,
) -> Audit:
    """Audit a dataset.

    Args:
        source: The dataset.
        work: A folder for what is kept between runs.
        options: How.
        channels: Those to use; by default the package's, of the names in `options`.
        tell: Called as rows are done.

    Raises:
        ConfigError: An option can't be.
        DataError: The data are not what they should be.
    """
    options = options or Options()
    if options.false_alarms is not None and not 0 < options.false_alarms < 1:
        raise ConfigError(f"--false-alarms {options.false_alarms}: expected between 0 and 1")
    chosen = pick(options.channels, options.embedding_model) if channels is None else channels
    shards = cut(source, work / "rows")
    rows = sample(shards, FITTED_ON, options.seed)
    made = plant(rows, options.seed)
    limits = {c.name: _fit(c, rows, made, options) for c in chosen}
    plan = [fitted for fitted, _ in limits.values()]
    fitted_on = f"{shards.digest} {FITTED_ON} {options.seed}"
    parts = _score(plan, shards, work / "found", fitted_on, options, source.name, tell)
    names = [c.name for c in chosen]
    found = rates(tally(parts, names))
    results = tuple(
        Counted(name, limit, tuple(found[name]), fitted.reason or _unset(limit))
        for name, (fitted, limit) in limits.items()
    )
    best = striking(parts, shards, names, options.striking)
    return Audit(source, shards.rows, rows.height, results, tuple(best), tuple(parts))


def audit_all(
    names: Sequence[str],
    out: Path,
    options: Options,
    *,
    folders: Mapping[str, str] | None = None,
    columns: Columns | None = None,
    allow: Collection[str] = (),
    tell: Tell | None = None,
) -> list[Audit]:
    """Audit several datasets, one after the other; what is kept goes to ``out/work/NAME``.

    Args:
        names: Of `open_source`.
        out: The folder of the results.
        options: How.
        folders: Where a dataset's data are, by its name; "" for all others.
        columns: Of files.
        allow: As in `chiasm.benchmarks.load`.
        tell: Called as rows are done.

    Raises:
        ConfigError: A dataset is named twice, is not there, or an option can't be.
        DataError: The data are not what they should be.
    """
    sources = [open_source(name, folders=folders, columns=columns, allow=allow) for name in names]
    known = [source.name for source in sources]
    for name in known:
        if known.count(name) > 1:
            raise ConfigError(f"two datasets are called {name}: rename one of the files")
    return [audit(s, out / "work" / s.name, options, tell=tell) for s in sources]


def pick(names: Sequence[str], model: str = "") -> list[Channel]:
    """The package's channels of these names, in the package's order.

    Args:
        names: All offline channels where empty; `embedding` only where it is named.
        model: Of the channel `embedding`; its default where empty.

    Raises:
        ConfigError: There is no such channel, or a model without the channel that needs it.
    """
    from chiasm.audit import embedding
    from chiasm.audit.channels import CHANNELS

    known = [*(c.name for c in CHANNELS), embedding.NAME]
    for name in names:
        if name not in known:
            raise ConfigError(f"--channel {name}: known are {', '.join(known)}")
    chosen = [c for c in CHANNELS if not names or c.name in names]
    if embedding.NAME in names:
        chosen.append(embedding.channel(model or embedding.MODEL))
    elif model:
        raise ConfigError(f"--embedding-model {model}: only with --channel {embedding.NAME}")
    return chosen


def lacking(channel: Channel, rows: pl.DataFrame) -> str:
    """Why a channel can say nothing about these rows; empty where it can."""
    missing = [
        " or ".join(need.split("|"))
        for need in channel.needs
        if all(rows[column].null_count() == rows.height for column in need.split("|"))
    ]
    return f"the dataset states no {', no '.join(missing)}" if missing else ""


def _unset(limit: Limit) -> str:
    """Why no row can be flagged, though rows have scores."""
    return limit.reason if limit.threshold is None else ""


def _fit(
    channel: Channel, rows: pl.DataFrame, made: Planted, options: Options
) -> tuple[Fitted, Limit]:
    reason = lacking(channel, rows)
    if reason:
        return Fitted(channel, None, None, reason), Limit(None, reason=reason)
    state = channel.fit(rows)
    reason = getattr(state, "reason", "")
    if reason:
        return Fitted(channel, None, None, reason), Limit(None, reason=reason)
    limit = limit_of(channel, state, rows, made, options.false_alarms)
    return Fitted(channel, state, limit.threshold), limit


def _score(
    plan: Sequence[Fitted],
    shards: Shards,
    folder: Path,
    fitted_on: str,
    options: Options,
    name: str,
    tell: Tell | None,
) -> list[Path]:
    """The files of findings, after making those that are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        Job(shard, folder / f"found-{i:05}-{key_of(plan, fitted_on, shard)}.parquet")
        for i, shard in enumerate(shards.shards)
    ]
    left = [job for job in jobs if not job.target.exists()]
    done = [shards.rows - sum(job.shard.rows for job in left)]

    def count(rows: int) -> None:
        done[0] += rows
        if tell is not None:
            tell(name, done[0], shards.rows)

    count(0)
    if options.engine == "ray":
        from chiasm.audit.ray_engine import run_ray

        run_ray(plan, left, options.workers, count)
    else:
        run_local(plan, left, options.workers, count)
    targets = [job.target for job in jobs]
    for old in set(folder.glob("found-*")) - set(targets):  # of other rows, thresholds or code
        old.unlink()
    return targets


def as_facts(source: Source) -> Mapping[str, Any]:
    """Where a dataset is from, as plain data."""
    return {
        "name": source.name,
        "digest": source.digest,
        "revision": source.revision,
        "pinned": source.pinned,
        "columns": dict(source.columns),
    }
