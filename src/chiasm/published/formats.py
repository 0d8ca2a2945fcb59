"""Published figures as text, Markdown, CSV and JSON."""

import csv
import io
import json
import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chiasm.errors import ConfigError
from chiasm.published import beside
from chiasm.published.groups import Entry, Group, group
from chiasm.published.table import UNKNOWN, Rate, load, select, sources

SCHEMA = 1

NO_RANKING = (
    "Rates by different judges, protocols or views are not comparable and are not ranked. Within a "
    "group a line marked ~ is not told apart from the first: their intervals overlap, or one has "
    "none."
)

APART = "other judges or protocols: not comparable"

COLUMNS = (
    "benchmark", "view", "metric", "protocol", "judge", "model", "yours", "value", "unit", "rate",
    "k", "n", "low", "high", "method", "reason", "overlaps_best", "source", "note",
)  # fmt: skip
"""Columns of CSV, in order."""


def published(
    benchmark: str = "",
    *,
    model: str = "",
    metric: str = "",
    judge: str = "",
    logs: Sequence[str | Path] = (),
    form: str = "text",
) -> str:
    """The published figures that all words fit, runs of one's own beside them.

    Args:
        benchmark: All where empty; text is then one line a benchmark, unless something else is
            asked for.
        model: A part of the name.
        metric: Its name.
        judge: A part of the name.
        logs: ``.eval`` files or folders; their runs join the groups of the same benchmark, view,
            metric, protocol and judge.
        form: text, md, csv or json.

    Raises:
        ConfigError: Nothing fits, or there is no such format.
        DataError: A log can't be read.
    """
    if form not in ("text", "md", "csv", "json"):
        raise ConfigError(f"--format {form}: known are text, md, csv, json")
    if form == "text" and not any((benchmark, model, metric, judge, logs)):
        return overview(load())
    groups = found(benchmark, model=model, metric=metric, judge=judge, logs=logs)
    shapes = {"text": text, "md": markdown, "csv": as_csv, "json": as_json}
    return shapes[form](groups)


def found(
    benchmark: str = "",
    *,
    model: str = "",
    metric: str = "",
    judge: str = "",
    logs: Sequence[str | Path] = (),
) -> list[Group]:
    """The groups that `published` shows; same arguments and errors."""
    rates = select(load(), benchmark=benchmark, model=model, metric=metric, judge=judge)
    return group(rates, beside.own(logs, rates, metric) if logs else ())


def overview(rates: Sequence[Rate]) -> str:
    """One line a benchmark: figures, models, judges."""
    lines = [f"{len(rates)} published figures. Show some: chiasm published BENCHMARK", ""]
    lines.append(f"{'benchmark':<26}{'figures':>7}{'models':>8}  judges")
    for name in dict.fromkeys(r.benchmark for r in rates):
        rows = [r for r in rates if r.benchmark == name]
        judges = ", ".join(dict.fromkeys(r.judge for r in rows))
        models = len({r.model for r in rows})
        lines += _wrapped(f"{name:<26}{len(rows):>7}{models:>8}  ", judges)
    return "\n".join(lines)


def text(groups: Sequence[Group]) -> str:
    """Groups one below the other; those without a run of one's own apart where there is one."""
    own = any(g.has_yours for g in groups)
    lines, apart = [], False
    for one in groups:
        if own and not one.has_yours and not apart:
            lines += [APART, ""]
            apart = True
        if one.has_yours and len(one.entries) == sum(e.yours for e in one.entries):
            lines.append("published, same protocol and judge: none")
        lines += [*_group_text(one), ""]
    lines += textwrap.wrap(NO_RANKING, 100)
    lines += ["", "Sources", *_source_lines(groups)]
    return "\n".join(lines)


def heading(one: Group) -> str:
    """A group in a line."""
    key = one.key
    view = "" if key.view == "full" else f" - view {key.view}"
    return f"{key.benchmark} - {key.metric}{view} - judge {key.judge} - protocol {key.protocol}"


