"""Training sets as a guard's rows, and the gate before them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.align import gate
from chiasm.align.loaders import LOADERS, loader
from chiasm.align.own_sets import check_use
from chiasm.align.pictures import unpack
from chiasm.align.rows import Row
from chiasm.benchmarks.built import FACTS, cases
from chiasm.data.registry import cache_dir
from chiasm.errors import ConfigError, DataError
from chiasm.guard.trained.examples import Example, check, read, united
from chiasm.guard.trained.sources import LAB, SCENES, benchmark, lab_world, scenes_training


class Sources(NamedTuple):
    """What was named.

    Attributes:
        rows: Those to train on, then those that are only measured on.
        lost: Source -> reason -> rows that could not be used.
    """

    rows: list[Example]
    lost: dict[str, dict[str, int]]


def sources(
    names: Sequence[str], tests: Sequence[str], folders: Mapping[str, str], *, seed: int = 0
) -> Sources:
    """Rows to train on and, after them, rows that are only measured on.

    Rows without a family are united over all sources; families that sources name stay apart by
    source, whatever they are called.

    Args:
        names: A file or folder of rows, ``lab_world``, ``scenes_training``, or LOADER=DIR with a
            loader of `chiasm.align.loaders`.
        tests: Files, or benchmarks of `chiasm list`.
        folders: Local copies of benchmarks by name.
        seed: Of the drawings of ``lab_world``.

    Raises:
        ConfigError: A name is an evaluation set's or unknown, or data are not there.
        DataError: Data are not what they should be, or an id occurs twice.
    """
    lost: dict[str, dict[str, int]] = {}
    learnt = [_to_train_on(name, seed, lost) for name in names]
    measured = [to_measure_on(name, folders, seed) for name in tests]
    apart = _apart([*learnt, *measured])
    kept, tested = apart[: len(learnt)], apart[len(learnt) :]
    # Rows that are only measured on move no row that is trained on: what they share is counted.
    return Sources(check([*united(list(chain(*kept))), *united(list(chain(*tested)))]), lost)


def _apart(parts: Sequence[list[Example]]) -> list[list[Example]]:
    """Families with their dataset's name before them, and a number where two have one name."""
    times: Counter[str] = Counter()
    found = []
    for rows in parts:
        name = rows[0].dataset
        times[name] += 1
        number = f"{times[name]}: " if times[name] > 1 else ""
        found.append([replace(row, family=f"{name}: {number}{row.family}") if row.family else row
                      for row in rows])  # fmt: skip
    return found


def to_measure_on(name: str, folders: Mapping[str, str], seed: int = 0) -> list[Example]:
    """Rows of a file or folder, of ``lab_world`` (its test part), or of a benchmark.

    Raises:
        ConfigError: There is no such thing.
        DataError: Data are not what they should be.
    """
    if name == LAB:
        return [row for row in lab_world(seed) if row.part == "test"]
    if Path(name).exists():
        return [replace(row, part="test") for row in read(Path(name))]
    return benchmark(name, folders.get(name, folders.get("")))


def let_through(
    rows: Sequence[Example],
    folders: Mapping[str, str],
    *,
    drop: bool = False,
    lost: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[list[Example], dict[str, Any]]:
    """Rows that the gate lets through, and what it has compared.

    Rows of the test part are not trained on and pass.

    Args:
        rows: All.
        folders: Local copies of evaluation sets by name; "" for a folder with all of them.
        drop: Leave out, and count, rows that share a query or picture with an evaluation set.
        lost: See `Sources`; kept with what was compared.

    Raises:
        DataError: A row is in an evaluation set or a reserved family.
    """
    learnt = [row for row in rows if row.part != "test"]
    found = gate.inspect([_as_row(row) for row in learnt], folders)
    dropped = gate.left_out(found, drop=drop)
    about = {"compared": dict(found.compared), "not_compared": list(found.not_compared),
             "dropped": dropped, "not_used": lost or {}}  # fmt: skip
    return [row for row in rows if row.id not in dropped or row.part == "test"], about


def _to_train_on(name: str, seed: int, lost: dict[str, dict[str, int]]) -> list[Example]:
    if name == LAB:
        return lab_world(seed)
    if name == SCENES:
        return scenes_training()
    word, sign, folder = name.partition("=")
    if sign and word in LOADERS:
        return _loaded(word, Path(folder), lost)
    path = Path(name)
    gate.check_names([path.stem, path.name, name])
    if not path.exists():
        raise ConfigError(
            f"{name}: expected a file or folder of rows, {LAB}, {SCENES}, or LOADER=DIR with one "
            f"of {', '.join(LOADERS)}"
        )
    _check_use(path)
    return read(path)


def _check_use(path: Path) -> None:
    """Refuse what `chiasm build` made for anything but training, as mixtures do.

    Raises:
        ConfigError: The folder, or that of the file, holds such a set.
        DataError: What the set says of itself is damaged.
    """
    place = path.resolve()
    for root in (place, place.parent):
        if (root / FACTS).is_file():
            check_use(root, str(path))


def _loaded(name: str, folder: Path, lost: dict[str, dict[str, int]]) -> list[Example]:
    """A training set by its loader; only sets of our own name families."""
    _check_use(folder)
    found = loader(name)(folder)
    if found.dropped:
        into = lost.setdefault(name, {})
        for reason, n in found.dropped.items():
            into[reason] = into.get(reason, 0) + n
    clusters = {case.id: case.cluster for case in cases(folder)} if name == "built" else {}
    rows = unpack(found.rows, cache_dir() / "unpacked" / name)
    if not rows:
        raise DataError(f"{name}: none of its rows can be used", file=str(folder))
    return [
        Example(
            id=row.id,
            query=row.prompt,
            images=tuple(i if isinstance(i, bytes) else _placed(Path(i)) for i in row.images),
            unsafe=row.kind == "harmful",
            category=row.category if row.kind == "harmful" else "",
            family=clusters.get(row.id, ""),
            dataset=name,
        )
        for row in rows
    ]


def _placed(file: Path) -> tuple[Path, str]:
    return file.parent, file.name


def _as_row(row: Example) -> Row:
    images = tuple(i if isinstance(i, bytes) else str(i[0] / i[1]) for i in row.images)
    return Row(
        id=row.id,
        dataset=row.dataset,
        kind="harmful" if row.unsafe else "benign",
        prompt=row.query if row.query.strip() else "(picture alone)",
        images=images,
        chosen="",
    )
