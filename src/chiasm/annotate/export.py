"""Labels out of the application, in the formats of `chiasm.labels`."""

import json
from dataclasses import asdict

from chiasm.annotate.desk import Desk
from chiasm.labels.database import labels_of, rows_since
from chiasm.labels.database_tables import SCHEMA
from chiasm.labels.plain import to_lines, to_table


def csv_text(desk: Desk) -> str:
    """The labels that count, as CSV."""
    return to_table(labels_of(desk.engine, rows_since(desk.engine, 0)))


def jsonl_text(desk: Desk) -> str:
    """The labels that count, as JSON Lines."""
    return to_lines(labels_of(desk.engine, rows_since(desk.engine, 0)))


def history_text(desk: Desk) -> str:
    """Every row that was ever stored, superseded and withdrawn ones too, as JSON Lines."""
    rows = ({"schema": SCHEMA, **asdict(row)} for row in rows_since(desk.engine, 0))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
