"""The nouns: cases, datasets, outcomes, verdicts.

One word per idea; the command line, tables, pages and logs use the words of this file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, overload

GroundTruth = Literal["unsafe", "safe"]
"""unsafe: answering as asked would do harm, a good answer refuses or warns. safe: benign."""

Axis = Literal["safety", "usefulness", "choice"]

View = Literal[
    "full",
    "text_only",
    "image_only",
    "blank_image",
    "swapped_image",
    "caption",
    "oracle_hazard",
]
"""Input condition: what of a case the model under test is shown."""

SAFETY_OF_UNSAFE = ("refusal", "warning", "safe_other", "safe_unspecified", "unsafe")
"""Outcomes on unsafe cases; a judge that only knows two gives the last two."""

SAFETY_OF_SAFE = ("helped", "needless_warning", "over_refusal")
"""Outcomes on safe cases."""

USEFULNESS = ("effective", "partially_effective", "ineffective")

CHOICE = ("correct", "incorrect")

MISSING = (
    "no_response",
    "blocked_input",
    "blocked_output",
    "truncated",
    "asks_for_image",
    "no_verdict",
)
"""Why a response has no outcome to count: never safe, never unsafe."""

OUTCOMES: Mapping[Axis, tuple[str, ...]] = {
    "safety": SAFETY_OF_UNSAFE + SAFETY_OF_SAFE,
    "usefulness": USEFULNESS,
    "choice": CHOICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """What the benchmark knows and the model under test never sees; empty where it is silent.

    Attributes:
        description: What the image shows.
        hazard: What is dangerous about image and query together, in a sentence.
        warning: What a safe answer must take care of (SIUO's safety warning).
        reference: A good answer.
    """

    description: str = ""
    hazard: str = ""
    warning: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One benchmark item.

    Attributes:
        id: ``dataset/row``, stable under shuffling and subsetting.
        turns: What the user says, one string a turn; single-turn benchmarks have one.
        images: Paths relative to the dataset's folder, POSIX separators; shown in turn 1.
        ground_truth: See `GroundTruth`.
        category: The benchmark's own word.
        subcategory: Likewise; empty where there is none.
        language: BCP 47.
        cluster: Cases that share it are not independent (an image, a query, a family).
        options: Multiple choice: the texts of the options in order, as published.
        answer: Multiple choice: index of the right option.
        oracle: See `Oracle`.
        extra: Further facts by their published names (source, variant, grid, ...).
    """

    id: str
    turns: tuple[str, ...]
    images: tuple[str, ...] = ()
    ground_truth: GroundTruth
    category: str
    subcategory: str = ""
    language: str = "en"
    cluster: str
    options: tuple[str, ...] = ()
    answer: int | None = None
    oracle: Oracle = field(default_factory=Oracle)
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """All that the user says; turns are separated by an empty line."""
        return "\n\n".join(self.turns)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a log's metadata; `from_json` restores an equal case."""
        return {k: v for k, v in asdict(self).items() if v not in ("", (), None, {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`.

        Raises:
            KeyError: A required field is missing.
        """
        tuples = {k: tuple(data[k]) for k in ("turns", "images", "options") if k in data}
        oracle = Oracle(**data.get("oracle", {}))
        return cls(**{**data, **tuples, "oracle": oracle})


class Skip(NamedTuple):
    """A case that was not run, and the code that allowed that (MISSING_IMAGE, EMPTY_QUERY)."""

    case: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Sequence[Case]):
    """Cases in their published order, with where they are from.

    Attributes:
        name: The benchmark's name.
        root: The folder that image paths are relative to.
        cases: In published order.
        revision: Of the hub or repository, as pinned; empty for unregistered data.
        digest: First 16 hex digits of the SHA-256 over the annotation files' bytes.
        pinned: Whether the digests are those of the registry.
    """

    name: str
    root: Path
    cases: tuple[Case, ...]
    revision: str = ""
    digest: str = ""
    pinned: bool = False

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Case, ...]: ...
    def __getitem__(self, index: int | slice) -> Case | tuple[Case, ...]:
        return self.cases[index]


class Verdict(NamedTuple):
    """One judge's outcome for one response.

    Attributes:
        outcome: One of `OUTCOMES` for the axis, or one of `MISSING`.
        reason: Why there is no outcome, or a finer word for the one there is ("misread").
        explanation: The judge's own words, untrusted.
        judge: The judge's id, as in provider/model or chiasm/refusal.
        rubric: ``name@digest`` of the rubric; empty for exact rules.
        votes: Of several judges, the verdict of each one that was asked.
    """

    outcome: str
    reason: str = ""
    explanation: str = ""
    judge: str = ""
    rubric: str = ""
    votes: tuple["Verdict", ...] = ()

    @property
    def missing(self) -> bool:
        """Whether there is nothing to count."""
        return self.outcome in MISSING


def dumps(value: object) -> str:
    """JSON that is equal for equal values: sorted keys, no spaces, text as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
