"""Rows of an audit for tests: made up, or those of real benchmarks."""

from pathlib import Path
from typing import Any

import polars as pl

from chiasm.audit.table import ROWS, rows_of
from chiasm.benchmarks.load import load


def row(case: str, **stated: Any) -> dict[str, Any]:
    return dict.fromkeys(ROWS) | {"case": case, "cluster": case, "ground_truth": "unsafe"} | stated


def rows(*stated: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([row(f"x/{i}", **s) for i, s in enumerate(stated)], schema=ROWS)


def queries(*texts: str | None) -> pl.DataFrame:
    return rows(*({"query": text} for text in texts))


def real(name: str, shared: Path) -> pl.DataFrame:
    return rows_of(load(name, data=shared).cases)


SUBJECTS = {
    "kitchen": ("boil", "kettle", "pan", "recipe", "oven", "soup", "spoon", "stir"),
    "garden": ("plant", "hedge", "soil", "seed", "rake", "lawn", "flower", "prune"),
    "traffic": ("drive", "lane", "bus", "bridge", "signal", "parking", "tyre", "brake"),
}


def by_topic(n: int, *, telling: bool) -> pl.DataFrame:
    """n queries a category; telling ones use words of the category, the others any words."""
    every = [word for words in SUBJECTS.values() for word in words]
    made = []
    for category, words in SUBJECTS.items():
        for i in range(n):
            pool = words if telling else every
            said = [pool[(i * step + i // 3) % len(pool)] for step in (1, 3, 5)]
            unlike = f"word{len(made)} other{len(made)}"
            made.append({"query": f"{' '.join(said)} {unlike}", "category": category})
    return rows(*made)
