"""The same figures as text, Markdown, CSV and JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from chiasm.errors import ConfigError
from chiasm.labels.records import Label
from chiasm.report import adjusted_tables, behaviour, flips, judges_text, solvers, tables
from chiasm.report.against import as_json, compare_models
from chiasm.report.estimates import estimates
from chiasm.report.frame import responses
from chiasm.report.metrics import METRICS
from chiasm.report.runs import OURS, Estimate, Run, split
from chiasm.report.wording import (
    NAMES,
    marks_line,
    missing,
    missing_line,
    percent,
    span,
    title,
)

SCHEMA = 1

COLUMNS = (
    "benchmark", "protocol", "view", "model", "judge", "by", "group", "metric", "estimand", "unit",
    "k", "n", "asked", "missing_by", "skipped", "rate", "reason", "low", "high", "method",
    "bound_low", "bound_high", "marks", "source", "run", "effective_n",
)  # fmt: skip
"""Columns of CSV, in order."""


def render(
    paths: str | Path | Iterable[str | Path], form: str = "text", labels: Sequence[Label] = ()
) -> str:
    """The figures of logs, for people or programs.

    Args:
        paths: ``.eval`` files or folders of them.
        form: text, md, csv or json.
        labels: People's, of some of the responses: then the rates that they correct stand beside.

    Raises:
        DataError: A path does not exist, or no log of chiasm's is there.
        ConfigError: There is no such format.
    """
    return render_frame(responses(paths), form, labels)


def render_frame(frame: pl.DataFrame, form: str = "text", labels: Sequence[Label] = ()) -> str:
    """As `render`, of responses that were read before."""
    formats = {"text": tables.text, "md": markdown, "csv": as_csv, "json": as_json_text}
    if form not in formats:
        raise ConfigError(f"--format {form}: known are {', '.join(formats)}")
    text = formats[form](frame)
    return _with_labels(text, frame, form, labels) if labels else text


def _with_labels(text: str, frame: pl.DataFrame, form: str, labels: Sequence[Label]) -> str:
    """What labels add, behind what stands there without them."""
    if form == "json":
        found = json.loads(text) | adjusted_tables.as_json_parts(frame, labels)
        return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writerows(adjusted_tables.as_rows(frame, labels))
        return f"{text}\n{out.getvalue()}".rstrip("\n")
    lines = adjusted_tables.lines(frame, labels)
    if form == "md":
        told = [line.replace("`", "'") for line in lines[2:]]
        lines = ["", f"### {lines[1]}", "", "```text", *told, "```"]
    return "\n".join([text, *(line.rstrip() for line in lines)])


def retryable(paths: str | Path | Iterable[str | Path]) -> int:
    """Responses that failed or never ran, and that the same command would ask for again."""
    return int(responses(paths)["retry"].sum())


def as_json_text(frame: pl.DataFrame) -> str:
    """The JSON contract: ``{"schema": 1, "estimates": [...]}``, and beside it what was compared.

    "comparisons" are models against each other, "flips" perturbed runs against unchanged ones,
    "without_image" models without the image against themselves with it, "judges" panels, cascades,
    and the same responses judged again, "solvers" defences against the same model without.
    """
    found = {
        "schema": SCHEMA,
        "estimates": estimates(frame),
        "comparisons": comparisons(frame),
        "flips": [flips.as_json(one) for one in flips.flips(frame)],
        "without_image": behaviour.as_json(frame),
        "judges": judges_text.as_json(frame),
        "solvers": [one for runs in split(frame) for one in solvers.as_json(runs)],
    }
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)


def comparisons(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Model against model on the headline metric of each benchmark; NaN becomes null."""
    found = []
    for runs in split(frame):
        models = [r for r in runs if not r.model.startswith(OURS)]
        if len(models) < 2 or not models[0].headline:
            continue
        metric = models[0].headline[0]
        head = {k: models[0].key[k] for k in ("benchmark", "protocol", "view", "judge")}
        for one in compare_models(metric, [(r.model, r.frame) for r in models]):
            plain = {k: None if v != v else v for k, v in as_json(one).items()}
            found.append({**head, **plain})
    return found


def as_csv(frame: pl.DataFrame) -> str:
    """One line per estimate; ``missing_by`` as JSON, marks separated by semicolons."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for e in estimates(frame):
        flat = {**e, "missing_by": json.dumps(e["missing_by"]), "marks": "; ".join(e["marks"])}
        writer.writerow(flat)
    return out.getvalue().rstrip("\n")


def markdown(frame: pl.DataFrame) -> str:
    """One table per run; categories in a second one."""
    lines: list[str] = []
    for runs in split(frame):
        for run in runs:
            lines += _markdown(run)
    # Names are data: none may end the block.
    told = [line.replace("`", "'") for line in judges_text.lines(frame)]
    lines += ["### Judges", "", "```text", *told, "```"] if told else []
    return "\n".join(lines).rstrip()


def _markdown(run: Run) -> list[str]:
    lines = [f"### {_escaped(title(run.key, run.about))}", ""]
    lines += [f"{line.strip().capitalize()}.\n" for line in marks_line(run.figures)]
    lines += _table(
        ["metric", "rate", "95 % interval", "k/N", "no verdict", "worst-case bounds"],
        [
            [_name(e), *_numbers(e), span(e["bound_low"], e["bound_high"])]
            for e in sorted(run.figures, key=_order)
            if e["group"] == "all"
        ],
    )
    headline = run.headline[:1]
    grouped = [e for e in run.figures if e["by"] and e["metric"] in headline]
    grouped = [e for e in grouped if e["estimand"] == "model"]
    if len(grouped) > 1:
        head = [grouped[0]["by"], NAMES[headline[0]], "95 % interval", "k/N", "no verdict"]
        lines += _table(head, [[_escaped(e["group"]), *_numbers(e)] for e in grouped])
    told = missing_line(run.frame, run.about["skipped"])
    return [*lines, *([_escaped(" ".join(t.strip() for t in told)), ""] if told else [])]


def _order(e: Estimate) -> tuple[str, int]:
    return e["estimand"], METRICS.index(e["metric"])


def _name(e: Estimate) -> str:
    return NAMES[e["metric"]] + (" (system)" if e["estimand"] == "system" else "")


def _numbers(e: Estimate) -> list[str]:
    share = f"{e['k']}/{e['n']}"
    return [percent(e["rate"]), span(e["low"], e["high"]), share, str(missing(e))]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(row)} |" for row in (head, ruler, *rows)] + [""]


def _escaped(text: str) -> str:
    """Categories and model names are data: no cell, tag or emphasis is made of them."""
    return "".join("\\" + c if c in "\\|<>*_`[]#" else c for c in text.replace("\n", " "))
