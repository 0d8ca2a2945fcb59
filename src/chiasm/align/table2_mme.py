"""MME: perception of 2,000 points and cognition of 800, from verdicts by subtask.

A picture of a subtask has two questions; a subtask gives 100 times the share of right answers and
100 times the share of pictures with both right.

Paper   Fu et al., MME: A Comprehensive Evaluation Benchmark for Multimodal LLMs, arXiv:2306.13394
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm.align.table2_stats import Sum, weighted
from chiasm.errors import DataError
from chiasm.report.metrics import Items

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

PERCEPTION = (
    "existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark",
    "artwork", "ocr",
)  # fmt: skip
COGNITION = (
    "commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning",
)  # fmt: skip
COLUMNS = {"perception": PERCEPTION, "cognition": COGNITION}
EACH = 200.0
MOST = {name: EACH * len(subtasks) for name, subtasks in COLUMNS.items()}

_NEAR = 1.0
"""Points by which a log's own figure may differ from ours: rounding, and means of means."""


class Answer(NamedTuple):
    """One sample of another task.

    Attributes:
        case: Its id.
        cluster: Samples that share it are not independent.
        category: Of its metadata.
        value: Its score; None where there is none.
        picture: What names its picture; empty where nothing does.
    """

    case: str
    cluster: str
    category: str
    value: float | None
    picture: str = ""


def is_mme(task: str, answers: Sequence[Answer]) -> bool:
    """By the task's name, or because all its categories are MME's.

    >>> is_mme("org/mme", []), is_mme("mmmu", [Answer("1", "1", "Art", 1.0)])
    (True, False)
    """
    known = {*PERCEPTION, *COGNITION}
    subtasks = {a.category.lower() for a in answers}
    return task.rpartition("/")[2].lower() == "mme" or (bool(subtasks) and subtasks <= known)


def reported(log: "EvalLog", path: Path) -> dict[str, float]:
    """What the log itself gives as perception and cognition.

    Raises:
        DataError: A figure is outside its range, as when the two are swapped.
    """
    found: dict[str, float] = {}
    for score in log.results.scores if log.results else ():
        for name, metric in score.metrics.items():
            column = next((c for c in COLUMNS if c in f"{score.name} {name}".lower()), "")
            if column and "stderr" not in name.lower():
                found[column] = float(metric.value)
    for column, value in found.items():
        if not 0 <= value <= MOST[column]:
            raise DataError(
                f"MME {column} is {value:g}, expected 0 to {MOST[column]:g}: perception and "
                "cognition are swapped, or it is another figure; correct the task",
                file=str(path),
            )
    return found


def columns(
    answers: Sequence[Answer], given: Mapping[str, float], path: Path
) -> list[tuple[str, tuple[tuple[float, Items], ...], float]]:
    """Perception and cognition: weights and items whose sum is the score, and the largest one.

    Raises:
        DataError: A category is not MME's, verdicts are not right or wrong, or pictures are not
            named; or the log's own figures are the other column's.
    """
    by_subtask: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_subtask[answer.category.lower()].append(answer)
    unknown = by_subtask.keys() - {*PERCEPTION, *COGNITION}
    if unknown:
        raise DataError(
            f"a task called mme with the category {sorted(unknown)[0]!r}: samples must name MME's "
            "subtask in their metadata, as category",
            file=str(path),
        )
    for answer in answers:
        if answer.value not in (0, 1, None) or not answer.picture:
            raise DataError(
                f"MME sample {answer.case}: expected right or wrong, and question_id or image_id "
                "in its metadata, which its picture's two questions share",
                file=str(path),
            )
    found = []
    for column, subtasks in COLUMNS.items():
        parts = [part for s in subtasks if s in by_subtask for part in _parts(s, by_subtask[s])]
        if parts:
            found.append((column, tuple(parts), EACH * len(parts) / 2))
    _check_names(found, given, path)
    return found


def _parts(subtask: str, answers: Sequence[Answer]) -> list[tuple[float, Items]]:
    pictures: dict[str, list[bool | str]] = defaultdict(list)
    single = []
    for a in answers:
        value: bool | str = "no_verdict" if a.value is None else bool(a.value)
        picture = f"{subtask}/{a.picture}"
        single.append((a.case, picture, value))
        pictures[picture].append(value)
    both = [(p, p, _both(values)) for p, values in pictures.items()]
    return [(EACH / 2, items(single)), (EACH / 2, items(both))]


def _both(values: Sequence[bool | str]) -> bool | str:
    """Whether both are right; open where one is missing and the other is not wrong."""
    if False in values:
        return False
    missing = next((v for v in values if isinstance(v, str)), "")
    return missing or ("no_response" if len(values) < 2 else True)


def score(parts: Sequence[tuple[float, Items]]) -> Sum:
    """Points, with an interval and bounds."""
    return weighted(parts)


def _check_names(found: Sequence[Any], given: Mapping[str, float], path: Path) -> None:
    """The log's own names must be those of the verdicts, where both can be told."""
    values = {column: score(parts).value for column, parts, _ in found}
    if set(values) != set(COLUMNS) or set(given) != set(COLUMNS):
        return
    one, two = COLUMNS
    crossed = max(abs(values[one] - given[two]), abs(values[two] - given[one]))
    if crossed <= _NEAR < abs(values[one] - given[one]):
        raise DataError(
            f"MME's columns are swapped: the log calls {given[one]:g} {one} and {given[two]:g} "
            f"{two}, its verdicts give {values[one]:.1f} and {values[two]:.1f}",
            file=str(path),
        )


def items(rows: Iterable[tuple[str, str, bool | str]]) -> Items:
    """Of case, cluster and value."""
    found = list(rows)
    cases, clusters, values = (tuple(column) for column in zip(*found, strict=True))
    return Items(cases, cases, clusters, values)
