"""What was found, counted: the findings file, rates with intervals, and the most striking rows."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chiasm.audit.shards import Shards
from chiasm.audit.table import FINDINGS
from chiasm.cases import dumps
from chiasm.stats.intervals import (
    Estimate,
    Sums,
    bounds,
    effective_size,
    score_limits,
    t_quantile,
    wilson,
)

IntArray = NDArray[np.integer[Any]]

SCHEMA = 1
LEVEL = 0.95
NO_GROUP = "(none)"
"""Rows that have no category or source."""

GROUPS_LIMIT = 200
"""More categories than that are no categories."""


class Rate(NamedTuple):
    """The share of rows that a channel flags, in a group.

    Attributes:
        by: ``all``, ``category`` or ``source``.
        group: The category or source; ``all`` for the whole.
        k: Rows flagged.
        n: Rows that have a score and could be flagged.
        asked: Rows.
        rate: k / n; None where undefined.
        low: Of the 95 % interval, clustered by `cluster`; None where undefined.
        high: Likewise.
        method: How the interval was made.
        bound_low: Worst case, were no row without a score a leak; None where undefined.
        bound_high: Worst case, were all of them.
        reason: Why something is undefined.
    """

    by: str
    group: str
    k: int
    n: int
    asked: int
    rate: float | None
    low: float | None
    high: float | None
    method: str
    bound_low: float | None
    bound_high: float | None
    reason: str


class Striking(NamedTuple):
    """A flagged row; all but the numbers is untrusted.

    Attributes:
        case: Its id.
        channel: The channel.
        score: How leaky.
        evidence: The words that lead to the score.
        query: What the user says.
        description: What the picture shows; empty where the dataset is silent.
        category: The dataset's own word.
    """

    case: str
    channel: str
    score: float
    evidence: str
    query: str
    description: str
    category: str


def write_findings(parts: Sequence[Path], target: Path, about: Mapping[str, Any]) -> None:
    """All findings in one file, in the order of the rows within each shard and channel.

    The same findings give the same bytes: row groups are the shards' files.

    Args:
        parts: The shards' findings.
        target: The file; written whole or not at all.
        about: Goes into the file's metadata as JSON, under ``chiasm``.
    """
    part = target.with_name(target.name + ".tmp")
    columns = [pl.col(name).cast(kind) for name, kind in FINDINGS.items()]
    pl.scan_parquet(list(parts)).select(columns).sink_parquet(
        part,
        compression="zstd",
        row_group_size=100_000,
        metadata={"chiasm": dumps({"schema": SCHEMA, **about})},
    )
    part.replace(target)


class Tally(NamedTuple):
    """What rates are counted from, an item per row of the dataset; a few bytes each.

    Attributes:
        groups: By what (``all``, ``category``, ``source``): the groups' names in order, and the
            number of each row's group.
        cluster: A number that rows of a cluster share.
        flagged: By channel: 1, 0, or -1 where the channel says nothing.
    """

    groups: Mapping[str, tuple[list[str], IntArray]]
    cluster: IntArray
    flagged: Mapping[str, IntArray]


def tally(parts: Sequence[Path], channels: Sequence[str]) -> Tally:
    """Read the shards' findings one after the other, and keep what is counted."""
    codes: dict[str, dict[str, int]] = {"all": {}, "category": {}, "source": {}}
    found: dict[str, list[IntArray]] = {}
    columns = ["channel", "flagged", "category", "source", "cluster"]
    for path in parts:
        long = pl.read_parquet(path, columns=columns).with_columns(pl.lit("all").alias("all"))
        each = long.partition_by("channel", as_dict=True)
        for name in channels:
            flagged = each[(name,)]["flagged"].cast(pl.Int8).fill_null(-1)
            found.setdefault(f"is {name}", []).append(flagged.to_numpy())
        first = each[(channels[0],)]
        found.setdefault("cluster", []).append(first["cluster"].hash().to_numpy())
        for by, known in codes.items():
            values = first[by].fill_null(NO_GROUP)
            for value in values.unique(maintain_order=True):
                known.setdefault(value, len(known))
            numbers = values.replace_strict(known, return_dtype=pl.Int64)
            found.setdefault(by, []).append(numbers.to_numpy())
    whole = {name: np.concatenate(arrays) for name, arrays in found.items()}
    groups = {by: (list(known), whole[by]) for by, known in codes.items()}
    return Tally(groups, whole["cluster"], {name: whole[f"is {name}"] for name in channels})


