"""Judges' verdicts in logs, against people's labels of the same responses."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from chiasm.cases import Case
from chiasm.errors import ConfigError, DataError
from chiasm.labels.reading import load
from chiasm.labels.records import answer_digest, response_id
from chiasm.report.frame import responses
from chiasm.report.labelled import RATES, Labelled, Rate, decisions, join, of_rate, truth
from chiasm.validation.answers import REFUSED, UNSAFE, Answer, People, Verdicts

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample

READINGS = {"safe_rate": UNSAFE, "over_refusal_rate": REFUSED}


class _Said(NamedTuple):
    case: Case | None
    text: str | None


def logged(labels: str, logs: Path, judge: str = "") -> tuple[People, list[Verdicts]]:
    """Labels of the responses of logs, and what each judge of the logs said of these.

    Args:
        labels: A file of labels in any format that `chiasm.labels.reading` knows, or the database
            of the annotation application.
        logs: A log or a folder of logs; where the same answers were judged again, all of them.
        judge: Only this one; empty for all.

    Returns:
        The responses that people decided on dangerous cases; where none is labelled, on benign
        ones. A judge has no verdict on a response that it was not asked about.

    Raises:
        ConfigError: The logs have no such judge.
        DataError: A file can't be read, or no label is about a response of the logs.
    """
    frame = responses(logs).filter(pl.col("response").is_not_null())
    found = join(frame, load(labels))
    for rate in RATES:
        if rate.metric not in READINGS:
            continue
        part = of_rate(frame, rate)
        decided = decisions(rate, set(part["response"]), found)
        values = {k: d.value for k, d in decided.items() if d.value is not None}
        if values:
            left_out = Counter(str(d.how) for d in decided.values() if d.value is None)
            part = part.filter(pl.col("response").is_in(list(values)))
            people = _people(labels, rate, part, values, found, left_out)
            return people, _verdicts(part, people, judge)
    raise DataError(
        f"no label is about a response of {logs} ({found.unknown:,} labels name others)\n"
        "       labels name responses by the id that `chiasm report` and the application give "
        "them; name the logs that were labelled",
        file=labels,
    )


def _people(
    labels: str,
    rate: Rate,
    part: pl.DataFrame,
    values: dict[str, bool],
    found: Labelled,
    left_out: Counter[str],
) -> People:
    said = _texts(part)
    votes: dict[str, list[bool | None]] = {}
    for label in found.labels:
        if label.axis == rate.axis and label.purpose == "label" and label.response in values:
            votes.setdefault(label.response, []).append(truth(rate, label))
    answers = []
    for row in part.unique("response", keep="first", maintain_order=True).iter_rows(named=True):
        key = row["response"]
        raters = votes.get(key, [])
        answers.append(
            Answer(
                id=key,
                label=values[key],
                cluster=row["cluster"],
                raters=tuple(raters[:2]) if len(raters) > 1 else (),
                category=row["category"] or "",
                model=row["model"],
                text=said[key].text if key in said else None,
                case=said[key].case if key in said else None,
            )
        )
    if found.unknown:
        left_out["about responses of other logs"] = found.unknown
    return People(
        name=Path(labels).name,
        reading=READINGS[rate.metric],
        answers=tuple(answers),
        labelled_by=f"{found.people} people; an adjudication decides, else the majority",
        cluster="case",
        left_out=left_out,
    )


def _verdicts(part: pl.DataFrame, people: People, judge: str) -> list[Verdicts]:
    judges = part["judge"].unique().sort().to_list()
    if judge and judge not in judges:
        raise ConfigError(f"the logs have no judge {judge!r}; they have {', '.join(judges)}")
    return [_of_judge(part, people, name) for name in ([judge] if judge else judges)]


def _of_judge(part: pl.DataFrame, people: People, judge: str) -> Verdicts:
    own = part.filter(pl.col("judge") == judge)
    rows = {row["response"]: row for row in own.iter_rows(named=True)}
    said: list[bool | None] = []
    without: Counter[str] = Counter()
    for answer in people.answers:
        row = rows.get(answer.id)
        said.append(None if row is None else people.reading.read(row["safety"] or ""))
        if said[-1] is None:
            without[_why(row)] += 1
    return Verdicts(judge=judge, said=tuple(said), without=without, source="logs")


def _why(row: dict[str, Any] | None) -> str:
    if row is None:
        return "not asked"
    return str(row["safety_reason"] or row["safety"] or "not judged")[:40]


def _texts(part: pl.DataFrame) -> dict[str, _Said]:
    """The answers' texts and cases, read from the logs that hold them."""
    from inspect_ai.log import read_eval_log

    found: dict[str, _Said] = {}
    for (path,), rows in part.group_by("log"):
        wanted = {(r["case"], r["epoch"]): r["response"] for r in rows.iter_rows(named=True)}
        log = read_eval_log(str(path), resolve_attachments=True)
        for sample in log.samples or []:
            key = wanted.get((str(sample.id), sample.epoch))
            if key is not None and key not in found:
                found[key] = _said(sample)
    return found


def _said(sample: "EvalSample") -> _Said:
    whole: dict[str, Any] = sample.metadata.get("case") or {}
    answers: Iterable[str | None] = (s.answer for s in (sample.scores or {}).values())
    text = next((a for a in answers if a is not None), None)
    try:
        case = Case.from_json(whole)
    except (KeyError, TypeError):  # a log of another tool, or hand-edited
        case = None
    return _Said(case, text)


def of_texts(people: People, logs: Path, judge: str = "") -> list[Verdicts]:
    """What each judge of the logs said of a public set's answers, found again by case and text.

    So a model is validated on a public set: its recorded answers are judged by `chiasm score`.

    Raises:
        ConfigError: The logs have no such judge.
        DataError: None of the answers is in the logs.
    """
    frame = responses(logs).filter(
        (pl.col("benchmark") == people.name) & pl.col("response").is_not_null()
    )
    answers: dict[str, list[Answer]] = {}
    for answer in people.answers:
        if answer.case is not None and answer.text is not None:
            answers.setdefault(answer.case.id, []).append(answer)
    found = {
        row["response"]: answer.id
        for row in frame.iter_rows(named=True)
        for answer in answers.get(row["case"], ())
        if row["response"] == _id_in(row, answer.text or "")
    }
    if not found:
        raise DataError(f"{people.name}: none of the labelled answers is there", file=str(logs))
    part = frame.filter(pl.col("response").is_in(list(found)))
    part = part.with_columns(pl.col("response").replace_strict(found))
    return _verdicts(part, people, judge)


def _id_in(row: dict[str, Any], text: str) -> str:
    """The id that this answer has if it is the row's."""
    digest = answer_digest(text)
    return response_id(
        row["benchmark"], row["view"], row["model"], row["case"], row["epoch"], digest
    )
