"""Whose answer a row of another tool is, where its number is the row of a list of their own.

VLMEvalKit      a table: ``index``, ``question``, ``prediction``; pictures are not read
lmms-eval       ``..._samples_TASK.jsonl``: ``doc_id``, ``doc``, ``resps`` or ``filtered_resps``

Both number their own copy of a benchmark, from 0 or from 1, or by the authors' ids. So a number
alone says little: the rule is taken under which most questions are those of our cases, and then
every row has to agree with it. A row that doesn't is shifted, and the file is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.cases import Case
from chiasm.data.records import Record
from chiasm.errors import DataError
from chiasm.text import normalise

QUERY_FIELDS = ("question", "instruction", "query")

PROMPT_FIELDS = ("input", "arguments")
"""Where lmms-eval keeps what it asked, with words of its own around the question."""

RULES = ("id", "from 0", "from 1")

Place = Mapping[str, Case | None]


def numbered(records: Sequence[Record], known: Sequence[str]) -> str:
    """The field that numbers the rows of another tool's file; empty where rows name our ids.

    Args:
        records: Rows of one file.
        known: Fields that name ids of ours.
    """
    first = records[0].value if records else {}
    if "doc_id" in first:
        return "doc_id"
    return "index" if "index" in first and not any(f in first for f in known) else ""


def resolve(
    records: Sequence[Record], cases: Sequence[Case], field: str, known: Sequence[str]
) -> Iterator[tuple[Record, Case]]:
    """Each row with its case.

    Args:
        records: Rows of one file, at least one.
        cases: The benchmark's, in published order.
        field: See `numbered`.
        known: Fields that name ids of ours, also within lmms-eval's ``doc``.

    Raises:
        DataError: A row has no number, a number twice, no case, or another question than its case;
            or nothing but a number says which case it is.
    """
    _distinct(records, field)
    by_id = {c.id: c for c in cases}
    prefix = cases[0].id.partition("/")[0]
    places = [_place(r, field, known, by_id, prefix, cases) for r in records]
    agreed = {rule: sum(_agrees(r, p[rule]) is True for r, p in _pairs(records, places))
              for rule in RULES}  # fmt: skip
    rule = max(RULES, key=lambda name: agreed[name])
    for record, place in _pairs(records, places):
        case = place[rule]
        if case is None:
            raise DataError(
                f"{record.value[field]!r} is no case of {prefix}, whose ids look like "
                f"{cases[0].id!r}; add a column `id` that names them",
                file=record.file, row=record.row, field=field,
            )  # fmt: skip
        _check(record, case, field, sure=rule == "id")
        yield record, case


def lmms_texts(record: Record) -> list[Any]:
    """What the model said, one text an answer: ``resps`` as said, else ``filtered_resps``."""
    for name in ("resps", "filtered_resps"):
        found = _flat(record.value.get(name))
        if found:
            return found
    raise DataError(
        "holds no text in resps or filtered_resps (a task scored by likelihoods has none)",
        file=record.file,
        row=record.row,
    )


def lmms_model(path: Path) -> str:
    """lmms-eval names a folder after the model; empty where the file's name is not theirs."""
    return path.resolve().parent.name if "_samples_" in path.stem else ""


def _flat(value: object) -> list[str | None]:
    """Texts at any depth up to three lists; nothing where something else is among them."""
    values: list[Any] = value if isinstance(value, list) else [value]
    for _ in range(2):
        values = [v for one in values for v in (one if isinstance(one, list) else [one])]
    return values if values and all(isinstance(v, str) for v in values) else []


def _distinct(records: Sequence[Record], field: str) -> None:
    seen: dict[str, int | str] = {}
    for record in records:
        if record.value.get(field) is None:
            raise DataError("the row has no number", file=record.file, row=record.row, field=field)
        number = str(record.value[field])
        if number in seen:
            raise DataError(
                f"{number[:60]!r} stands in row {seen[number]} too: several filters or runs in one "
                "file? Keep one",
                file=record.file, row=record.row, field=field,
            )  # fmt: skip
        seen[number] = record.row


def _place(
    record: Record,
    field: str,
    known: Sequence[str],
    by_id: Mapping[str, Case],
    prefix: str,
    cases: Sequence[Case],
) -> Place:
    doc = record.value.get("doc")
    fields = doc if isinstance(doc, dict) else {}
    name = str(next((fields[f] for f in known if f in fields), record.value[field]))
    number = _whole(record.value[field])
    return {
        "id": by_id.get(name) or by_id.get(f"{prefix}/{_plain(name)}"),
        "from 0": cases[number] if 0 <= number < len(cases) else None,
        "from 1": cases[number - 1] if 1 <= number <= len(cases) else None,
    }


def _whole(value: object) -> int:
    """A whole number, as ``3``, ``"3"`` or a spreadsheet's ``"3.0"``; -1 for anything else."""
    text = _plain(str(value))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _plain(text: str) -> str:
    return text.removesuffix(".0")


def _pairs(records: Sequence[Record], places: Sequence[Place]) -> Iterator[tuple[Record, Place]]:
    return zip(records, places, strict=True)


def _agrees(record: Record, case: Case | None) -> bool | None:
    """Whether the row asks what the case asks; None where it doesn't tell."""
    if case is None:
        return False
    asked = _question(record)
    if asked:
        return normalise(asked) == normalise(case.query)
    prompt = _prompt(record)
    return normalise(case.query) in normalise(prompt) if prompt else None


def _question(record: Record) -> str:
    doc = record.value.get("doc")
    for fields in (record.value, doc if isinstance(doc, dict) else {}):
        for name in QUERY_FIELDS:
            if isinstance(fields.get(name), str) and fields[name].strip():
                return str(fields[name])
    return ""


def _prompt(record: Record) -> str:
    for name in PROMPT_FIELDS:
        value = record.value.get(name)
        found = [t for t in (value if isinstance(value, list) else [value]) if isinstance(t, str)]
        if found and found[0].strip():
            return found[0]
    return ""


def _check(record: Record, case: Case, field: str, *, sure: bool) -> None:
    agrees = _agrees(record, case)
    if agrees is False:
        raise DataError(
            f"the question is not that of {case.id}: the rows may be shifted",
            file=record.file, row=record.row, field=field,
        )  # fmt: skip
    if agrees is None and not sure:
        raise DataError(
            f"only a number says that this is {case.id}: there must be the question as well",
            file=record.file, row=record.row, field=field,
        )  # fmt: skip
