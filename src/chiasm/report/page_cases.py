"""What the browser of the cases holds: outcomes as one letter a response, columns as arrays."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from chiasm.cases import OUTCOMES
from chiasm.report.page_outcomes import NOTHING, letter
from chiasm.report.runs import Run

PER_BLOCK = 200
"""Responses whose texts are loaded together."""

_TELLS_APART = ("protocol", "view", "judge", "source")


class Shelf(NamedTuple):
    """A benchmark's cases and its runs.

    Attributes:
        name: The benchmark.
        runs: In the order of the page's upper half.
        cases: Ids, in the order of the dataset.
        epochs: The most answers to a case.
        per_block: Cases whose texts are loaded together.
    """

    name: str
    runs: tuple[Run, ...]
    cases: tuple[str, ...]
    epochs: int
    per_block: int

    @property
    def blocks(self) -> int:
        """Number of blocks of texts."""
        return -(-len(self.cases) // self.per_block)


def shelf(name: str, runs: Sequence[Run]) -> Shelf:
    """The cases that any of a benchmark's runs asked for."""
    cases = tuple(dict.fromkeys(case for run in runs for case in run.frame["case"]))
    epochs = max(int(str(run.frame["epoch"].max())) for run in runs)
    size = max(5, PER_BLOCK // (len(runs) * epochs))
    return Shelf(name, tuple(runs), cases, epochs, size)


def payload(found: Shelf, queries: Mapping[str, str]) -> dict[str, Any]:
    """Plain data for the page's script.

    Args:
        found: The cases and runs.
        queries: By case; empty where the page is to hold no text.
    """
    facts = _facts(found)
    categories = sorted({f[0] for f in facts.values() if f[0]})
    subs = sorted({f[1] for f in facts.values() if f[1]})
    rows = [facts[case] for case in found.cases]
    return {
        "name": found.name,
        "cases": _without_prefix(found),
        "queries": [queries.get(case, "") for case in found.cases] if queries else [],
        "categories": categories,
        "subs": subs,
        "category": [categories.index(r[0]) if r[0] else -1 for r in rows],
        "sub": [subs.index(r[1]) if r[1] else -1 for r in rows] if subs else [],
        "truth": "".join({"unsafe": "u", "safe": "s"}.get(r[2] or "", NOTHING) for r in rows),
        "epochs": found.epochs,
        "perBlock": found.per_block,
        "runs": [_run(found, run) for run in found.runs],
    }


def _without_prefix(found: Shelf) -> dict[str, Any]:
    """Ids with the benchmark's name taken off where all have it."""
    prefix = found.cases[0].partition("/")[0] + "/" if "/" in found.cases[0] else ""
    if not all(case.startswith(prefix) for case in found.cases):
        prefix = ""
    return {"prefix": prefix, "ids": [case.removeprefix(prefix) for case in found.cases]}


def _facts(found: Shelf) -> dict[str, tuple[str | None, str | None, str | None]]:
    """Category, subcategory and ground truth; of the first run that knows them."""
    columns = ("case", "category", "subcategory", "ground_truth")
    frame = pl.concat([run.frame.select(columns) for run in found.runs])
    known = frame.group_by("case", maintain_order=True).agg(
        pl.col(c).drop_nulls().first() for c in columns[1:]
    )
    return {row[0]: (row[1], row[2], row[3]) for row in known.iter_rows()}


def _run(found: Shelf, run: Run) -> dict[str, Any]:
    place = {case: i for i, case in enumerate(found.cases)}
    axes = [axis for axis in OUTCOMES if not run.frame[axis].is_null().all()]
    told: dict[str, Any] = {
        "model": run.model,
        "note": _note(found, run),
        "judge": run.key["judge"],
        "axes": axes,
        "reasons": {},
    }
    rows = run.frame.sort("case").select(
        "case", "epoch", *OUTCOMES, *(f"{axis}_reason" for axis in OUTCOMES)
    )
    for axis in axes:
        letters = [NOTHING] * (len(found.cases) * found.epochs)
        reasons: dict[str, list[int]] = {}
        columns = (rows["case"], rows["epoch"], rows[axis], rows[f"{axis}_reason"])
        for case, epoch, outcome, reason in zip(*columns, strict=True):
            spot = place[case] * found.epochs + epoch - 1
            letters[spot] = letter(outcome)
            if reason:
                reasons.setdefault(reason[:80], []).append(spot)
        told[axis] = "".join(letters)
        told["reasons"][axis] = dict(sorted(reasons.items()))
    return told


def _note(found: Shelf, run: Run) -> str:
    """What tells a run from the others of its benchmark, besides the model."""
    differ = [k for k in _TELLS_APART if len({r.key[k] for r in found.runs}) > 1]
    words = {"replay": "recorded", "eval": "live"}
    return " · ".join(words.get(run.key[k], str(run.key[k])) for k in differ if run.key[k])
