"""A LiteLLM proxy from an environment of its own, and a recorder between it and the gateway."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import httpx
from fastapi import FastAPI, Request, Response

from tests.servers.process import ROOT
from tests.servers.thread import InThread

LITELLM = Path(os.environ.get("CHIASM_TEST_LITELLM", ROOT / ".venv-litellm/bin/litellm"))

KEY = "sk-of-this-test"

RECORDED = Path(__file__).with_name("litellm_exchanges.json")

Exchange = tuple[dict[str, Any], dict[str, Any]]
"""What LiteLLM sent to the gateway, and the answer."""


def recorded() -> dict[str, list[Exchange]]:
    """What a proxy really sent, by the name of the request."""
    found: dict[str, list[Exchange]] = json.loads(RECORDED.read_text("utf-8"))
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Recorder(InThread):
    """Hands requests on to the gateway; `seen` holds (request, answer) in order."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self.seen: list[Exchange] = []

    def app(self) -> FastAPI:
        """Every path is the gateway's."""
        app = FastAPI()
        app.post("/{path:path}")(self.hand_on)
        return app

    async def hand_on(self, path: str, request: Request) -> Response:
        """One request."""
        sent = await request.body()
        async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
            reply = await client.post(f"{self._gateway}/{path}", content=sent)
        self.seen.append((json.loads(sent), reply.json()))
        return Response(reply.content, reply.status_code, media_type="application/json")


class Proxy:
    """The proxy; a configuration that is JSON is YAML too."""

    def __init__(self, folder: Path, upstream: str, guardrails: dict[str, dict[str, Any]]) -> None:
        models = [
            {
                "model_name": name,
                "litellm_params": {
                    "model": f"openai/{name}",
                    "api_base": upstream,
                    "api_key": "not-a-key",
                },
            }
            for name in ("echo", "leaks")
        ]
        listed = [{"guardrail_name": n, "litellm_params": p} for n, p in guardrails.items()]
        self._folder = folder
        (folder / "config.yaml").write_text(
            json.dumps({"model_list": models, "guardrails": listed}), "utf-8"
        )

    def __enter__(self) -> Self:
        port = free_port()
        self._log = (self._folder / "litellm.log").open("w")
        self._process = subprocess.Popen(
            [str(LITELLM), "--config", str(self._folder / "config.yaml"),
             "--host", "127.0.0.1", "--port", str(port)],
            env={
                **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")},
                "LITELLM_MASTER_KEY": KEY,
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_TELEMETRY": "False",
            },
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=300,
            trust_env=False,
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _wait(self, timeout: float = 300) -> None:
        until = time.monotonic() + timeout
        while self._process.poll() is None and time.monotonic() < until:
            try:
                if self.client.get("/health/liveliness").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        said = (self._folder / "litellm.log").read_text("utf-8", "replace")
        raise RuntimeError(f"LiteLLM did not start:\n{said[-4000:]}")
