"""The log of decisions: one JSON object a line, reasons and digests, no picture, no text."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from chiasm.errors import ConfigError
from chiasm.guard.pair import Pair
from chiasm.guard.policy import Checked

SCHEMA = 1


@dataclass
class Entry:
    """What becomes of one request.

    Attributes:
        route: Where it came in.
        id: Also in the response's header ``x-chiasm-id``.
        action: ``passed``, ``warned``, ``declined``, ``unchecked`` (passed without a verdict,
            fail open), ``unavailable`` (refused without one, fail closed), ``refused`` (the
            request can't be checked), ``upstream_error``, ``client_gone``; ``error`` until one of
            them is known.
        checks: The verdicts.
        facts: Model, digests of text and pictures, status.
    """

    route: str
    id: str = field(default_factory=lambda: token_hex(8))
    action: str = "error"
    checks: list[Checked] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    start: float = field(default_factory=time.monotonic)

    def about(self, pair: Pair) -> None:
        """Digests of what was sent."""
        self.facts["text_sha256"] = sha256(pair.text.encode("utf-8", "replace")).hexdigest()
        self.facts["image_sha256"] = [image.sha256 for image in pair.images]

    def settle(self, found: Sequence[Checked], on_unsafe: str, fail: str) -> str:
        """Keep verdicts and say what follows: passed, warned, declined, unchecked, unavailable."""
        self.checks.extend(found)
        labels = {one.label for one in found}
        if "unsafe" in labels and on_unsafe == "decline":
            return "declined"
        if "unchecked" in labels and fail == "closed":
            return "unavailable"
        if "unsafe" in labels:
            return "warned"
        return "unchecked" if "unchecked" in labels else "passed"


class Decisions:
    """The file; several processes may append to one."""

    def __init__(self, path: Path | None) -> None:
        """Open the file.

        Raises:
            ConfigError: It can't be written.
        """
        self._lock = threading.Lock()
        try:
            self._file = path.open("a", encoding="utf-8") if path else None
        except OSError as error:
            raise ConfigError(f"--log {path}: {error.strerror or error}") from None

    def write(self, entry: Entry) -> None:
        """Append one line."""
        if self._file is None:
            return
        line = {
            "schema": SCHEMA,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": entry.id,
            "route": entry.route,
            "action": entry.action,
            "checks": [asdict(one) for one in entry.checks],
            "seconds": round(time.monotonic() - entry.start, 3),
            **entry.facts,
        }
        with self._lock:
            self._file.write(f"{json.dumps(line)}\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
