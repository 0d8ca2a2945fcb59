"""Training sets as a guard's rows, and the gate before them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chiasm.align import gate
from chiasm.align.loaders import LOADERS, loader
from chiasm.align.pictures import unpack
from chiasm.align.rows import Row
from chiasm.data.registry import cache_dir
from chiasm.errors import ConfigError, DataError
from chiasm.guard.trained.examples import Example, check, read
from chiasm.guard.trained.sources import LAB, SCENES, benchmark, lab_world, scenes_training


def sources(
    names: Sequence[str], tests: Sequence[str], folders: Mapping[str, str], *, seed: int = 0
) -> list[Example]:
    """Rows to train on and, after them, rows that are only measured on.

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
    rows = [row for name in names for row in _to_train_on(name, seed)]
    return check([*rows, *(row for name in tests for row in to_measure_on(name, folders, seed))])


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
    rows: Sequence[Example], folders: Mapping[str, str], *, drop: bool = False
) -> tuple[list[Example], dict[str, Any]]:
    """Rows that the gate lets through, and what it has compared.

    Rows of the test part are not trained on and pass.

    Args:
        rows: All.
        folders: Local copies of evaluation sets by name; "" for a folder with all of them.
        drop: Leave out, and count, rows that share a query or picture with an evaluation set.

    Raises:
        DataError: A row is in an evaluation set or a reserved family.
    """
    learnt = [row for row in rows if row.part != "test"]
    found = gate.inspect([_as_row(row) for row in learnt], folders)
    dropped: dict[str, str] = {}
    if found.hits and drop and all(hit.why in ("query", "image") for hit in found.hits):
        dropped = {hit.row: f"shares a {hit.why} with {hit.of}" for hit in found.hits}
    else:
        gate.refuse(found)
    about = {"compared": dict(found.compared), "not_compared": list(found.not_compared),
             "dropped": dropped}  # fmt: skip
    return [row for row in rows if row.id not in dropped or row.part == "test"], about


def _to_train_on(name: str, seed: int) -> list[Example]:
    if name == LAB:
        return lab_world(seed)
    if name == SCENES:
        return scenes_training()
    word, sign, folder = name.partition("=")
    if sign and word in LOADERS:
        return _loaded(word, Path(folder))
    path = Path(name)
    gate.check_names([path.stem, path.name, name])
    if not path.exists():
        raise ConfigError(
            f"{name}: expected a file or folder of rows, {LAB}, {SCENES}, or LOADER=DIR with one "
            f"of {', '.join(LOADERS)}"
        )
    return read(path)


def _loaded(name: str, folder: Path) -> list[Example]:
    """A training set by its loader; a family is what shares a picture or a prompt."""
    found = loader(name)(folder)
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
            family=f"{name} {str(row.images[0]) if row.images else row.prompt}"[:200],
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
