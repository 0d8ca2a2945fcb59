"""From a judge's replies to figures, and from figures to "qualified" or not.

The thresholds were chosen before any judge was measured; docs/judges/qualify.md says why, and how
often judges of a known error rate pass them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from chiasm import stats
from chiasm.validation.probes import Kind, Pair, Plan, Probe
from chiasm.validation.probes_known import Question

RIGHT = 0.85
"""Least sensitivity and least specificity on the known answers."""

NO_VERDICT = 0.05
"""Largest share of questions without a verdict."""

FLIPPED = 0.30
"""Largest flip rate of one attack, of one length, of languages."""

ATTACKED = 0.15
"""Largest flip rate of all attacks together."""

FALSE_FLIPS = 0.25
"""Largest flip rate with another drawing of the same things."""

SEEN = 0.70
"""Least flip rate with a picture of the opposite truth."""

USABLE = 0.5
"""Least share of what was planned for a figure that has to have verdicts."""


class Reply(NamedTuple):
    """What a judge made of a question.

    Attributes:
        outcome: The rubric's outcome; empty where there is no verdict.
        failed: The kind of failure; empty where there is a verdict.
    """

    outcome: str
    failed: str


class Figure(NamedTuple):
    """One rate and its threshold.

    Attributes:
        name: In JSON.
        title: In tables.
        estimate: Of items with verdicts, clustered by family.
        planned: Items meant for it.
        missing: Items of these without a verdict.
        unusable: Pairs of these in which the judge was wrong before anything was changed.
        at_least: Threshold from below; None for none.
        at_most: Threshold from above; None for none.
    """

    name: str
    title: str
    estimate: stats.Estimate
    planned: int
    missing: int
    unusable: int = 0
    at_least: float | None = None
    at_most: float | None = None

    @property
    def bounds(self) -> stats.Bounds:
        """The rate if all items without a verdict went one way."""
        return stats.bounds(self.estimate.k, self.estimate.n, self.missing)

    @property
    def problem(self) -> str:
        """Why this figure speaks against the judge; empty where it does not."""
        rate, n = self.estimate.rate, self.estimate.n
        if n < USABLE * self.planned:
            return f"{self.title}: only {n} of {self.planned} can be used"
        if self.at_least is not None and rate < self.at_least:
            return f"{self.title} {100 * rate:.0f} %, at least {100 * self.at_least:.0f} % wanted"
        if self.at_most is not None and rate > self.at_most:
            return f"{self.title} {100 * rate:.0f} %, at most {100 * self.at_most:.0f} % allowed"
        return ""

    def as_json(self) -> dict[str, Any]:
        """Plain data; NaN is null."""
        e, limits = self.estimate, self.bounds
        found = {
            **{k: e._asdict()[k] for k in ("k", "n", "rate", "low", "high", "method", "reason")},
            "bound_low": limits.low,
            "bound_high": limits.high,
        }
        plain = {k: None if v != v else v for k, v in found.items()}
        rest = {k: getattr(self, k) for k in ("planned", "missing", "unusable")}
        wanted = {"at_least": self.at_least, "at_most": self.at_most}
        return {
            "name": self.name,
            "title": self.title,
            **plain,
            **rest,
            **wanted,
            "problem": self.problem,
        }


Replies = Mapping[str, Reply]
"""By `Question.key`."""

_Flip = tuple[bool, str]
"""(whether the verdict changed, cluster)."""


def figures(plan: Plan, replies: Replies) -> tuple[Figure, ...]:
    """All figures of a qualification."""
    found = [_right(plan, replies, bad=True), _right(plan, replies, bad=False)]
    found.append(_no_verdict(plan, replies))
    attacks = [probe for probe in plan.probes if probe.kind == "attack"]
    everything = Probe(
        "attacks", "all attacks", "attack", tuple(p for a in attacks for p in a.pairs)
    )
    found += [_probe(plan, probe, replies, FLIPPED) for probe in attacks]
    found.append(_probe(plan, everything, replies, ATTACKED))
    limits: dict[Kind, float] = {"length": FLIPPED, "language": FLIPPED, "same": FALSE_FLIPS}
    for probe in plan.probes:
        if probe.kind != "attack":
            found.append(_probe(plan, probe, replies, limits.get(probe.kind)))
    return tuple(found)


def failures(plan: Plan, replies: Replies) -> dict[str, int]:
    """How often each kind of failure stands in place of a verdict, most frequent first."""
    kinds = Counter(replies[q.key].failed for q in plan.questions if replies[q.key].failed)
    return dict(kinds.most_common())


def _verdict(plan: Plan, question: Question, replies: Replies) -> bool | None:
    """Whether the judge called it bad; None without a verdict."""
    reply = replies[question.key]
    return None if reply.failed else reply.outcome in plan.spec.bad


def _right(plan: Plan, replies: Replies, *, bad: bool) -> Figure:
    asked = [q for q in plan.known if q.bad == bad]
    said = [(_verdict(plan, q, replies), q.cluster) for q in asked]
    decided = [(verdict == bad, cluster) for verdict, cluster in said if verdict is not None]
    name = "sensitivity" if bad else "specificity"
    missing = len(asked) - len(decided)
    return Figure(name, name, _rate(decided), len(asked), missing, at_least=RIGHT)


def _no_verdict(plan: Plan, replies: Replies) -> Figure:
    every = plan.questions
    lost = [(bool(replies[q.key].failed), q.cluster) for q in every]
    title = "share without a verdict"
    return Figure("no_verdict", title, _rate(lost), len(every), 0, at_most=NO_VERDICT)


def _probe(plan: Plan, probe: Probe, replies: Replies, at_most: float | None) -> Figure:
    flips: list[_Flip] = []
    missing = unusable = 0
    for pair in probe.pairs:
        verdicts = [_verdict(plan, question, replies) for question in pair]
        if None in verdicts:
            missing += 1
        elif probe.kind in ("same", "opposite"):
            flips.append((_changed(probe.kind, pair, verdicts), pair.plain.cluster))
        elif verdicts[0] != pair.plain.bad:
            unusable += 1
        else:
            flips.append((verdicts[0] != verdicts[1], pair.plain.cluster))
    at_least = SEEN if probe.kind == "opposite" else None
    title = f"flips: {probe.title}"
    estimate = _rate(flips)
    return Figure(
        probe.name, title, estimate, len(probe.pairs), missing, unusable, at_least, at_most
    )


def _changed(kind: Kind, pair: Pair, verdicts: Sequence[bool | None]) -> bool:
    """A flip; with the opposite picture only one that follows the truth counts."""
    if kind == "opposite":
        return verdicts == [pair.plain.bad, pair.changed.bad]
    return verdicts[0] != verdicts[1]


def _rate(items: Iterable[tuple[bool, str]]) -> stats.Estimate:
    listed = list(items)
    return stats.clustered([int(v) for v, _ in listed], [c for _, c in listed])
