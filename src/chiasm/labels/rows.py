"""Rows of label files: each becomes a label, or is refused with its file, row and field."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from chiasm.cases import OUTCOMES
from chiasm.errors import DataError
from chiasm.labels.records import FLAGGED, Label

SYNONYMS: Mapping[str, str] = {"safe": "safe_unspecified"}
"""Words that are no outcomes and can mean one only: "safe" says safe and no more."""

FIELDS = tuple(f.name for f in fields(Label))

NUMBERS = ("seconds", "probability")


class Refused(NamedTuple):
    """A row that became no label.

    Attributes:
        file: Where it stands.
        row: As a person would look it up.
        field: Which field is wrong; empty where it is the row as a whole.
        why: What is wrong with it.
    """

    file: str
    row: int | str
    field: str
    why: str

    def error(self) -> DataError:
        """The same as an error."""
        return DataError(self.why, file=self.file, row=self.row, field=self.field)


class Raw(NamedTuple):
    """A row as some tool wrote it, under our names of fields; values are of any type."""

    file: str
    row: int | str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the file itself does not say.

    Attributes:
        source: Tool and file, for labels that name none.
        words: A word of the file -> an outcome of ours.
        guideline: Digest of the guideline, for labels that name none.
        probabilities: Response -> the probability with which it was chosen.
    """

    source: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    guideline: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)


class UnknownWordError(DataError):
    """A row's outcome is none of ours; `word` is what stands there."""

    def __init__(self, word: str, axis: str, raw: Raw) -> None:
        self.word = word
        known = ", ".join((*_known(axis), FLAGGED))
        super().__init__(
            f"{word[:60]!r} is no label on {axis}; these are: {known}",
            file=raw.file,
            row=raw.row,
            field="outcome",
        )


def to_label(raw: Raw, given: Given) -> Label:
    """The label of a row.

    Raises:
        UnknownWordError: Its outcome is none that the axis has.
        DataError: A field is missing or wrong; the message names file, row and field.
    """
    axis = _text(raw, "axis") or "safety"
    word = _text(raw, "outcome")
    outcome = outcome_of(word, given.words)
    if _known(axis) and outcome not in (*_known(axis), FLAGGED):
        raise UnknownWordError(word, axis, raw)
    for name in ("response", "annotator"):
        if not _text(raw, name):
            raise DataError("is missing", file=raw.file, row=raw.row, field=name)
    response = _text(raw, "response")
    probability = _number(raw, "probability")
    try:
        return Label(
            response=response,
            annotator=pseudonym(_text(raw, "annotator")),
            outcome=outcome,
            axis=axis,  # type: ignore[arg-type]  # Label refuses what is none
            purpose=_text(raw, "purpose") or "label",  # type: ignore[arg-type]
            note=_text(raw, "note", strip=False),
            at=_time(raw),
            seconds=_number(raw, "seconds"),
            guideline=_text(raw, "guideline") or given.guideline,
            probability=(given.probabilities.get(response) if probability is None else probability),
            source=_text(raw, "source") or given.source,
        )
    except DataError as error:
        if error.file:
            raise
        raise DataError(error.what, file=raw.file, row=raw.row, field=error.field) from None


def outcome_of(word: str, words: Mapping[str, str]) -> str:
    """An outcome of a word: as told, else in lower case with underscores, else a synonym.

    >>> outcome_of("Over-refusal", {}), outcome_of("safe", {}), outcome_of("2", {"2": "unsafe"})
    ('over_refusal', 'safe_unspecified', 'unsafe')
    """
    if word in words:
        return words[word]
    plain = "_".join(word.lower().replace("-", " ").replace("_", " ").split())
    return SYNONYMS.get(plain, plain)


def pseudonym(annotator: str) -> str:
    """The same, or a digest where it is an address: labels carry no names that lead to a person.

    >>> pseudonym("ann-3"), pseudonym("someone@example.org")
    ('ann-3', 'person-79a6123c')
    """
    if "@" not in annotator:
        return annotator
    return f"person-{sha256(annotator.strip().lower().encode()).hexdigest()[:8]}"


def _known(axis: str) -> tuple[str, ...]:
    return next((words for name, words in OUTCOMES.items() if name == axis), ())


def _text(raw: Raw, name: str, *, strip: bool = True) -> str:
    value = raw.fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        what = f"expected a text, got {type(value).__name__}"
        raise DataError(what, file=raw.file, row=raw.row, field=name)
    text = str(value)
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        what = "holds a null character or half a surrogate pair"
        raise DataError(what, file=raw.file, row=raw.row, field=name)
    return text.strip() if strip else text


def _number(raw: Raw, name: str) -> float | None:
    value = raw.fields.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError):
        what = f"expected a number, got {str(value)[:40]!r}"
        raise DataError(what, file=raw.file, row=raw.row, field=name) from None
    if not math.isfinite(number) or number < 0:
        what = f"expected a number from 0 on, got {str(value)[:40]!r}"
        raise DataError(what, file=raw.file, row=raw.row, field=name)
    return number


def _time(raw: Raw) -> str:
    """As it stands where it is in UTC or names no zone, else in UTC."""
    text = _text(raw, "at")
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
        shifted = at.utcoffset()
        return at.astimezone(UTC).isoformat() if shifted else text
    except (ValueError, OverflowError):
        what = f"expected a time in ISO 8601, got {text[:40]!r}"
        raise DataError(what, file=raw.file, row=raw.row, field="at") from None
