"""The options of `chiasm audit` that ask judges."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chiasm.cli.options import POSITIVE
from chiasm.cli.progress import show_bars

if TYPE_CHECKING:
    from chiasm.audit.judged import Judged


def judge_options(command: Callable[..., None]) -> Callable[..., None]:
    """--judge and what belongs to it."""
    options = [
        click.option(
            "--judge",
            "judges",
            multiple=True,
            help="R1 and R2 by guard/FORMAT@provider/model; several stand side by side.",
        ),
        click.option("--controls", default="", help="A dataset of benign rows to compare with."),
        click.option("--repeats", default=1, show_default=True, type=POSITIVE,
                     help="Ask each question so often: 2 tell how often a judge flips."),
        click.option("--max-connections", default=16, show_default=True, type=POSITIVE),
        click.option("--dry-run", is_flag=True, help="Print the calls of --judge; ask nothing."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def ask_judges(
    names: Sequence[str],
    judges: Sequence[str],
    out: Path,
    *,
    max_connections: int = 16,
    **more: Any,
) -> "Judged":
    """Judge with a bar a judge; `more` as in `chiasm.audit.judged.judged`."""
    from chiasm.audit.judged import judged
    from chiasm.run import Settings

    settings = Settings(max_connections=max_connections)
    with show_bars(judges) as bars:
        return judged(names, judges, out, settings=settings, tell=bars.tell, **more)
