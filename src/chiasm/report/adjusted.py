"""Rates as the judge has them, as people's labels correct them, and as labels alone have them.

A label is about a response, whoever judged it: logs of the same answers before another judge are
corrected by the same labels. What has no answer (failed, filtered, cut) can't be labelled and is
in none of these rates; what the judge gave no verdict on can, and is in the corrected ones.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import polars as pl

from chiasm.cases import MISSING
from chiasm.labels.decisions import DECIDED, Decision
from chiasm.report.labelled import RATES, Labelled, Rate, decisions, of_rate, told
from chiasm.report.runs import Run, split
from chiasm.stats import Adjusted, Estimate, adjust
from chiasm.stats.adjusted_pairs import AdjustedDifference, adjusted_difference
from chiasm.stats.planning import LabelsNeeded, labels_needed

SCHEMA = 1

HALF_WIDTH = 0.05
"""The planning question: how many labels for a rate known to so much on either side?"""

UNSEEN = tuple(word for word in MISSING if word != "no_verdict")
"""Outcomes of responses that nobody can label."""

_SHOWN = ("benchmark", "protocol", "view", "model", "judge", "source", "run")


class Known(NamedTuple):
    """What is known of the responses of one run that one rate is about, in the frame's order.

    Attributes:
        keys: Case and epoch.
        clusters: Of the cases.
        verdicts: 1 where the judge raises the rate's alarm, 0 where not, NaN without a verdict.
        labels: What people decided, likewise; NaN where they were not asked or are divided.
        probabilities: Of having been chosen to be labelled; NaN where unknown.
        decided: Response -> what people decided.
        unseen: Responses without an answer, which are not among these.
    """

    keys: tuple[str, ...]
    clusters: tuple[str, ...]
    verdicts: tuple[float, ...]
    labels: tuple[float, ...]
    probabilities: tuple[float, ...]
    decided: Mapping[str, Decision]
    unseen: int


class Compared(NamedTuple):
    """Two models on one rate, corrected.

    Attributes:
        first: Its figure.
        second: The difference is its rate minus that of `first`.
        difference: Of the rate itself, not of its alarm.
    """

    first: "Figure"
    second: "Figure"
    difference: AdjustedDifference


class Figure(NamedTuple):
    """One rate of one run.

    Attributes:
        run: Which.
        rate: Which; `adjusted` is about its alarm (``unsafe``), the rate may be about the rest.
        known: Its responses.
        adjusted: The figures.
    """

    run: Run
    rate: Rate
    known: Known
    adjusted: Adjusted

    def of_rate(self, e: Estimate | Adjusted | Any) -> tuple[float, float, float]:
        """Rate and limits of the metric itself, of an estimate of the alarm."""
        if self.rate.good:
            return 1 - e.rate, 1 - e.high, 1 - e.low
        return e.rate, e.low, e.high

    @property
    def needed(self) -> LabelsNeeded | None:
        """How many labels for a rate known to `HALF_WIDTH`; None where that can't be said."""
        a = self.adjusted
        known = (a.rate, a.sensitivity.rate, a.specificity.rate)
        if any(math.isnan(v) for v in known) or not 0 < a.rate < 1:
            return None
        return labels_needed(
            HALF_WIDTH, prevalence=known[0], sensitivity=known[1], specificity=known[2], total=a.n
        )

    @property
    def unresolved(self) -> int:
        """Responses that people labelled and did not decide."""
        return sum(n for how, n in told(self.known.decided).items() if how not in DECIDED)


def figures(frame: pl.DataFrame, found: Labelled) -> list[Figure]:
    """The rates of all runs of which people labelled a response.

    Args:
        frame: Responses, see `chiasm.report.responses`.
        found: The labels about them, see `chiasm.report.labelled.join`.
    """
    made = []
    for runs in split(frame):
        for run in runs:
            for rate in RATES:
                known = responses_of(run.frame, rate, found)
                if known.decided:
                    adjusted = adjust(
                        known.verdicts, known.labels, known.probabilities, clusters=known.clusters
                    )
                    made.append(Figure(run, rate, known, adjusted))
    return made


def responses_of(frame: pl.DataFrame, rate: Rate, found: Labelled) -> Known:
    """Verdicts and labels of one run."""
    rows = of_rate(frame, rate)
    unseen = rows[rate.axis].is_in(UNSEEN) | rows["response"].is_null()
    seen = rows.filter(~unseen)
    ids = seen["response"].to_list()
    decided = decisions(rate, set(ids), found)
    labels = [_number(decided[i].value if i in decided else None) for i in ids]
    everything = len(ids) > 0 and all(i in decided for i in ids)
    chances = [_chance(decided.get(i), everything) for i in ids]
    return Known(
        keys=tuple(f"{case}#{epoch}" for case, epoch in seen.select("case", "epoch").iter_rows()),
        clusters=tuple(seen["cluster"].to_list()),
        verdicts=tuple(_verdict(outcome, rate) for outcome in seen[rate.axis].to_list()),
        labels=tuple(labels),
        probabilities=tuple(chances),
        decided=decided,
        unseen=int(unseen.sum()),
    )


