"""Endpoints that never answer: noticed after a few calls, so that a run does not try them all.

A wrong key or address costs most of a minute a call, with its retries. After `LIMIT` failed calls
in a row of one such kind, and not one answer, an endpoint's other calls fail at once, unasked, and
the run ends with one error. What was answered elsewhere is kept; the same command goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chiasm.errors import CallError, ConfigError

LIMIT = 20
"""Failed calls in a row."""

HOPELESS = {
    "connection": "nothing answers at that address",
    "http 401": "the key is refused",
    "http 403": "access is refused",
    "http 404": "there is no such model or address",
}
"""Kinds of failure that waiting does not heal, and what they mean."""


class Outages:
    """The failures of a run, by endpoint."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._failures: dict[str, list[CallError]] = {}

    def check(self, name: str) -> None:
        """Refuse a call of an endpoint that is given up.

        Raises:
            CallError: Of the kind of its last failure.
        """
        failures = self._failures.get(name, [])
        if len(failures) >= LIMIT:
            kind = failures[-1].kind
            raise CallError(f"{name}: not asked, {LIMIT} calls before failed alike", kind=kind)

    def answered(self, name: str) -> None:
        """An endpoint that answered once is never given up."""
        self._answered.add(name)
        self._failures.pop(name, None)

    def failed(self, name: str, error: CallError) -> None:
        """Count a failure; another kind starts the count anew."""
        if name in self._answered or len(self._failures.get(name, ())) >= LIMIT:
            return
        before = self._failures.get(name, [])
        alike = before if before and before[-1].kind == error.kind else []
        self._failures[name] = [*alike, error] if error.kind in HOPELESS else []

    def tell(self) -> None:
        """End the run if an endpoint was given up.

        Raises:
            ConfigError: What failed, how, and what to do.
        """
        told = [
            f"{name} never answered: {HOPELESS[found[-1].kind]}. The first {LIMIT} calls failed "
            f"with {str(found[0])[:200]}"
            for name, found in sorted(self._failures.items())
            if len(found) >= LIMIT
        ]
        if told:
            raise ConfigError(
                "\n".join(told)
                + "\nCheck the model's name, its key and its address (..._API_KEY, ..._BASE_URL), "
                "then run the same command: what was answered is kept, `chiasm report` shows it."
            )


_outages: ContextVar[Outages | None] = ContextVar("chiasm_outages", default=None)


def current() -> Outages | None:
    """Those of the run, None outside of one."""
    return _outages.get()


@contextmanager
def give_up() -> Iterator[None]:
    """Watch all calls until the block ends, and then tell what was given up.

    Raises:
        ConfigError: See `Outages.tell`.
    """
    found = Outages()
    token = _outages.set(found)
    try:
        yield
    finally:
        _outages.reset(token)
    found.tell()
