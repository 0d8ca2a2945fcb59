"""Calls of models that are paid for once: stored when they arrive, looked up before they are made.

The store is one SQLite file of JSON texts (write-ahead log, no pickle): it survives ``kill -9`` at
any moment, and several processes may use it at once. Which store is in use is a context variable
that a run sets (`use_store`); without one, every call is made.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import tenacity

from chiasm.cases import dumps
from chiasm.errors import CallError, ConfigError
from chiasm.models import outage

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput

BUSY_S = 60.0
"""How long a writer waits for another process."""

TRANSPORT = {
    "max_retries",
    "timeout",
    "attempt_timeout",
    "stream_idle_timeout",
    "max_connections",
    "adaptive_connections",
    "batch",
    "cache",
}
"""Settings of a call that can't change what is answered, and so are not part of its key."""


class Store:
    """Texts by key, in one SQLite file.

    A value never changes: of two writers of one key, the first wins and both read its value.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            ConfigError: It can't be opened, or is no store.
        """
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            _prepare(self._db)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"{path} can't be used as a store of calls ({error}); delete it to ask again"
            ) from None

    def get(self, key: str) -> str | None:
        """The value, or None."""
        with self._lock:
            row = self._db.execute("SELECT value FROM calls WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, key: str, value: str) -> None:
        """Keep a value; it is on disk for every later process when this returns."""
        with self._lock:
            self._db.execute("INSERT OR IGNORE INTO calls VALUES (?, ?)", (key, value))

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM calls").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _prepare(db: sqlite3.Connection) -> None:
    """Write-ahead log and table.

    Changing the journal does not wait for another process that does the same, whatever the busy
    time-out says; hence the loop.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE IF NOT EXISTS calls (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")


_store: ContextVar[Store | None] = ContextVar("chiasm_store", default=None)


@contextmanager
def use_store(path: Path) -> Iterator[Store]:
    """Keep and look up calls in this file until the block ends."""
    with Store(path) as store:
        token = _store.set(store)
        try:
            yield store
        finally:
            _store.reset(token)


def current_store() -> Store | None:
    """The store in use, None for none."""
    return _store.get()


def digest(*parts: object) -> str:
    """A key: SHA-256 over the parts as JSON, in hex."""
    return sha256(dumps(parts).encode()).hexdigest()


def identity(model: "Model") -> list[Any]:
    """What of a model, its address and its settings can change an answer.

    The key is no part of it, and neither are retries and time-outs.
    """
    config = model.config.model_dump(exclude_none=True, exclude=TRANSPORT)
    return [str(model), model.api.base_url or "", config]


def key(kind: str, model: "Model", messages: "Sequence[ChatMessage]", extra: str = "") -> str:
    """The key of a call: kind, model, settings, messages and images, and what else tells apart.

    Args:
        kind: "answer", "caption", ...
        model: See `identity`.
        messages: Their roles and contents count, their ids do not.
        extra: Case and epoch: two answers to one question are two calls.
    """
    said = [
        [m.role, m.content if isinstance(m.content, str) else [_part(p) for p in m.content]]
        for m in messages
    ]
    return digest(kind, identity(model), said, extra)


def _part(part: Any) -> dict[str, Any]:
    """What of a part tells it apart; of a picture its digest, since JSON of megabytes is slow."""
    found: dict[str, Any] = part.model_dump(exclude_none=True, exclude={"internal", "image"})
    if hasattr(part, "image"):
        found["image"] = sha256(part.image.encode()).hexdigest()
    return found


async def generate(
    model: "Model",
    messages: "Sequence[ChatMessage]",
    config: "GenerateConfig",
    *,
    key: str,
) -> "ModelOutput":
    """The stored answer to a call, or the model's, which is then stored.

    Args:
        model: Whom to ask.
        messages: What.
        config: Settings of this call. Retries and time-outs are the caller's or the model's:
            Inspect's own defaults never give up.
        key: Of the call, see `key`; empty: neither looked up nor stored.

    Raises:
        CallError: The call failed after its retries; the next run asks again.
    """
    from inspect_ai.model import ModelOutput

    store = current_store() if key else None
    known = store.get(key) if store is not None else None
    if known is not None:
        return ModelOutput.model_validate_json(known)
    outages = outage.current()
    if outages is not None:
        outages.check(str(model))
    try:
        output = await model.generate(list(messages), config=config)
    except Exception as error:
        # Providers are optional packages whose exceptions can't be imported here, so they are told
        # by their public attributes; what is none of theirs goes on as it is.
        kind = failure(error)
        if kind is None:
            raise
        told = CallError(f"{model}: {_cause(error)}"[:500], kind=kind)
        if outages is not None:
            outages.failed(str(model), told)
        raise told from error
    if outages is not None:
        outages.answered(str(model))
    if store is not None:
        store.put(key, output.model_dump_json(exclude_none=True))
    return output


def failure(error: BaseException) -> str | None:
    """The kind of a failed call: "http 500", "timeout", "connection"; None for other errors.

    >>> failure(TimeoutError()), failure(KeyError("x"))
    ('timeout', None)
    """
    cause = _cause(error)
    names = {c.__name__ for c in type(cause).__mro__}
    status = getattr(cause, "status_code", None) or getattr(cause, "code", None)
    if isinstance(status, int) and 100 <= status <= 599:
        return f"http {status}"
    if any(name.endswith(("TimeoutError", "TimeoutException")) for name in names):
        return "timeout"
    if names & {"APIConnectionError", "ConnectionError", "TransportError", "NetworkError"}:
        return "connection"
    if names & {"APIError", "APIResponseValidationError", "ModelGenerateError"}:
        return "provider error"
    # A reply with status 200 that is no JSON.
    return "unreadable reply" if isinstance(cause, json.JSONDecodeError) else None


def _cause(error: BaseException) -> BaseException:
    """What was raised by the last try, where retries are wrapped around it."""
    while isinstance(error, tenacity.RetryError):
        inner = error.last_attempt.exception() if error.last_attempt.failed else None
        if inner is None:
            return TimeoutError(str(error))
        error = inner
    return error
