"""What the gateway does when: settings, and the outcome of a check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

Stage = Literal["before", "after"]
Label = Literal["safe", "unsafe", "unchecked"]

MEGABYTE = 1_000_000

DECLINED = (
    "I can't help with this: picture and message together look as if going along could do harm. "
    "If that is a misunderstanding, please say what you want to achieve."
)
CAUTION = "Caution: a check found that picture and message together may be dangerous.\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the gateway decides.

    Attributes:
        upstream: Address of the API behind it, with ``/v1``.
        check: The guard that is asked about the pair, ``guard/FORMAT@provider/model``.
        after: The guard that is asked about the answer; empty: answers are not checked.
        on_unsafe: ``decline`` answers in the model's place; ``warn`` puts a caution before what
            the model says.
        fail: What happens when a guard gives no verdict: ``closed`` refuses with HTTP 503, ``open``
            lets it pass, and the log says ``unchecked``.
        timeout: Seconds for a guard's verdict.
        upstream_timeout: Seconds without a byte from the upstream.
        receive_timeout: Seconds that a client may take to send its request.
        max_body: Bytes of a request, images included.
        max_answer: Bytes of an answer.
        max_connections: Guard calls in flight.
        log: File of decisions; None for none.
    """

    upstream: str
    check: str
    after: str = ""
    on_unsafe: Literal["decline", "warn"] = "decline"
    fail: Literal["open", "closed"] = "closed"
    timeout: float = 20.0
    upstream_timeout: float = 300.0
    receive_timeout: float = 30.0
    max_body: int = 50 * MEGABYTE
    max_answer: int = 20 * MEGABYTE
    max_connections: int = 64
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One verdict of one stage.

    Attributes:
        stage: See `Stage`.
        label: ``unchecked`` where the guard gave no verdict: neither safe nor unsafe.
        guard: Its name.
        reason: What it said, cut; or why there is no verdict.
        categories: As the guard names them.
        scores: As the guard gives them.
        seconds: Until the verdict.
    """

    stage: Stage
    label: Label
    guard: str
    reason: str = ""
    categories: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


class Refusal(NamedTuple):
    """A request that the gateway itself turns down."""

    status: int
    kind: str
    message: str

    @property
    def body(self) -> dict[str, object]:
        """As OpenAI's errors look."""
        error = {"message": self.message, "type": self.kind, "code": self.kind, "param": None}
        return {"error": error}


class RefusedError(Exception):
    """Carries a `Refusal` to the route; never leaves the gateway."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        self.refusal = Refusal(status, kind, message)
        super().__init__(message)
