"""Images out of parquet tables, in the layout that MM-SafetyBench's authors use."""

from pathlib import Path, PurePosixPath
from typing import Any

from chiasm.data.paths import OutsideError, inside, relative_parts
from chiasm.errors import DataError


def unpack_images(table: Path, name: str, into: Path) -> dict[str, int]:
    """Write the images of a table ``data/<Scenario>/<Variant>.parquet`` as single files.

    Scenarios have a number in the authors' repository and none in the table's name; the number is
    taken from the question files, which must be there. The bytes are kept as they are.

    Args:
        table: The file, with columns `id` and `image` (bytes, path).
        name: Its path in the hub repository.
        into: The dataset's folder; images go to ``data/imgs/<NN-Scenario>/<Variant>/<id>.jpg``.

    Returns:
        Size of each file by its path.

    Raises:
        DataError: The table is not of that form; names row and field.
    """
    import polars as pl

    scenario, variant = PurePosixPath(name).parts[-2], PurePosixPath(name).stem
    base = f"data/imgs/{_numbered(into, scenario, name)}/{variant}"
    done: dict[str, int] = {}
    try:
        rows = pl.read_parquet(table, columns=["id", "image"])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a table of ids and images: {error}", file=name) from None
    for row in rows.iter_rows(named=True):
        path, data = _image(row, base, name, len(done))
        target = inside(into, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        part.write_bytes(data)
        part.replace(target)
        done[path] = len(data)
    return done


def _numbered(into: Path, scenario: str, name: str) -> str:
    found = sorted((into / "data" / "processed_questions").glob(f"[0-9][0-9]-{scenario}.json"))
    if len(found) != 1:
        raise DataError(f"no question file is named after {scenario!r}", file=name)
    return found[0].stem


def _image(row: dict[str, Any], base: str, name: str, number: int) -> tuple[str, bytes]:
    image = row.get("image")
    data = image.get("bytes") if isinstance(image, dict) else None
    if not isinstance(data, bytes):
        raise DataError("expected the bytes of an image", file=name, row=number, field="image")
    try:
        (key,) = relative_parts(str(row.get("id")))
    except (OutsideError, ValueError):
        raise DataError("expected a number", file=name, row=number, field="id") from None
    return f"{base}/{key}.jpg", data
