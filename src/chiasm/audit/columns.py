"""Which columns of anybody's table hold what, and the table's rows as rows of an audit."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any

import polars as pl

from chiasm.audit.table import ROWS
from chiasm.data.overlap_read import IDS, IMAGES, QUERIES
from chiasm.errors import DataError

USUAL: dict[str, Sequence[str]] = {
    "query": (*QUERIES, "txt"),
    "image": IMAGES,
    "description": ("description", "image_description", "caption"),
    "hazard": ("hazard", "safety_reason", "safety_warning", "warning"),
    "category": ("category", "risk_category"),
    "subcategory": ("subcategory", "sub_category"),
    "source": ("source",),
    "options": ("options", "choices"),
    "answer": ("answer_index", "correct_option", "answer"),
    "id": (*IDS, "__key__"),
}
"""Names of columns that are tried, in this order, where the user names none."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of a table's columns; empty where there is none.

    Attributes:
        query: What the user says.
        image: The picture's path, or a table's image (its path is taken).
        description: What the picture shows.
        hazard: What is dangerous about picture and query together.
        category: The dataset's own word.
        subcategory: Likewise.
        source: Where the authors took the row from.
        options: A column with a list (or its JSON), or several columns with commas between.
        answer: Index of the right option, its letter, or its text.
        id: What tells rows apart; their number by default.
    """

    query: str = ""
    image: str = ""
    description: str = ""
    hazard: str = ""
    category: str = ""
    subcategory: str = ""
    source: str = ""
    options: str = ""
    answer: str = ""
    id: str = ""

    def as_dict(self) -> dict[str, str]:
        """Those that there are."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}

    def names(self) -> list[str]:
        """The columns that must be read."""
        single = {k: v for k, v in self.as_dict().items() if k != "options"}
        return list(dict.fromkeys((*single.values(), *self.option_names())))

    def option_names(self) -> list[str]:
        """The column of options, or the columns."""
        return [name for name in self.options.split(",") if name]


def columns_of(names: Collection[str], wanted: Columns, file: str) -> Columns:
    """What the user named, and the usual names where the user named nothing.

    Raises:
        DataError: A column that was named is not there, or there is no column of queries.
    """
    chosen = {}
    for kind, usual in USUAL.items():
        named = getattr(wanted, kind)
        for name in wanted.option_names() if kind == "options" else [named] if named else []:
            if name not in names:
                there = ", ".join(sorted(names))[:300]
                raise DataError(f"--{kind}: no column {name!r}; there are {there}", file=file)
        chosen[kind] = named or next((name for name in usual if name in names), "")
    if not chosen["query"]:
        tried = ", ".join(USUAL["query"])
        raise DataError(f"no column of queries ({tried}): name it with --query", file=file)
    if not chosen["options"]:
        chosen["answer"] = wanted.answer
    return replace(wanted, **chosen)


def to_rows(
    raw: pl.DataFrame, columns: Columns, name: str, first: int, file: str, number: int
) -> pl.DataFrame:
    """A batch of a table as rows of an audit.

    Args:
        raw: The columns that are named.
        columns: Which is what.
        name: Of the dataset.
        first: Number of the batch's first row in the dataset.
        file: For messages.
        number: Number of the batch's first row in the file, for messages.

    Raises:
        DataError: A value is not of the kind that it must be; names file, row and field.
    """
    made: dict[str, Any] = {}
    for kind in ("query", "description", "hazard", "category", "subcategory", "source"):
        made[kind] = _text(raw, getattr(columns, kind), file, number)
    made["image"] = _image(raw, columns.image, file, number)
    made["case"] = _case(raw, columns.id, name, first)
    options, answers = _choices(raw, columns, file, number)
    frame = pl.DataFrame(
        {**made, "options": options, "answer": answers, "ground_truth": [None] * raw.height},
        schema={kind: ROWS[kind] for kind in (*made, "options", "answer", "ground_truth")},
    )
    shared = pl.coalesce("image", "query", "case").map_elements(_key, return_dtype=pl.String)
    return frame.with_columns(cluster=pl.lit(f"{name}/") + shared).select(list(ROWS))


def _key(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _text(raw: pl.DataFrame, column: str, file: str, number: int) -> pl.Series:
    """The column as text; an empty one is null."""
    if not column:
        return pl.Series([None] * raw.height, dtype=pl.String)
    values = raw[column]
    if values.dtype == pl.Null:
        return values.cast(pl.String)
    if values.dtype == pl.Object or values.dtype != pl.String:
        for i, value in enumerate(values):
            if value is not None and not isinstance(value, str):
                got = type(value).__name__
                raise DataError(
                    f"expected text, got {got}", file=file, row=number + i, field=column
                )
        values = pl.Series(values.to_list(), dtype=pl.String)
    return values.replace("", None)


def _image(raw: pl.DataFrame, column: str, file: str, number: int) -> pl.Series:
    """The first picture's path; nothing where a table holds only its bytes."""
    if not column or raw[column].dtype == pl.String:
        return _text(raw, column, file, number)
    found = []
    for value in raw[column]:
        one = value[0] if isinstance(value, list | pl.Series) and len(value) else value
        path = one.get("path") if isinstance(one, dict) else one
        found.append(path if isinstance(path, str) and path else None)
    return pl.Series(found, dtype=pl.String)


def _case(raw: pl.DataFrame, column: str, name: str, first: int) -> pl.Series:
    keys = [str(v) for v in raw[column]] if column else map(str, range(first, first + raw.height))
    return pl.Series([f"{name}/{key}" for key in keys], dtype=pl.String)


def _choices(
    raw: pl.DataFrame, columns: Columns, file: str, number: int
) -> tuple[list[list[str] | None], list[int | None]]:
    names = columns.option_names()
    if not names:
        return [None] * raw.height, [None] * raw.height
    options: list[list[str] | None] = []
    answers: list[int | None] = []
    for i, row in enumerate(raw.iter_rows(named=True)):
        try:
            found = [row[n] for n in names] if len(names) > 1 else _list(row[names[0]])
            listed = [text for text in found or () if text is not None]
            options.append([_option(text) for text in listed] or None)
            answers.append(_answer(row.get(columns.answer), listed))
        except ValueError as error:
            field = columns.options if "option" in str(error) else columns.answer
            raise DataError(str(error), file=file, row=number + i, field=field) from None
    return options, answers


def _list(value: Any) -> list[Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("expected a JSON list of options") from None
    if value is None or isinstance(value, list):
        return value
    raise ValueError(f"expected a list of options, got {type(value).__name__}")


def _option(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(f"expected options that are text, got {type(text).__name__}")
    return text


def _answer(value: Any, options: list[str]) -> int | None:
    """The index of the right option: given as that, as a letter, or as the option's text."""
    if value is None or value == "" or not options:
        return None
    if value in options:
        return options.index(value)
    text = str(value).strip().strip("().:").upper()
    index = LETTERS.find(text) if len(text) == 1 and text in LETTERS else -1
    if text.isdecimal() and len(text) < 4:
        index = int(text)
    if not 0 <= index < len(options):
        raise ValueError(f"{str(value)[:40]!r} is no index, letter or text of {len(options)} given")
    return index
