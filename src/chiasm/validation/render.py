"""Validation reports as text, for a terminal of 100 columns; as Markdown and JSON beside it."""

import math
from collections.abc import Iterator, Mapping

from chiasm.errors import ConfigError
from chiasm.report.wording import percent, wrap
from chiasm.stats import Estimate
from chiasm.validation.bias import RATES, Dimension, Group
from chiasm.validation.figures import TARGET
from chiasm.validation.render_json import as_json
from chiasm.validation.render_markdown import as_markdown
from chiasm.validation.report import JudgeReport, Validation
from chiasm.validation.wording import (
    FRACTIONS,
    LABELS,
    base_line,
    coefficient,
    cost,
    cut,
    either_way,
    matrix,
    notes,
    people_line,
    ranking,
    rate,
    seconds,
    share,
    title,
    undefined,
)


def render(found: Validation, form: str = "text") -> str:
    """A report, for people or programs.

    Args:
        found: See `chiasm.validation.report.validate`.
        form: text, md or json.

    Raises:
        ConfigError: There is no such format.
    """
    formats = {"text": as_text, "md": as_markdown, "json": as_json}
    if form not in formats:
        raise ConfigError(f"--format {form}: known are {', '.join(formats)}")
    return formats[form](found)


def as_text(found: Validation) -> str:
    """One judge in full; several as one line each."""
    lines = [*wrap(title(found), indent=0), *_head(found), ""]
    lines += _single(found, found.judges[0]) if len(found.judges) == 1 else _several(found)
    for note in notes(found):
        lines += wrap(note, indent=0)
    return "\n".join(line.rstrip() for line in lines)


def _head(found: Validation) -> Iterator[str]:
    yield from wrap(f"labels: {found.people.labelled_by}")
    yield from wrap(base_line(found))
    yield from wrap(people_line(found))


def _several(found: Validation) -> Iterator[str]:
    rows = [(j.verdicts.judge, j.figures, j.meets) for j in found.judges]
    beside = [(name, figures, "") for name, figures in found.constants.items()]
    yield (
        f"{'':<32}{'TP':>6}{'FP':>7}{'FN':>7}{'TN':>7}{'none':>6}   {'agreement':<18} "
        f"{TARGET:.0%} reached"
    )
    for name, figures, met in rows + beside:
        c = figures.counts
        none = c.without_positive + c.without_negative
        agreement = rate(figures.estimates["agreement"], 1)
        yield (
            f"  {cut(name, 30):<30}{c.tp:>6,}{c.fp:>7,}{c.fn:>7,}{c.tn:>7,}{none:>6,}   "
            f"{agreement:<18} {met}"
        )
    names = ("sensitivity", "specificity", "precision", "balanced_accuracy")
    yield ""
    yield f"{'':<32}" + "".join(f"{LABELS[n]:<17}" for n in names)
    for name, figures, _ in rows + beside:
        cells = "".join(f"{rate(figures.estimates[n], 0):<17}" for n in names)
        yield f"  {cut(name, 30):<30}{cells}"
    yield ""
    yield f"{'':<32}{'kappa':<26}AC1"
    for name, figures, _ in rows + beside:
        yield _coefficients(name, figures.estimates)
    if found.among_people:
        yield _coefficients("two people", found.among_people)
    yield ""
    spent: dict[str, list[str]] = {}
    for judge in found.judges:
        told = f"time {seconds(judge.verdicts)}, cost {cost(judge.verdicts)}"
        spent.setdefault(told, []).append(cut(judge.verdicts.judge, 60))
    for told, names_of in spent.items():
        who = "all judges" if len(spent) == 1 else ", ".join(names_of)
        yield from wrap(f"{who}: {told}", indent=0)


def _coefficients(name: str, estimates: Mapping[str, Estimate]) -> str:
    cells = "".join(f"{coefficient(estimates[n]):<26}" for n in FRACTIONS)
    return f"  {cut(name, 30):<30}{cells}"


def _single(found: Validation, judge: JudgeReport) -> Iterator[str]:
    yield from _matrix(found, judge)
    yield ""
    yield (
        f"{'':<17}{'judge':<23}{'k/N':>12}   "
        + "".join(f"{name:<17}" for name in found.constants)
        + "two people"
    )
    for name, estimate in judge.figures.estimates.items():
        beside = "".join(
            f"{_cell(name, figures.estimates[name]):<17}" for figures in found.constants.values()
        )
        people = (found.among_people or {}).get(name)
        yield (
            f"  {LABELS[name]:<15}{_long(name, estimate):<23}{share(estimate):>12}   {beside}"
            f"{_cell(name, people) if people else ''}"
        )
    yield ""
    yield from wrap(_meets(judge))
    yield from _missing(judge)
    yield from wrap(f"time: {seconds(judge.verdicts)}; cost: {cost(judge.verdicts)}")
    for dimension in judge.bias:
        yield ""
        yield from _dimension(dimension, found.people.reading.positive)
    yield ""


def _matrix(found: Validation, judge: JudgeReport) -> Iterator[str]:
    head, *rows = matrix(found, judge)
    yield f"{head[0]:<24}" + "".join(f"{cell:>16}" for cell in head[1:])
    for name, *cells in rows:
        yield f"  {name:<22}" + "".join(f"{cell:>16}" for cell in cells)


def _cell(name: str, e: Estimate) -> str:
    if math.isnan(e.rate):
        return "-"
    return f"{e.rate:.3f}" if name in FRACTIONS else percent(e.rate)


def _long(name: str, e: Estimate) -> str:
    if math.isnan(e.rate):
        return "-"
    return coefficient(e) if name in FRACTIONS else rate(e, 1)


def _meets(judge: JudgeReport) -> str:
    agreement = rate(judge.figures.estimates["agreement"], 1)
    return f"meets {TARGET:.0%} agreement with people: {judge.meets}, it is {agreement}"


def _missing(judge: JudgeReport) -> Iterator[str]:
    c = judge.figures.counts
    none, asked = c.without_positive + c.without_negative, sum(c[:4])
    words = ", ".join(f"{n:,} {word!r}" for word, n in sorted(judge.verdicts.without.items()))
    listed = f": {words}" if words else ""
    yield from wrap(f"without a verdict: {none:,} of {asked:,} ({percent(none / asked)} %){listed}")
    yield from wrap(either_way(judge))
    yield from wrap(undefined(judge))


def _dimension(dimension: Dimension, positive: str) -> Iterator[str]:
    if dimension.reason:
        yield f"by {dimension.name}: not shown ({dimension.reason})"
        return
    yield (
        f"{'by ' + dimension.name:<28}{'n':>7}{positive[:7]:>8}{'none':>6}  "
        + "".join(f"{LABELS[r]:<24}" for r in RATES)
    )
    for group in dimension.groups:
        yield _group(group)
    yield from wrap("; ".join(ranking(dimension, r) for r in RATES))


def _group(group: Group) -> str:
    cells = [
        f"{rate(getattr(group, r), 0)} {share(getattr(group, r), thousands=False)}" for r in RATES
    ]
    head = f"  {cut(group.name, 26):<26}{group.n:>7,}{group.positive:>8,}{group.without:>6,}"
    return head + "  " + "".join(f"{cell:<24}" for cell in cells)
