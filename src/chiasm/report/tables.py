"""Tables for a terminal: one per run, or one line a model where there are many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from chiasm.report import behaviour, flips, judges_text, solvers
from chiasm.report.against import Comparison, compare_models
from chiasm.report.compact import SYSTEM, many
from chiasm.report.metrics import MAJORITY, METRICS
from chiasm.report.runs import OURS, PARTS_OF_SAFE, Estimate, Run, split
from chiasm.report.wording import (
    NAMES,
    cell,
    finer_words,
    marks_line,
    missing,
    missing_line,
    percent,
    provenance,
    span,
    title,
    wrap,
)
from chiasm.stats import shrink, wilson

MANY = 3
"""So many models of one benchmark are a line each."""

_MAJORITY = tuple(f"{m}_majority" for m in MAJORITY)

HEADER = (
    f"{'':<22}{'rate':>6}  {'95 % interval':<15}{'k/N':>11}  {'no verdict':<11} worst-case bounds"
)


def text(frame: pl.DataFrame) -> str:
    """All tables of a frame of `chiasm.report.responses`."""
    found = [line for runs in split(flips.unchanged(frame)) for line in [*_group(runs), ""]]
    flipped = [*flips.lines(frame)]
    flipped += ["", *behaviour.lines(frame)] if flipped else [*behaviour.lines(frame)]
    beside = [*flipped, *([""] if flipped else []), *judges_text.lines(frame)]
    return "\n".join(line.rstrip() for line in [*found, *beside]).rstrip()


def _group(runs: list[Run]) -> Iterator[str]:
    models = [r for r in runs if not r.model.startswith(OURS)]
    policies = [r for r in runs if r.model.startswith(OURS)]
    if len(models) >= MANY or not models:
        yield from many(models or policies, policies if models else [])
    else:
        for i, run in enumerate(models):
            yield from ["", *_single(run, policies)] if i else _single(run, policies)
    yield from _against(models)
    yield from solvers.lines(runs)


def _single(run: Run, policies: list[Run]) -> Iterator[str]:
    yield from wrap(title(run.key, run.about), indent=0)
    yield from wrap(provenance(run.frame, run.about))
    yield from marks_line(run.figures)
    yield HEADER
    yield from _rows(run, "model")
    if run.whole("system"):
        yield f"  {SYSTEM}"
        yield from _rows(run, "system")
    yield from _beside(run, policies)
    yield from _categories(run)
    yield from missing_line(run.frame, run.about["skipped"])


def _rows(run: Run, estimand: str) -> Iterator[str]:
    found = run.whole(estimand)
    left_out = PARTS_OF_SAFE if estimand == "model" else (*PARTS_OF_SAFE, *_MAJORITY)
    for metric in METRICS:
        if metric in found and metric not in left_out:
            yield _row(NAMES[metric], found[metric])
            if metric == "safe_rate":
                yield from _parts(run, found)


def _row(name: str, e: Estimate) -> str:
    share = f"{e['k']}/{e['n']}"
    return (
        f"  {name:<20}{percent(e['rate']):>6}  {span(e['low'], e['high']):<15}{share:>11}"
        f"  {missing(e) or '0':<11} {span(e['bound_low'], e['bound_high'])}"
    )


def _parts(run: Run, found: Mapping[str, Estimate]) -> list[str]:
    told = []
    for metric in PARTS_OF_SAFE:
        if metric not in found:
            continue
        words = finer_words(run.frame, metric.removesuffix("_rate"))
        n = found[metric]["n"]
        finer = ", ".join(f"{w} {percent(k / n)}" for w, k in words[:3]) if n else ""
        extra = f" ({finer})" if finer and metric == "safe_other_rate" else ""
        told.append(f"{NAMES[metric]} {percent(found[metric]['rate'])}{extra}")
    return wrap("  ".join(told), indent=4) if told else []


def _beside(run: Run, policies: Sequence[Run]) -> list[str]:
    told = []
    for policy in policies:
        found = policy.whole()
        shown = [f"{NAMES[m]} {cell(found[m])}" for m in run.headline if m in found]
        told.append(f"{policy.model}: {', '.join(shown)}")
    for name, (k, n) in sorted(run.about.get("baselines", {}).items()):
        e = wilson(k, n)
        told.append(f"{name}, without looking: {cell(e._asdict())} {k}/{n}")
    return [
        line for i, t in enumerate(told) for line in wrap(_labelled("beside it", t, i), hang=14)
    ]


def _labelled(label: str, told: str, i: int) -> str:
    return f"{label if i == 0 else '':<14}{told}" if i == 0 else " " * 14 + told


def _categories(run: Run) -> Iterator[str]:
    """Headline metric by category, with the rate shrunk towards the pooled one."""
    metric = run.category_metric
    found = run.by_category(metric)
    if metric is None or len(found) < 2:
        return
    size = [e["effective_n"] or 0.0 for e in found]
    ones = [(e["rate"] or 0.0) * s for e, s in zip(found, size, strict=True)]
    shrunk = shrink(ones, size).rates
    heading = f"by category: {NAMES[metric]}"
    yield f"  {heading:<34}{'rate':>6}  {'95 % interval':<15}{'k/N':>11}  {'no verdict':<11} shrunk"
    for e, rate in zip(found, shrunk, strict=True):
        share = f"{e['k']}/{e['n']}"
        told = percent(None if rate != rate else float(rate))
        yield (
            f"    {e['group'][:32]:<32}{percent(e['rate']):>6}  {span(e['low'], e['high']):<15}"
            f"{share:>11}  {missing(e) or '0':<11} {told}"
        )
    yield f"    {overlap(found)}"


def overlap(found: Iterable[Estimate]) -> str:
    """Whether categories could be ranked at all."""
    limits = [(e["low"], e["high"]) for e in found if e["low"] is not None]
    if len(limits) < 2:
        return "too little to rank"
    if max(low for low, _ in limits) <= min(high for _, high in limits):
        return "intervals overlap: no ranking"
    return "not all intervals overlap; still no ranking: categories were not compared in pairs"


def _against(runs: list[Run]) -> Iterator[str]:
    if len(runs) < 2:
        return
    metric = runs[0].headline[0] if runs[0].headline else None
    found = compare_models(metric, [(r.model, r.frame) for r in runs]) if metric else []
    if not found or metric is None:
        return
    tests = ", ".join(dict.fromkeys(c.test.partition(",")[0] for c in found))
    yield from wrap(
        f"model against model: {NAMES[metric]}, points on the same cases "
        f"(95 % interval; {tests}; Holm over {len(found)})"
    )
    for c in found:
        yield from wrap(comparison_line(c), indent=4)


def comparison_line(c: Comparison) -> str:
    """One comparison in words."""
    d = c.difference
    limits = f"{100 * d.low:+.1f} .. {100 * d.high:+.1f}" if d.low == d.low else "no interval"
    if c.ranked:
        verdict = "ranked"
    elif c.overlap and c.adjusted < 0.05:
        verdict = "not ranked: worst-case bounds overlap"
    else:
        verdict = "not ranked"
    lost = f", {c.left_out} cases left out" if c.left_out else ""
    return (
        f"{c.second} - {c.first}: {100 * d.difference:+.1f} ({limits}), "
        f"p {_p(c.adjusted)}, {d.n} cases{lost}: {verdict}"
    )


def _p(p: float) -> str:
    if p != p:
        return "undefined"
    return "< .001" if p < 0.001 else f"{p:.3f}".replace("0.", ".", 1)
