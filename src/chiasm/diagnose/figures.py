"""Counts, shares and their intervals, of the cases of a diagnosis."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chiasm.diagnose import rules
from chiasm.diagnose.rules import CAUSES, CONDITIONS, REVERSED, STATES, Condition
from chiasm.diagnose.tables import BENIGN, VIEWS, CaseRow, Diagnosis
from chiasm.stats import bounds, clustered

SIUO: Mapping[str, tuple[str, ...]] = {
    "integration": ("perception", "integration"),
    "knowledge": ("knowledge",),
    "reasoning": ("reasoning",),
}
"""SIUO's three dimensions, in our causes: to integrate is to take in both and to put them together.
Alignment is none of the three. The mapping is ours."""


def figures(found: Diagnosis) -> list[dict[str, Any]]:
    """All figures of a diagnosis, with the keys of the JSON contract.

    ``group`` says of what: ``condition`` (answers, a row per condition: share of good ones),
    ``failures`` (cases that fail, a row per cause; undetermined ones are missing), ``dangerous``
    (all dangerous cases, a row per state), ``siuo``, ``noise`` (reverse transitions) or ``benign``.
    """
    cases = found.dangerous
    failures = [c for c in cases if c.found.failed is not False]
    parts = [
        *(_condition(c, found.dangerous, "dangerous") for c in CONDITIONS),
        *(_condition(c, found.benign, "benign") for c in VIEWS),
        *_shares("failures", CAUSES, failures),
        *_shares("dangerous", STATES[:-1], cases),
        *_siuo(failures),
        *(_noise(first, second, cases) for first, second in REVERSED),
        *_shares("benign", BENIGN[:-1], found.benign),
    ]
    head = {"benchmark": found.benchmark, "model": found.model, "judge": found.judge}
    return [{**head, **part} for part in parts if part["asked"]]


def _condition(condition: Condition, cases: Sequence[CaseRow], kind: str) -> dict[str, Any]:
    """The share of good answers in a condition, a question once however many cases share it."""
    values: list[int] = []
    clusters: list[str] = []
    missing: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    for case in cases:
        for answers in case.evidence.get(condition, ()):
            if (case.cluster, id(answers)) in seen:
                continue
            seen.add((case.cluster, id(answers)))
            values += [1] * answers.good + [0] * (answers.decided - answers.good)
            clusters += [case.cluster] * answers.decided
            if answers.asked > answers.decided:
                missing[answers.why] += answers.asked - answers.decided
    return _figure(f"{condition}_{kind}", "condition", values, clusters, missing)


def _shares(
    group: str, states: Sequence[str], cases: Sequence[CaseRow]
) -> Iterable[dict[str, Any]]:
    told = [c for c in cases if c.found.state in states]
    missing = Counter(c.found.reason for c in cases if c.found.state not in states)
    for state in states:
        ones = [int(c.found.state == state) for c in told]
        yield _figure(state, group, ones, [c.cluster for c in told], missing)


def _siuo(failures: Sequence[CaseRow]) -> Iterable[dict[str, Any]]:
    told = [c for c in failures if c.found.state in CAUSES]
    missing = Counter(c.found.reason for c in failures if c.found.state not in CAUSES)
    for dimension, causes in SIUO.items():
        ones = [int(c.found.state in causes) for c in told]
        yield _figure(dimension, "siuo", ones, [c.cluster for c in told], missing)


def _noise(first: Condition, second: Condition, cases: Sequence[CaseRow]) -> dict[str, Any]:
    """Of the cases that are good in the first condition: the share that is not in the second."""
    good = [c for c in cases if _side(c, first)]
    sides = [(c, _side(c, second)) for c in good if c.evidence.get(second)]
    told = [(c, side) for c, side in sides if side is not None]
    missing = Counter({f"{second}: open": len(sides) - len(told)} if len(sides) > len(told) else {})
    ones = [int(not side) for _, side in told]
    name = f"{first}_good_{second}_not"
    return _figure(name, "noise", ones, [c.cluster for c, _ in told], missing)


def _side(case: CaseRow, condition: Condition) -> bool | None:
    return rules.side(case.evidence.get(condition, ()))


def _figure(
    metric: str,
    group: str,
    ones: Sequence[int],
    clusters: Sequence[str],
    missing: Counter[str],
) -> dict[str, Any]:
    e = clustered(ones, clusters)
    lost = sum(missing.values())
    worst = bounds(e.k, e.n, lost)
    return {
        "group": group,
        "metric": metric,
        "k": e.k,
        "n": e.n,
        "asked": e.n + lost,
        "missing_by": dict(missing.most_common()),
        "rate": _plain(e.rate),
        "low": _plain(e.low),
        "high": _plain(e.high),
        "method": e.method,
        "reason": e.reason,
        "bound_low": _plain(worst.low),
        "bound_high": _plain(worst.high),
    }


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
