"""Pictures of rows that stand in tables or in the rows themselves, as files."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from chiasm.align.rows import Row
from chiasm.errors import DataError


def unpack(rows: list[Row], folder: Path) -> list[Row]:
    """Write pictures that stand in parquet files, or in rows, into a folder, named by content.

    Raises:
        DataError: A row of a table has no picture.
    """
    stored = _stored(rows)
    made = []
    for row in rows:
        images: list[str | bytes] = []
        for image in row.images:
            data = stored.get(image) if isinstance(image, str) else image
            if data is None:
                images.append(image)
                continue
            path = folder / f"{sha256(data).hexdigest()[:24]}{suffix(data)}"
            if not path.is_file():
                folder.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(".part")
                part.write_bytes(data)
                part.replace(path)
            images.append(str(path))
        fields: dict[str, Any] = {name: getattr(row, name) for name in row.__slots__}
        made.append(Row(**{**fields, "images": tuple(images)}))
    return made


def _stored(rows: list[Row]) -> dict[str, bytes]:
    """Reference -> bytes of pictures in parquet files; each file is read once."""
    import polars as pl

    wanted: dict[str, list[int]] = {}
    for row in rows:
        for image in row.images:
            if isinstance(image, str) and ".parquet#" in image:
                file, _, number = image.rpartition("#")
                wanted.setdefault(file, []).append(int(number))
    found = {}
    for file, numbers in wanted.items():
        table = pl.scan_parquet(file).select("image").with_row_index("row")
        for line in table.filter(pl.col("row").is_in(numbers)).collect().to_dicts():
            image = line["image"]
            data = image.get("bytes") if isinstance(image, dict) else image
            if not isinstance(data, bytes):
                raise DataError("there is no picture", file=file, row=line["row"], field="image")
            found[f"{file}#{line['row']}"] = data
    return found


def suffix(data: bytes) -> str:
    """The suffix of an image file by its first bytes; ``.img`` of what providers don't take."""
    kinds = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif", b"RIFF": ".webp"}
    return next((kind for start, kind in kinds.items() if data.startswith(start)), ".img")
