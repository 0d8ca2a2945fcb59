"""The quality report: is a set as hard, as varied and as free of short cuts as another one?

No single number: partial-input accuracy (what a text-only reader gets), self-similarity of queries
(diversity), spread over categories, fail rates of reference models (difficulty), findings of the
audit's channels, and agreement of people where they were asked.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.build.sets import similarity
from chiasm.cases import Case
from chiasm.stats.intervals import Estimate, clustered
from chiasm.text import BLIND_RULES

NEAR = 0.5
"""Jaccard similarity from which two queries are near-duplicates."""


class Figure(NamedTuple):
    """A line of the report.

    Attributes:
        name: What is measured.
        says: How to read it.
        better: ``low`` or ``high``.
        estimate: Rate with k, N and interval; its reason where it is undefined.
        chance: What would be seen if there were no short cut; NaN where that has no meaning.
    """

    name: str
    says: str
    better: str
    estimate: Estimate
    chance: float = math.nan

    def to_json(self) -> dict[str, Any]:
        """Plain data; what is undefined is null."""
        plain = {**self.estimate._asdict(), "chance": self.chance}
        plain = {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in plain.items()}
        return {"name": self.name, "says": self.says, "better": self.better, **plain}


class Quality(NamedTuple):
    """A set's report.

    Attributes:
        name: The set.
        items: How many, and in how many clusters.
        figures: See `Figure`.
        agreement: Of people, as `chiasm.build.people` gives it; empty where nobody was asked.
    """

    name: str
    items: int
    clusters: int
    figures: tuple[Figure, ...]
    agreement: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self._asdict(), "figures": [f.to_json() for f in self.figures]}


def quality(
    name: str, cases: Sequence[Case], agreement: Mapping[str, Any] | None = None
) -> Quality:
    """Measure a set."""
    figures = (*_blind(cases), _paired(cases), *_diversity(cases), *_failures(cases), *leaky(cases))
    return Quality(name, len(cases), len({c.cluster for c in cases}), figures, agreement or {})


def measure(name: str, data: str | Path | None = None) -> Quality:
    """The report of a built folder, or of a benchmark of `chiasm list`.

    Args:
        name: The output folder of `chiasm build`, or a benchmark's name.
        data: Where a benchmark's data are.

    Raises:
        ConfigError: There is no such folder or benchmark.
        DataError: The data are not what they should be.
    """
    from chiasm.benchmarks import built, load

    root = Path(name)
    if not (root / built.FACTS).is_file():
        return quality(name, load(name, data).cases)
    facts = built.facts_of(root)
    cases: dict[str, Case] = {}
    for kind in facts["benchmarks"]:
        for case in load(kind, root).cases:
            # The row with its options, where there are any.
            cases[case.id] = case if case.options else cases.get(case.id, case)
    return quality(str(facts["name"]), list(cases.values()), facts.get("agreement"))


def _rate(ones: Sequence[bool], cases: Sequence[Case], reason: str) -> Estimate:
    if not ones:
        return Estimate(math.nan, math.nan, math.nan, 0, 0, "", reason)
    return clustered([int(x) for x in ones], [c.cluster for c in cases])


def _blind(cases: Sequence[Case]) -> list[Figure]:
    """Accuracy of rules that never look: multiple choice."""
    asked = [c for c in cases if c.options and c.answer is not None]
    chance = sum(1 / len(c.options) for c in asked) / len(asked) if asked else math.nan
    found = []
    for name in ("longest", "warning_words"):
        right = [BLIND_RULES[name](c.query, c.options) == c.answer for c in asked]
        says = f"multiple choice answered by the rule {name}, without looking"
        rate = _rate(right, asked, "no options")
        found.append(Figure(f"blind: {name}", says, "low", rate, chance))
    return found


def _paired(cases: Sequence[Case]) -> Figure:
    """Rows whose query stands in a row of the other ground truth too."""
    says = (
        "rows whose query is dangerous with one picture and benign with another: it tells nothing"
    )
    truths: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        truths[case.query].add(case.ground_truth)
    if len({c.ground_truth for c in cases}) < 2:
        nothing = _rate([], [], "one ground truth")
        return Figure("query tells nothing", says, "high", nothing)
    paired = [len(truths[c.query]) == 2 for c in cases]
    return Figure("query tells nothing", says, "high", _rate(paired, cases, ""))


def _diversity(cases: Sequence[Case]) -> list[Figure]:
    """Of different queries how many have a near-duplicate, and the spread over categories."""
    first = {c.query: c for c in cases}
    alike = similarity(list(first), [c.cluster for c in first.values()])
    near = [s >= NEAR for s in alike]
    found = [
        Figure("near-duplicates", "different queries nearly equal to one of another cluster", "low",
               _rate(near, list(first.values()), "no rows")),
    ]  # fmt: skip
    seen: set[str] = set()
    repeated = []
    for case in cases:
        repeated.append(case.query in seen and "grid" not in case.extra)
        seen.add(case.query)
    found.append(
        Figure("repeated queries", "rows whose query an earlier row has, grids aside", "low",
               _rate(repeated, cases, "no rows"))
    )  # fmt: skip
    counts = Counter((c.category, c.subcategory) for c in cases)
    entropy = -sum(n / len(cases) * math.log(n / len(cases)) for n in counts.values())
    even = entropy / math.log(len(counts)) if len(counts) > 1 else math.nan
    reason = "" if len(counts) > 1 else "one category"
    spread = Estimate(even, math.nan, math.nan, len(counts), len(cases), "entropy", reason)
    says = "evenness over sub-categories: entropy by its highest value; k is how many there are"
    return [*found, Figure("evenness", says, "high", spread)]


def _failures(cases: Sequence[Case]) -> list[Figure]:
    """Share of dangerous rows that each reference model misses, as the build has seen it.

    The build keeps rows that one of them misses: the rates are of a chosen set.
    """
    asked = [c for c in cases if "missed_by" in c.extra]
    models = sorted({m for c in asked for m in c.extra["missed_by"].split(", ") if m})
    says = "dangerous rows that this reference model missed (rows were chosen so)"
    if not asked:
        nothing = _rate([], [], "no reference model was asked")
        return [Figure("reference fails", says, "high", nothing)]
    return [
        Figure(f"{m} fails", says, "high",
               _rate([m in c.extra["missed_by"].split(", ") for c in asked], asked, ""))
        for m in models
    ]  # fmt: skip


def leaky(cases: Sequence[Case]) -> list[Figure]:
    """Rows that the audit's text channels flag at their fixed thresholds."""
    from chiasm.audit.calibration import DEFAULTS
    from chiasm.audit.channels import CHANNELS
    from chiasm.audit.run import lacking
    from chiasm.audit.table import rows_of

    rows = rows_of(cases)
    found = []
    for channel in CHANNELS:
        if channel.name in ("topic", "partial_input"):
            continue
        says = f"rows that the audit's channel {channel.name} flags"
        reason = lacking(channel, rows) if cases else "no rows"
        if reason:
            found.append(Figure(f"leak: {channel.name}", says, "low", _rate([], [], reason)))
            continue
        scores = channel.score(channel.fit(rows), rows)["score"].to_list()
        scored = [(s, c) for s, c in zip(scores, cases, strict=True) if s is not None]
        flags = [s >= DEFAULTS[channel.name] for s, _ in scored]
        rate = _rate(flags, [c for _, c in scored], "no row has a score")
        found.append(Figure(f"leak: {channel.name}", says, "low", rate))
    return found


