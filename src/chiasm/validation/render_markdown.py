"""Validation reports as Markdown; docs/judges/ is made with it."""

from collections.abc import Iterable, Iterator, Sequence

from chiasm.report.wording import percent
from chiasm.stats import Estimate
from chiasm.validation.bias import RATES, Dimension
from chiasm.validation.figures import FIGURES, TARGET
from chiasm.validation.report import JudgeReport, Validation
from chiasm.validation.wording import (
    FRACTIONS,
    LABELS,
    base_line,
    coefficient,
    cost,
    either_way,
    matrix,
    notes,
    people_line,
    plain,
    ranking,
    rate,
    seconds,
    share,
    title,
    undefined,
)


def as_markdown(found: Validation) -> str:
    """One judge in full; several as a row each."""
    who = found.judges[0].verdicts.judge if len(found.judges) == 1 else "Judges"
    lines = [f"# {_escaped(who)} on {_escaped(found.people.name)}", ""]
    lines += [f"{_escaped(title(found))}.", ""]
    head = (f"labels: {found.people.labelled_by}", base_line(found), people_line(found))
    lines += [f"- {_escaped(line)}" for line in head]
    lines += [f"- {_escaped(note)}" for note in notes(found)] + [""]
    lines += _single(found, found.judges[0]) if len(found.judges) == 1 else _several(found)
    return "\n".join(lines).rstrip() + "\n"


def _several(found: Validation) -> Iterator[str]:
    named = [(j.verdicts.judge, j.figures, j.meets) for j in found.judges]
    named += [(name, figures, "") for name, figures in found.constants.items()]
    head = ["judge", "TP", "FP", "FN", "TN", "no verdict", "agreement", f"{TARGET:.0%}?"]
    rows = []
    for name, figures, met in named:
        c = figures.counts
        none = c.without_positive + c.without_negative
        cells = [f"{value:,}" for value in (*c[:4], none)]
        rows.append([_escaped(name), *cells, rate(figures.estimates["agreement"], 1), met])
    yield from _table(head, rows)
    names = ("sensitivity", "specificity", "precision", "balanced_accuracy")
    yield from _table(
        ["judge", *(LABELS[n] for n in names)],
        [[_escaped(k), *(rate(f.estimates[n], 1) for n in names)] for k, f, _ in named],
    )
    rows = [[_escaped(k), *(coefficient(f.estimates[n]) for n in FRACTIONS)] for k, f, _ in named]
    if found.among_people:
        people = found.among_people
        rows.append(["two people", *(coefficient(people[n]) for n in FRACTIONS)])
    yield from _table(["judge", *(LABELS[n] for n in FRACTIONS)], rows)
    times = {(seconds(j.verdicts), cost(j.verdicts)) for j in found.judges}
    for time, dollars in sorted(times) if len(times) == 1 else ():
        yield f"Time of all judges: {time}; cost: {dollars}."


def _single(found: Validation, judge: JudgeReport) -> Iterator[str]:
    head, *rows = matrix(found, judge)
    yield from _table(head, rows)
    columns = ["", "judge", "k/N", *found.constants, "two people"]
    people = found.among_people or {}
    figures = judge.figures
    yield from _table(
        columns,
        [
            [
                LABELS[name],
                _cell(name, figures.estimates[name]),
                share(figures.estimates[name]),
                *(_cell(name, f.estimates[name]) for f in found.constants.values()),
                _cell(name, people[name]) if name in people else "",
            ]
            for name in FIGURES
        ],
    )
    agreement = figures.estimates["agreement"]
    yield (
        f"Meets {TARGET:.0%} agreement with people: **{judge.meets}**, it is {rate(agreement, 1)}. "
        f"Time: {seconds(judge.verdicts)}; cost: {cost(judge.verdicts)}. {_missing(judge)}"
    )
    if undefined(judge):
        yield _escaped(f"U{undefined(judge)[1:]}.")
    for dimension in judge.bias:
        yield ""
        yield from _dimension(dimension, found.people.reading.positive)


def _cell(name: str, e: Estimate) -> str:
    return coefficient(e) if name in FRACTIONS else rate(e, 1)


def _missing(judge: JudgeReport) -> str:
    c = judge.figures.counts
    none, asked = c.without_positive + c.without_negative, sum(c[:4])
    words = ", ".join(f"{n} {word!r}" for word, n in sorted(judge.verdicts.without.items()))
    told = f"Without a verdict: {none:,} of {asked:,} ({percent(none / asked)} %)"
    return _escaped(f"{told}: {words}; {either_way(judge)}." if words else f"{told}.")


def _dimension(dimension: Dimension, positive: str) -> Iterator[str]:
    if dimension.reason:
        yield f"By {dimension.name}: not shown ({_escaped(dimension.reason)})."
        return
    head = [f"by {dimension.name}", "n", positive, "no verdict"]
    for name in RATES:
        head += [LABELS[name], "k/N"]
    rows = []
    for g in dimension.groups:
        row = [_escaped(g.name), f"{g.n:,}", f"{g.positive:,}", f"{g.without:,}"]
        for name in RATES:
            estimate = getattr(g, name)
            row += [rate(estimate, 1), share(estimate)]
        rows.append(row)
    yield from _table(head, rows)
    told = "; ".join(_escaped(ranking(dimension, name)) for name in RATES)
    yield told[:1].upper() + told[1:] + "."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(row)} |" for row in (head, ruler, *rows)] + [""]


def _escaped(text: str) -> str:
    """Judges' and models' names are data: no cell, tag or emphasis is made of them."""
    return "".join("\\" + c if c in "\\|<>*_`[]#" else c for c in plain(text))
