"""Labels as JSON Lines and CSV: a row a label, columns named as the fields of `Label`.

Columns under names that other tools use are read too (`ALIASES`); columns that are no field of a
label, such as the answer that was shown, are not.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from chiasm.labels.files import lines, table
from chiasm.labels.records import Label
from chiasm.labels.rows import FIELDS, NUMBERS, Raw, Refused

SCHEMA = 1

ALIASES: Mapping[str, tuple[str, ...]] = {
    "response": ("response_id", "instance_id"),
    "annotator": ("user", "user_id", "annotator_id"),
    "outcome": ("label",),
    "at": ("created_at",),
    "seconds": ("lead_time",),
}


def read_lines(path: Path) -> Iterator[Raw | Refused]:
    """Rows of JSON Lines."""
    for found in lines(path):
        yield _named(found) if isinstance(found, Raw) else found


def read_table(path: Path) -> Iterator[Raw | Refused]:
    """Rows of csv or tsv; an empty outcome says that the row is not labelled yet."""
    for found in table(path):
        row = _named(found) if isinstance(found, Raw) else found
        if isinstance(row, Raw) and "outcome" not in row.fields:
            yield Refused(row.file, row.row, "outcome", "there is no such column")
        else:
            yield row


def to_lines(labels: Iterable[Label]) -> str:
    """JSON Lines; fields that are empty are left out."""
    rows = (
        {"schema": SCHEMA, **{k: v for k, v in asdict(label).items() if v not in ("", None)}}
        for label in labels
    )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_table(labels: Iterable[Label], separator: str = ",") -> str:
    """CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(FIELDS)
    for label in labels:
        cells = asdict(label)
        numbers = {n: "" if cells[n] is None else repr(cells[n]) for n in NUMBERS}
        writer.writerow({**cells, **numbers}.values())
    return out.getvalue()


def _named(raw: Raw) -> Raw | Refused:
    schema = raw.fields.get("schema", SCHEMA)
    if str(schema) != str(SCHEMA):
        why = f"is of schema {str(schema)[:20]}, this version reads {SCHEMA}"
        return Refused(raw.file, raw.row, "schema", why)
    fields = {n: raw.fields[n] for n in FIELDS if n in raw.fields}
    for name, others in ALIASES.items():
        known = [o for o in others if o in raw.fields]
        if name not in fields and known:
            fields[name] = raw.fields[known[0]]
    return raw._replace(fields=fields)
