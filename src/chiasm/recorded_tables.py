"""Tables of recorded answers: xlsx, tsv and csv, as VLMEvalKit writes them.

Only columns that say which case a row is and what was answered are read: pictures as base64, which
make up nearly all of such a file, are not. Every cell is a text, and an empty one is None.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from chiasm.data.records import Record
from chiasm.errors import ConfigError, DataError

if TYPE_CHECKING:
    import polars as pl

TABLES = (".xlsx", ".tsv", ".csv")

WANTED = frozenset(
    """
    index id pid question_id instruction_id case question instruction query response
    prediction pred_answer model
    """.split()  # noqa: SIM905
)
"""Columns that are read. ``answer`` is not: there VLMEvalKit keeps the right option."""

CELL = 32_767
"""Characters that a cell of a spreadsheet can hold; what is longer was cut when it was written."""

LARGEST = 2_000_000_000
"""Bytes that a spreadsheet may unpack to."""

log = logging.getLogger(__name__)


def table_records(path: Path) -> Iterator[Record]:
    """Rows of a table; ``row`` is the number that a spreadsheet shows (the header is row 1).

    Args:
        path: Ends in one of `TABLES`.

    Raises:
        ConfigError: It is a spreadsheet and the extra `xlsx` is not installed.
        DataError: It can't be read, or has no column of answers.
    """
    frame = _xlsx(path) if path.suffix == ".xlsx" else _separated(path)
    if not {"response", "prediction", "pred_answer"} & set(frame.columns):
        raise DataError(
            f"has no column of answers (prediction, response); it has {', '.join(frame.columns)}",
            file=str(path),
            row=1,
        )
    cut = 0
    for number, row in enumerate(frame.iter_rows(named=True), start=2):
        cut += path.suffix == ".xlsx" and any(len(v or "") >= CELL for v in row.values())
        yield Record(str(path), number, {k: v if v else None for k, v in row.items()})
    if cut:
        log.warning("%s: %d answers fill a cell and were cut when it was written", path, cut)


def _separated(path: Path) -> "pl.DataFrame":
    import polars as pl

    separator = "\t" if path.suffix == ".tsv" else ","
    try:
        names = pl.read_csv(path, separator=separator, n_rows=0, infer_schema_length=0).columns
        kept = [n for n in names if n in WANTED]
        if not kept:
            raise DataError(
                f"no known column among {', '.join(names)[:200]}", file=str(path), row=1
            )
        return pl.read_csv(
            path, separator=separator, columns=kept, infer_schema_length=0, null_values=[]
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"not a table: {_short(error)}", file=str(path)) from None


def _xlsx(path: Path) -> "pl.DataFrame":
    try:
        import fastexcel
    except ImportError:
        raise ConfigError(
            f"{path}: spreadsheets need a reader: pip install 'chiasm[xlsx]', or save it as .tsv"
        ) from None
    import polars as pl

    try:
        with ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > LARGEST:
            raise DataError(f"unpacks to {size} bytes, more than {LARGEST}", file=str(path))
        sheet = fastexcel.read_excel(str(path)).load_sheet(0, dtypes="string")
        frame = sheet.to_polars()
    except (BadZipFile, OSError, fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise DataError(f"not a readable spreadsheet: {_short(error)}", file=str(path)) from None
    return frame.select([c for c in frame.columns if c in WANTED])


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
