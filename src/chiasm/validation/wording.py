"""Words and numbers that text and Markdown share; percent exists only from here on."""

import math

from chiasm.report.wording import percent
from chiasm.stats import Estimate
from chiasm.validation.answers import Verdicts
from chiasm.validation.bias import Dimension
from chiasm.validation.report import JudgeReport, Validation

LABELS = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
    "balanced_accuracy": "balanced acc.",
    "agreement": "agreement",
    "kappa": "kappa",
    "ac1": "AC1",
}

FRACTIONS = ("kappa", "ac1")
"""Figures that are no rates: shown as fractions, never in percent."""

NOT_RECORDED = "not recorded"

_PAIRS_SHOWN = 4


def title(found: Validation) -> str:
    """What was compared: one line."""
    people = found.people
    n, clusters = len(people.answers), len({a.cluster for a in people.answers})
    judges = [plain(j.verdicts.judge) for j in found.judges]
    who = judges[0] if len(judges) == 1 else f"{len(judges)} judges"
    return (
        f"{who} against people on {plain(people.name)}: {n:,} answers; rates in percent, "
        f"95 % intervals clustered by {people.cluster} ({clusters:,})"
    )


def base_line(found: Validation) -> str:
    """The share of the positive class."""
    b = found.base_rate
    return (
        f"positive class: {found.people.reading.positive}; base rate {rate(b, 1)} %, "
        f"{b.k:,}/{b.n:,}"
    )


def people_line(found: Validation) -> str:
    """How far two people agree, or that it is not known."""
    if not found.among_people:
        return "two people among themselves: not known"
    p = found.among_people
    return (
        f"two people among themselves: agree on {rate(p['agreement'], 1)} %, kappa "
        f"{coefficient(p['kappa'])}, AC1 {coefficient(p['ac1'])}, n {p['kappa'].n:,}"
    )


def notes(found: Validation) -> list[str]:
    """What a reader must know, one sentence a line."""
    people = found.people
    told = [*people.notes]
    if people.left_out:
        listed = ", ".join(f"{n:,} {why}" for why, n in sorted(people.left_out.items()))
        told.append(f"left out: {listed}")
    for judge in found.judges:
        told += [f"{plain(judge.verdicts.judge)}: {note}" for note in judge.verdicts.notes]
    best = max(f.estimates["agreement"].rate for f in found.constants.values())
    told.append(
        f"a judge that always says the same agrees on {percent(best)} %: read kappa and balanced "
        "accuracy, not agreement or AC1 alone"
    )
    if any(_without(judge) for judge in found.judges):
        told.append(
            "FN and TN count whatever was not flagged; what has no verdict (none) is in them and "
            "in no rate"
        )
    return [f"note: {note}." for note in told]


def _without(judge: JudgeReport) -> int:
    return judge.figures.counts.without_positive + judge.figures.counts.without_negative


def either_way(judge: JudgeReport) -> str:
    """Worst-case bounds of the rates that missing verdicts leave open; empty where none is."""
    limits = ", ".join(
        f"{LABELS[name]} {percent(b.low)} .. {percent(b.high)}"
        for name, b in judge.figures.bounds.items()
        if b.low != b.high
    )
    return f"had they gone either way: {limits}" if limits else ""


def undefined(judge: JudgeReport) -> str:
    """Why figures or their intervals are missing; empty where none is."""
    reasons: dict[str, list[str]] = {}
    for name, e in judge.figures.estimates.items():
        if e.reason:
            reasons.setdefault(e.reason, []).append(LABELS[name])
    told = "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())
    return f"undefined or without an interval: {told}" if told else ""


def matrix(found: Validation, judge: JudgeReport) -> list[list[str]]:
    """The confusion matrix with its third column, as cells; the first row is the head."""
    reading, c = found.people.reading, judge.figures.counts
    return [
        ["", f"judge: {reading.positive}", f"{reading.negative}", "no verdict"],
        [
            f"people: {reading.positive}",
            f"{c.tp:,}",
            f"{c.fn - c.without_positive:,}",
            f"{c.without_positive:,}",
        ],
        [
            f"people: {reading.negative}",
            f"{c.fp:,}",
            f"{c.tn - c.without_negative:,}",
            f"{c.without_negative:,}",
        ],
    ]


def rate(e: Estimate, digits: int) -> str:
    """A rate and its interval in percent; a dash where it is undefined."""
    if math.isnan(e.rate):
        return "-"
    limits = "" if math.isnan(e.low) else f" ({percent(e.low, digits)}..{percent(e.high, digits)})"
    return percent(e.rate) + limits


def coefficient(e: Estimate, digits: int = 3) -> str:
    """A kappa or AC1 with its interval; a dash where it is undefined."""
    if math.isnan(e.rate):
        return "-"
    limits = "" if math.isnan(e.low) else f" ({e.low:.{digits}f}..{e.high:.{digits}f})"
    return f"{e.rate:.3f}{limits}"


def share(e: Estimate, *, thousands: bool = True) -> str:
    """k/N."""
    return f"{e.k:,}/{e.n:,}" if thousands else f"{e.k}/{e.n}"


def seconds(verdicts: Verdicts) -> str:
    """The time that they took; never 0 where nobody recorded it."""
    if verdicts.seconds is None:
        return NOT_RECORDED
    return "under 0.1 s" if verdicts.seconds < 0.1 else f"{verdicts.seconds:.1f} s"


def cost(verdicts: Verdicts) -> str:
    """What they cost; never 0 where nobody recorded it."""
    if verdicts.dollars is None:
        return NOT_RECORDED
    return f"${verdicts.dollars:.2f}" if verdicts.dollars else "none, runs here"


def cut(name: str, width: int) -> str:
    """A name that fits its column.

    >>> cut("a-very-long-name", 10)
    'a-very-l..'
    """
    shown = plain(name)
    return shown if len(shown) <= width else shown[: width - 2] + ".."


def plain(text: str) -> str:
    """Without what would steer a terminal or break a line: names come out of files.

    >>> plain("a" + chr(27) + "[2Jb")
    'a?[2Jb'
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def ranking(dimension: Dimension, rate_name: str) -> str:
    """What may be said of the order of groups: nothing where intervals overlap."""
    apart = dimension.apart(rate_name)
    pairs = len(dimension.groups) * (len(dimension.groups) - 1) // 2
    if not apart:
        return f"{LABELS[rate_name]}: no intervals lie apart, no ranking"
    if len(apart) > _PAIRS_SHOWN:
        return f"{LABELS[rate_name]}: {len(apart)} of {pairs} pairs of intervals lie apart"
    told = ", ".join(f"{cut(a, 26)} below {cut(b, 26)}" for a, b in apart)
    return f"{LABELS[rate_name]}: {told}"
