"""What `chiasm diagnose` prints: tables for a terminal, or JSON."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.diagnose.figures import figures
from chiasm.diagnose.rules import MIN_ANSWERS
from chiasm.diagnose.tables import CaseRow, Diagnosis, diagnoses
from chiasm.report import responses
from chiasm.report.wording import percent, span, wrap

SCHEMA = 1

Figure = Mapping[str, Any]

MEANING: Mapping[str, str] = {
    "perception": "does not see what matters",
    "integration": "sees it, safe when told in words what the picture shows, not with the picture",
    "knowledge": "told in words it fails too, and does not know the fact",
    "reasoning": "knows the fact, and is safe once the hazard is named",
    "alignment": "is told the hazard, and helps",
}
"""What each cause means."""

WORDS: Mapping[str, str] = {
    "text_shortcut": "safe, by the text alone",
    "safe": "safe",
    "answered": "answered",
    "refused_by_text": "refused, by the text alone",
    "refused_with_picture": "refused, with the picture only",
    "refused": "refused, text alone open",
}

CONDITION_WORDS: Mapping[str, str] = {
    "text_only": "text_only: safe",
    "full": "full: safe",
    "perceive": "perceive: right",
    "caption": "caption: safe",
    "know": "know: right",
    "oracle_hazard": "oracle_hazard: safe",
}


def read(paths: Sequence[str | Path], least: int = MIN_ANSWERS) -> list[Diagnosis]:
    """The diagnoses of some logs.

    Raises:
        ConfigError: See `chiasm.diagnose.tables.diagnoses`.
        DataError: See `chiasm.report.responses`.
    """
    return diagnoses(responses(paths), least)


def render(found: Sequence[Diagnosis], form: str, notes: Sequence[str] = ()) -> str:
    """Tables (``text``) or JSON (``json``).

    Args:
        found: What is shown.
        form: ``text`` or ``json``.
        notes: What a run could not ask.
    """
    if form == "json":
        return as_json(found, notes)
    blocks = ["\n".join(_lines(one)) for one in found]
    return "\n\n".join([*blocks, *("\n".join(wrap(note)) for note in notes)])


def as_json(found: Sequence[Diagnosis], notes: Sequence[str] = ()) -> str:
    """Figures, and what can be said of each case, with the answers that it follows from."""
    whole = {
        "schema": SCHEMA,
        "estimates": [figure for one in found for figure in figures(one)],
        "cases": [
            _case(one, row, truth)
            for one in found
            for truth, rows in (("unsafe", one.dangerous), ("safe", one.benign))
            for row in rows
        ],
        "notes": [*notes, *(f"{o.benchmark}, {o.model}: {n}" for o in found for n in o.notes)],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)


def _case(one: Diagnosis, row: CaseRow, truth: str) -> dict[str, Any]:
    known = not math.isnan(row.found.probability)
    return {
        "benchmark": one.benchmark,
        "model": one.model,
        "case": row.case,
        "category": row.category,
        "ground_truth": truth,
        "state": row.found.state,
        "probability": round(row.found.probability, 4) if known else None,
        "reason": row.found.reason,
        "answers": {c: [list(a[:3]) for a in asked] for c, asked in row.evidence.items()},
    }


def _lines(found: Diagnosis) -> Iterator[str]:
    table = figures(found)
    most = max((a.asked for c in found.dangerous + found.benign
                for asked in c.evidence.values() for a in asked), default=0)  # fmt: skip
    judge = f" - judge {found.judge}" if found.judge else ""
    yield f"{found.benchmark} - {found.model}{judge} - why it failed"
    yield (
        f"  {len(found.dangerous)} dangerous and {len(found.benign)} benign cases, "
        f"up to {most} answers a condition"
    )
    if found.dangerous:
        yield from _dangerous(found, table)
    if found.benign:
        yield from _block("benign cases", _of(table, "benign"), WORDS)
        yield from _undetermined(found.benign)
    for note in found.notes:
        yield from wrap(f"note: {note}")


def _dangerous(found: Diagnosis, table: Sequence[Figure]) -> Iterator[str]:
    conditions = [f for f in _of(table, "condition") if f["metric"].endswith("_dangerous")]
    words = {f"{c}_dangerous": word for c, word in CONDITION_WORDS.items()}
    yield from _block("answers to dangerous cases", conditions, words)
    yield from _block("dangerous cases", _of(table, "dangerous"), WORDS)
    yield from _undetermined(found.dangerous)
    failures = _of(table, "failures")
    if failures:
        yield from _block("failures: the first link that breaks", failures, {})
        yield from _block("the same in SIUO's three dimensions", _of(table, "siuo"), {})
    noise = _of(table, "noise")
    if noise:
        yield from _block("noise floor: good where less is known, not where more is", noise, NOISE)


NOISE: Mapping[str, str] = {
    "text_only_good_full_not": "text_only, not full",
    "full_good_caption_not": "full, not caption",
    "caption_good_oracle_hazard_not": "caption, not oracle",
    "full_good_perceive_not": "full, not perceive",
    "full_good_know_not": "full, not know",
}


def _of(table: Sequence[Figure], group: str) -> list[Figure]:
    return [f for f in table if f["group"] == group]


def _block(title: str, rows: Sequence[Figure], words: Mapping[str, str]) -> Iterator[str]:
    head = f"{'rate':>6}  {'95 % interval':<15}{'k/N':>11}  {'open':<6} worst-case bounds"
    yield f"  {title}"
    yield f"{'':<32}{head}"
    for f in rows:
        lost = f["asked"] - f["n"]
        worst = span(f["bound_low"], f["bound_high"]) if lost else ""
        name = words.get(f["metric"], f["metric"].replace("_", " "))
        start = f"    {name:<28}{percent(f['rate']):>6}  {span(f['low'], f['high']):<15}"
        ratio = f"{f['k']}/{f['n']}"
        line = f"{start}{ratio:>11}  {lost or '':<6} {worst}"
        yield line.rstrip()


def _undetermined(cases: Sequence[CaseRow]) -> Iterator[str]:
    reasons: dict[str, int] = {}
    for case in cases:
        if case.found.state == "undetermined":
            reasons[case.found.reason] = reasons.get(case.found.reason, 0) + 1
    if reasons:
        ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(f"{n} {why}" for why, n in ordered)
        yield from wrap(f"{sum(reasons.values())} undetermined: {listed}", indent=4)
