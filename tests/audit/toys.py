"""A channel of few lines, and rows made of few words: engines are tested without real channels."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from chiasm.audit.table import SCORES, Channel

WORDS = [
    "lamp", "chair", "river", "bread", "train", "window", "garden", "pencil", "bridge", "coffee",
    "island", "carpet",
]  # fmt: skip


def fit(rows: pl.DataFrame) -> dict[str, int]:
    """How many queries have each word."""
    words = rows["query"].drop_nulls().str.split(" ").list.unique().explode()
    return dict(sorted(words.value_counts().iter_rows()))


def score(state: dict[str, int], batch: pl.DataFrame) -> pl.DataFrame:
    """How rare the rarest word is that the query shares with the description."""
    found = []
    for row in batch.iter_rows(named=True):
        if row["query"] is None or row["description"] is None:
            found.append((row["case"], None, None, "no text to compare"))
            continue
        shared = sorted(set(row["query"].split()) & set(row["description"].split()))
        rarest = min(shared, key=lambda w: (state.get(w, 0), w), default="")
        value = 1 / (1 + state.get(rarest, 0)) if rarest else 0.0
        found.append((row["case"], value, rarest, None))
    return pl.DataFrame(found, schema=SCORES, orient="row")


TOY = Channel("overlap", ("query", "description|hazard"), fit, score)


def no_state(rows: pl.DataFrame) -> None:
    """Nothing is learnt of the rows."""


def length(state: None, batch: pl.DataFrame) -> pl.DataFrame:
    """How long the query is."""
    return batch.select(
        "case",
        pl.col("query").str.len_chars().cast(pl.Float64).alias("score"),
        pl.lit("").alias("evidence"),
        pl.lit(None, dtype=pl.String).alias("reason"),
    )


LENGTH = Channel("residue", ("query",), no_state, length)
OPTIONS = Channel("partial_input", ("options", "answer"), no_state, length)


def write_rows(path: Path, n: int, seed: int = 0) -> Path:
    """A JSON Lines file: every tenth row has no description, categories are of unequal size."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as out:
        for i in range(n):
            row = {
                "query": " ".join(rng.choice(WORDS, 4)),
                "description": None if i % 10 == 9 else " ".join(rng.choice(WORDS, 6)),
                "category": "AAB"[i % 3],
                "image": f"pictures/{i // 2}.png",
            }
            out.write(json.dumps(row) + "\n")
    return path
