"""What a run would ask, before anything is asked: calls, tokens, price."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from chiasm import select
from chiasm.benchmarks import Benchmark, load, resolve
from chiasm.defences import MOST_CALLS
from chiasm.defences.call import HELPER
from chiasm.grading import OFFLINE, Grading
from chiasm.judges.guards.spec import Guard
from chiasm.judges.panel import Jury
from chiasm.run import Plan, arguments, views_of

IMAGE_TOKENS = 1000
"""Of an image: providers count 85 to 3,000 by size and detail."""

UNCAPPED = 2048
"""Tokens of an answer without a cap."""

WITHOUT_IMAGE = ("text_only", "caption", "oracle_hazard")


class Calls(NamedTuple):
    """The calls of one model on one benchmark in one role.

    Attributes:
        role: What they are for: "answer", or the judge's axis.
        model: Who is asked.
        calls: How many, at most.
        given: Tokens sent, estimated.
        taken: Tokens that come back at most.
        maybe: Whether it is asked only where the judge before it gives no verdict: from no call on.
    """

    role: str
    model: str
    calls: int
    given: int
    taken: int
    maybe: bool = False


def forecast(plan: Plan, prices: Mapping[str, tuple[float, float]]) -> str:
    """A table of what a plan would ask; nothing is asked.

    Tokens are estimates: four characters a token, `IMAGE_TOKENS` an image, answers as long as the
    protocol allows. Nothing is subtracted for what an earlier run has answered already.

    Args:
        plan: What would be run.
        prices: Model -> $ per million tokens (sent, returned).
    """
    head = f"{'benchmark':<22}{'for':<12}{'model':<28}{'calls':>8}{'tokens in':>12}{'out <=':>12}"
    lines = [f"{head}{'$':>9}"]
    total = 0.0
    unknown: set[str] = set()
    for name in plan.tasks:
        for row in calls(plan, resolve(name)):
            price = prices.get(row.model)
            cost = ""
            if price is not None:
                dollars = (row.given * price[0] + row.taken * price[1]) / 1e6
                total += dollars
                cost = f"{dollars:,.2f}"
            elif not row.model.startswith("chiasm/"):
                unknown.add(row.model)
            n = f"{'0-' if row.maybe else ''}{row.calls:,}"
            lines.append(
                f"{name:<22}{row.role:<12}{row.model:<28}{n:>8}{row.given:>12,}"
                f"{row.taken:>12,}{cost:>9}"
            )
    if total:
        lines.append(f"at most $ {total:,.2f}, if all answers are as long as they may be")
    lines += [f"price unknown: --price {m}=IN/OUT ($ per million tokens)" for m in sorted(unknown)]
    return "\n".join(lines)


def calls(plan: Plan, bench: Benchmark) -> Iterator[Calls]:
    """The calls of every model and of the judge on a benchmark."""
    args = arguments(plan, bench.name)
    protocol = bench.protocol(args.get("protocol", "")).overridden(
        args.get("max_tokens"), args.get("temperature"), args.get("epochs")
    )
    dataset = load(bench, args["data"], str(args.get("allow", "")).split(","))
    cases = select.subset(
        dataset.cases,
        limit=args.get("limit"),
        sample=args.get("sample"),
        seed=args.get("seed", 0),
    )
    views = views_of(plan, bench.name)
    each = len(cases) * protocol.epochs
    n = each * len(views)
    text = sum(len(c.query) + sum(map(len, c.options)) for c in cases) // 4 * protocol.epochs
    images = sum(len(c.images) for c in cases) * protocol.epochs * IMAGE_TOKENS
    shown = sum(images for view in views if view not in WITHOUT_IMAGE)
    cap = protocol.max_tokens or UNCAPPED
    for model in plan.models:
        yield Calls("answer", model, n, text * len(views) + shown, n * cap)
        more = MOST_CALLS.get(args.get("solver", ""), 1) - 1
        if more:
            given = more * (text * len(views) + shown + n * cap)
            yield Calls("solver", model, n * more, given, n * more * (HELPER.max_tokens or 0))
        if bench.scoring != "judge" or plan.grader is None:
            continue
        jury = Jury.parse(plan.grader)
        grading = Grading(benchmark=bench, protocol=protocol)
        axes = grading.axes(plan.grader)
        for axis, (i, judge) in product(axes, enumerate(jury.members)):
            if judge in OFFLINE or axis not in grading.axes(judge):
                continue
            rule = grading.guard(judge) or grading.rubrics[axis]
            prompt = rule.instruction if isinstance(rule, Guard) else rule.prompt.text
            seen = images * len(views) if rule.sees_image else 0
            given = text * len(views) + seen + n * (len(prompt) // 4 + cap)
            maybe = jury.rule == "else" and i > 0
            yield Calls(axis, judge, n, given, n * (rule.max_tokens or UNCAPPED), maybe)
