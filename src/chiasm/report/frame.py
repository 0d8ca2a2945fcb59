"""Logs -> one table of responses: everything that was asked for is a row, whatever became of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from chiasm.cases import OUTCOMES, dumps
from chiasm.judges.panel import from_votes
from chiasm.labels.records import answer_digest, response_id
from chiasm.report import logs, perception
from chiasm.report.logs import LogFile
from chiasm.report.outcomes import NOT_RUN, decide

if TYPE_CHECKING:
    from inspect_ai.log import EvalSampleSummary

GRID_COLUMNS = ("grid", "image", "query", "family")

SCHEMA = {
    **dict.fromkeys(
        ("benchmark", "protocol", "view", "model", "judge", "source", "run"), pl.String
    ),
    "case": pl.String,
    "epoch": pl.Int64,
    **dict.fromkeys(("cluster", "category", "subcategory", "ground_truth"), pl.String),
    **dict.fromkeys(GRID_COLUMNS, pl.String),
    **{name: pl.String for axis in OUTCOMES for name in (axis, f"{axis}_reason")},
    "retry": pl.Boolean,
    "perceived": pl.Boolean,
    "response": pl.String,
    "votes": pl.String,
    "spent": pl.String,
    "log": pl.String,
    "about": pl.String,
}
"""Columns of `responses`. Outcomes are null where the benchmark does not score that axis."""

NOTHING = answer_digest("")
"""Digest of an answer in which nothing is said: there is nothing to label."""

_FACTS = ("cluster", "category", "subcategory", "ground_truth", *GRID_COLUMNS)

Facts = Mapping[str, str | None]


class _Found(NamedTuple):
    log: LogFile
    sample: "EvalSampleSummary"


def responses(paths: str | Path | Iterable[str | Path]) -> pl.DataFrame:
    """One row per response asked for (case and epoch) and run (model, protocol, view, judge, ...).

    Of a run that was stopped and started again a response is taken once: one that ended without
    an error before one that did not, then the one with more scores, then from a log that ended by
    itself, then the newest. Responses that are in no log are rows too: `no_response`, "not run".

    Args:
        paths: ``.eval`` files, or folders of them at any depth.

    Returns:
        The columns of `SCHEMA`, sorted by run, then in the order of the dataset. ``run`` is equal
        for logs of the same benchmark, data, protocol, view, model, judge and settings; ``retry``
        is whether the same command would ask again; ``perceived`` whether the model named all
        pictures of the row's grid right, see `chiasm.report.perception`; ``response`` is the id
        that labels name, see `chiasm.labels.records`; ``votes`` is JSON, axis -> outcome and reason
        of each judge of several that was asked; ``spent`` is JSON, calls, tokens_in, tokens_out and
        seconds of the model's calls for this response; ``about`` is JSON: marks, skipped cases,
        baselines, dataset, settings.

    Raises:
        DataError: A path does not exist, or no log of chiasm's is there.
    """
    listed = [paths] if isinstance(paths, str | Path) else list(paths)
    runs = _runs(logs.read(listed))
    facts = _known_facts(log for run in runs.values() for log in run)
    rows = [row for name, run in runs.items() for row in _rows(name, run, facts)]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    keys = ["benchmark", "protocol", "view", "model", "judge", "source", "run"]
    return perception.mark(frame.sort(keys, maintain_order=True))


def _runs(found: Iterable[LogFile]) -> dict[tuple[str, str], list[LogFile]]:
    """Logs by run (identity and judge).

    A log that was killed before its first score names no judge: it joins the run that it would
    have been.
    """
    same: dict[str, list[LogFile]] = defaultdict(list)
    for log in found:
        same[log.identity("")].append(log)
    runs: dict[tuple[str, str], list[LogFile]] = defaultdict(list)
    for group in same.values():
        named = sorted({log.judge for log in group} - {""})
        for log in group:
            judge = log.judge or (named[0] if named else "")
            runs[log.identity(judge), judge].append(log)
    return runs


def _rows(
    name: tuple[str, str], run: Sequence[LogFile], facts: Mapping[tuple[str, str], Facts]
) -> list[Any]:
    identity, judge = name
    best = _best(run)
    newest = max(run, key=lambda log: (log.created, str(log.path)))
    asked: dict[tuple[str, int], None] = {}
    for log in sorted(run, key=lambda log: -len(log.asked)):
        asked.update(dict.fromkeys(product(log.asked, range(1, log.epochs + 1))))
    asked.update(dict.fromkeys(best))
    axes = {axis for log in run for axis in log.axes}
    about = newest.about
    benchmark = str(about["benchmark"])
    head = [benchmark, about.get("protocol", ""), about.get("view", "full"), newest.answerer]
    head += [judge, about.get("source", "eval"), identity]
    described = dumps(_about(run, newest))
    rows = []
    for case, epoch in asked:
        found = best.get((case, epoch))
        fact = facts.get((benchmark, case)) or _usual(facts, benchmark, case)
        retry = found is None or found.sample.error is not None
        response = _response(head, case, epoch, found)
        path = str(found.log.path if found else newest.path)
        tail = [retry, None, response, _votes(found), _spent(found), path, described]
        rows.append(
            [*head, case, epoch, *(fact.get(f) for f in _FACTS), *_outcomes(found, axes), *tail]
        )
    return rows


def _response(head: Sequence[Any], case: str, epoch: int, found: _Found | None) -> str | None:
    """The id that people's labels name; null where nothing was said, or logs are older than it."""
    for score in (found.sample.scores or {}).values() if found else ():
        digest = (score.metadata or {}).get("digest")
        if digest and digest != NOTHING:
            benchmark, _, view, model, *_ = head
            return response_id(benchmark, view, model, case, epoch, str(digest))
    return None


