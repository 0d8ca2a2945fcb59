"""The run: drafts in, steps in order, every decision stored, every item accounted for."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.build.budget import Budget, Pace
from chiasm.build.desk import DOLLARS, Desk, on_tab
from chiasm.build.items import Dropped, Item, Kept, Loss, Outcome, Trace
from chiasm.build.recipe import Recipe
from chiasm.build.replies import UnusableError, WaitingError
from chiasm.errors import ImageError
from chiasm.models.calls import Store, digest

Tell = Callable[[str, int, int], None]
"""(step, items done, items in all)."""

One = Callable[[Item, Desk], Awaitable[Outcome]]
Whole = Callable[[Sequence[Item], Desk], Awaitable[Sequence[Outcome]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that is done to items.

    Attributes:
        name: As in the funnel.
        says: What it is for, in a sentence.
        version: Rises when its decisions may change.
        config: What else they depend on: settings, prompts, models.
        one: Of one item; several run at a time.
        whole: Of all items at once, a decision for each, in their order; one of the two.
        applies: Whether it has to do with an item; others pass it unseen.
    """

    name: str
    says: str
    version: int = 1
    config: Any = None
    one: One | None = None
    whole: Whole | None = None
    applies: Callable[[Item], bool] = lambda item: True


class Passed(NamedTuple):
    """A step's line of the funnel: `entered` = `kept` + the sum of `dropped` + `waiting`."""

    step: str
    says: str
    entered: int
    kept: int
    dropped: Mapping[str, int]
    waiting: int
    untouched: int


@dataclass(slots=True)
class Built:
    """What a run has made.

    Attributes:
        kept: Items that passed every step, in the order of their drafts.
        lost: Those that were dropped, in the order of the steps.
        funnel: A line a step.
        waiting: Why items wait for another run; empty when it is finished.
        spent: Dollars, by the prices that are known.
        asked: Calls by role, stored ones included.
    """

    kept: list[Item]
    lost: list[Loss]
    funnel: list[Passed]
    waiting: list[str] = field(default_factory=list)
    spent: float = 0.0
    asked: dict[str, int] = field(default_factory=dict)


class Options(NamedTuple):
    """How a build is run.

    Attributes:
        concurrency: Items that a step works on at a time.
        most: Dollars at most; None for no limit.
        prices: As in `Budget`.
        tell: Called as items are done.
    """

    concurrency: int = 16
    most: float | None = None
    prices: Mapping[str, tuple[float, float]] = {}
    tell: Tell | None = None


async def run(
    drafts: Sequence[Item],
    steps: Sequence[Step],
    recipe: Recipe,
    out: Path,
    store: Store,
    models: Mapping[str, Any],
    options: Options,
) -> Built:
    """Take drafts through the steps.

    A step's decision on an item is kept in `store` under the digest of its name, version, config
    and the item; an equal one is looked up and not made again.

    Returns:
        Everything, also when items wait: then no later step has run.

    Raises:
        BudgetError: The next call could cost more than is left.
    """
    budget = Budget(prices=options.prices, most=options.most)
    desk = Desk(recipe, out, models, budget, Pace(recipe.rate))
    items, built = list(drafts), Built([], [], [])
    for step in steps:
        decided = await _decide(step, items, desk, store, options)
        kept, waiting = _take(step, items, decided, built)
        if waiting:
            built.waiting = waiting
            break
        items = kept
    else:
        built.kept = items
    built.spent, built.asked = budget.spent, dict(sorted(desk.asked.items()))
    return built


