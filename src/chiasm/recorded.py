"""Answers that somebody already has, read from files.

JSON Lines      one object a line: ``id`` or ``pid`` or ``question_id``; ``response`` (null = none)
JSON            a list of such objects, an object of them by id, the SIUO authors' results
                (``responses``, a list) and the VLSBench authors' (``{"logs": [...]}``)
VLMEvalKit      tables, and lmms-eval's samples: see `chiasm.recorded_tools`
An Inspect log  is read by `chiasm.replay` itself, since its samples hold more than answers.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.cases import Case
from chiasm.data.records import Record, json_lines, load_json
from chiasm.errors import DataError
from chiasm.recorded_tables import TABLES, table_records
from chiasm.recorded_tools import QUERY_FIELDS, lmms_model, lmms_texts, numbered, resolve
from chiasm.text import normalise

ID_FIELDS = ("id", "pid", "question_id", "instruction_id", "case")
ANSWER_FIELDS = ("response", "responses", "answer", "pred_answer", "response_mcqa", "prediction")


class Recorded(NamedTuple):
    """One recorded answer; the text is None where the record holds none."""

    case: str
    epoch: int
    text: str | None


class Answers(NamedTuple):
    """The answers of one model to one benchmark, from one file."""

    file: Path
    model: str
    rows: list[Recorded]


def read_answers(path: Path, cases: Iterable[Case]) -> Answers:
    """Read a file of recorded answers.

    A row whose id occurs again is a further answer (epoch) to the same case.

    Args:
        path: The file.
        cases: The benchmark's cases, to resolve ids and to notice shifted rows.

    Raises:
        DataError: A row can't be read, names no case of the benchmark, carries another question
            than its case, or names another model than the rows before it.
    """
    rows: list[Recorded] = []
    models: set[str] = set()
    epochs: dict[str, int] = {}
    for record, case in _placed(list(_records(path)), list(cases)):
        model = record.value.get("model") or ("doc_id" in record.value and lmms_model(path))
        models.add(str(model or path.stem))
        for text in _texts(record):
            epochs[case.id] = epochs.get(case.id, 0) + 1
            rows.append(Recorded(case.id, epochs[case.id], text))
    if not rows:
        raise DataError("holds no answers", file=str(path))
    if len(models) > 1:
        raise DataError(
            f"answers of several models: {sorted(models)}; one file a model", file=str(path)
        )
    return Answers(path, models.pop(), rows)


def _placed(records: list[Record], cases: list[Case]) -> Iterator[tuple[Record, Case]]:
    field = numbered(records, ID_FIELDS)
    if field and cases:
        yield from resolve(records, cases, field, ID_FIELDS)
        return
    by_id = {c.id: c for c in cases}
    prefix = next(iter(by_id), "/").partition("/")[0]
    for record in records:
        yield record, _case(record, by_id, prefix)


def _records(path: Path) -> Iterator[Record]:
    if not path.is_file():
        raise DataError("no such file", file=str(path))
    if path.suffix == ".jsonl":
        yield from json_lines(path)
    elif path.suffix in TABLES:
        yield from table_records(path)
    else:
        yield from _rows(path)


def _rows(path: Path) -> Iterator[Record]:
    """Rows of a JSON file; the VLSBench authors keep theirs under "logs"."""
    data = load_json(path.parent, path.name)
    rows = data["logs"] if isinstance(data, dict) and "logs" in data else data
    numbered = rows.items() if isinstance(rows, dict) else enumerate(rows or [])
    for row, value in numbered:
        if not isinstance(value, dict):
            raise DataError("expected an object", file=str(path), row=row)
        given = value if isinstance(rows, list) else {"id": row, **value}
        yield Record(str(path), row, given)


def _case(record: Record, by_id: Mapping[str, Case], prefix: str) -> Case:
    field = _first(record, ID_FIELDS)
    given = str(record.value[field])
    case = by_id.get(given) or by_id.get(f"{prefix}/{given}")
    if case is None:
        raise DataError(
            f"{given!r} is no case of {prefix} (ids look like {next(iter(by_id), '')!r})",
            file=record.file,
            row=record.row,
            field=field,
        )
    for name in QUERY_FIELDS:
        asked = record.value.get(name)
        if isinstance(asked, str) and normalise(asked) != normalise(case.query):
            raise DataError(
                f"the question is not that of {case.id}: the rows may be shifted",
                file=record.file,
                row=record.row,
                field=name,
            )
    return case


def _texts(record: Record) -> list[str | None]:
    if "doc_id" in record.value:
        values = lmms_texts(record)
    else:
        value: Any = record.value[_first(record, ANSWER_FIELDS)]
        values = value if isinstance(value, list) else [value]
    for text in values:
        if isinstance(text, str):
            Record(record.file, record.row, {"text": text}).get("text", str)  # a whole text
        if text is not None and not isinstance(text, str):
            raise DataError(
                f"expected text or null, got {type(text).__name__}",
                file=record.file,
                row=record.row,
            )
    return values


def _first(record: Record, fields: tuple[str, ...]) -> str:
    for field in fields:
        if field in record.value:
            return field
    raise DataError(f"has none of the fields {', '.join(fields)}", file=record.file, row=record.row)
