"""Label files of other tools into one of ours, with everything counted that was in them."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chiasm.labels.reading import read_all, write
from chiasm.labels.records import Label
from chiasm.labels.rows import Given, Refused
from chiasm.labels.tasks import read_key
from chiasm.report.frame import responses


@dataclass(slots=True)
class Imported:
    """What was read.

    Attributes:
        labels: All of them.
        refused: Rows that are none.
        words: Outcome words that nobody knows.
        twice: Rows that say again what an earlier one says.
        blank: Rows that nobody has labelled yet.
        unknown: Labels of responses that are in none of the logs; None where none were named.
        outside: Labels of responses that the key does not have; None without a key.
        forms: Format of each file.
    """

    labels: list[Label] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    blank: int = 0
    unknown: int | None = None
    outside: int | None = None
    forms: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "schema": 1,
            "labels": len(self.labels),
            "people": len({x.annotator for x in self.labels}),
            "responses": len({x.response for x in self.labels}),
            "refused": [one._asdict() for one in self.refused],
            "unknown_words": dict(self.words),
            "twice": self.twice,
            "blank": self.blank,
            "unknown_responses": self.unknown,
            "outside_key": self.outside,
            "files": self.forms,
        }

    def lines(self, output: Path, shown: int) -> list[str]:
        """For people."""
        people = len({x.annotator for x in self.labels})
        on = len({x.response for x in self.labels})
        told = [f"{output}: {len(self.labels)} labels of {people} people on {on} responses"]
        told += [f"{self.twice} rows say again what an earlier one says"] if self.twice else []
        told += [f"{self.blank} rows are not labelled yet"] if self.blank else []
        if self.unknown:
            told.append(f"{self.unknown} labels are on responses that are in none of the logs")
        if self.outside:
            told.append(f"{self.outside} labels are on responses that the key does not have")
        chances = sum(x.probability is None for x in self.labels)
        if chances:
            told.append(f"{chances} labels have no known probability: no rate is corrected by them")
        if self.words:
            listed = ", ".join(f"{w[:40]!r} {n}" for w, n in self.words.most_common(shown))
            told.append(f"unknown words: {listed} (say what they mean with --word WORD=OUTCOME)")
        if self.refused:
            told.append(f"{len(self.refused)} rows refused, all in {refused_file(output)}:")
            told += [f"  {one.error()}"[:200] for one in self.refused[:shown]]
        return told


def import_labels(
    files: Sequence[Path],
    output: Path,
    *,
    form: str = "",
    words: Mapping[str, str] | None = None,
    key: Path | None = None,
    logs: Sequence[Path] = (),
) -> Imported:
    """Read label files and write their labels into one.

    Args:
        files: See `chiasm.labels.read`.
        output: Its ending says which format; refused rows go to a file beside it.
        form: Of the files, found out where empty.
        words: A word of theirs -> an outcome of ours.
        key: What `chiasm labels export` wrote: the probability of each response.
        logs: To count labels on responses that are in none of them.

    Raises:
        ConfigError: There is no such format.
        DataError: A file as a whole can't be read.
    """
    chances, guideline = read_key(key) if key else ({}, "")
    given = Given(words=words or {}, guideline=guideline, probabilities=chances)
    found = Imported()
    seen: set[Label] = set()
    for path in files:
        one = read_all(path, form, given)
        found.forms[str(path)] = one.form
        fresh = [label for label in one.labels if label not in seen]
        seen.update(fresh)
        found.labels += fresh
        found.refused += one.refused
        found.words += one.words
        found.blank += one.blank
        found.twice += one.twice + len(one.labels) - len(fresh)
    if key:
        found.outside = sum(x.response not in chances for x in found.labels)
    if logs:
        known = set(responses(logs)["response"].drop_nulls())
        found.unknown = sum(x.response not in known for x in found.labels)
    write(found.labels, output)
    _write_refused(found.refused, refused_file(output))
    return found


def refused_file(output: Path) -> Path:
    """Where refused rows go."""
    return output.with_name(f"{output.stem}.refused.csv")


def _write_refused(refused: Sequence[Refused], path: Path) -> None:
    if not refused:
        path.unlink(missing_ok=True)  # of an earlier import
        return
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(Refused._fields)
        writer.writerows(refused)
