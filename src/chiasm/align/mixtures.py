"""Mixtures: so many rows of this, so many of that, exactly, and every row left out has a reason.

A mixture's folder holds ``mixture.jsonl`` (the rows), ``mixture.json`` (counts, reasons, licences,
digest), ``gate.json`` (what was compared with which evaluation set) and ``images/``.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple, get_args

from chiasm.align import gate
from chiasm.align.loaders import DRAWN, LICENCES, loader
from chiasm.align.pictures import unpack
from chiasm.align.rows import Kind, Loaded, Row, counts, digest, read_rows, write_rows
from chiasm.data.registry import cache_dir
from chiasm.errors import ConfigError, DataError

Images = Literal["keep", "drop", "only"]
SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One source of a mixture.

    Attributes:
        dataset: Its name: what ``--data NAME=DIR`` and the gate know it by.
        loader: See `chiasm.align.loaders.LOADERS`; the dataset's name by default.
        kind: Only rows of this kind; empty for all.
        as_kind: What the rows are then called ("replay"); empty leaves them as they are.
        count: Rows, drawn with the mixture's seed; 0 takes all.
        images: "keep", "drop" (text alone), or "only" rows that have one.
        path: The folder, relative to the recipe; empty: ``--data``, or the cache.
    """

    dataset: str
    loader: str = ""
    kind: Kind | Literal[""] = ""
    as_kind: Kind | Literal[""] = ""
    count: int = 0
    images: Images = "keep"
    path: str = ""

    def __post_init__(self) -> None:
        for name, known in (("kind", get_args(Kind)), ("as_kind", get_args(Kind))):
            if getattr(self, name) not in ("", *known):
                raise ConfigError(f"mixture: {self.dataset}: {name}: one of {', '.join(known)}")
        if self.images not in get_args(Images):
            raise ConfigError(f"mixture: {self.dataset}: images: one of {get_args(Images)}")
        if self.count < 0:
            raise ConfigError(f"mixture: {self.dataset}: count = {self.count}: 0 or more")


class Mixture(NamedTuple):
    """Rows to train on.

    Attributes:
        rows: In the order of the parts, each shuffled.
        dropped: Dataset -> reason -> rows.
        gate: What was compared.
    """

    rows: list[Row]
    dropped: Mapping[str, Mapping[str, int]]
    gate: gate.Passed


def read_parts(values: Any) -> tuple[Part, ...]:
    """Parts from plain data.

    Raises:
        ConfigError: It is no list of objects, or a key is missing, unknown or of another type.
    """
    if not isinstance(values, list) or not values:
        raise ConfigError("mixture: expected a list of datasets")
    known = {f.name for f in fields(Part)}
    parts = []
    for value in values:
        if not isinstance(value, dict) or not isinstance(value.get("dataset"), str):
            raise ConfigError(f"mixture: expected an object with a dataset, got {value!r}")
        if unknown := value.keys() - known:
            raise ConfigError(f"mixture: {value['dataset']}: unknown keys {sorted(unknown)}")
        if type(value.get("count", 0)) is not int:
            raise ConfigError(f"mixture: {value['dataset']}: count: expected a number of rows")
        parts.append(Part(**value))
    return tuple(parts)


def make(
    parts: Sequence[Part],
    out: Path,
    *,
    home: Path,
    folders: Mapping[str, str] | None = None,
    seed: int = 0,
    drop_overlapping: bool = False,
) -> Mixture:
    """Load, draw, and let through the gate; what was made before is read again.

    Args:
        parts: What to mix.
        out: The mixture's folder.
        home: What paths of the parts are relative to.
        folders: Local copies by dataset, of training and of evaluation sets.
        seed: Of the draw.
        drop_overlapping: Whether rows that overlap an evaluation set are left out and counted,
            where the mixture would be refused; never those that name one.

    Raises:
        ConfigError: The mixture names an evaluation set, or data are not there.
        DataError: There are fewer rows than wanted, or the gate has found some.
    """
    gate.check_names([p.dataset for p in parts])
    folders = folders or {}
    rows: list[Row] = []
    dropped: dict[str, Counter[str]] = {}
    for part in parts:
        found = _load(part, home, folders)
        lost = dropped.setdefault(part.dataset, Counter())
        lost.update(found.dropped)
        fitting = [row for row in found.rows if _fits(row, part, lost)]
        rows += _draw(part, fitting, lost, seed)
    rows = unpack(_unique(rows, dropped), out / "images")
    out.mkdir(parents=True, exist_ok=True)
    passed = gate.inspect(rows, folders)
    _write(out / "gate.json", passed.to_json())
    bad = gate.left_out(passed, drop=drop_overlapping)
    for row in rows:
        if row.id in bad:
            dropped.setdefault(row.dataset, Counter())[bad[row.id]] += 1
    rows = [row for row in rows if row.id not in bad]
    if not rows:
        raise DataError("the mixture is empty")
    made = Mixture(rows, {name: dict(c) for name, c in dropped.items() if c}, passed)
    write_rows(out / "mixture.jsonl", rows)
    _write(out / "mixture.json", summary(made, seed))
    return made


