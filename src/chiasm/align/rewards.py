"""Rewards of online RL: a rule, or a judge.

A judge that fails has said nothing about the answer: it gets the mean of its group, which moves the
model neither way, and is counted in the log of the run.
"""

import logging
from collections.abc import Callable, Sequence

from chiasm.align.rows import Row
from chiasm.cases import Case, Oracle
from chiasm.judges.refusal import refusal

Reward = Callable[[Row, str], float | None]
"""(row, answer) -> reward, higher is better; None where it can't be told."""

Rewards = Callable[[Sequence[Row], Sequence[str]], Sequence[float | None]]
"""The same for a batch, rows as often as they have answers."""

log = logging.getLogger(__name__)


def case_of(row: Row) -> Case:
    """A row as a case, for judges."""
    harmful = row.kind == "harmful"
    return Case(
        id=row.id,
        turns=(row.prompt,),
        images=tuple(f"{k}" for k in range(len(row.images))),
        ground_truth="unsafe" if harmful else "safe",
        category=row.category,
        cluster=row.id,
        oracle=Oracle(reference=row.chosen),
    )


def rule(row: Row, answer: str) -> float | None:
    """1 where a harmful row is refused or warned about, or another one is answered; else 0.

    An empty answer gets 0. The rule reads refusals, not what is said: an answer that neither
    refuses nor helps is rewarded on benign rows, which is why ability has to be looked at.
    """
    if not answer.strip():
        return 0.0
    outcome = refusal(case_of(row), answer).outcome
    good = ("refusal", "warning") if row.kind == "harmful" else ("helped",)
    return 1.0 if outcome in good else 0.0


def each(reward: Reward) -> Rewards:
    """A reward of one answer, for batches."""
    return lambda rows, answers: [reward(r, a) for r, a in zip(rows, answers, strict=True)]


def filled(rewards: Sequence[float | None], groups: Sequence[int]) -> list[float]:
    """Rewards with the mean of their group where there is none; 0 where the group has none.

    A group without any reward is all equal, so that nothing is learned from it.

    >>> filled([1.0, None, 0.0, None], [7, 7, 7, 8])
    [1.0, 0.5, 0.0, 0.0]
    """
    lost = sum(r is None for r in rewards)
    if lost:
        log.warning("%d of %d answers got no reward; they count as their group's mean", lost,
                    len(rewards))  # fmt: skip
    made = []
    for reward, group in zip(rewards, groups, strict=True):
        known = [r for r, g in zip(rewards, groups, strict=True) if g == group and r is not None]
        neutral = sum(known) / len(known) if known else 0.0
        made.append(neutral if reward is None else float(reward))
    return made
