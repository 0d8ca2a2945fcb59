"""R1, R2 and what they leave out as a section of the audit's page and lines of its card."""

from collections.abc import Iterable, Sequence
from typing import Any

from chiasm.audit.vsil_figures import Audited
from chiasm.audit.vsil_tables import METRICS, percent_of, span_of

HEAD = ("dataset", "judge", "rate", "%", "95 % interval", "k/N", "undecided", "worst-case bounds")

NOTE = (
    "Unsafe rows only. R1 and R2 as VLSBench defines them; a call without a verdict widens the "
    "bounds and is neither safe nor unsafe."
)


def section(found: Sequence[Audited]) -> dict[str, Any]:
    """What judges say, as `chiasm.audit.page.page` takes it; every cell is a text to escape."""
    lines = [NOTE]
    lines += [f"{one.dataset}, {one.judge}: {mark}" for one in found for mark in one.marks]
    rows = [row for one in found for row in _rows(one)]
    return {
        "id": "judged",
        "title": "Leakage by judges",
        "lines": lines,
        "tables": [{"head": HEAD, "rows": rows}],
    }


def card_lines(found: Sequence[Audited]) -> list[str]:
    """A table in Markdown, for the card."""
    rows = [row for one in found for row in _rows(one)]
    return [
        "",
        "### Leakage by judges",
        "",
        f"| {' | '.join(HEAD)} |",
        "|---" * len(HEAD) + "|",
        *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows),
        "",
    ]


def _rows(one: Audited) -> Iterable[tuple[str, ...]]:
    for name, words in METRICS.items():
        rate = getattr(one.leakage, name)
        e = rate.estimate
        yield (
            one.dataset,
            one.judge,
            words,
            percent_of(e.rate),
            span_of(e.low, e.high) if not e.reason else e.reason,
            f"{e.k:,}/{e.n:,}",
            f"{rate.missing:,}",
            span_of(*rate.bounds),
        )