def _votes(found: _Found | None) -> str | None:
    """The votes of several judges; null where one judge decides."""
    scores = (found.sample.scores or {}) if found else {}
    votes = {
        axis: from_votes(str(score.metadata["votes"]))
        for axis, score in scores.items()
        if axis in OUTCOMES and score.metadata and score.metadata.get("votes")
    }
    return dumps(votes) if votes else None


def _spent(found: _Found | None) -> str | None:
    """What the model spent; null where it was not noted."""
    noted = found.sample.metadata.get("spent") if found else None
    return dumps(noted) if isinstance(noted, dict) else None


def _best(run: Sequence[LogFile]) -> dict[tuple[str, int], _Found]:
    best: dict[tuple[str, int], tuple[tuple[Any, ...], _Found]] = {}
    for log in run:
        for sample in log.samples:
            key = (str(sample.id), sample.epoch)
            rank = (
                sample.error is None,
                len(sample.scores or ()),
                log.finished,
                log.created,
                str(log.path),
            )
            if key not in best or rank > best[key][0]:
                best[key] = (rank, _Found(log, sample))
    return {key: found for key, (_, found) in best.items()}


def _outcomes(found: _Found | None, axes: set[str]) -> list[str | None]:
    cells: list[str | None] = []
    for axis in OUTCOMES:
        if axis not in axes:
            cells += [None, None]
        elif found is None:
            cells += NOT_RUN
        else:
            cells += decide(found.sample, axis, found.log.model)
    return cells


def _known_facts(all_logs: Iterable[LogFile]) -> dict[tuple[str, str], Facts]:
    """What is known of cases: from their samples in any log, else from the header's list."""
    facts: dict[tuple[str, str], Facts] = {}
    for log in all_logs:
        benchmark = str(log.about["benchmark"])
        for case, value in (log.about.get("cases") or {}).items():
            facts.setdefault((benchmark, case), _facts(case, value))
        for sample in log.samples:
            facts[benchmark, str(sample.id)] = _facts(str(sample.id), sample.metadata)
    return facts


def _facts(case: str, metadata: Mapping[str, Any]) -> Facts:
    extra = metadata.get("extra")
    flat = {**(extra if isinstance(extra, dict) else {}), **metadata}
    facts = {name: str(flat[name]) if flat.get(name) else None for name in _FACTS}
    return {**facts, "cluster": facts["cluster"] or case}


def _usual(facts: Mapping[tuple[str, str], Facts], benchmark: str, case: str) -> Facts:
    """Of a case that nothing is known of: a ground truth only if the benchmark has just one."""
    truths = {f["ground_truth"] for (b, _), f in facts.items() if b == benchmark}
    return {"cluster": case, "ground_truth": truths.pop() if len(truths) == 1 else None}


def _about(run: Sequence[LogFile], newest: LogFile) -> dict[str, Any]:
    about = newest.about
    skipped = about.get("skipped") or {}
    if isinstance(skipped, list):
        counts: dict[str, int] = defaultdict(int)
        for _, code, *_ in skipped:
            counts[code] += 1
        skipped = dict(counts)
    return {
        "marks": list(about.get("marks") or []),
        "metrics": list(about.get("metrics") or []),
        "in_sample": bool(about.get("in_sample")),
        "skipped": skipped,
        "baselines": about.get("baselines") or {},
        "dataset": about.get("dataset") or {},
        "rubrics": about.get("rubrics") or {},
        "settings": newest.settings,
        "version": about.get("version", ""),
        "unfinished": not any(log.finished for log in run),
        "logs": sorted(str(log.path) for log in run),
    }
