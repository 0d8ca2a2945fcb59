"""How far a download is: numbers for whoever wants them, a bar for a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple


class Step(NamedTuple):
    """The state of one source of a dataset.

    Attributes:
        name: The dataset.
        done: Bytes that are there.
        total: Bytes of all files; None where the source does not tell.
        files: Files that are there.
        of: All files.
    """

    name: str
    done: int
    total: int | None
    files: int
    of: int


Progress = Callable[[Step], None]


class Meter:
    """Adds up what the threads of a download report; `tick` raises once it was stopped."""

    def __init__(self, name: str, total: int | None, of: int, progress: Progress | None) -> None:
        self._step = Step(name, 0, total, 0, of)
        self._progress = progress
        self._lock = Lock()
        self._stopped = False

    def tick(self, more: int) -> None:
        """So many more bytes."""
        if self._stopped:
            raise StoppedError
        self._update(bytes=more)

    def file(self) -> None:
        """One more file."""
        self._update(files=1)

    def stop(self) -> None:
        """No thread goes on after its next chunk."""
        self._stopped = True

    def _update(self, *, bytes: int = 0, files: int = 0) -> None:
        with self._lock:
            step = self._step
            self._step = step._replace(done=step.done + bytes, files=step.files + files)
            if self._progress is not None:
                self._progress(self._step)


class StoppedError(Exception):
    """Another file of the same download failed."""


@contextmanager
def bar() -> Iterator[Progress]:
    """Show on standard error how far a `get` is that is given what this yields."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[files]}"),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[tuple[str, int, int | None], int] = {}

        def show(step: Step) -> None:
            key = (step.name, step.of, step.total)
            if key not in tasks:
                tasks[key] = int(bars.add_task(step.name, total=step.total, files=""))
            files = f"{step.files}/{step.of} files"
            bars.update(tasks[key], completed=step.done, files=files)  # type: ignore[arg-type]

        yield show
