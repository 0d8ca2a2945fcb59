"""The page of an audit: one file, offline, no script; all that comes from data is escaped.

Its style is that of `chiasm report`'s page. Light and dark follow the reader's system.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from chiasm.audit.compare import MEANINGS, NAMES, fact, leaks, measured, of, topic_facts
from chiasm.audit.findings import Rate, Striking
from chiasm.audit.run import TOPIC, Audit, Counted
from chiasm.audit.words import fold
from chiasm.html import environment
from chiasm.report.figures import interval_bar
from chiasm.report.wording import percent, span

GROUPS_SHOWN = 40
"""Categories of a table; the others are in audit.json."""

TEXT_SHOWN = 600
"""Characters of a row's text."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PLACE = re.compile(r"\s\([^()]*\)")


def page(audits: Sequence[Audit], sections: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page's markup.

    Args:
        audits: What was found.
        sections: Of other kinds of audit, such as by a judge: `id`, `title`, `lines` (texts), and
            `tables` (each with `head` and `rows` of texts).
    """
    from chiasm import __version__

    names = leaks(audits)
    style = _style()
    return environment("chiasm.audit").get_template("page.html.j2").render(
        title=", ".join(a.source.name for a in audits),
        rows=sum(a.rows for a in audits),
        names=[_head(n) for n in names],
        whole=[_whole(a, names) for a in audits],
        topic=_topic(audits),
        datasets=[_dataset(i, a, names) for i, a in enumerate(audits)],
        sections=sections,
        policy=policy(style),
        style=Markup(style),
        version=__version__,
    )  # fmt: skip


def _style() -> str:
    base = files("chiasm.report").joinpath("templates", "page.css").read_text("utf-8")
    own = files("chiasm.audit").joinpath("templates", "audit.css").read_text("utf-8")
    return base + own


def policy(style: str) -> str:
    """The content security policy: our style by its digest, and nothing else, from nowhere."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _head(name: str) -> dict[str, str]:
    return {"name": NAMES.get(name, name), "meaning": MEANINGS.get(name, "")}


def _whole(audit: Audit, names: Sequence[str]) -> dict[str, Any]:
    cells = [_cell(audit.source.name, of(audit, n)) for n in names]
    return {"name": audit.source.name, "rows": f"{audit.rows:,}", "cells": cells}


def _cell(where: str, counted: Counted | None) -> dict[str, Any]:
    if counted is None:
        return {"reason": "not used"}
    return {"reason": counted.reason} if counted.reason else rate_cell(where, counted.whole)


def rate_cell(where: str, rate: Rate) -> dict[str, Any]:
    """What the page shows of a rate."""
    if rate.rate is None:
        return {"reason": rate.reason}
    lost = rate.asked - rate.n
    bound = None
    if lost and rate.bound_low is not None and rate.bound_high is not None:
        bound = (rate.bound_low, rate.bound_high)
    told = f"{where}: {percent(rate.rate)} %, 95 % interval {span(rate.low, rate.high)}"
    return {
        "rate": percent(rate.rate),
        "limits": span(rate.low, rate.high, 0),
        "bar": interval_bar(rate.rate, rate.low, rate.high, bound, told),
        "share": f"{rate.k:,}/{rate.n:,}",
        "lost": lost,
        "bounds": span(rate.bound_low, rate.bound_high),
        "reason": rate.reason,
    }


def _topic(audits: Sequence[Audit]) -> list[dict[str, Any]]:
    found = [(a, c) for a in audits if (c := of(a, TOPIC)) is not None]
    return [
        {
            "name": a.source.name,
            "reason": c.reason,
            "cell": _cell(a.source.name, c),
            "facts": [] if c.reason else topic_facts(c),
        }
        for a, c in found
    ]


def _dataset(index: int, audit: Audit, names: Sequence[str]) -> dict[str, Any]:
    source = audit.source
    used = [n for n in names if (c := of(audit, n)) is not None and not c.reason]
    return {
        "id": f"d{index}",
        "name": source.name,
        "rows": f"{audit.rows:,}",
        "digest": source.digest,
        "revision": source.revision,
        "sampled": audit.fitted_on < audit.rows,
        "fitted_on": f"{audit.fitted_on:,}",
        "columns": dict(source.columns),
        "heads": [_head(n) for n in used],
        "groups": [g for by in ("category", "source") if (g := _groups(audit, by, used))],
        "channels": [_channel(audit, c) for c in audit.channels],
    }


def _groups(audit: Audit, by: str, names: Sequence[str]) -> dict[str, Any] | None:
    found = {n: {r.group: r for r in c.rates if r.by == by} for n in names if (c := of(audit, n))}
    groups = list(dict.fromkeys(g for rates in found.values() for g in rates))
    rows = [
        {
            "name": group,
            "cells": [
                rate_cell(f"{group}, {NAMES.get(n, n)}", found[n][group])
                if group in found[n]
                else {"reason": ""}
                for n in names
            ],
        }
        for group in groups[:GROUPS_SHOWN]
    ]
    return {"by": by, "rows": rows, "more": max(0, len(groups) - GROUPS_SHOWN)} if rows else None


def _channel(audit: Audit, counted: Counted) -> dict[str, Any]:
    limit = counted.limit
    return {
        **_head(counted.name),
        "leak": counted.name != TOPIC,
        "reason": counted.reason,
        "threshold": None if limit.threshold is None else f"{limit.threshold:.3g}",
        "how": limit.how,
        "unknown": limit.reason,
        "sensitivity": [measured(m) for m in limit.sensitivity],
        "false_alarms": [measured(m) for m in limit.false_alarms],
        "facts": [f"{m['what']}: {fact(m)}" for m in limit.facts],
        "rows": [_row(s) for s in audit.striking if s.channel == counted.name],
    }


def _row(found: Striking) -> dict[str, Any]:
    return {
        "case": found.case,
        "category": found.category,
        "score": f"{found.score:.3g}",
        "evidence": found.evidence,
        "query": marked(found.query, found.evidence),
        "description": marked(found.description, found.evidence),
    }


def marked(text: str, evidence: str) -> Markup:
    """Untrusted text, escaped, with the words of the evidence marked.

    Words are compared without their inflection; what stands in brackets behind a word of the
    evidence says where it was found.

    >>> str(marked("Roll <two> cigarettes", "cigarette (description)"))
    'Roll &lt;two&gt; <mark>cigarettes</mark>'
    """
    wanted = {fold(w.lower()) for w in _WORD.findall(_PLACE.sub("", evidence))} - {""}
    shown = text if len(text) <= TEXT_SHOWN else text[:TEXT_SHOWN].rstrip() + "…"
    parts, end = [], 0
    for match in _WORD.finditer(shown):
        if fold(match.group().lower()) in wanted:
            parts += [escape(shown[end : match.start()]), Markup("<mark>"), escape(match.group())]
            parts.append(Markup("</mark>"))
            end = match.end()
    return Markup("").join([*parts, escape(shown[end:])])
