"""One anomaly of a dataset."""

from typing import NamedTuple


class Finding(NamedTuple):
    """What is odd about a row, or about the dataset as a whole.

    Attributes:
        code: See `chiasm.data.check.CODES`.
        case: The case's id; empty for the whole dataset.
        field: Which of its fields (``query``, ``options.B``, ``oracle.reference``, ``images``).
        detail: What was found, short; may quote the data.
    """

    code: str
    case: str
    field: str
    detail: str