def _group_text(one: Group) -> list[str]:
    width = min(46, max(len(e.model) for e in one.entries) + 2)
    lines = [heading(one)]
    lines.append(f"  {'':<{width}}{'rate':>8}  {'95 % interval':<16}{'k/N':<12}{'source'}")
    for e in one.entries:
        mark = "~" if e.overlaps_best is not False and e is not one.entries[0] else " "
        model = e.model if len(e.model) < width else e.model[: width - 2] + "…"
        line = f"{mark} {model:<{width}}{e.shown:>8}  {interval(e):<16}{share(e):<12}"
        lines.append((line + (e.source or "-")).rstrip())
        lines += _wrapped(" " * 8, "; ".join(e.notes)) if e.notes else []
    return lines


def interval(e: Entry) -> str:
    """The interval in percent; a dash where there is none."""
    low, high = e.estimate.low, e.estimate.high
    return "-" if math.isnan(low) else f"{100 * low:.1f} .. {100 * high:.1f}"


def share(e: Entry) -> str:
    """K of N, or why there is none in a word."""
    if e.estimate.n:
        return f"{e.estimate.k:,}/{e.estimate.n:,}"
    why = e.estimate.reason
    return why if why == UNKNOWN else "-" if e.unit == "points" or "," in why else "N in doubt"


def _wrapped(head: str, told: str) -> list[str]:
    return textwrap.wrap(told, 100, initial_indent=head, subsequent_indent=" " * len(head))


def _source_lines(groups: Iterable[Group]) -> list[str]:
    known = sources()
    used = dict.fromkeys(e.source for g in groups for e in g.entries if e.source)
    lines = []
    for key in used:
        source = known[key]
        url = f" {source.url}" if source.url else ""
        lines.append(f"  {key:<18}{source.title}: {source.place}{url}")
    return lines


def markdown(groups: Sequence[Group]) -> str:
    """One table a group."""
    lines: list[str] = []
    for one in groups:
        lines += [f"### {_escaped(heading(one))}", ""]
        lines += [
            "| model | rate | 95 % interval | k/N | told apart from the first | source | note |"
        ]
        lines += ["| --- | ---: | ---: | ---: | --- | --- | --- |"]
        for e in one.entries:
            apart = {None: "no", True: "no", False: "yes"}[e.overlaps_best]
            apart = "-" if e is one.entries[0] else apart
            cells = [e.model, e.shown, interval(e), share(e), apart, e.source or "-"]
            lines.append(f"| {' | '.join(_escaped(c) for c in [*cells, '; '.join(e.notes)])} |")
        lines.append("")
    return "\n".join([*lines, NO_RANKING])


def _escaped(text: str) -> str:
    """Names of models and judges are data: no cell, tag or emphasis is made of them."""
    return "".join("\\" + c if c in "\\|<>*_`[]#~" else c for c in text.replace("\n", " "))


def rows(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """A dictionary an entry, with the keys of `COLUMNS`; rates in [0, 1]; NaN is None."""
    return [_row(one, e) for one in groups for e in one.entries]


def _row(one: Group, e: Entry) -> dict[str, Any]:
    est = e.estimate
    numbers = {"rate": est.rate, "low": est.low, "high": est.high}
    plain = {name: None if math.isnan(x) else x for name, x in numbers.items()}
    return {
        **one.key._asdict(),
        "model": e.model,
        "yours": e.yours,
        "value": e.shown,
        "unit": e.unit,
        **plain,
        "k": est.k if est.n else None,
        "n": est.n or None,
        "method": est.method,
        "reason": est.reason,
        "overlaps_best": e.overlaps_best,
        "source": e.source,
        "note": "; ".join(e.notes),
    }


def as_csv(groups: Sequence[Group]) -> str:
    """One line an entry."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(groups))
    return out.getvalue().rstrip("\n")


def as_json(groups: Sequence[Group]) -> str:
    """``{"schema": 1, "groups": [{..., "rates": [...]}], "sources": {...}}``."""
    shown = []
    for one in groups:
        lines = [{k: v for k, v in _row(one, e).items() if k not in one.key._fields}
                 for e in one.entries]  # fmt: skip
        shown.append({**one.key._asdict(), "has_yours": one.has_yours, "rates": lines})
    used = {e.source for g in groups for e in g.entries if e.source}
    told = {key: s._asdict() for key, s in sources().items() if key in used}
    body = {"schema": SCHEMA, "note": NO_RANKING, "groups": shown, "sources": told}
    return json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False)
