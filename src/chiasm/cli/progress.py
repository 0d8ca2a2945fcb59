"""Progress on standard error."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def _bar(*columns: str) -> Any:
    """A progress display on standard error, with these texts behind the bar."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        *(TextColumn(text) for text in columns),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def show_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar until the block ends; what it yields takes (done, total)."""
    with _bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class Bars:
    """A bar for every model of a run; what a former run has done already is not counted again."""

    def __init__(self, bar: Any, models: Sequence[str]) -> None:
        self.bar = bar
        self.tasks = {m: bar.add_task(m, total=None, failed=0) for m in models}
        self.failed = dict.fromkeys(models, 0)

    def begin(self, total: int) -> None:
        """Say how many responses each model is asked for."""
        for task in self.tasks.values():
            self.bar.update(task, total=total or None)

    def tell(self, model: str, failed: bool) -> None:
        """Count one response."""
        if model in self.tasks:
            self.failed[model] += failed
            self.bar.update(self.tasks[model], advance=1, failed=self.failed[model])


@contextmanager
def show_bars(models: Sequence[str]) -> Iterator[Bars]:
    """Show a bar a model until the block ends."""
    with _bar("failed {task.fields[failed]}") as bar:
        yield Bars(bar, models)


@contextmanager
def show_stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar that changes its name; what it yields takes (what, step, of how many)."""
    with _bar() as bar:
        task = bar.add_task("", total=None)
        yield lambda what, step, steps: bar.update(
            task, description=what, completed=step, total=steps
        )