def rates(counted: Tally) -> dict[str, list[Rate]]:
    """By channel: of the whole, then by category and by source where there are two or more."""
    found: dict[str, list[Rate]] = {name: [] for name in counted.flagged}
    for by, (names, group) in counted.groups.items():
        if by != "all" and not 2 <= len(names) <= GROUPS_LIMIT:
            continue
        # a pair of group and cluster is one number: clusters first, so that it stays small
        _, cluster = np.unique(counted.cluster, return_inverse=True)
        pairs, pair = np.unique(cluster * len(names) + group, return_inverse=True)
        of_pair = pairs % len(names)
        for channel, flagged in counted.flagged.items():
            sums = _sums(flagged, pair, of_pair, len(names))
            order = sorted(range(len(names)), key=lambda i: names[i])
            found[channel] += [_rate(by, names[i], *sums[i]) for i in order]
    return found


def _sums(
    flagged: IntArray, pair: IntArray, of_pair: IntArray, groups: int
) -> list[tuple[Sums, int]]:
    """Sums over the clusters of each group, and its rows; whole numbers, whatever the order."""
    k = np.bincount(pair, flagged == 1).astype(np.int64)
    n = np.bincount(pair, flagged >= 0).astype(np.int64)
    asked = np.bincount(of_pair, np.bincount(pair), groups).astype(int)
    parts = (n > 0, k, n, k * k, k * n, n * n)
    totals = [np.bincount(of_pair, part, groups).astype(int).tolist() for part in parts]
    return [(Sums(*(t[i] for t in totals)), int(asked[i])) for i in range(groups)]


def _rate(by: str, group: str, sums: Sums, asked: int) -> Rate:
    e = estimate(sums)
    worst = bounds(e.k, e.n, asked - e.n)
    limits = (number(worst.low), number(worst.high)) if e.n else (None, None)
    shown = (number(e.rate), number(e.low), number(e.high))
    return Rate(by, group, e.k, e.n, asked, *shown, e.method, *limits, e.reason)


def estimate(sums: Sums) -> Estimate:
    """As `chiasm.stats.intervals.clustered`, from sums over clusters that were made elsewhere."""
    if sums.clusters == sums.n:
        return wilson(sums.k, sums.n, level=LEVEL)
    rate, method = sums.k / sums.n, f"wilson, {sums.clusters} clusters"
    if sums.clusters == 1:
        reason = "a single cluster says nothing about the spread between clusters"
        return Estimate(rate, math.nan, math.nan, sums.k, sums.n, method, reason)
    size = float(effective_size(Sums(sums.clusters, *map(np.int64, sums[1:]))))
    low, high = score_limits(rate, size, t_quantile(sums.clusters, LEVEL))
    return Estimate(rate, float(low), float(high), sums.k, sums.n, method, effective_n=size)


def number(value: float) -> float | None:
    """None for NaN, which JSON does not know."""
    return None if math.isnan(value) else float(value)


def striking(
    parts: Sequence[Path], shards: Shards, channels: Sequence[str], count: int
) -> list[Striking]:
    """The flagged rows with the highest scores of each channel; ties in the order of the rows."""
    if not count:
        return []
    best: list[pl.DataFrame] = []
    for number, path in enumerate(parts):
        long = pl.read_parquet(path, columns=["case", "channel", "score", "evidence", "flagged"])
        top = long.filter("flagged").drop("flagged").with_columns(pl.lit(number).alias("shard"))
        best = [_best(pl.concat([*best, top]), count)]
    found = []
    for name in channels:
        for row in best[0].filter(pl.col("channel") == name).iter_rows(named=True):
            shard = pl.scan_parquet(shards.shards[row.pop("shard")].path)
            texts = shard.filter(pl.col("case") == row["case"]).select(
                pl.col("query", "description", "category").fill_null("")
            )
            found.append(Striking(**row, **texts.collect().row(0, named=True)))
    return found


def _best(found: pl.DataFrame, count: int) -> pl.DataFrame:
    ordered = found.sort("score", descending=True, maintain_order=True)
    return ordered.group_by("channel", maintain_order=True).head(count).select(found.columns)
