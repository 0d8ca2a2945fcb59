"""What `chiasm audit` leaves behind: findings.parquet, audit.json, card.md, page.html."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from chiasm.audit import compare, embedding
from chiasm.audit.card import card
from chiasm.audit.findings import write_findings
from chiasm.audit.page import page
from chiasm.audit.run import Audit, Options, as_facts
from chiasm.audit.shards import write_text

FINDINGS_FILE, FIGURES_FILE, CARD_FILE, PAGE_FILE = (
    "findings.parquet", "audit.json", "card.md", "page.html",
)  # fmt: skip

JUDGED_FILE = "judged.parquet"
"""R1 and R2 row by row, before they are put behind the channels' findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Figures of another kind of audit, such as by a judge, that go into the same files.

    Attributes:
        figures: Into audit.json, under these keys.
        sections: Onto the page: see `chiasm.audit.page.page`.
        card: Lines behind the card's section.
        findings: Behind the channels' findings, in the columns of `FINDINGS`; None for none.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    sections: Sequence[Mapping[str, Any]] = ()
    card: Sequence[str] = ()
    findings: pl.DataFrame | None = None


def write(
    audits: Sequence[Audit],
    out: Path,
    options: Options,
    *,
    beside: Beside | None = None,
) -> dict[str, Any]:
    """Write all files, each whole or not at all.

    Args:
        audits: What was found.
        out: The folder.
        options: How it was found.
        beside: What else was found.

    Returns:
        What stands in audit.json.
    """
    from chiasm import __version__

    beside = beside or Beside()
    out.mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {
        "version": __version__,
        "false_alarms_wanted": options.false_alarms,
        "seed": options.seed,
    }
    if embedding.NAME in options.channels:
        about["embedding_model"] = _model(options)
        about["embedding_digest"] = embedding.digest_of(options.embedding_model or embedding.MODEL)
    listed = [{**as_facts(a.source), "rows": a.rows} for a in audits]
    parts = [part for a in audits for part in a.parts]
    if beside.findings is not None:
        parts.append(out / JUDGED_FILE)
        beside.findings.write_parquet(out / JUDGED_FILE)
    write_findings(parts, out / FINDINGS_FILE, {**about, "datasets": listed})
    figures = {**compare.as_json(audits, about), **beside.figures}
    write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", out / FIGURES_FILE)
    write_text("\n".join([card(audits, _command(audits, options)), *beside.card]), out / CARD_FILE)
    write_text(page(audits, beside.sections), out / PAGE_FILE)
    return figures


def _command(audits: Sequence[Audit], options: Options) -> str:
    """The command line that repeats it, without anybody's paths."""
    names = " ".join(compare.one_line(a.source.name) for a in audits)
    named = "".join(f" --channel {name}" for name in options.channels)
    if embedding.NAME in options.channels:
        named += f" --embedding-model {_model(options)}"
    alarms = options.false_alarms
    how = f"--seed {options.seed}" + ("" if alarms is None else f" --false-alarms {alarms}")
    return f"chiasm audit {names}{named} {how} -o audit"


def _model(options: Options) -> str:
    """The embedding's model; of a folder its name alone."""
    model = options.embedding_model or embedding.MODEL
    return compare.one_line(Path(model).name if Path(model).is_dir() else model)
