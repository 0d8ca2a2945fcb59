"""Label files in and out: CSV, JSON Lines, Label Studio, Potato.

Every row is kept or refused with its file, row and field. `read` is strict, `read_all` keeps what
can be kept and counts the rest.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from chiasm.errors import ConfigError, DataError
from chiasm.labels import label_studio, plain, potato
from chiasm.labels.files import lines, table
from chiasm.labels.records import Label
from chiasm.labels.rows import Given, Raw, Refused, UnknownWordError, to_label

Form = Literal["csv", "jsonl", "label-studio", "potato"]

FORMS: tuple[Form, ...] = get_args(Form)

SUFFIXES: dict[Form, str] = {
    "csv": ".csv",
    "jsonl": ".jsonl",
    "label-studio": ".json",
    "potato": ".jsonl",
}


@dataclass(slots=True)
class Found:
    """What a file holds.

    Attributes:
        labels: Rows that are labels, in their order.
        refused: Rows that are none; together with `labels`, `twice` and `blank` these are all.
        words: Words in place of an outcome that nobody knows, and how often each stands there.
        twice: Rows that say again what an earlier one says, field by field.
        blank: Rows of a table that nobody has labelled yet.
        form: Of which format the file is.
    """

    labels: list[Label] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    blank: int = 0
    form: str = ""


def read(path: str | Path, form: str = "", given: Given | None = None) -> list[Label]:
    """Labels of a file, all of them.

    Args:
        path: The file, or a folder of Potato's.
        form: One of `FORMS`; found out where it is empty.
        given: What the file does not say.

    Raises:
        ConfigError: There is no such format.
        DataError: The file or one of its rows can't be read; names file, row and field.
    """
    found = read_all(path, form, given)
    if found.refused:
        first = found.refused[0]
        more = f" (and {len(found.refused) - 1} more rows)" if len(found.refused) > 1 else ""
        raise DataError(first.why + more, file=first.file, row=first.row, field=first.field)
    return found.labels


def load(where: str) -> list[Label]:
    """Labels of a file, or those that count in a database of the annotation application.

    Args:
        where: As `read`; a SQLite file of ours; or ``postgresql://USER@HOST/NAME``.

    Raises:
        ConfigError: It is a database, and can't be reached or the extra `annotate` is missing.
        DataError: As `read`.
    """
    if "://" not in where and not _is_sqlite(Path(where)):
        return read(where)
    try:
        from chiasm.labels.database import read_labels
    except ImportError:
        raise ConfigError(
            f"{where.partition('://')[0]}: databases of labels need pip install 'chiasm[annotate]'"
        ) from None
    return read_labels(where)


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(16) == b"SQLite format 3\x00"


def read_all(path: str | Path, form: str = "", given: Given | None = None) -> Found:
    """Labels of a file, and what is wrong with its other rows.

    Args:
        path: As `read`.
        form: As `read`.
        given: As `read`.

    Raises:
        ConfigError: There is no such format.
        DataError: The file as a whole can't be read, or holds no row.
    """
    path = Path(path)
    if not path.exists():
        raise DataError("no such file", file=str(path))
    named = _form(form) if form else detect(path)
    given = given or Given()
    if not given.source:
        given = replace(given, source=f"{named}:{path.name}")
    found = Found(form=named)
    seen: set[Label] = set()
    for row in _rows(path, named):
        _take(row, given, found, seen)
    if not (found.labels or found.refused or found.blank):
        raise DataError("holds no labels", file=str(path))
    return found


def write(labels: Sequence[Label], path: str | Path, form: str = "") -> None:
    """Write labels; reading them back gives equal ones.

    Args:
        labels: In the order in which they stand there.
        path: Its ending tells the format where none is named: csv, tsv, jsonl, or json for Label
            Studio.
        form: One of `FORMS`.

    Raises:
        ConfigError: There is no such format.
    """
    path = Path(path)
    endings: dict[str, Form] = {
        ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".json": "label-studio"
    }  # fmt: skip
    named = _form(form) if form else endings.get(path.suffix)
    if named is None:
        raise ConfigError(f"{path}: which format? Known are {', '.join(FORMS)}")
    texts = {
        "csv": lambda: plain.to_table(labels, "\t" if path.suffix == ".tsv" else ","),
        "jsonl": lambda: plain.to_lines(labels),
        "label-studio": lambda: label_studio.to_export(labels),
        "potato": lambda: potato.to_instances(labels),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(texts[named](), encoding="utf-8", newline="")
    part.replace(path)


def detect(path: Path) -> Form:
    """The format of a file, by its name and its first row.

    Raises:
        DataError: It can't be told.
    """
    if path.is_dir() or path.stem == potato.NAME:
        return "potato"
    if path.suffix == ".json":
        return "label-studio"
    if path.suffix == ".jsonl":
        first = _first(lines(path))
        foreign = first is not None and "label_annotations" in first.fields
        return "potato" if foreign else "jsonl"
    if path.suffix in (".csv", ".tsv"):
        first = _first(table(path))
        foreign = first is not None and any(":::" in name for name in first.fields)
        return "potato" if foreign else "csv"
    raise DataError(
        f"which format? Name one of {', '.join(FORMS)}, or end the name in .csv, .tsv, .jsonl, "
        ".json",
        file=str(path),
    )


def _form(form: str) -> Form:
    for known in FORMS:
        if known == form:
            return known
    raise ConfigError(f"format {form}: known are {', '.join(FORMS)}")


def _rows(path: Path, form: Form) -> Iterator[Raw | Refused]:
    if form == "label-studio":
        return label_studio.read_export(path)
    if form == "potato":
        return potato.read_instances(path)
    return plain.read_lines(path) if form == "jsonl" else plain.read_table(path)


def _take(row: Raw | Refused, given: Given, found: Found, seen: set[Label]) -> None:
    if isinstance(row, Refused):
        found.refused.append(row)
        return
    if found.form == "csv" and not str(row.fields["outcome"]).strip():
        found.blank += 1
        return
    try:
        label = to_label(row, given)
    except UnknownWordError as error:
        found.words[error.word] += 1
        found.refused.append(Refused(row.file, row.row, error.field, error.what))
        return
    except DataError as error:
        found.refused.append(Refused(row.file, row.row, error.field, error.what))
        return
    if label in seen:
        found.twice += 1
    else:
        seen.add(label)
        found.labels.append(label)


def _first(rows: Iterable[Raw | Refused]) -> Raw | None:
    return next((r for r in rows if isinstance(r, Raw)), None)