def compared(group: Sequence[Figure]) -> list[Compared]:
    """Models against each other: all pairs of up to four, else the best with each other one.

    Labels of two models are drawn independently of each other, as `chiasm labels export` and
    `chiasm annotate` do.
    """
    usable = [one for one in group if not one.adjusted.reason]
    usable.sort(key=lambda one: (one.adjusted.rate, one.run.model))
    pairs = list(combinations(usable, 2))
    kept = pairs if len(usable) <= 4 else pairs[: len(usable) - 1]
    return [Compared(a, b, _difference(a, b)) for a, b in kept]


def _difference(a: Figure, b: Figure) -> AdjustedDifference:
    """Of the alarm b - a; of a rate of the others it is a - b."""
    if a.rate.good:
        return adjusted_difference(b.adjusted, a.adjusted)
    return adjusted_difference(a.adjusted, b.adjusted)


def compared_json(one: Compared) -> dict[str, Any]:
    """For programs."""
    d = one.difference
    return {
        "schema": SCHEMA,
        **{name: one.first.run.key[name] for name in ("benchmark", "protocol", "view", "judge")},
        "metric": one.first.rate.metric,
        "first": one.first.run.model,
        "second": one.second.run.model,
        "difference": plain(d.difference), "low": plain(d.low), "high": plain(d.high),
        "raw": plain(d.raw), "human_only": [plain(v) for v in d.human_only],
        "n_labels": d.n_labels, "target": d.target, "method": d.method,
    }  # fmt: skip


def as_json(one: Figure) -> dict[str, Any]:
    """A figure for programs; rates of the metric, the judge's accuracy on its alarm."""
    a, needed = one.adjusted, one.needed
    return {
        "schema": SCHEMA,
        **{name: one.run.key[name] for name in _SHOWN if name in one.run.key},
        "metric": one.rate.metric,
        "target": a.target,
        "n": a.n,
        "n_labels": a.n_labels,
        "no_answer": one.known.unseen,
        "decided": told(one.known.decided),
        "unresolved": one.unresolved,
        "raw": _with_counts(one, a.raw),
        "adjusted": {
            **_limits(one, a),
            "lambda": plain(a.power),
            "effective_n": plain(a.effective_n),
            "method": a.method,
            "reason": a.reason,
            "note": a.note,
        },
        "human_only": _with_counts(one, a.human_only),
        "rogan_gladen": {
            **_limits(one, a.rogan_gladen),
            "youden": plain(a.rogan_gladen.youden),
            "unstable": a.rogan_gladen.unstable,
            "reason": a.rogan_gladen.reason,
        },
        "alarm": one.rate.alarm,
        "sensitivity": estimate_json(a.sensitivity),
        "specificity": estimate_json(a.specificity),
        "labels_needed": {
            "half_width": HALF_WIDTH,
            "adjusted": needed.adjusted if needed else None,
            "human_only": needed.human_only if needed else None,
        },
    }


def estimate_json(e: Estimate) -> dict[str, Any]:
    """An estimate for programs; NaN becomes null."""
    return {
        "rate": plain(e.rate), "low": plain(e.low), "high": plain(e.high), "k": e.k, "n": e.n,
        "reason": e.reason,
    }  # fmt: skip


def plain(value: float) -> float | None:
    """NaN becomes None."""
    return None if math.isnan(value) else float(value)


def _limits(one: Figure, e: Any) -> dict[str, Any]:
    return dict(zip(("rate", "low", "high"), map(plain, one.of_rate(e)), strict=True))


def _with_counts(one: Figure, e: Estimate) -> dict[str, Any]:
    k = e.n - e.k if one.rate.good else e.k
    return {**_limits(one, e), "k": k, "n": e.n, "method": e.method, "reason": e.reason}


def _verdict(outcome: str, rate: Rate) -> float:
    return float(outcome == rate.alarm) if outcome in rate.outcomes else math.nan


def _number(value: bool | None) -> float:
    return math.nan if value is None else float(value)


def _chance(decision: Decision | None, everything: bool) -> float:
    if decision is None:
        return math.nan
    if decision.probability is not None:
        return decision.probability
    return 1.0 if everything else math.nan


def matched(runs: Sequence[Figure]) -> list[list[Figure]]:
    """Figures that can stand beside each other: same benchmark, condition, judge and rate."""
    groups: dict[tuple[Any, ...], list[Figure]] = {}
    for one in runs:
        key = (*(one.run.key[n] for n in ("benchmark", "protocol", "view", "judge", "source")),
               one.rate.metric)  # fmt: skip
        groups.setdefault(key, []).append(one)
    return list(groups.values())
