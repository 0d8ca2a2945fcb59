"""R1, R2 and what they leave out, for a terminal: at most 100 columns, judges side by side."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from chiasm.audit.judging_plan import INPUTS, UNABLE, Planned
from chiasm.audit.vsil import Leakage, Rate
from chiasm.audit.vsil_controls import RateDifference
from chiasm.audit.vsil_figures import Audited
from chiasm.audit.vsil_published import NAMES, Line, caveat, lines, published_judge
from chiasm.report.wording import percent, span, wrap
from chiasm.stats import Estimate

INPUT_NAMES = {"both": "J(T,I)", "text": "J(T)", "image": "J(I)"}

METRICS = {
    "r1": "R1: J(T,I) unsafe",
    "r2": "R2: and J(T) unsafe",
    "leak_share": "R2 / R1",
    "text_alarm": "J(T) unsafe",
    "image_alarm": "J(I) unsafe",
    "text_only": "J(T) unsafe, J(T,I) not",
}
"""Metrics in the order of the table, as it names them."""

HEADER = (
    f"{'':<26}{'rate':>6}  {'95 % interval':<15}{'k/N':>11}  {'undecided':<10} worst-case bounds"
)


def text(found: Sequence[Audited]) -> str:
    """The tables of all judges, then what the paper printed."""
    told = [line for one in found for line in [*_judge(one), ""]]
    told += [*_side_by_side(found), *_published(found)]
    return "\n".join(line.rstrip() for line in told).rstrip()


def _judge(one: Audited) -> Iterator[str]:
    yield from wrap(f"leakage by a judge - {one.dataset} - {one.judge}", indent=0)
    yield f"  {one.rows:,} unsafe rows, {one.controls:,} benign rows to compare with"
    for mark in one.marks:
        yield from wrap(f"marked: {mark}")
    yield HEADER
    for name, words in METRICS.items():
        yield _row(words, getattr(one.leakage, name))
    for what, rate in one.flips.items():
        yield _row(f"{INPUT_NAMES[what]} flips", rate)
    yield from _reasons(one)
    yield from _alarms(one)
    yield from _cube(one.leakage)
    yield from _categories(one)
    yield from _failures(one)


def _row(words: str, rate: Rate, width: int = 24) -> str:
    e = rate.estimate
    return (
        f"  {words:<{width}}{percent_of(e.rate):>6}  {span_of(e.low, e.high):<15}"
        f"{f'{e.k:,}/{e.n:,}':>11}  {rate.missing or '0':<10} {span_of(*rate.bounds)}"
    )


def _reasons(one: Audited) -> Iterator[str]:
    """Why a rate is undefined."""
    reasons: dict[str, list[str]] = {}
    for name in METRICS:
        reason = getattr(one.leakage, name).estimate.reason
        if reason:
            reasons.setdefault(reason, []).append(METRICS[name].partition(":")[0])
    for reason, names in reasons.items():
        yield from wrap(f"{', '.join(names)}: {reason}", indent=4)


def _alarms(one: Audited) -> Iterator[str]:
    if not one.controls:
        return
    yield f"  {'called unsafe':<24}{'rows':>5}    benign  {'difference (95 % interval)':<27} bounds"
    for what in INPUTS:
        yield _alarm(INPUT_NAMES[what], one.alarms[what])


def _alarm(name: str, d: RateDifference) -> str:
    rates = f"{percent_of(d.rows.estimate.rate):>6}  {percent_of(d.controls.estimate.rate):>8}"
    if math.isnan(d.low):
        return f"    {name:<21}{rates}  {_points(d.difference):>6}  {d.reason}"
    limits = f"({_points(d.low)} .. {_points(d.high)})"
    bounds = f"{_points(d.bounds.low)} .. {_points(d.bounds.high)}"
    return f"    {name:<21}{rates}  {_points(d.difference):>6} {limits:<20} {bounds}"


def _cube(found: Leakage) -> Iterator[str]:
    """All rows by the three verdicts."""
    yield f"  {'rows by J(T,I), J(T)':<26}{'J(I) unsafe':>12}{'J(I) safe':>12}{'J(I) none':>12}"
    words = ("unsafe", "safe", "none")
    for both, alone in product(words, words):
        counts = [found.table[both, alone, image] for image in words]
        if "none" not in (both, alone) or any(counts):
            shown = "".join(f"{n:>12,}" for n in counts)
            yield f"    {both + ', ' + alone:<24}{shown}"


def _categories(one: Audited) -> Iterator[str]:
    if len(one.by_category) < 2:
        return
    yield (
        f"  {'by category':<26}{'N':>6}  {'R1':>6}  {'R2':>6}  {'R2/R1':>6}  "
        f"{'95 % interval':<15}{'J(T) unsafe':>12}  undecided"
    )
    for name, found in one.by_category.items():
        share = found.leak_share.estimate
        asked = found.r1.estimate.n + found.r1.missing
        yield (
            f"    {name[:24]:<24}{asked:>6,}  {percent_of(found.r1.estimate.rate):>6}  "
            f"{percent_of(found.r2.estimate.rate):>6}  {percent_of(share.rate):>6}  "
            f"{span_of(share.low, share.high):<15}{percent_of(found.text_alarm.estimate.rate):>12}"
            f"  {found.r2.missing}"
        )


def _failures(one: Audited) -> Iterator[str]:
    for what in INPUTS:
        reasons = one.failures[what]
        if reasons:
            listed = ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
            again = any(not reason.startswith(UNABLE) for reason in reasons)
            hint = "; run the same command to ask again" if again else ""
            yield from wrap(f"{INPUT_NAMES[what]} without a verdict: {listed}{hint}.")


def _side_by_side(found: Sequence[Audited]) -> Iterator[str]:
    if len(found) < 2:
        return
    yield "judges side by side (a rate is what its judge says; compare datasets within a judge)"
    yield f"  {'':<50}{'R1':>6}  {'R2':>6}  {'R2/R1':>6}  J(T) unsafe  J(I) unsafe"
    for one in found:
        rates = [
            percent_of(getattr(one.leakage, name).estimate.rate)
            for name in ("r1", "r2", "leak_share", "text_alarm", "image_alarm")
        ]
        a, b, c, d, e = rates
        yield f"  {_short(one.judge, 48):<50}{a:>6}  {b:>6}  {c:>6}  {d:>11}  {e:>11}"
    yield ""


def _published(found: Sequence[Audited]) -> Iterator[str]:
    paper = lines()
    for judge in dict.fromkeys(line.judge for line in paper):
        own = [one for one in found if published_judge(one) == judge and one.rows]
        yield from _table([line for line in paper if line.judge == judge], own)
        if own and caveat(judge):
            yield from wrap(f"yours: {caveat(judge)}", indent=4)
        yield ""
    others = [one.judge for one in found if not published_judge(one)]
    if others:
        yield from wrap(
            f"Not beside them: {', '.join(others)}. The paper has figures by "
            "llama-guard-3-11b-vision and gpt-4o only, and rates of different judges are not "
            "compared."
        )


def _table(paper: Sequence[Line], own: Iterable[Audited]) -> Iterator[str]:
    yield from wrap(f"VLSBench, {paper[0].place} (arXiv:2411.19939), judge {paper[0].judge}", 0)
    yield f"  {'':<30}{'N':>7}  {'R1':>6}  {'R2':>6}  {'R2/R1':>6}  95 % interval"
    for line in paper:
        name = NAMES.get(line.dataset, line.dataset)
        yield _published_row(name, line.n, line.r1_printed, line.r2_printed, line.leak_share)
    for one in own:
        found = one.leakage
        r1, r2 = (percent_of(rate.estimate.rate, 2) for rate in (found.r1, found.r2))
        name = f"{NAMES.get(one.dataset, one.dataset)} (yours)"
        yield _published_row(name, one.rows, r1, r2, found.leak_share.estimate)
    for note in (note for line in paper for note in line.notes):
        yield from wrap(note, indent=4)


def _published_row(name: str, n: int, r1: str, r2: str, share: Estimate) -> str:
    limits = span_of(share.low, share.high)
    return f"  {name[:30]:<30}{n:>7,}  {r1:>6}  {r2:>6}  {percent_of(share.rate):>6}  {limits}"


def forecast_text(planned: Sequence[Planned]) -> str:
    """What would be asked, for a dry run."""
    told = [f"{'judge':<52}{'of':<8}{'verdicts':>10}{'calls <=':>10}"]
    for one in planned:
        judge, what = _short(one.judge, 50), INPUT_NAMES[one.input]
        told.append(f"{judge:<52}{what:<8}{one.verdicts:>10,}{one.calls:>10,}")
        told += [f"    {n:,} can't be judged: {reason}" for reason, n in one.unable.items()]
    told.append("Equal questions are one call; what the folder has already is not asked again.")
    return "\n".join(told)


def _short(name: str, width: int) -> str:
    """The end of a long name says which model it is."""
    return name if len(name) <= width else f"...{name[-(width - 3) :]}"


def percent_of(rate: float, digits: int = 1) -> str:
    """A rate in percent, "-" for NaN."""
    return percent(None if math.isnan(rate) else rate, digits)


def span_of(low: float, high: float) -> str:
    """An interval in percent, "-" for NaN."""
    return "-" if math.isnan(low) or math.isnan(high) else span(low, high)


def _points(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:+.1f}"
