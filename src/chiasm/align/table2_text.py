"""The before-and-after table as text, Markdown and JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.align.table2 import RATES, before_after
from chiasm.errors import ConfigError
from chiasm.report.wording import cell, percent, wrap

Row = Mapping[str, Any]

_HEAD = ("", "safe", "over-refusal", "needless", "J")
_WIDTHS = (18, 20, 20, 20, 20)
_MATCH = {"twin": "", "source": " (same source)", "other": " (~ not made for it)"}


def show(
    paths: Iterable[str | Path], form: str = "text", *, base: str = "", groups: Path | None = None
) -> str:
    """The table from logs, for people or programs; arguments and errors as of `before_after`.

    Raises:
        ConfigError: There is no such format.
    """
    forms = {"text": text, "md": markdown, "json": as_json}
    if form not in forms:
        raise ConfigError(f"--format {form}: known are {', '.join(forms)}")
    return forms[form](before_after(paths, base=base, groups=groups))


def as_json(found: Row) -> str:
    """Schema 1; rates in [0, 1], what is undefined is null with a reason."""
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)


def text(found: Row) -> str:
    """Lines of at most 100 characters, but for names of models."""
    names = labels(found["models"])
    lines = ["Before and after", *(f"  {label:<10} {model}" for model, label in names.items())]
    lines += list(_means(found, names))
    for group, title in found["groups"].items():
        columns = [c for c in found["benchmarks"] if c["group"] == group]
        if columns:
            lines += ["", *wrap(f"{group.upper().replace('_', '-')}: {title}", indent=0)]
            lines.append(_cells(_HEAD))
            lines += [line for column in columns for line in _column(column, names)]
    lines += list(_ability(found, names))
    lines += list(_notes(found))
    return "\n".join(line.rstrip() for line in lines)


def labels(models: Sequence[str]) -> dict[str, str]:
    """Short names: base, trained; or model 1, model 2, ... of several."""
    others = ["trained"] if len(models) == 2 else [f"model {i}" for i in range(1, len(models))]
    return dict(zip(models, ["base", *others], strict=True))


def _cells(values: Iterable[str]) -> str:
    return " ".join(f"{v:<{w}}" for v, w in zip(values, _WIDTHS, strict=False))


def _means(found: Row, names: Mapping[str, str]) -> Iterator[str]:
    means = [m for m in found["means"] if m["benchmarks"]]
    if not means:
        return
    heads = [f"{m['group']} ({len(m['benchmarks'])})" for m in means]
    yield ""
    yield "J = safe - over-refusal on benign rows, mean over a group's benchmarks (how many):"
    yield _cells(["", *heads])
    for model, label in names.items():
        rows = [row for m in means for row in m["rows"] if row["model"] == model]
        yield _cells([f"  {label}", *(j_cell(row["j"]) for row in rows)])
        if rows and "to_base" in rows[0]:
            yield from _change([row["to_base"]["j"] for row in rows], unit=2)


def _column(column: Row, names: Mapping[str, str]) -> Iterator[str]:
    where = column["benign"] if column["benign"] != column["benchmark"] else "its own benign rows"
    yield from wrap(f"{column['benchmark']} | {where}{_MATCH[column['match']]}", indent=0)
    for row in column["rows"]:
        rates = [row[rate] for rate in RATES]
        yield _cells([f"  {names[row['model']]}", *map(cell, map(_open, rates)), j_cell(row["j"])])
        counts = [f"{r['k']}/{r['n']}" if r.get("n") is not None else "" for r in rates]
        yield _cells(["", *counts])
        yield from _missing(row)
        if row["j"]["value"] is None:
            yield from wrap(f"J: {row['j']['reason']}", indent=4)
        if "to_base" in row:
            yield from _change([row["to_base"][rate] for rate in RATES], row["to_base"]["j"])


def _open(rate: Row) -> Row:
    return {"low": None, "high": None, **rate}


def j_cell(j: Row) -> str:
    """J and its interval, two digits; a dash where it is undefined.

    >>> j_cell({"value": 0.5, "low": 0.25, "high": 0.7}), j_cell({"value": None})
    ('0.50 (0.25..0.70)', '-')
    """
    if j["value"] is None:
        return "-"
    limits = "" if j["low"] is None else f" ({j['low']:.2f}..{j['high']:.2f})"
    return f"{j['value']:.2f}{limits}"


def _missing(row: Row) -> Iterator[str]:
    """What has no verdict, and what that could make of the rates and J."""
    told = []
    for rate, name in (("safe", "safe"), ("over", "over-refusal")):
        r = row[rate]
        if r.get("asked", 0) > r.get("n", 0):
            limits = f"{percent(r['bound_low'])} .. {percent(r['bound_high'])}"
            told.append(f"{r['asked'] - r['n']} of {r['asked']}: {name} within {limits}")
    if told and row["j"].get("bound_low") is not None:
        told.append(f"J within {row['j']['bound_low']:.2f} .. {row['j']['bound_high']:.2f}")
    if told:
        yield from wrap(f"no verdict for {'; '.join(told)}", indent=4)


def _change(rates: Sequence[Row], j: Row | None = None, unit: int = 1) -> Iterator[str]:
    """Two lines: changes in points (J: in its own unit) with intervals, and p by Holm."""
    shown = [_moved(r, points=unit == 1) for r in rates]
    tested = [p_text(r) for r in rates]
    if j is not None:
        shown, tested = [*shown, _moved(j, points=False)], [*tested, p_text(j)]
    yield _cells(["    change", *shown])
    yield _cells(["", *tested])


def _moved(found: Row, *, points: bool) -> str:
    if found["difference"] is None:
        return "-"
    scale, digits, short = (100, 1, 0) if points else (1, 2, 2)
    value = f"{scale * found['difference']:+.{digits}f}"
    if found.get("low") is None:
        return value
    return f"{value} ({scale * found['low']:.{short}f}..{scale * found['high']:.{short}f})"


def p_text(found: Row) -> str:
    """The adjusted p value.

    >>> p_text({"p_holm": 0.0004}), p_text({"p_holm": 0.0312}), p_text({})
    ('p < 0.001', 'p 0.031', '')
    """
    p = found.get("p_holm")
    if p is None:
        return ""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def _ability(found: Row, names: Mapping[str, str]) -> Iterator[str]:
    if not found["ability"]:
        return
    yield from ["", "ABILITY, and other tasks in these logs"]
    for column in found["ability"]:
        yield column["task"]
        for row in column["rows"]:
            told = f"{names[row['model']]:<10} {ability_cell(row)}"
            if row.get("reason"):
                told += f"  [{row['reason']}]"
            if "to_base" in row:
                scaled = row.get("most") == 1.0
                moved = _moved(row["to_base"], points=scaled)
                told += f"  change {moved} {p_text(row['to_base'])}"
            yield from wrap(told)


def ability_cell(row: Row) -> str:
    """One figure: percent of right answers, points of MME, or a mean with its error."""
    count = f"N {row['n']}" + (f" of {row['asked']}" if row["asked"] > row["n"] else "")
    if row["value"] is None:
        return f"- {count}"
    if row.get("most") == 1.0 and "rate" in row:
        share = f"{row['k']}/{row['n']}"
        tail = f" of {row['asked']} asked" if row["asked"] > row["n"] else ""
        return f"{cell(row)} {share}{tail}"
    limits = "" if row["low"] is None else f" ({row['low']:.4g}..{row['high']:.4g})"
    most = f" of {row['most']:g}" if row.get("most") else ""
    error = f" se {row['stderr']:.3g}" if row.get("stderr") else ""
    return f"{row['value']:.4g}{most}{limits}{error} {count}"


def _notes(found: Row) -> Iterator[str]:
    yield ""
    if found["tests"]:
        told = f"Changes: on the cases that both decided; p by Holm over {found['tests']} tests."
        yield from wrap(told, indent=0)
    warned = [
        f"{row['warned']['k']} on {c['benchmark']}"
        for c in found["benchmarks"]
        for row in c["rows"]
        if row["warned"].get("k")
    ]
    if warned:
        told = "J counts a needless warning as help, and a warning on an unsafe row as safe: read "
        yield from wrap(f"{told}J beside the column 'needless'.", indent=0)
    for mean in found["means"]:
        if mean["left_out"]:
            named = ", ".join(mean["left_out"])
            yield from wrap(f"Not in the mean of {mean['group']}: {named} (no J of each)", indent=0)
    if found["marks"]:
        yield from wrap(f"Marked: {', '.join(found['marks'])}", indent=0)
    for note in found["notes"]:
        yield from wrap(f"Note: {note}", indent=0)


def markdown(found: Row) -> str:
    """A row for each model and benchmark; then abilities, then what must be known."""
    names = labels(found["models"])
    told = [f"- {label}: {_escaped(model)}" for model, label in names.items()]
    head = ["group", "benchmark", "benign rows", "model", "safe", "over-refusal", "needless", "J"]
    rows = [
        [c["group"], c["benchmark"], c["benign"], names[row["model"]], *_md_rates(row)]
        for c in found["benchmarks"]
        for row in c["rows"]
    ]
    head.append("change of J")
    lines = [*told, "", *_table(head, rows)]
    if found["ability"]:
        ability = [
            [_escaped(c["task"]), names[row["model"]], ability_cell(row), _md_change(row, None)]
            for c in found["ability"]
            for row in c["rows"]
        ]
        lines += ["", *_table(["task", "model", "figure", "change"], ability)]
    return "\n".join([*lines, *(_escaped(line) for line in _notes(found))])


def _md_rates(row: Row) -> list[str]:
    rates = [
        f"{cell(_open(row[r]))} {row[r]['k']}/{row[r]['n']}"
        if row[r].get("n") is not None
        else f"- ({row[r]['reason']})"
        for r in RATES
    ]
    return [*rates, j_cell(row["j"]), _md_change(row, "j")]


def _md_change(row: Row, of: str | None) -> str:
    if "to_base" not in row:
        return ""
    found = row["to_base"][of] if of else row["to_base"]
    points = not of and row.get("most") == 1.0
    return f"{_moved(found, points=points)} {p_text(found)}".strip()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---"] * len(head)
    return [f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows)]


def _escaped(text: str) -> str:
    return "".join("\\" + c if c in "\\|<>*_`[]#" else c for c in text.replace("\n", " "))
