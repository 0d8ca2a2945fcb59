"""What `chiasm list`, `chiasm data check` and `chiasm judge fit-triage` print."""

import json
from collections import Counter
from collections.abc import Sequence
from textwrap import shorten

from chiasm import stats
from chiasm.benchmarks import BENCHMARKS, load, resolve
from chiasm.cases import Dataset
from chiasm.data.check import Finding, baselines, check
from chiasm.data.registry import registry

IDS_SHOWN = 12
"""Row ids that a line of the text report names before it counts the rest."""


def listing(form: str) -> str:
    """All benchmarks, as text or JSON."""
    entries = registry()
    rows = []
    for bench in BENCHMARKS.values():
        entry = entries.get(bench.entry)
        rows.append(
            {
                "name": bench.name,
                "title": bench.title,
                "licence": entry.licence if entry else "made by code",
                "protocols": [p.name for p in bench.protocols],
                "judge": bench.scoring == "judge",
                "metrics": list(bench.metrics),
                "note": entry.note if entry else "",
            }
        )
    if form == "json":
        return json.dumps({"schema": 1, "benchmarks": rows}, indent=1)
    lines = [f"{'benchmark':<24}{'judge':<7}{'protocols':<20}{'licence'}"]
    for row in rows:
        protocols = ", ".join(row["protocols"])  # type: ignore[arg-type]
        judge = "yes" if row["judge"] else "none"
        licence = shorten(str(row["licence"]), 40, placeholder=" ...")
        lines.append(f"{row['name']:<24}{judge:<7}{protocols:<20}{licence}")
        lines.append(f"  {row['title']}")
    return "\n".join(lines)


def quality(name: str, data: str | None, form: str) -> str:
    """The data-quality report of a benchmark, as text or JSON."""
    dataset = load(resolve(name), data, ("DIGEST_MISMATCH", "ROWS"))
    findings = check(dataset)
    blind = baselines(dataset)
    if form == "json":
        rates = {rule: stats.wilson(k, n)._asdict() for rule, (k, n) in blind.items()}
        found = [f._asdict() for f in findings]
        body = {"schema": 1, "benchmark": name, "rows": len(dataset), "images": _images(dataset)}
        return json.dumps({**body, "findings": found, "baselines": rates}, indent=1)
    pinned = "as pinned" if dataset.pinned else "NOT the pinned content"
    size = f"{len(dataset):,} rows, {_images(dataset):,} images"
    lines = [f"{name}: {size}, digest {dataset.digest} ({pinned})"]
    lines += _finding_lines(findings)
    if blind:
        lines.append("blind rules (no image; what an accuracy must be compared with)")
    for rule, (k, n) in blind.items():
        rate = stats.wilson(k, n)
        lines.append(
            f"  {rule:<16}{100 * rate.rate:5.1f}   {100 * rate.low:4.1f} .. {100 * rate.high:4.1f}"
            f"   {k}/{n}"
        )
    return "\n".join(lines)


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return ["nothing found"]
    lines = []
    for code, count in Counter(f.code for f in findings).items():
        ids = list(dict.fromkeys(f.case.rpartition("/")[2] for f in findings if f.code == code))
        more = f" and {len(ids) - IDS_SHOWN:,} more" if len(ids) > IDS_SHOWN else ""
        lines.append(f"  {code:<22}{count:>6,}   {', '.join(ids[:IDS_SHOWN])}{more}")
        detail = next(f.detail for f in findings if f.code == code)
        lines.append(f"      {detail}")
    return lines


def _images(dataset: Dataset) -> int:
    return len({path for case in dataset for path in case.images})


def triage_report(data: str | None) -> str:
    """Fit the triage judge on SIUO, save it in the cache, and say how good it is."""
    from chiasm.judges import triage
    from chiasm.judges.triage_fit import fit, fit_report

    model = fit(load("siuo_mcqa", data), load("siuo", data))
    path = triage.save(model)
    return f"{fit_report(model)}\n\nSaved: {path}"