async def _decide(
    step: Step, items: Sequence[Item], desk: Desk, store: Store, options: Options
) -> dict[str, Outcome | WaitingError]:
    """What the step says of each item that it applies to, by id."""
    wanted = [item for item in items if step.applies(item)]
    if step.whole is not None:
        work = partial(_all_at_once, step.whole)
        outcomes = await _stored(step, wanted, desk, store, work)
        if options.tell:
            options.tell(step.name, len(wanted), len(wanted))
        return {i.id: o for i, o in zip(wanted, outcomes, strict=True)}
    assert step.one is not None
    alone: Work = partial(_alone, step.one)
    gate, done = asyncio.Semaphore(options.concurrency), 0

    async def decide(item: Item) -> Outcome | WaitingError:
        nonlocal done
        async with gate:
            try:
                (outcome,) = await _stored(step, [item], desk, store, alone)
            except WaitingError as error:
                return error
            finally:
                done += 1
                if options.tell:
                    options.tell(step.name, done, len(wanted))
        return outcome

    tasks = [asyncio.create_task(decide(item)) for item in wanted]
    try:
        return {i.id: o for i, o in zip(wanted, await asyncio.gather(*tasks), strict=True)}
    except BaseException:
        # Calls in flight are paid for: let them arrive and be stored before the run ends.
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


Work = Callable[[Sequence[Item], Desk], Awaitable[Sequence[Outcome]]]


async def _stored(
    step: Step, items: Sequence[Item], desk: Desk, store: Store, work: Work
) -> list[Outcome]:
    key = digest("step", step.name, step.version, step.config, [i.content() for i in items])
    known = store.get(key)
    if known is None:
        with on_tab() as tab:
            outcomes = list(await work(items, desk))
        if len(outcomes) != len(items):
            raise AssertionError(f"step {step.name}: {len(outcomes)} outcomes of {len(items)}")
        found: dict[str, Any] = {"outcomes": [_plain(o) for o in outcomes], "tab": tab}
        store.put(key, json.dumps(found, ensure_ascii=False))
    else:
        found = json.loads(known)
        desk.budget.spent += found["tab"].get(DOLLARS, 0.0)
    desk.add(found["tab"])
    mark = f"{step.name}@{step.version}"
    pairs = zip(found["outcomes"], items, strict=True)
    return [_outcome(value, item, mark, key[:16]) for value, item in pairs]


async def _alone(one: One, items: Sequence[Item], desk: Desk) -> list[Outcome]:
    try:
        return [await one(items[0], desk)]
    except UnusableError as error:
        return [Dropped(error.reason, error.detail)]
    except ImageError as error:
        return [Dropped("the picture can't be read", str(error))]


async def _all_at_once(whole: Whole, items: Sequence[Item], desk: Desk) -> Sequence[Outcome]:
    return await whole(items, desk)


def _plain(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Dropped):
        return {"reason": outcome.reason, "detail": outcome.detail}
    return {"item": outcome.item.content(), "note": outcome.note}


def _outcome(value: Mapping[str, Any], before: Item, mark: str, key: str) -> Outcome:
    if "reason" in value:
        return Dropped(value["reason"], value["detail"])
    # The history is the item's own: two items of equal content may have come different ways.
    after = Item.from_json({**value["item"], "history": before.history})
    return Kept(after.traced(Trace(mark, key, value["note"])), value["note"])


def _take(
    step: Step,
    items: Sequence[Item],
    decided: Mapping[str, Outcome | WaitingError],
    built: Built,
) -> tuple[list[Item], list[str]]:
    kept: list[Item] = []
    waiting: list[str] = []
    reasons: dict[str, int] = {}
    for item in items:
        outcome = decided.get(item.id)
        if isinstance(outcome, WaitingError):
            waiting.append(f"{item.id}: {outcome}")
        elif isinstance(outcome, Dropped):
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
            built.lost.append(Loss(item, step.name, outcome.reason, outcome.detail))
        else:
            kept.append(outcome.item if outcome else item)
    found = Passed(
        step.name, step.says, len(items), len(kept), dict(sorted(reasons.items())), len(waiting),
        len(items) - len(decided),
    )  # fmt: skip
    if found.entered != found.kept + sum(reasons.values()) + found.waiting:
        raise AssertionError(f"step {step.name} lost items: {found}")
    built.funnel.append(found)
    return kept, waiting
