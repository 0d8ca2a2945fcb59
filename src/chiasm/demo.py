"""`chiasm demo`: the whole loop offline, with small models and with policies of known scores.

First three real vision-language models of the lab's toy world, which look at pixels: a base, the
same aligned in words alone, and aligned with pictures too. Where the text names no danger, the
second is blind to it.

Then scenes, with reference policies.
What can only read or only look must have group score 0 on diagonal grids, and the oracle 1: if the
table says otherwise, something in the chain from drawing to interval is broken.
"""

from pathlib import Path

from chiasm.run import Plan, evaluate

FREE_FORM = ("comply", "refuse", "hedge", "text_only_filter", "additive", "oracle")
TOY = (
    "chiasm_tiny/base",
    "chiasm_tiny/text_sft",
    "chiasm_tiny/mm_sft",
    "chiasm/comply",
    "chiasm/refuse",
)
MULTIPLE_CHOICE = ("first", "longest", "warning_words", "oracle")


def run(output: Path) -> str:
    """Evaluate small models and reference policies, and write ``output/report.html`` and the logs.

    Returns:
        The tables and where things are, as text.
    """
    from chiasm.report import render, responses
    from chiasm.report.page_demo import write_demo
    from chiasm.report.toy import table

    toy = Plan(tasks=("lab",), models=TOY, grader="chiasm/refusal")
    logs: list[Path] = evaluate(toy, output / "logs")
    first = table(responses(logs))
    for name, policies in (("scenes", FREE_FORM), ("scenes_mc", MULTIPLE_CHOICE)):
        plan = Plan(tasks=(name,), models=tuple(f"chiasm/{p}" for p in policies))
        logs += evaluate(plan, output / "logs")
    page = output / "report.html"
    write_demo(page, logs)
    return f"{first}\n\n{render(logs, 'text')}\n\nPage: {page}   logs: {output / 'logs'}"
