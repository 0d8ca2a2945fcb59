"""Several audited datasets side by side: the terminal's table and plain data."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chiasm.audit.findings import Rate
from chiasm.audit.run import TOPIC, Audit, Counted, as_facts
from chiasm.report.wording import WIDTH, percent, span

SCHEMA = 1
NAMES = {
    "overlap": "overlap",
    "harmfulness": "harmfulness",
    "embedding": "embedding",
    "residue": "residue",
    "partial_input": "partial input",
    "topic": "topic",
}
MEANINGS = {
    "overlap": "the query has rare words of the picture's description or of the stated hazard",
    "harmfulness": "the query alone sounds dangerous",
    "embedding": "a model of sentences puts the query near a phrase of risk",
    "residue": "the text states its hidden intent",
    "partial_input": "the options alone give the right one away",
    "topic": "the query tells the category: what it is about, not that it is dangerous",
}
ORDER = (*NAMES,)
COLUMN = 15
"""Characters of a channel's column."""


def leaks(audits: Sequence[Audit]) -> list[str]:
    """The channels that were used, in their order, without topic, which is not leakage."""
    used = {c.name for a in audits for c in a.channels} - {TOPIC}
    return sorted(used, key=lambda name: (ORDER.index(name) if name in ORDER else 99, name))


def of(audit: Audit, channel: str) -> Counted | None:
    """What a channel found in a dataset; None where it was not used."""
    return next((c for c in audit.channels if c.name == channel), None)


def text(audits: Sequence[Audit]) -> str:
    """The tables for a terminal, at most 100 characters wide."""
    names = leaks(audits)
    lines = ["Rows flagged, in percent, with 95 % intervals", ""]
    lines += _table("", names, [(_name(a), a.rows, [_cell(of(a, n)) for n in names])
                                for a in audits])  # fmt: skip
    if len(audits) == 1:
        lines += _groups(audits[0], names)
    lines += ["", *_known(audits), *_silent(audits), *_topic(audits)]
    return "\n".join(lines).rstrip()


def _name(audit: Audit) -> str:
    return one_line(audit.source.name)


def _table(
    title: str, names: Sequence[str], rows: Sequence[tuple[str, int, Sequence[str]]]
) -> Iterator[str]:
    shown = "".join(f"{NAMES.get(n, n):>{COLUMN}}" for n in names)
    yield f"{title:<24}{'rows':>10}{shown}"
    for name, count, cells in rows:
        short = name if len(name) <= 24 else name[:23] + "…"
        yield f"{short:<24}{count:>10,}" + "".join(f"{c:>{COLUMN}}" for c in cells)


def _cell(counted: Counted | None) -> str:
    return "-" if counted is None or counted.reason else cell(counted.whole)


def cell(rate: Rate) -> str:
    """Rate and interval in little room."""
    if rate.rate is None:
        return "-"
    if rate.low is None or rate.high is None:
        return percent(rate.rate)
    return f"{percent(rate.rate)} ({percent(rate.low, 0)}..{percent(rate.high, 0)})"


def _groups(audit: Audit, names: Sequence[str]) -> Iterator[str]:
    found = {n: {(r.by, r.group): r for r in c.rates} for n in names if (c := of(audit, n))}
    for by in ("category", "source"):
        groups = list(dict.fromkeys(g for rates in found.values() for b, g in rates if b == by))
        rows = []
        for group in groups:
            rates = [found[n].get((by, group)) for n in names if n in found]
            asked = next(r.asked for r in rates if r)
            rows.append((one_line(group), asked, [cell(r) if r else "-" for r in rates]))
        if rows:
            yield ""
            yield from _table(by, names, rows)


def _known(audits: Sequence[Audit]) -> Iterator[str]:
    """Thresholds, and how well they tell, of one dataset; the page has those of all."""
    if len(audits) > 1:
        return
    for counted in audits[0].channels:
        if counted.limit.threshold is not None:
            parts = [f"flagged from {counted.limit.threshold:.3g}"]
            parts += [f"finds {measured(m)}" for m in counted.limit.sensitivity]
            parts += [f"false alarms {measured(m)}" for m in counted.limit.false_alarms]
            if counted.name != TOPIC:
                parts += [f"{m['what']} {fact(m)}" for m in counted.limit.facts]
            yield from wrap(f"{NAMES.get(counted.name, counted.name)}: {'; '.join(parts)}")


def measured(found: Mapping[str, Any]) -> str:
    """A share of planted leaks found, or of harmless rows flagged, in words."""
    limits = "" if found["low"] is None else f" ({span(found['low'], found['high'], 0)})"
    return f"{percent(found['rate'])} %{limits} of {found['what']}, n={found['n']}"


def fact(found: Mapping[str, Any]) -> str:
    """Another figure of a channel, beside what is reached without the text."""
    limits = "" if found["low"] is None else f" ({span(found['low'], found['high'])})"
    against = percent(found["against"])
    return f"{percent(found['rate'])} %{limits}, without the text {against}, n={found['n']}"


def _silent(audits: Sequence[Audit]) -> Iterator[str]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for audit in audits:
        for counted in audit.channels:
            if counted.reason:
                reasons.setdefault((counted.name, counted.reason), []).append(_name(audit))
    for (name, reason), datasets in reasons.items():
        yield from wrap(f"{NAMES.get(name, name)} -: {reason} ({', '.join(datasets)})")


def _topic(audits: Sequence[Audit]) -> Iterator[str]:
    said = [(a, c) for a in audits if (c := of(a, TOPIC)) and not c.reason]
    if said:
        yield ""
        yield "Topic, which is not leakage: how well the query tells the category"
        for audit, counted in said:
            facts = "; ".join(f"{k} {v}" for k, v in topic_facts(counted))
            yield from wrap(f"{_name(audit)}: {facts}")


def topic_facts(counted: Counted) -> list[tuple[str, str]]:
    """What is shown of topic: its share of flagged rows, and what its limit has measured."""
    share = f"{cell(counted.whole)} %" if counted.whole.rate is not None else "not defined"
    given = ("rows whose category the query gives away", share)
    return [given, *((m["what"], fact(m)) for m in counted.limit.facts)]


def wrap(text: str) -> list[str]:
    """Lines for the terminal."""
    return textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def one_line(text: str) -> str:
    """Untrusted text without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def as_json(audits: Sequence[Audit], about: Mapping[str, Any]) -> dict[str, Any]:
    """All figures as plain data; rates in [0, 1], null with a reason where undefined."""
    return {"schema": SCHEMA, **about, "datasets": [_dataset(a) for a in audits]}


def _dataset(audit: Audit) -> dict[str, Any]:
    return {
        **as_facts(audit.source),
        "rows": audit.rows,
        "fitted_on": audit.fitted_on,
        "channels": [_channel(c) for c in audit.channels],
    }


def _channel(counted: Counted) -> dict[str, Any]:
    limit = counted.limit
    return {
        "channel": counted.name,
        "leakage": counted.name != TOPIC,
        "reason": counted.reason,
        "threshold": limit.threshold,
        "threshold_set_on": limit.how,
        "false_alarms": [dict(m) for m in limit.false_alarms],
        "sensitivity": [dict(m) for m in limit.sensitivity],
        "facts": [dict(m) for m in limit.facts],
        "unknown": limit.reason,
        "rates": [r._asdict() for r in counted.rates],
    }
