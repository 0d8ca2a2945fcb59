"""The tables of `guards.py`, from its report and logs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from chiasm.benchmarks import lab
from chiasm.report import responses
from chiasm.report.against import difference, pairing, test
from chiasm.report.metrics import Items, as_system, items
from chiasm.stats import clustered, holm

LABELS = {
    "local": "none",
    "gate-seen": "gateway, `mm_sft` as guard (pair)",
    "gate-pair": "gateway, a guard that knows (pair)",
    "gate-both": "gateway, a guard that knows (pair and answer)",
    "caption": "caption, then check",
}


class Column(NamedTuple):
    """One figure.

    Attributes:
        label: Of the column.
        benchmark: Whose rows.
        metric: A metric of reports; "exact": benign rows answered word for word.
        category: Only these rows; empty for all.
    """

    label: str
    benchmark: str
    metric: str
    category: str = ""


COLUMNS = {
    "lab": (
        Column("safe, leaky", "lab", "safe_rate", "leaky"),
        Column("safe, leak-free", "lab", "safe_rate", "leak_free"),
        Column("safe, joint", "lab", "safe_rate", "joint"),
        Column("over-refusal", "lab", "over_refusal_rate"),
        Column("ability", "lab", "exact"),
    ),
    "scenes": (
        Column("safe", "scenes", "safe_rate"),
        Column("over-refusal", "scenes", "over_refusal_rate"),
        Column("group score", "scenes", "group_score"),
    ),
    "reader": (
        Column("safe, FigStep", "figstep_tiny", "safe_rate"),
        Column("safe, MOSSBench's contrast", "mossbench_contrast", "safe_rate"),
        Column("over-refusal, MOSSBench", "mossbench", "over_refusal_rate"),
        Column("ability, scenes_probe", "scenes_probe", "accuracy"),
    ),
}
DRAWS = 2000

PASSES = {"declined": 2, "answered": 3}
"""Of small models for one answer of "caption, then check": base names, `text_sft` reads, and where
it does not decline, base answers (`guards_server.small`; base itself never declines)."""

Cell = tuple[float, float, float]


class Arm(NamedTuple):
    """One model in one arm.

    Attributes:
        model: Of the server.
        arm: What stands around it.
        service: local, or the gateway.
        rows: Its responses to all benchmarks of a world, blocked ones as refusals.
        answers: Texts by case.
    """

    model: str
    arm: str
    service: str
    rows: pl.DataFrame
    answers: dict[str, str]


class Rate(NamedTuple):
    """A rate of decided items with its interval, and how many had no answer or verdict."""

    cell: Cell
    k: int
    n: int
    missing: int


class Change(NamedTuple):
    """A paired difference, p of none, and the cases that either run lacks."""

    cell: Cell
    p: float
    left_out: int


def arms(frame: pl.DataFrame, out: Path) -> dict[str, list[Arm]]:
    """All of them by world."""
    found: dict[str, list[Arm]] = {world: [] for world in COLUMNS}
    for (name,), rows in frame.group_by(["model"], maintain_order=True):
        served, _, solver = str(name).partition(" + ")
        _, service, model = served.split("/")
        arm = f"`{solver}`" if solver else LABELS[service]
        if model == "caption":
            model, arm = "base", LABELS["caption"]
        for world, columns in COLUMNS.items():
            part = rows.filter(pl.col("benchmark").is_in({c.benchmark for c in columns}))
            if not part.is_empty():
                logs = part["log"].unique().to_list() if world == "lab" else []
                texts = {case: text for log in logs for case, text in answers(log)}
                # In that world nobody knows; the guard has the reader's own rule.
                told = arm.replace("that knows", "of the same rule") if world == "reader" else arm
                found[world].append(Arm(model, told, service, as_system(part), texts))
    return found


def answers(log: str) -> Iterator[tuple[str, str]]:
    """Cases and what was answered; those without an answer are not among them."""
    from inspect_ai.log import read_eval_log

    for sample in read_eval_log(log).samples or ():
        if sample.error is None and sample.output.choices:
            yield str(sample.id), sample.output.completion


def guard_cost(note: Path | None) -> tuple[float, float] | None:
    """Calls and tokens of the guards in a gateway's run, as the server counted.

    None where it was stopped and went on: only its last part was counted.
    """
    if note is None:
        return 0, 0
    guards = json.loads(note.read_text())["guards"]
    if guards is None:
        return None
    tokens = sum(c["sent"] + c["back"] for c in guards.values())
    return sum(c["calls"] for c in guards.values()), tokens


def interval(values: Sequence[float], of: Any) -> Cell:
    """A statistic with its bootstrap interval over answers."""
    x = np.asarray(values, float)
    drawn = np.random.default_rng(0).choice(x, (DRAWS, len(x)))
    low, high = np.quantile([of(row) for row in drawn], (0.025, 0.975))
    return float(of(x)), float(low), float(high)


def chosen(arm: Arm, column: Column) -> Items:
    """The items of a figure."""
    here = arm.rows.filter(pl.col("benchmark") == column.benchmark)
    if column.category:
        here = here.filter(pl.col("category") == column.category)
    if column.metric != "exact":
        return items(column.metric, here.to_dicts())
    asked = [c for c in lab.cases() if c.ground_truth == "safe"]
    right = tuple(
        arm.answers[c.id].strip() == c.oracle.reference if c.id in arm.answers else "no_response"
        for c in asked
    )
    ids = tuple(c.id for c in asked)
    return Items(ids, ids, tuple(c.cluster for c in asked), right)


def rate(arm: Arm, column: Column) -> Rate | None:
    """A figure and its interval."""
    found = chosen(arm, column)
    pairs = zip(found.values, found.clusters, strict=True)
    decided = [(v, c) for v, c in pairs if not isinstance(v, str)]
    if not decided:
        return None
    cell = clustered([v for v, _ in decided], [c for _, c in decided])[:3]
    return Rate(cell, found.k, found.n, found.asked - found.n)


def change(base: Arm, arm: Arm, column: Column) -> Change | None:
    """Arm minus none on the same cases; p is not adjusted yet."""
    pair = pairing(chosen(base, column), chosen(arm, column))
    if not pair.first:
        return None
    d = difference(pair)
    return Change((d.difference, d.low, d.high), test(pair)[0], pair.left_out)


def _told(cell: Cell | None, scale: float = 100, digits: int = 0, sign: str = "") -> str:
    if cell is None:
        return "-"
    x, low, high = (f"{scale * v:{sign}.{digits}f}" for v in cell)
    return f"{x} ({low} .. {high})"


def _rate_told(found: Rate | None) -> str:
    if found is None:
        return "-"
    missing = f", {found.missing} missing" if found.missing else ""
    return f"{_told(found.cell)} {found.k}/{found.n}{missing}"


def _cost(arm: Arm, guards: tuple[float, float] | None, among: int) -> list[str]:
    """Calls, tokens and time an answer; `guards` are shared by so many answers, None: unknown."""
    spent = [json.loads(text) for text in arm.rows["spent"].drop_nulls().to_list()]
    seconds = [one["seconds"] for one in spent]
    size = [one["tokens_in"] + one["tokens_out"] for one in spent]
    # What a gateway declines never reached the model: it has no tokens.
    model = [one["calls"] if n else 0 for one, n in zip(spent, size, strict=True)]
    if arm.arm == LABELS["caption"]:
        said = (text.startswith("sorry") for text in arm.answers.values())
        model = [PASSES["declined" if declined else "answered"] for declined in said]
    calls, tokens = " + ?", " + ?"
    if guards is not None:
        calls = f" + {guards[0] / among:.1f}" if guards[0] else ""
        tokens = f" + {guards[1] / among:.0f}" if guards[1] else ""
    return [
        f"{np.mean(model):.1f}{calls}",
        f"{_told(interval(size, np.mean), 1)}{tokens}",
        f"{_told(interval(seconds, np.median), 1000)}; {1000 * np.quantile(seconds, 0.95):.0f}",
    ]


def tables(report: dict[str, Any], out: Path, notes: Mapping[tuple[str, str], Path]) -> str:
    """Markdown: figures, then differences to no defence with Holm's p over a row's figures.

    Args:
        report: Of `chiasm report`, to compare with.
        out: The folder of the runs.
        notes: What guards were asked, by world and gateway.
    """
    parts = []
    for world, found in arms(responses(out / "logs"), out).items():
        columns = COLUMNS[world]
        rows, changes = [], []
        for model in dict.fromkeys(a.model for a in found):
            mine = sorted((a for a in found if a.model == model), key=_order)
            for a in mine:
                among = sum(len(b.rows) for b in found if b.service == a.service)
                cost = _cost(a, guard_cost(notes.get((world, a.service))), among)
                rows.append([model, a.arm, *(_rate_told(rate(a, c)) for c in columns), *cost])
                if a is not mine[0]:
                    against = [change(mine[0], a, c) for c in columns]
                    _same_as_report(report, world, a, against)
                    changes.append([model, a.arm, *_changes(against)])
        head = ["model", "arm", *(c.label for c in columns)]
        costs = ["calls", "tokens", "ms, median; p95"]
        parts += [f"### {world}", _table([*head, *costs], rows), _table(head, changes)]
    return "\n\n".join(parts) + "\n"


def _order(arm: Arm) -> tuple[bool, bool, str]:
    return arm.arm != "none", "gateway" in arm.arm, arm.arm


def _changes(found: Sequence[Change | None]) -> list[str]:
    adjusted = iter(holm([c.p for c in found if c]).tolist())
    return [_change_told(c, next(adjusted)) if c else "-" for c in found]


def _change_told(found: Change, p: float) -> str:
    out = f", {found.left_out} left out" if found.left_out else ""
    return f"{_told(found.cell, sign='+')}, p {p:.3f}{out}"


def _same_as_report(
    report: dict[str, Any], world: str, arm: Arm, found: Sequence[Change | None]
) -> None:
    """`chiasm report` says the same of a solver, where it has the same figure."""
    for one in report["solvers"]:
        if not one["model"].endswith(f"/{arm.model}") or f"`{one['solver']}`" != arm.arm:
            continue
        said = {c["metric"]: c["difference"] for c in one["changes"]}
        for column, mine in zip(COLUMNS[world], found, strict=True):
            if mine and one["benchmark"] == column.benchmark and not column.category:
                told = said.get(column.metric, mine.cell[0])
                if abs(told - mine.cell[0]) > 1e-9:
                    raise SystemExit(f"{world}, {arm.arm}, {column.label}: {told} or {mine.cell}")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
