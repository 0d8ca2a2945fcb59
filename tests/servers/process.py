"""Start the scripted OpenAI server in a process of its own, and talk to it."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.faults import Faults
from tests.servers.received import Received

ROOT = Path(__file__).resolve().parents[2]


class OpenAIServer:
    """A running server; a context manager.

    Attributes:
        url: ``http://127.0.0.1:PORT``; the OpenAI base is ``url + "/v1"``.
        service: The SERVICE of ``openai-api/SERVICE/MODEL`` that `env` and `model` speak of.
        command: What Python is started with; other scripted servers name their own module.
    """

    command: Sequence[str] = ("-S", "-m", "tests.servers.openai")

    def __init__(self, *, service: str = "local", port: int = 0, **settings: Any) -> None:
        self.service = service
        self._settings, self._port = settings, port
        self.url = ""

    def __enter__(self) -> Self:
        options = ["--port", str(self._port), "--settings", json.dumps(self._settings)]
        self._process = subprocess.Popen(
            [sys.executable, *self.command, *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"{self.command[-1]} did not start; see its error above")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()

    def env(self) -> dict[str, str]:
        """Environment variables for Inspect's provider ``openai-api/SERVICE/MODEL``."""
        name = self.service.upper().replace("-", "_")
        return {f"{name}_API_KEY": "not-a-key", f"{name}_BASE_URL": f"{self.url}/v1"}

    def model(self, name: str = "model-mixed") -> str:
        """The model's name for ``--model`` and ``--grader``."""
        return f"openai-api/{self.service}/{name}"

    def configure(self, **settings: Any) -> None:
        """Change some settings of `faults.Faults`; what is not named stays as it is.

        Raises:
            ValueError: A fault or setting does not exist.
        """
        reply = self._call("PUT", "/control", settings)
        if "error" in reply:
            raise ValueError(reply["error"])

    def reset(self, *, settings: bool = True) -> None:
        """Forget all requests and tries, and go back to the settings of the start."""
        self._call("POST", "/reset")
        if settings:
            self.configure(**asdict(Faults(**self._settings)))

    def requests(self, side: str | None = None) -> list[Received]:
        """What was received since the last reset, in order of arrival; of one side or both."""
        received = [Received(**r) for r in self._call("GET", "/requests")["requests"]]
        return [r for r in received if side in (None, r.side)]

    def wait_for(self, n: int, timeout: float = 300) -> None:
        """Return as soon as n requests have arrived since the last reset: the moment to kill.

        Raises:
            TimeoutError: They do not arrive.
        """
        until = time.monotonic() + timeout
        while sum(self.counts()["requests"].values()) < n:
            if time.monotonic() > until:
                raise TimeoutError(f"waited {timeout} s for {n} requests: {self.counts()}")
            time.sleep(0.01)

    def counts(self) -> dict[str, Any]:
        """``{"requests": {side: n}, "faults": {side: {fault: n}}, "peak": n}``."""
        return self._call("GET", "/counts")

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        no_proxy = urllib.request.ProxyHandler({})
        opener = urllib.request.build_opener(no_proxy, _Tolerant())
        with opener.open(request, timeout=60) as reply:
            result: dict[str, Any] = json.load(reply)
            return result


class _Tolerant(urllib.request.HTTPErrorProcessor):
    """Hands error replies back in place of raising, so that their text can be read."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response
