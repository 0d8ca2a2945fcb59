"""The same answers under other tools' conventions, side by side: text, Markdown, CSV and JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from chiasm.errors import ConfigError
from chiasm.report.counting import Row, table
from chiasm.report.raw import Replies, read_replies
from chiasm.report.tools import TOOLS
from chiasm.report.wording import NAMES, percent, span, wrap

Tables = Sequence[tuple[Replies, Sequence[Row]]]

_HEAD = ("convention", "rate", "k/N", "range", "what it did")


def side_by_side(
    logs: Sequence[str | Path], tools: Sequence[str] = TOOLS, form: str = "text"
) -> str:
    """The tables of some logs, as `chiasm score --as` prints them.

    Raises:
        ConfigError: There is no such tool or format.
        DataError: A log can't be read or is not of a chiasm task.
    """
    runs = [read_replies(log) for log in logs]
    return render([(run, table(run.replies, run.benchmark, tools)) for run in runs], tools, form)


def render(tables: Tables, tools: Iterable[str], form: str) -> str:
    """All tables in one of four formats.

    Raises:
        ConfigError: There is no such format.
    """
    wanted = list(tools)
    if form == "json":
        found = [
            {**_key(run), "conventions": [row._asdict() for row in rows]} for run, rows in tables
        ]
        return json.dumps({"schema": 1, "runs": found}, indent=1, ensure_ascii=False)
    if form == "csv":
        return _csv(tables)
    if form == "md":
        return "\n\n".join(_markdown(run, rows) for run, rows in tables)
    if form != "text":
        raise ConfigError(f"--format {form}: known are text, md, csv, json")
    return "\n\n".join("\n".join(_text(run, rows, wanted)) for run, rows in tables)


def _key(run: Replies) -> dict[str, str]:
    return {
        "benchmark": run.benchmark,
        "model": run.model,
        "judge": run.judge,
        "metric": run.metric,
    }


def _title(run: Replies) -> str:
    judge = f" - judge {run.judge}" if run.judge else ""
    return f"{run.benchmark} - {run.model}{judge}: {NAMES[run.metric]} by convention"


def _text(run: Replies, rows: Sequence[Row], tools: Sequence[str]) -> list[str]:
    lines = wrap(_title(run), indent=0)
    lines.append(f"  {_HEAD[0]:<28}{_HEAD[1]:>6}  {_HEAD[2]:>11}  {_HEAD[3]}")
    for row in rows:
        lines.append(
            f"  {row.name:<28}{percent(row.rate):>6}  {_share(row):>11}  {span(row.low, row.high)}"
        )
        told = "; ".join(part for part in (row.did, row.note) if part)
        lines += wrap(told, indent=6, hang=0) if told else []
    unknown = [tool for tool in tools if tool not in {row.tool for row in rows}]
    if unknown:
        lines.append(f"  not known here for {run.benchmark}: {', '.join(unknown)}")
    return [line.rstrip() for line in lines]


def _share(row: Row) -> str:
    return f"{row.k:g}/{row.n}" if row.rate is not None else "no figure"


def _markdown(run: Replies, rows: Sequence[Row]) -> str:
    lines = [
        f"### {_title(run)}",
        "",
        f"| {' | '.join(_HEAD)} |",
        "| --- | ---: | ---: | --- | --- |",
    ]
    for row in rows:
        told = "; ".join(part for part in (row.did, row.note) if part)
        cells = [row.name, percent(row.rate), _share(row), span(row.low, row.high), told]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _csv(tables: Tables) -> str:
    out = io.StringIO()
    names = ("benchmark", "model", "judge", "metric", *Row._fields)
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for run, rows in tables:
        writer.writerows({**_key(run), **row._asdict()} for row in rows)
    return out.getvalue().rstrip("\n")
