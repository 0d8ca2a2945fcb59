"""A section for a dataset's card, in Markdown: what the audit found, and what it can't say."""

import re
from collections.abc import Iterator, Sequence

from chiasm.audit.compare import MEANINGS, NAMES, fact, leaks, measured, of, one_line, topic_facts
from chiasm.audit.run import TOPIC, Audit
from chiasm.report.wording import percent, span

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+.!|<>&~$-])")


ABOUT = (
    "Does the text alone give away what picture and text together make dangerous? Measured offline "
    "with chiasm {version}; each channel is a separate sign, and none is a person's judgement."
)


def card(audits: Sequence[Audit], command: str) -> str:
    """The section; a table a dataset.

    Args:
        audits: What was found.
        command: How to repeat it.
    """
    from chiasm import __version__

    lines = [
        "## Text leakage",
        "",
        ABOUT.format(version=__version__),
        "",
    ]
    for audit in audits:
        lines += _dataset(audit)
    lines += ["Repeat with:", "", "```console", f"$ {command}", "```", ""]
    return "\n".join(lines)


def _dataset(audit: Audit) -> Iterator[str]:
    source = audit.source
    told = f"{audit.rows:,} rows, digest `{source.digest}`"
    if source.revision:
        told += f", revision `{one_line(source.revision)}`"
    yield f"### {plain(source.name)}"
    yield ""
    yield told
    yield ""
    yield "| channel | rows flagged | 95 % interval | k / n | worst case | known of the channel |"
    yield "|---|---|---|---|---|---|"
    for name in leaks([audit]):
        yield _row(audit, name)
    yield ""
    for name in leaks([audit]):
        yield f"- {NAMES.get(name, name)}: {MEANINGS.get(name, '')}"
    topic = of(audit, TOPIC)
    if topic is not None:
        facts = "; ".join(f"{k} {v}" for k, v in topic_facts(topic))
        yield f"- topic (not leakage): {topic.reason or facts}"
    yield ""


def _row(audit: Audit, name: str) -> str:
    counted = of(audit, name)
    title = NAMES.get(name, name)
    if counted is None or counted.reason:
        return f"| {title} | - | - | - | - | {plain(counted.reason) if counted else 'not used'} |"
    rate = counted.whole
    found = [f"finds {measured(m)}" for m in counted.limit.sensitivity]
    found += [f"false alarms {measured(m)}" for m in counted.limit.false_alarms]
    found += [f"{m['what']} {fact(m)}" for m in counted.limit.facts]
    worst = span(rate.bound_low, rate.bound_high) if rate.asked > rate.n else "-"
    cells = (
        title,
        f"{percent(rate.rate)} %",
        span(rate.low, rate.high),
        f"{rate.k:,} / {rate.n:,}",
        worst,
        plain("; ".join(found) or counted.limit.reason or counted.limit.how),
    )
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """Untrusted text in one line of Markdown, as text."""
    return _MARKUP.sub(r"\\\1", one_line(text))