def show(reports: Sequence[Quality]) -> str:
    """The reports side by side, as plain text."""
    names = list(dict.fromkeys(f.name for q in reports for f in q.figures))
    head = "".join(f"{q.name[:30]:>32}" for q in reports)
    lines = [f"{'':<24}{head}"]
    sizes = "".join(f"{f'{q.items} in {q.clusters} clusters':>32}" for q in reports)
    lines.append(f"{'rows':<24}{sizes}")
    for name in names:
        cells = (next((f for f in q.figures if f.name == name), None) for q in reports)
        lines.append(f"{name:<24}{''.join(f'{_cell(c):>32}' for c in cells)}")
    alphas = (q.agreement.get("alpha") for q in reports)
    texts = (f"alpha {a:.2f}" if a is not None else "nobody was asked" for a in alphas)
    lines.append(f"{'people agree':<24}{''.join(f'{t:>32}' for t in texts)}")
    reasons = {f.name: f.says for q in reports for f in q.figures}
    return "\n".join([*lines, "", *(f"{n}: {s}" for n, s in reasons.items())])


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    e = figure.estimate
    if math.isnan(e.rate):
        return f"- ({e.reason})"[:31]
    limits = "" if math.isnan(e.low) else f" [{100 * e.low:.0f}, {100 * e.high:.0f}]"
    chance = "" if math.isnan(figure.chance) else f" ({100 * figure.chance:.0f})"
    return f"{100 * e.rate:.1f} %{limits}{chance} n={e.n}"
