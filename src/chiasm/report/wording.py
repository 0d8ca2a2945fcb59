"""Words and numbers of the tables; percent exists only from here on."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from chiasm.cases import MISSING, OUTCOMES
from chiasm.report.runs import Estimate

WIDTH = 100

NAMES: Mapping[str, str] = {
    "safe_rate": "safe",
    "refusal_rate": "refused",
    "warning_rate": "warned",
    "safe_other_rate": "safe otherwise",
    "safe_unspecified_rate": "safe, unspecified",
    "effective_rate": "effective",
    "safe_and_effective_rate": "safe and effective",
    "over_refusal_rate": "over-refusal",
    "needless_warning_rate": "needless warning",
    "accuracy": "accuracy",
    "safe_rate_majority": "safe, majority",
    "effective_rate_majority": "effective, majority",
    "safe_and_effective_rate_majority": "both, majority",
    "text_score": "text score",
    "image_score": "image score",
    "group_score": "group score",
    "text_score_perceived": "text score, seen",
    "image_score_perceived": "image score, seen",
    "group_score_perceived": "group score, seen",
}


def percent(rate: float | None, digits: int = 1) -> str:
    """A rate in percent; a dash where it is undefined.

    >>> percent(0.4182), percent(1.0, 0), percent(None)
    ('41.8', '100', '-')
    """
    return "-" if rate is None else f"{100 * rate:.{digits}f}"


def span(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval in percent.

    >>> span(0.346, 0.494), span(None, None)
    ('34.6 .. 49.4', '-')
    """
    return (
        "-" if low is None or high is None else f"{percent(low, digits)} .. {percent(high, digits)}"
    )


def cell(e: Estimate) -> str:
    """Rate and interval in little room.

    >>> cell({"rate": 0.571, "low": 0.36, "high": 0.76})
    '57.1 (36..76)'
    """
    if e["rate"] is None:
        return "-"
    limits = "" if e["low"] is None else f" ({percent(e['low'], 0)}..{percent(e['high'], 0)})"
    return percent(e["rate"]) + limits


def missing(e: Estimate) -> int:
    """Items without a verdict."""
    return int(e["asked"] - e["n"])


def wrap(text: str, indent: int = 2, hang: int = 2) -> list[str]:
    """Lines of at most `WIDTH` characters; names are never cut."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )


def title(run: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """What was measured, of whom, judged by whom: one line."""
    benchmark = "/".join(p for p in (run["benchmark"], run["protocol"]) if p)
    parts = [benchmark, run["model"]] if run.get("model") else [benchmark]
    if run["view"] != "full":
        parts.append(f"view {run['view']}")
    parts.append(judge_name(run["judge"], about))
    if run.get("source") == "replay":
        parts.append("recorded answers")
    return " - ".join(p for p in parts if p)


def provenance(responses: pl.DataFrame, about: Mapping[str, Any]) -> str:
    """How much was asked for, with which settings, of which data: one line."""
    cases, epochs = responses["case"].n_unique(), responses["epoch"].n_unique()
    parts = [f"{cases} cases" + (f" x {epochs} answers" if epochs > 1 else "")]
    settings = [f"{k} {v}" for k, v in about.get("settings", {}).items() if not isinstance(v, dict)]
    named = {k: v for k, v in about.get("settings", {}).items() if isinstance(v, dict)}
    settings += [f"{k} {v}" for args in named.values() for k, v in args.items()]
    parts += [", ".join(settings)] if settings else []
    data = about.get("dataset", {})
    digest = f"digest {data['digest']}" if data.get("digest") else ""
    parts += [f"data {' '.join(p for p in (data.get('revision', '')[:12], digest) if p)}"]
    return "; ".join(p for p in parts if p.strip() != "data")


def judge_name(judge: str, about: Mapping[str, Any]) -> str:
    """The judge, and the digests of its rubrics."""
    if not judge:
        return ""
    offline = judge.startswith("chiasm/")
    rubrics = [] if offline else [r for _, r in sorted(about.get("rubrics", {}).items())]
    return f"judge {judge}" + (f" ({', '.join(rubrics)})" if rubrics else "")


def marks_line(estimates: Iterable[Estimate]) -> list[str]:
    """All marks of a table's figures, once."""
    marks = dict.fromkeys(mark for e in estimates for mark in e["marks"])
    return [f"  marked: {', '.join(marks)}"] if marks else []


def missing_line(responses: pl.DataFrame, skipped: Mapping[str, int]) -> list[str]:
    """What has no verdict and why, and whether asking again can help; empty where all has.

    As in "12 of 167 have no verdict: 9 judge refused, 3 timeout; run the same command to retry
    them".
    """
    reasons: Counter[str] = Counter()
    retry = 0
    for row in responses.iter_rows(named=True):
        why = _why(row)
        if why:
            reasons[why] += 1
            retry += row["retry"]
    lines = []
    total = sum(reasons.values())
    if total:
        listed = ", ".join(f"{n} {why}" for why, n in sorted(reasons.items(), key=_largest))
        again = "them" if retry == total else f"{retry} of them"
        hint = f"; run the same command to retry {again}" if retry else ""
        lines += wrap(f"{total} of {len(responses)} have no verdict: {listed}{hint}.")
    if skipped:
        listed = ", ".join(f"{n} {code}" for code, n in sorted(skipped.items()))
        lines += wrap(f"Not asked: {listed}.")
    return lines


def _largest(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _why(row: Mapping[str, Any]) -> str:
    """Of the first axis that has no verdict; other words than the provider's own are ours."""
    for axis in OUTCOMES:
        outcome = row[axis]
        if outcome in MISSING:
            finer = row[f"{axis}_reason"]
            if outcome in ("no_response", "no_verdict") and finer:
                return str(finer)[:60]
            return str(outcome).replace("_", " ")
    return ""


def finer_words(responses: pl.DataFrame, outcome: str) -> list[tuple[str, int]]:
    """How often each finer word stands beside an outcome, most frequent first."""
    words: Sequence[str | None] = responses.filter(pl.col("safety") == outcome)[
        "safety_reason"
    ].to_list()
    return sorted(Counter(w for w in words if w and len(w) < 20).items(), key=_largest)
