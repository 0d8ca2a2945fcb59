"""Tables for a terminal: one per run, or one line a model where there are many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from chiasm.report.against import Comparison, compare_models
from chiasm.report.metrics import GRID, MAJORITY, METRICS
from chiasm.report.runs import OURS, PARTS_OF_SAFE, Estimate, Run, split
from chiasm.report.wording import (
    NAMES,
    WIDTH,
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

SYSTEM = "the system of model and provider's filter (blocked counts as refused)"

_MAJORITY = tuple(f"{m}_majority" for m in MAJORITY)

HEADER = (
    f"{'':<22}{'rate':>6}  {'95 % interval':<15}{'k/N':>11}  {'no verdict':<11} worst-case bounds"
)


def text(frame: pl.DataFrame) -> str:
    """All tables of a frame of `chiasm.report.responses`."""
    return "\n".join(
        line.rstrip() for runs in split(frame) for line in [*_group(runs), ""]
    ).rstrip()


def _group(runs: list[Run]) -> Iterator[str]:
    models = [r for r in runs if not r.model.startswith(OURS)]
    policies = [r for r in runs if r.model.startswith(OURS)]
    if len(models) >= MANY or not models:
        yield from _many(models or policies, policies if models else [])
    else:
        for i, run in enumerate(models):
            yield from ["", *_single(run, policies)] if i else _single(run, policies)
    yield from _against(models)


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
    metric = next((m for m in run.headline if m not in (*GRID, *_MAJORITY)), None)
    found = [
        e
        for e in run.figures
        if e["by"] == "category" and e["metric"] == metric and e["estimand"] == "model"
    ]
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


def _many(runs: list[Run], policies: list[Run]) -> Iterator[str]:
    """One line a model, at most three metrics wide."""
    first = runs[0]
    shown = {**first.key, "model": f"{len(runs)} models" if len(runs) > 1 else first.model}
    yield from wrap(title(shown, first.about), indent=0)
    yield from wrap(provenance(first.frame, first.about))
    yield from marks_line(e for r in runs for e in r.figures if e["group"] == "all")
    lines = [m for m in METRICS if any(m in r.whole() for r in runs) and m not in PARTS_OF_SAFE]
    metrics = [*first.headline, *(m for m in lines if m not in first.headline)]
    width = 20
    name = min(max(len(r.model) for r in [*runs, *policies]) + 2, WIDTH - 3 * width - 14)
    for start in range(0, len(metrics), 3):
        some = metrics[start : start + 3]
        heads = "".join(f"{NAMES[m]:<{width}}" for m in some)
        yield f"  {'':<{name}}{heads}no verdict"
        for run in [*runs, *policies]:
            found = run.whole()
            cells = "".join(f"{_short(found.get(m)):<{width}}" for m in some)
            lost = max((missing(found[m]) for m in some if m in found), default=0)
            yield f"  {run.model:<{name}}{cells}{lost}"
    yield from _notes(runs, metrics)


def _notes(runs: list[Run], metrics: list[str]) -> Iterator[str]:
    """Under the lines: N, and of each model what is missing and what that could do."""
    told = []
    for metric in metrics:
        n = sorted({e["n"] for r in runs if (e := r.whole().get(metric))})
        told.append(f"{NAMES[metric]} {'-'.join(map(str, dict.fromkeys((n[0], n[-1]))))}")
    yield from wrap(f"N: {', '.join(told)}", hang=3)
    for run in runs:
        lines = missing_line(run.frame, run.about["skipped"])
        found = run.whole()
        worst = [
            f"{NAMES[m]} {span(found[m]['bound_low'], found[m]['bound_high'])}"
            for m in metrics
            if m in found and missing(found[m])
        ]
        if worst:
            lines.append(f"worst-case bounds: {', '.join(worst)}")
        if run.whole("system"):
            lines.append(f"--format json has the figures of {SYSTEM}")
        if lines:
            yield from wrap(f"{run.model}: {' '.join(' '.join(lines).split())}")


def _short(e: Estimate | None) -> str:
    return "" if e is None else cell(e)


def _against(runs: list[Run]) -> Iterator[str]:
    if len(runs) < 2:
        return
    metric = runs[0].headline[0] if runs[0].headline else None
    found = compare_models(metric, [(r.model, r.frame) for r in runs]) if metric else []
    if not found or metric is None:
        return
    tests = ", ".join(dict.fromkeys(c.test for c in found))
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
