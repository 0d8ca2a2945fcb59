"""Pools of descriptions and of queries: read, and screened until each part is benign by itself.

What is left out is written down with its reason: rows that were read = rows kept + rows dropped.
"""

from pathlib import Path
from typing import NamedTuple

import polars as pl

from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.columns import USUAL, Columns
from chiasm.audit.files import names_of, raw_batches
from chiasm.audit.harmfulness import CHANNEL
from chiasm.audit.sources import BATCH, find_files
from chiasm.audit.table import ROWS
from chiasm.errors import ConfigError, DataError

THRESHOLD = DEFAULTS["harmfulness"]
"""From this score of text-only harmfulness a part is not benign: the audit's own threshold."""

POOL = {
    "id": pl.String,
    "text": pl.String,
    "image": pl.String,
    "culture": pl.String,
    "language": pl.String,
}
"""Columns of a pool; what a file does not state is an empty text."""

DROPPED = {"part": pl.String, "id": pl.String, "reason": pl.String, "detail": pl.String}
"""Columns of what was left out; `part` is "image", "query" or "pair"."""

EMPTY = "no text"
FOREIGN = "not English: the rules are"
TWICE = "the same text as an earlier row"
HARMFUL = "harmful by itself"


class Names(NamedTuple):
    """Names of a pool's columns; empty for the first usual name that is there, or none.

    Attributes:
        text: The description, or the query.
        image: The picture's path.
        id: What tells rows apart; their number by default.
        culture: What selection is balanced by.
        language: BCP 47; rows that are not English are dropped and counted.
    """

    text: str = ""
    image: str = ""
    id: str = ""
    culture: str = ""
    language: str = ""


def read(path: Path, part: str, names: Names) -> pl.DataFrame:
    """A pool, with a column `score` for text-only harmfulness and `part`.

    Args:
        path: A .csv, .json, .jsonl or .parquet, or a folder of such files.
        part: "image" or "query".
        names: Which columns hold what.

    Raises:
        ConfigError: There is no such file.
        DataError: A column is missing, a value is no text, or two rows have one id.
    """
    if not path.exists():
        raise ConfigError(f"{path}: there is no such file or folder")
    frames, total = [], 0
    chosen: Names | None = None
    for file in find_files(path):
        chosen = chosen or _resolve(names_of(file), names, part, str(file))
        for number, raw in raw_batches(file, _as_columns(chosen), BATCH):
            frames.append(_pool(raw, chosen, total, str(file), number))
            total += raw.height
    pool = pl.concat(frames) if frames else pl.DataFrame(schema=POOL)
    if not pool.height:
        raise DataError("there are no rows", file=str(path))
    twice = pool.filter(pl.col("id").is_duplicated())
    if twice.height:
        raise DataError(f"the id {twice['id'][0]!r} is there twice", file=str(path), field="id")
    return pool.with_columns(*_harm(pool), pl.lit(part).alias("part"))


def screen(pool: pl.DataFrame, threshold: float = THRESHOLD) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that are benign by themselves, and `DROPPED` with the first reason that holds."""
    tongue = pl.col("language").str.to_lowercase().str.slice(0, 2)
    plain = pl.col("text").str.to_lowercase().str.replace_all(r"[\W_]+", " ").str.strip_chars()
    judged = pool.with_columns(
        pl.when(plain == "").then(pl.lit(EMPTY))
        .when(~tongue.is_in(["", "en"])).then(pl.lit(FOREIGN))
        .when(pl.col("score") >= threshold).then(pl.lit(HARMFUL))
        .when(~plain.is_first_distinct()).then(pl.lit(TWICE))
        .alias("reason"),
        pl.when(pl.col("score") >= threshold)
        .then(pl.format("{}: {}", pl.col("score").round(3), pl.col("evidence").fill_null("")))
        .fill_null("").alias("detail"),
    )  # fmt: skip
    dropped = judged.filter(pl.col("reason").is_not_null()).select(list(DROPPED))
    return judged.filter(pl.col("reason").is_null()).drop("reason", "detail"), dropped


def _resolve(there: object, names: Names, part: str, file: str) -> Names:
    columns = list(there)  # type: ignore[call-overload]
    usual = {
        "text": USUAL["description"] if part == "image" else USUAL["query"],
        "image": USUAL["image"] if part == "image" else (),
        "id": USUAL["id"],
        "culture": ("culture", "country", "region"),
        "language": ("language", "lang"),
    }
    found = {}
    for kind, tried in usual.items():
        named = getattr(names, kind)
        if named and named not in columns:
            shown = ", ".join(sorted(columns))[:300]
            raise DataError(f"there is no column {named!r}; there are {shown}", file=file)
        found[kind] = named or next((n for n in tried if n in columns), "")
    if not found["text"]:
        option = "--description" if part == "image" else "--query"
        tried = ", ".join(usual["text"])
        raise DataError(f"no column of texts ({tried}): name it with {option}", file=file)
    return Names(**found)


def _as_columns(names: Names) -> Columns:
    """The same names for the audit's readers, which only ask which columns to read."""
    return Columns(query=names.text, image=names.image, id=names.id, category=names.culture,
                   subcategory=names.language)  # fmt: skip


def _pool(raw: pl.DataFrame, names: Names, first: int, file: str, number: int) -> pl.DataFrame:
    ids = [str(v) for v in raw[names.id]] if names.id else map(str, range(first, first + len(raw)))
    made = {k: _text(raw, getattr(names, k), file, number) for k in POOL if k != "id"}
    return pl.DataFrame({"id": pl.Series(list(ids), dtype=pl.String), **made}, schema=POOL)


def _text(raw: pl.DataFrame, column: str, file: str, number: int) -> list[str]:
    if not column:
        return [""] * raw.height
    for row, value in enumerate(raw[column]):
        if value is not None and not isinstance(value, str):
            got = type(value).__name__
            raise DataError(f"expected text, got {got}", file=file, row=number + row, field=column)
    return [value or "" for value in raw[column]]


def _harm(pool: pl.DataFrame) -> list[pl.Series]:
    """`score` and `evidence` of the audit's channel, asked about the text as if it were a query."""
    empty = pl.Series([None] * pool.height)
    rows = pl.DataFrame(
        {kind: pool["text"] if kind == "query" else pool["id"] if kind == "case" else
         empty for kind in ROWS},
        schema=ROWS,
    )  # fmt: skip
    found = CHANNEL.score(CHANNEL.fit(rows), rows)
    return [found["score"].fill_null(0.0), found["evidence"]]
