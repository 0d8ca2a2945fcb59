"""What `chiasm list`, `chiasm data check` and `chiasm judge fit-triage` print."""

import json
from collections import Counter
from collections.abc import Sequence
from textwrap import shorten
from typing import Any

from chiasm import stats
from chiasm.benchmarks import BENCHMARKS, Benchmark, load, plugins, resolve
from chiasm.cases import Dataset
from chiasm.data.check import Finding, baselines, check

IDS_SHOWN = 12
"""Row ids that a line of the text report names before it counts the rest."""


def listing(form: str) -> str:
    """All benchmarks, ours and other packages', as text (100 columns) or JSON."""
    rows = [_facts(bench) for bench in BENCHMARKS.values()]
    broken = []
    for name, package, found in plugins():
        if isinstance(found, Benchmark):
            rows.append({**_facts(found), "package": package})
        else:
            broken.append({"name": name, "package": package, "error": str(found)})
    if form == "json":
        return json.dumps({"schema": 1, "benchmarks": rows, "broken": broken}, indent=1)
    lines = [
        f"{'benchmark':<23}{'size':>7}  {'language':<10}{'protocols':<16}{'data':<21}licence",
    ]
    for row in rows:
        size = f"{row['size']:,}" if row["size"] else "?"
        protocols = ", ".join(row["protocols"])
        licence = shorten(str(row["licence"]), 20, placeholder=" ...")
        lines.append(
            f"{row['name']:<23}{size:>7}  {row['language']:<10}{protocols:<16}{row['get']:<21}"
            f"{licence}"
        )
        lines.append(f"  {row['title']}" + (f" (package {p})" if (p := row.get("package")) else ""))
    lines += [f"{b['name']:<23}BROKEN: {b['error']}" for b in broken]
    lines += ["", *LEGEND]
    return "\n".join(lines)


LEGEND = (
    "size: rows of the published files that are used; ?: could not be counted.",
    "data: get = `chiasm data get NAME`; account = its terms are accepted on the hub first;",
    "      + by hand = get says what is missing and where it is; --data DIR takes a local copy.",
)


def _facts(bench: Benchmark) -> dict[str, Any]:
    entry = bench.source
    return {
        "name": bench.name,
        "title": bench.title,
        "size": bench.size,
        "language": bench.language,
        "licence": entry.licence if entry else "made by code" if _ours(bench) else "not stated",
        "get": _how_to_get(bench),
        "gated": bool(entry and entry.gated),
        "by_hand": entry.by_hand if entry else "",
        "protocols": [p.name for p in bench.protocols],
        "scoring": bench.scoring,
        "judge": bench.scoring == "judge",
        "rubrics": list(bench.protocols[0].judges),
        "metrics": list(bench.metrics),
        "note": entry.note if entry else "",
    }


def _ours(bench: Benchmark) -> bool:
    return BENCHMARKS.get(bench.name) is bench


def _how_to_get(bench: Benchmark) -> str:
    entry = bench.source
    if entry is None:
        return "made by code" if _ours(bench) else "--data DIR"
    return "get" + (", account" if entry.gated else "") + (" + by hand" if entry.by_hand else "")


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
