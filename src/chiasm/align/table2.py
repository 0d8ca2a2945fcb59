"""Before and after: VLSBench's table 2 for one's own models, each safe rate beside its benign rows.

A safe rate alone rewards refusal: on rows of every group J = safe rate - over-refusal on matched
benign rows is 0 for a model that declines all, none, or at random. Missing verdicts are in no
rate; J's bounds say what they could make of it. Differences to the base are paired: the same cases.

Paper   Hu et al., VLSBench, ACL 2025, arXiv:2411.19939, table 2
Differs from it: J, over-refusal and intervals are ours; MME's two columns are not swapped.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import polars as pl

from chiasm.align import table2_ability
from chiasm.align.table2_cells import (
    Cell,
    absent,
    averaged,
    figure,
    incomparable,
    mean_change,
    no_j,
    pairs_of,
    plain,
    single,
    youden,
)
from chiasm.align.table2_groups import Entry, Groups, read
from chiasm.align.table2_stats import changed, weighted
from chiasm.errors import ConfigError, DataError
from chiasm.report import metrics
from chiasm.report.against import pairing
from chiasm.report.estimates import marks_of
from chiasm.report.frame import responses
from chiasm.report.logs import find
from chiasm.report.metrics import Items
from chiasm.run import foreign
from chiasm.stats import holm

SCHEMA = 1
RATES = {"safe": "safe_rate", "over": "over_refusal_rate", "warned": "needless_warning_rate"}


def before_after(
    paths: Iterable[str | Path], *, base: str = "", groups: Path | None = None
) -> dict[str, Any]:
    """The table's figures from logs, ready for JSON; rates in [0, 1], what is undefined is null.

    Args:
        paths: ``.eval`` files or folders of them; logs of other tasks than ours are abilities.
        base: The model that the others are compared with; may be left out if there is one model.
        groups: A file in the form of table2.toml, before ours.

    Raises:
        ConfigError: The base is not named or not there, or the groups' file is wrong.
        DataError: No log is there, two runs fill one cell, or a figure is out of its range.
    """
    files = find(paths)
    others = [file for file in files if _is_foreign(file)]
    ours = [file for file in files if file not in others]
    frame = responses(ours) if ours else None
    tasks = table2_ability.read_tasks(others)
    return _Table(frame, tasks, base, read(groups)).made()


class _Table:
    """The state of one table: its tests are counted before they are adjusted."""

    def __init__(
        self,
        frame: pl.DataFrame | None,
        tasks: Sequence[table2_ability.Task],
        base: str,
        groups: Groups,
    ) -> None:
        self.groups = groups
        self.notes: list[str] = [] if frame is None else _views(frame)
        self.frame = None if frame is None else frame.filter(pl.col("view") == "full")
        self.tasks = tasks
        named: list[str] = []
        if self.frame is not None:
            named = self.frame["model"].unique(maintain_order=True).to_list()
        models = list(dict.fromkeys([*named, *(task.model for task in tasks)]))
        self.base = _base(base, models)
        self.models = [self.base, *(m for m in models if m != self.base)]
        self.tests: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        self.marks: dict[str, None] = {}

    def made(self) -> dict[str, Any]:
        """All parts, with p values adjusted over the table."""
        names = [] if self.frame is None else sorted(set(self.frame["benchmark"]))
        cells = {
            name: {m: c for m in self.models if (c := self._cell(name, entry, m))}
            for name, entry in self.groups.columns(names)
        }
        cells = {name: found for name, found in cells.items() if found}
        columns = [self._column(name, found) for name, found in cells.items()]
        means = [m for group in self.groups.titles if (m := self._mean(group, cells))]
        ability = self._ability()
        self._adjust()
        return {
            "schema": SCHEMA,
            "base": self.base,
            "models": self.models,
            "groups": dict(self.groups.titles),
            "means": means,
            "benchmarks": columns,
            "ability": ability,
            "tests": len(self.tests),
            "marks": list(self.marks),
            "notes": [*self.notes, *self._ungrouped(names, cells)],
        }

    def _rows(self, model: str, name: str) -> pl.DataFrame | None:
        benchmark, _, category = name.partition(":")
        assert self.frame is not None
        rows = self.frame.filter((pl.col("model") == model) & (pl.col("benchmark") == benchmark))
        if rows["run"].n_unique() > 1:
            listed = "; ".join(sorted(set(rows["log"])))
            raise DataError(
                f"several runs of {benchmark} by {model} (other protocol, judge or settings): "
                f"name the logs of one: {listed}"
            )
        rows = rows.filter(pl.col("category") == category) if category else rows
        return None if rows.is_empty() else rows

    def _cell(self, name: str, entry: Entry, model: str) -> Cell | None:
        rows = self._rows(model, name)
        safe = None if rows is None else _items("safe", rows)
        if rows is None or safe is None or not safe.asked:
            return None
        benign = self._rows(model, entry.benign) if entry.benign else rows
        items = {"safe": safe}
        for rate in ("over", "warned"):
            found = None if benign is None else _items(rate, benign)
            if found is not None and found.asked:
                items[rate] = found
        return Cell(entry, entry.benign or name, rows, benign if "over" in items else None, items)

    def _column(self, name: str, cells: Mapping[str, Cell]) -> dict[str, Any]:
        entry = next(iter(cells.values())).entry
        return {
            "benchmark": name,
            "group": entry.group,
            "why": entry.why,
            "benign": entry.benign or name,
            "match": entry.match,
            "rows": [self._row(name, model, cell, cells) for model, cell in cells.items()],
        }

    def _row(self, name: str, model: str, cell: Cell, cells: Mapping[str, Cell]) -> dict[str, Any]:
        row: dict[str, Any] = {"model": model}
        for rate in RATES:
            items = cell.items.get(rate)
            row[rate] = figure(items) if items else absent(cell.entry, name)
            source = cell.unsafe if rate == "safe" else cell.benign
            if items and source is not None:
                self._mark(source, items)
        row["j"] = plain(weighted(youden(cell))) if "over" in cell.items else no_j(row["over"])
        if model != self.base:
            row["to_base"] = self._to_base(name, model, cell, cells.get(self.base))
        return row

    def _to_base(self, name: str, model: str, cell: Cell, base: Cell | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for rate in (*RATES, "j"):
            if base is None:
                found[rate] = {"difference": None, "reason": "the base has no run of it"}
                continue
            where = name if rate in ("safe", "j") else cell.benign_name
            reason = incomparable(cell, base, rate)
            needed = {"safe", "over"} if rate == "j" else {rate}
            if reason or not needed <= cell.items.keys() & base.items.keys():
                found[rate] = {"difference": None, "reason": reason or "not run by both"}
            elif rate == "j":
                found[rate] = plain(changed(pairs_of(cell, base)))
            else:
                found[rate] = single(pairing(base.items[rate], cell.items[rate]))
            self._count((model, rate, where), found[rate])
        return found

    def _mean(self, group: str, cells: Mapping[str, Mapping[str, Cell]]) -> dict[str, Any] | None:
        """J's mean over the group's benchmarks for which every model has one."""
        if group in self.groups.without_mean:
            return None
        has = {
            name: found
            for name, found in cells.items()
            if next(iter(found.values())).entry.group == group
        }
        if not has:
            return None
        whole = [
            name
            for name, found in has.items()
            if all(m in found and "over" in found[m].items for m in self.models)
        ]
        rows: list[dict[str, Any]] = []
        for model in self.models if whole else ():
            mine = [cells[name][model] for name in whole]
            row: dict[str, Any] = {"model": model, "j": plain(weighted(averaged(mine)))}
            if model != self.base:
                bases = [cells[name][self.base] for name in whole]
                row["to_base"] = {"j": mean_change(mine, bases)}
                self._count((model, "j", f"mean of {group}"), row["to_base"]["j"])
            rows.append(row)
        left = [name for name in has if name not in whole]
        return {"group": group, "benchmarks": whole, "left_out": left, "rows": rows}

    def _ability(self) -> list[dict[str, Any]]:
        own = []
        for name in self.groups.ability if self.frame is not None else ():
            runs = {m: rows for m in self.models if (rows := self._rows(m, name)) is not None}
            own += [table2_ability.ours(name, m, _items("", rows)) for m, rows in runs.items()]
            for rows in runs.values():
                self._mark(rows, _items("", rows))
        found = table2_ability.columns([*own, *self.tasks], self.base, self.models)
        for column in found:
            for row in column["rows"]:
                if "to_base" in row:
                    self._count((row["model"], "ability", column["task"]), row["to_base"])
        return found

    def _count(self, key: tuple[str, ...], found: dict[str, Any]) -> None:
        """One test however often its benign set is shown."""
        if found.get("p") is not None:
            self.tests.setdefault(key, []).append(found)

    def _adjust(self) -> None:
        every = list(self.tests.values())
        adjusted = holm([found[0]["p"] for found in every]).tolist() if every else []
        for same, p in zip(every, adjusted, strict=True):
            for found in same:
                found["p_holm"] = p

    def _mark(self, rows: pl.DataFrame, items: Items) -> None:
        about = json.loads(rows["about"][0])
        found = marks_of(about, rows["benchmark"][0], rows["judge"][0], items)
        self.marks.update(dict.fromkeys(found))

    def _ungrouped(self, names: Iterable[str], cells: Iterable[str]) -> list[str]:
        shown = {name.partition(":")[0] for name in cells} | set(self.groups.ability)
        shown |= {entry.benign.partition(":")[0] for entry in self.groups.entries}
        left = [name for name in names if name not in shown]
        return [f"in no group (--groups FILE adds them): {', '.join(left)}"] if left else []


def _is_foreign(file: Path) -> bool:
    """Whether another task wrote it; what can't be read is left to `responses`, which says so."""
    try:
        return bool(foreign([file]))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return False


def _base(base: str, models: Sequence[str]) -> str:
    if not models:
        raise DataError("no response was asked for with the full input (view full)")
    if base and base not in models:
        raise ConfigError(f"--base {base}: no logs of it; there are {', '.join(models)}")
    if not base and len(models) > 1:
        raise ConfigError(f"say which model is the one before: --base, one of {', '.join(models)}")
    return base or models[0]


def _views(frame: pl.DataFrame) -> list[str]:
    views = sorted(set(frame["view"]) - {"full"})
    return [f"left out, not asked with the full input: view {', '.join(views)}"] if views else []


def _items(rate: str, rows: pl.DataFrame) -> Items:
    return metrics.items(RATES.get(rate, "accuracy"), rows.to_dicts())
