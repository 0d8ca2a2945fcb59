"""Telling whoever waits how far a run is, without knowing who that is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Tell = Callable[[str, bool], None]
"""(who, failed): one more response of this model is done, or has failed."""

_tell: ContextVar[Tell | None] = ContextVar("chiasm_tell", default=None)


@contextmanager
def told(tell: Tell | None) -> Iterator[None]:
    """Call `tell` after every response until the block ends."""
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


def one_done(who: str, *, failed: bool = False) -> None:
    """Say that a response is done."""
    tell = _tell.get()
    if tell is not None:
        tell(who, failed)
