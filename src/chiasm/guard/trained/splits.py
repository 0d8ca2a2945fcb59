"""Families for training, validation and test: a family is in one part only."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from chiasm.errors import DataError
from chiasm.guard.trained.examples import Example

LEAST = 2
"""Families with unsafe rows, and with safe ones, that a part needs for a figure with interval."""


class Parts(NamedTuple):
    """Row numbers by part."""

    train: list[int]
    validation: list[int]
    test: list[int]


def parts(
    rows: Sequence[Example], seed: int, *, validation: float = 0.2, test: float = 0.25
) -> Parts:
    """Which rows are trained on, calibrated on and held out.

    A row whose data name its part is in it. Of the other families, `test` of them are drawn for
    the test unless some row is marked as one, then `validation` of the rest likewise. The draw is
    stratified: families with the same carriers and labels are divided alike.

    Args:
        rows: All.
        seed: Of the draw.
        validation: Share of the families that are not for the test.
        test: Share of all families.

    Raises:
        DataError: A family is marked for two parts, or a part has too few families to be used.
    """
    marked: dict[str, str] = {}
    for row in rows:
        if row.part and marked.setdefault(row.family, row.part) != row.part:
            raise DataError(
                f"the family is in {marked[row.family]} and in {row.part}", row=row.id,
                field="family",
            )  # fmt: skip
    given = set(marked.values())
    free = sorted({row.family for row in rows} - marked.keys())
    kinds: dict[str, set[tuple[str, bool]]] = {}
    for row in rows:
        kinds.setdefault(row.family, set()).add((row.carrier, row.unsafe))
    rng = Random(f"guard/{seed}")
    for name, share in (("test", test), ("validation", validation)):
        if name in given:
            continue
        drawn = _draw(free, kinds, share, rng)
        marked.update(dict.fromkeys(drawn, name))
        free = [family for family in free if family not in drawn]
    found: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for k, row in enumerate(rows):
        found[marked.get(row.family, "train")].append(k)
    for name, numbers in found.items():
        _check(name, [rows[k] for k in numbers])
    return Parts(**found)


def _draw(
    families: list[str], kinds: dict[str, set[tuple[str, bool]]], share: float, rng: Random
) -> set[str]:
    """That share of every kind of family; what is left over is carried to the next kind."""
    strata: dict[tuple[tuple[str, bool], ...], list[str]] = {}
    for family in families:
        strata.setdefault(tuple(sorted(kinds[family])), []).append(family)
    drawn, owed = set[str](), 0.0
    for _, members in sorted(strata.items()):
        owed += share * len(members)
        take = min(len(members) - 1 if len(members) > 1 else 1, round(owed))
        owed -= take
        drawn.update(rng.sample(members, max(0, take)))
    return drawn


def _check(name: str, rows: list[Example]) -> None:
    for unsafe, word in ((True, "unsafe"), (False, "safe")):
        families = {row.family for row in rows if row.unsafe == unsafe}
        if len(families) < LEAST:
            raise DataError(
                f"{name}: {len(families)} families with {word} rows, at least {LEAST} are needed; "
                "mark families with a column split, or change --hold-out and --validation"
            )