def summary(mixture: Mixture, seed: int) -> dict[str, Any]:
    """Counts, reasons, licences and the digest, as plain data."""
    sets = {row.dataset for row in mixture.rows}
    return {
        "rows": len(mixture.rows),
        "counts": counts(mixture.rows),
        "dropped": mixture.dropped,
        "licences": {name: LICENCES.get(name, "not known to us") for name in sorted(sets)},
        "seed": seed,
        "digest": digest(mixture.rows),
        "gate": {
            "compared_with": dict(mixture.gate.compared),
            "not_at_hand": list(mixture.gate.not_compared),
        },
    }


def show(mixture: Mixture) -> str:
    """Counts, reasons and what the gate has and has not seen, as text."""
    lines = []
    for name, kinds in counts(mixture.rows).items():
        told = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in kinds.items())
        lines.append(f"{name}: {told}; licence: {LICENCES.get(name, 'not known to us')}")
    for name, lost in mixture.dropped.items():
        lines += [f"left out of {name}: {n:,} {reason}" for reason, n in sorted(lost.items())]
    lines.append(f"gate: shares nothing with {', '.join(mixture.gate.compared)}")
    if mixture.gate.not_compared:
        absent = mixture.gate.not_compared
        more = f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else ""
        lines.append(
            f"gate: not compared, no files here: {', '.join(absent[:SHOWN])}{more}\n"
            "      `chiasm data get NAME` gets them, --data NAME=DIR names a copy"
        )
    return "\n".join(lines)


def read_mixture(path: Path) -> list[Row]:
    """The rows of a mixture's folder."""
    return list(read_rows(path / "mixture.jsonl"))


def _load(part: Part, home: Path, folders: Mapping[str, str]) -> Loaded:
    name = part.loader or part.dataset
    read = loader(name)
    given = folders.get(part.dataset, "")
    if part.path:
        given = given or str(home / part.path)
    if not given and name in DRAWN:
        return DRAWN[name]()
    root = Path(given) if given else cache_dir() / "data" / part.dataset
    if not root.exists():
        raise ConfigError(
            f"mixture: {part.dataset} is not in {root}: name its folder with "
            f"--data {part.dataset}=DIR"
        )
    return read(root)


def _fits(row: Row, part: Part, lost: Counter[str]) -> bool:
    if part.kind and row.kind != part.kind:
        lost[f"not asked for: {row.kind}"] += 1
        return False
    if part.images == "only" and not row.images:
        lost["has no image"] += 1
        return False
    return True


def _draw(part: Part, rows: list[Row], lost: Counter[str], seed: int) -> list[Row]:
    if part.count > len(rows):
        raise DataError(
            f"mixture: {part.dataset}: {part.count:,} rows wanted, {len(rows):,} can be used"
        )
    order = Random(f"{seed}/{part.dataset}/{part.kind}").sample(rows, len(rows))
    if part.count:
        lost["not drawn"] += len(rows) - part.count
        order = order[: part.count]
    changes: dict[str, Any] = {}
    if part.as_kind:
        changes["kind"] = part.as_kind
    if part.images == "drop":
        changes["images"] = ()
    return [replace(row, **changes) for row in order]


def _unique(rows: list[Row], dropped: dict[str, Counter[str]]) -> list[Row]:
    seen: set[str] = set()
    kept = []
    for row in rows:
        if row.id in seen:
            dropped.setdefault(row.dataset, Counter())["drawn twice"] += 1
            continue
        seen.add(row.id)
        kept.append(row)
    return kept


def _write(path: Path, data: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1, ensure_ascii=False), "utf-8")
    part.replace(path)
