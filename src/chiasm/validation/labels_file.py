"""A CSV file of one's own: people's labels, and a judge's verdicts in the same rows.

Needed: a column ``label`` or ``outcome`` with people's word, and an id in ``id``, ``response`` or
``case``. Used where there: ``annotator`` (several rows an id, one a person: the majority is the
label, or what a row of the ``purpose`` adjudication says), ``cluster`` or ``case``, ``category``,
``model``, ``query``, ``answer``. A judge is a column ``verdict``, or any other column that holds
verdicts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from chiasm.cases import SAFETY_OF_SAFE, Case, GroundTruth
from chiasm.data.records import Record, csv_records
from chiasm.errors import ConfigError, DataError
from chiasm.labels.records import FLAGGED
from chiasm.validation.answers import REFUSED, UNSAFE, Answer, People, Reading, Verdicts, read_words

IDS = ("id", "response", "case")
LABELS = ("label", "outcome")
VERDICT = "verdict"
OTHERS = (
    "annotator", "cluster", "category", "model", "query", "answer", "note", "at", "seconds",
    "guideline", "probability", "purpose", "axis", "source", "judge",
)  # fmt: skip
"""Columns that are never a judge."""

NOT_LABELS = ("repeat", "gold")
"""Purposes of rows that are no further opinion."""
ADJUDICATION = "adjudication"


class _Vote(NamedTuple):
    row: Record
    label: bool


def labels_file(path: Path) -> tuple[People, dict[str, list[str]]]:
    """Read labels, and the words of each judge.

    Rows that people flagged, usefulness labels, repeats and training items carry no label to
    compare with; neither do ties. All are left out and counted.

    Args:
        path: The file.

    Returns:
        The answers with a label, and column -> a word per answer for every column that may be a
        judge (no verdict in it is the caller's to notice).

    Raises:
        DataError: The file is missing, lacks a column, or no row has a readable label.
    """
    rows = _rows(path)
    id_column = _one_of(path, rows[0], IDS, "an id of the answer")
    label_column = _one_of(path, rows[0], LABELS, "people's label")
    reading = _reading(rows, label_column)
    left_out: Counter[str] = Counter()
    votes: dict[str, dict[object, _Vote]] = {}
    for row in rows:
        reason, label = _label(row, label_column, reading)
        if label is None:
            left_out[reason] += 1
            continue
        of_answer = votes.setdefault(row.get(id_column, str), {})
        who = (row.value.get("annotator") or row.row, row.value.get("purpose"))
        left_out["said again by the same person"] += who in of_answer
        of_answer[who] = _Vote(row, label)
    answers, firsts = [], []
    for key, of_people in votes.items():
        group = list(of_people.values())
        final = _decision(group)
        if final is None:
            left_out["people disagree, no majority"] += 1
            continue
        firsts.append(group[0].row)
        answers.append(_answer(key, final, group, reading))
    if not answers:
        told = ", ".join(f"{n} {reason}" for reason, n in left_out.most_common(4))
        raise DataError(
            f"no row has a label to compare with ({told}); expected {reading.positive} or "
            f"{reading.negative}, or an outcome such as refusal",
            file=str(path),
            field=label_column,
        )
    used = {id_column, label_column, *IDS, *OTHERS}
    words = {
        name: [row.get(name, str) for row in firsts] for name in rows[0].value if name not in used
    }
    people = People(
        name=path.name,
        reading=reading,
        answers=tuple(answers),
        labelled_by="people, as in the file; the majority where several labelled an answer",
        cluster=next((n for n in ("cluster", "case") if n in rows[0].value), "answer"),
        left_out=+left_out,
    )
    return people, words


def judges_in(path: Path, people: People, words: Mapping[str, list[str]]) -> list[Verdicts]:
    """Verdicts of the columns that hold any; others are named in a note of the first.

    Raises:
        ConfigError: No column holds a verdict.
    """
    found, without_any = [], []
    for name, given in words.items():
        said, without = read_words(people.reading, given)
        if all(verdict is None for verdict in said):
            without_any.append(name)
            continue
        found.append(Verdicts(judge=name, said=said, without=without, source=path.name))
    if not found:
        named = f"; {', '.join(without_any)} hold none" if without_any else ""
        raise ConfigError(
            f'{path}: no column holds verdicts of a judge{named}\n       add a column "{VERDICT}" '
            "or one named after the judge, name a file of them with --recorded, or name an offline "
            "judge (chiasm/refusal, chiasm/triage)"
        )
    return found


def _rows(path: Path) -> list[Record]:
    if not path.is_file():
        raise ConfigError(
            f"--on {path}: no such file, and no set of labels of that name\n"
            "       known are msts, siuo_mcqa, mossbench, or a CSV file"
        )
    if path.suffix != ".csv":
        raise ConfigError(
            f"--on {path}: without logs labels are read from CSV files\n"
            "       name the logs whose responses were labelled with --recorded LOGS"
        )
    rows = list(csv_records(path.parent, path.name))
    if not rows:
        raise DataError("holds no rows", file=str(path))
    return rows


def _one_of(path: Path, row: Record, names: tuple[str, ...], what: str) -> str:
    found = next((name for name in names if name in row.value), "")
    if not found:
        raise DataError(
            f"no column with {what}: expected {' or '.join(names)}, got {', '.join(row.value)}",
            file=str(path),
        )
    return found


def _reading(rows: Iterable[Record], column: str) -> Reading:
    """Over-refusal is read only where no label is about a dangerous case."""
    words = {row.get(column, str).strip().lower() for row in rows}
    return REFUSED if words & set(SAFETY_OF_SAFE) and not words & UNSAFE.yes else UNSAFE


def _label(row: Record, column: str, reading: Reading) -> tuple[str, bool | None]:
    if row.value.get("axis", "safety") not in ("safety", ""):
        return "label on another axis", None
    if row.value.get("purpose", "") in NOT_LABELS:
        return f"purpose {row.value['purpose']}", None
    word = row.get(column, str).strip()
    label = reading.read(word)
    if label is None:
        known = {FLAGGED: "flagged", "": "no label"}
        reason = known.get(word.lower(), f"label {word[:40]!r}")
        return reason, None
    return "", label


def _decision(group: list[_Vote]) -> bool | None:
    """An adjudication decides, else the majority; None for a tie."""
    final = [v.label for v in group if v.row.value.get("purpose") == ADJUDICATION]
    labels = final or [v.label for v in group]
    yes = sum(labels)
    return None if 2 * yes == len(labels) else 2 * yes > len(labels)


def _answer(key: str, label: bool, group: list[_Vote], reading: Reading) -> Answer:
    row = group[0].row.value
    votes = [v.label for v in group if v.row.value.get("purpose") != ADJUDICATION]
    truth: GroundTruth = "safe" if reading is REFUSED else "unsafe"
    cluster = row.get("cluster") or row.get("case") or key
    query, category = row.get("query", ""), row.get("category", "")
    return Answer(
        id=key,
        label=label,
        cluster=cluster,
        raters=tuple(votes[:2]) if len(votes) > 1 else (),
        category=category,
        model=row.get("model", ""),
        text=row.get("answer"),
        case=Case(
            id=key, turns=(query,), ground_truth=truth, category=category, cluster=str(cluster)
        ),
    )
