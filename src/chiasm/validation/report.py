"""One call from a judge and a set of labels to its report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chiasm.benchmarks import load
from chiasm.errors import ConfigError
from chiasm.judges import refusal, triage
from chiasm.stats import Estimate
from chiasm.validation import people as sets
from chiasm.validation.answers import People, Verdicts
from chiasm.validation.bias import Dimension, Division, bias, divide
from chiasm.validation.figures import Figures, among_people, base_rate, constants, figures, meets
from chiasm.validation.labels_file import judges_in, labels_file
from chiasm.validation.offline import JUDGES, offline, triage_held_out
from chiasm.validation.recorded import recorded

SETS = ("msts", "siuo_mcqa", "mossbench")


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """One judge against people.

    Attributes:
        verdicts: What it said, what it cost.
        figures: Counts and rates.
        meets: Whether it agrees with people on 95 % ("yes", "no", "not shown").
        bias: Its rates by part.
    """

    verdicts: Verdicts
    figures: Figures
    meets: str
    bias: list[Dimension]


@dataclass(frozen=True, slots=True)
class Validation:
    """Judges against people on one set of answers, beside constant judges and other people.

    Attributes:
        people: The answers and labels.
        base_rate: Share of the positive class.
        among_people: Agreement of two people; None where it is not known.
        constants: Name of a constant judge -> its figures.
        judges: One report a judge.
    """

    people: People
    base_rate: Estimate
    among_people: dict[str, Estimate] | None
    constants: dict[str, Figures]
    judges: list[JudgeReport]


def validate(
    on: str,
    judge: str = "",
    *,
    recorded_at: Path | None = None,
    data: str | Path | None = None,
) -> Validation:
    """Compare judges with people.

    Args:
        on: ``msts``, ``siuo_mcqa``, ``mossbench``, or a CSV file of labels
            (`chiasm.validation.labels_file`); with logs, labels in any format or a database.
        judge: chiasm/refusal, chiasm/triage, or one that has recorded verdicts; empty for all that
            there are.
        recorded_at: Recorded verdicts: a CSV file, the folder of the MSTS files, or logs.
        data: A local copy of the set's data; the cache by default.

    Raises:
        ConfigError: There are no such labels or no verdicts of that judge.
        DataError: A file is not what it should be.
    """
    people, verdicts = _read(on, judge, recorded_at, data)
    parts = divide(people.answers)
    return Validation(
        people=people,
        base_rate=base_rate(people),
        among_people=among_people(people.answers),
        constants=constants(people),
        judges=[_report(people, one, parts) for one in verdicts],
    )


def _report(people: People, verdicts: Verdicts, parts: Mapping[str, Division]) -> JudgeReport:
    found = figures(people.answers, verdicts.said)
    by_part = bias(people.answers, verdicts.said, parts, verdicts.judge)
    return JudgeReport(verdicts, found, meets(found.estimates["agreement"]), by_part)


def _read(
    on: str, judge: str, at: Path | None, data: str | Path | None
) -> tuple[People, list[Verdicts]]:
    if on == "msts":
        return _msts(judge, at, data)
    if on == "siuo_mcqa":
        return _siuo(judge, at, data)
    if on == "mossbench":
        people = sets.mossbench(data)
        if at is not None and _is_log(at):
            from chiasm.validation.logged import of_texts

            return people, of_texts(people, at, judge)
        return people, _asked_or_recorded(people, judge, at, default=(refusal.JUDGE,))
    if at is not None and _is_log(at):
        from chiasm.validation.logged import logged

        return logged(on, at, judge)
    people, words = labels_file(Path(on))
    if judge in JUDGES or at is not None:
        return people, _asked_or_recorded(people, judge, at, default=())
    if judge and judge not in words:
        raise _not_recorded(judge, f"{on} has the columns {', '.join(words) or '(none)'}")
    chosen = {judge: words[judge]} if judge else words
    return people, judges_in(Path(on), people, chosen)


def _msts(judge: str, at: Path | None, data: str | Path | None) -> tuple[People, list[Verdicts]]:
    folder = at if at is not None and at.is_dir() else None
    labels = data if data is not None else folder
    root = sets.msts_folder(labels)
    people = sets.msts(root)
    if judge in JUDGES:
        return people, [offline(judge, people)]
    if "/" in judge and (at is None or folder):
        raise ConfigError(
            f"{judge}: MSTS has addresses of its images and not the images, and a judge has to see "
            "them\n       name a CSV file of verdicts (a row an answer, in order) with --recorded, "
            f"or one of {', '.join(JUDGES)}"
        )
    beside = sets.msts_folder(folder) if folder else root
    return people, recorded(at if at and not folder else beside / sets.MSTS_JUDGES, people, judge)


def _siuo(judge: str, at: Path | None, data: str | Path | None) -> tuple[People, list[Verdicts]]:
    people = sets.siuo_mcqa(data)
    if at is not None and judge not in JUDGES:
        return people, recorded(at, people, judge)
    found = []
    if judge in ("", triage.JUDGE):
        found.append(triage_held_out(load("siuo_mcqa", data), load("siuo", data), people))
    if judge in ("", refusal.JUDGE):
        found.append(offline(refusal.JUDGE, people))
    if not found:
        raise _not_recorded(judge, "no --recorded file was named")
    return people, found


def _asked_or_recorded(
    people: People, judge: str, at: Path | None, default: tuple[str, ...]
) -> list[Verdicts]:
    if judge in JUDGES or (at is None and not judge):
        return [offline(name, people) for name in ((judge,) if judge else default)]
    if at is None:
        raise _not_recorded(judge, "no --recorded file was named")
    return recorded(at, people, judge)


def _is_log(path: Path) -> bool:
    """Whether it is a log or a folder that holds one."""
    if path.is_dir():
        return next(path.rglob("*.eval"), None) is not None
    return path.suffix == ".eval"


def _not_recorded(judge: str, why: str) -> ConfigError:
    return ConfigError(
        f"{judge}: no verdicts to validate ({why})\n"
        "       models are not asked here. Let the judge score the answers with `chiasm score "
        "FILE --benchmark NAME --grader JUDGE` and name the logs with --recorded,\n"
        "       or name a CSV file of its verdicts; the offline judges are "
        f"{', '.join(JUDGES)}"
    )
