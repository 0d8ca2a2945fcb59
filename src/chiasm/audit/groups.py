"""Rows that may teach a model of queries, and which of them must not be taught by each other."""

from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from chiasm.audit.overlap import blank
from chiasm.cases import Case
from chiasm.data.checks_groups import near_pairs

FOLDS = 5
SAMPLE = 4000
"""Rows that the models are fitted on at most: those whose ids have the smallest checksums."""


def equal_query() -> pl.Expr:
    """Queries that are the same but for case and white space."""
    return pl.col("query").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


def grouped_sample(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Rows with a query and a category, at most `SAMPLE`, by case; and the group of each."""
    full = rows.filter(~blank("query") & ~blank("category"))
    if full.height > SAMPLE:
        order = np.array([crc32(case.encode()) for case in full["case"].to_list()])
        full = full[np.sort(np.argsort(order, kind="stable")[:SAMPLE]).tolist()]
    full = full.sort("case")
    return full, groups(full)


def groups(rows: pl.DataFrame) -> list[str]:
    """The first case of all that are linked by cluster, by equal or by nearly equal queries."""
    from scipy.sparse import coo_array  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

    cases = [_case(row) for row in rows.iter_rows(named=True)]
    links = [(i, j) for i, j, _ in near_pairs(cases)]
    numbered = rows.select("cluster", equal_query().alias("equal")).with_row_index("row")
    for column in ("cluster", "equal"):
        for same in numbered.drop_nulls(column).group_by(column).agg("row")["row"].to_list():
            links += [(same[0], other) for other in same[1:]]
    a, b = (
        np.array(side, dtype=np.int64) for side in (zip(*links, strict=True) if links else ((), ()))
    )
    shape = (rows.height, rows.height)
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=shape), False)
    names = rows["case"].to_list()
    first: dict[int, str] = {}
    for name, group in zip(names, label.tolist(), strict=True):
        first.setdefault(group, name)
    return [first[group] for group in label.tolist()]


def _case(row: dict[str, Any]) -> Case:
    """Only what nearly equal queries are looked for by."""
    return Case(
        id=row["case"],
        turns=(row["query"],),
        images=(row["image"],) if row["image"] else (),
        ground_truth="unsafe",
        category=row["category"],
        cluster=row["cluster"] or row["case"],
    )


def fold_of(key: str) -> int:
    """The fold of a group, by its name alone."""
    return crc32(key.encode()) % FOLDS
