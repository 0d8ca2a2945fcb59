"""The row that all loaders, recipes and trainers share."""

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, get_args

from chiasm.data.records import json_lines
from chiasm.errors import DataError

Kind = Literal["harmful", "benign", "replay"]
"""harmful: a good answer refuses or warns. benign: it helps. replay: ability is to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training example.

    Attributes:
        id: ``dataset/row``, stable under shuffling and subsetting.
        dataset: Where it is from.
        kind: See `Kind`.
        prompt: What the user says.
        images: Paths of files, or the bytes of image files; shown before the prompt.
        chosen: The answer that is trained.
        rejected: The answer that is trained away from (preferences, unlearning); else empty.
        category: The dataset's own word.
    """

    id: str
    dataset: str
    kind: Kind
    prompt: str
    images: tuple[str | bytes, ...] = ()
    chosen: str
    rejected: str = ""
    category: str = ""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise DataError(
                f"expected one of {known}, got {self.kind!r}", row=self.id, field="kind"
            )
        if not self.prompt.strip():
            raise DataError("the prompt is empty", row=self.id, field="prompt")

    def to_json(self) -> dict[str, Any]:
        """Plain data; bytes of images as ``{"base64": ...}``; `from_json` restores an equal row."""
        images = [
            i if isinstance(i, str) else {"base64": b64encode(i).decode()} for i in self.images
        ]
        data = {name: getattr(self, name) for name in self.__slots__ if name != "images"}
        return {**data, "images": images}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`.

        Raises:
            DataError: A field is missing, unknown, or not what it should be.
        """
        row = data.get("id")
        known = {field.name: field.default is MISSING for field in fields(cls)}
        if unknown := sorted(data.keys() - known):
            raise DataError(f"a row has {', '.join(known)}", row=row, field=unknown[0])
        for name, needed in known.items():
            value = data.get(name, "")
            if needed and name not in data:
                raise DataError("missing", row=row, field=name)
            if name != "images" and not isinstance(value, str):
                raise DataError(f"expected a text, got {value!r}", row=row, field=name)
        given = data.get("images", [])
        if not isinstance(given, list):
            raise DataError(f"expected a list, got {given!r}", row=row, field="images")
        return cls(**{**data, "images": tuple(_image(one, row) for one in given)})


def _image(given: Any, row: Any) -> str | bytes:
    if isinstance(given, str):
        return given
    try:
        return b64decode(given["base64"], validate=True)
    except (TypeError, KeyError, ValueError):
        what = 'expected a path or {"base64": ...}, got'
        raise DataError(f"{what} {str(given)[:60]}", row=row, field="images") from None


class Loaded(NamedTuple):
    """What a loader found.

    Attributes:
        rows: In the file's order. Images are paths, or ``file.parquet#row``, see
            `chiasm.align.pictures`.
        dropped: Reason -> number of rows that can't be used.
    """

    rows: list[Row]
    dropped: Counter[str]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON lines; the file appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row.to_json(), ensure_ascii=False) + "\n" for row in rows)
    part.replace(path)


def read_rows(path: Path) -> Iterator[Row]:
    """Read what `write_rows` wrote.

    Raises:
        DataError: The file is missing, or a line is no row.
    """
    for line in json_lines(path):
        try:
            yield Row.from_json(line.value)
        except DataError as error:
            where = f"{line.row} ({error.row})" if error.row else line.row
            raise DataError(error.what, file=str(path), row=where, field=error.field) from None


def digest(rows: Iterable[Row]) -> str:
    """First 16 hex digits of a SHA-256 over rows in their order; images by path, or by bytes."""
    total = sha256()
    for row in rows:
        total.update(json.dumps(row.to_json(), sort_keys=True).encode())
    return total.hexdigest()[:16]


def counts(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Rows by dataset and kind, and how many of them show a picture (``with_image``)."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row.dataset, Counter()).update(
            {row.kind: 1, "with_image": int(bool(row.images))}
        )
    return {name: dict(sorted(kinds.items())) for name, kinds in sorted(found.items())}
