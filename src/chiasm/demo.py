"""`chiasm demo`: the whole loop on scenes, offline, with policies whose scores are known.

What can only read or only look must have group score 0 on diagonal grids, and the oracle 1: if the
table says otherwise, something in the chain from drawing to interval is broken.
"""

from pathlib import Path

from chiasm.run import Plan, evaluate

FREE_FORM = ("comply", "refuse", "hedge", "text_only_filter", "additive", "oracle")
MULTIPLE_CHOICE = ("first", "longest", "warning_words", "oracle")


def run(output: Path) -> str:
    """Evaluate the reference policies, and write ``output/report.html`` and the logs.

    Returns:
        The tables and where things are, as text.
    """
    from chiasm.report import render
    from chiasm.report.page_demo import write_demo

    logs: list[Path] = []
    for name, policies in (("scenes", FREE_FORM), ("scenes_mc", MULTIPLE_CHOICE)):
        plan = Plan(tasks=(name,), models=tuple(f"chiasm/{p}" for p in policies))
        logs += evaluate(plan, output / "logs")
    page = output / "report.html"
    write_demo(page, logs)
    return f"{render(logs, 'text')}\n\nPage: {page}   logs: {output / 'logs'}"
