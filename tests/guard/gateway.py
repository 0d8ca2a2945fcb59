"""`chiasm guard serve` as a process of its own, and what tests send to it."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx

from tests.guard.upstream import Upstream
from tests.servers.guards import picture
from tests.servers.process import ROOT

PICTURE = "data:image/png;base64," + base64.b64encode(picture(risky=False)).decode()


class Gateway:
    """`chiasm guard serve`, started and stopped."""

    def __init__(self, upstream: Upstream, log: Path, *options: object, port: int = 0) -> None:
        defaults: dict[str, object] = {
            "--upstream": upstream.base_url,
            "--check": "guard/llama_guard_4",
            "--port": port,
        }
        given: dict[str, object] = dict(zip(options[::2], options[1::2], strict=True))  # type: ignore[arg-type]
        settings = {**defaults, "--log": log, **given}
        for name in ("--check", "--after"):
            if name in settings and "@" not in str(settings[name]) and settings[name] != "none":
                settings[name] = f"{settings[name]}@openai-api/gw/guard-llama"
        self.log = log
        self._command = [sys.executable, "-m", "chiasm.cli", "guard", "serve"]
        self._command += [str(word) for pair in settings.items() for word in pair]
        self._env = {**os.environ, **upstream.env("gw")}

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._env, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if line.startswith("Serving on "):
                self.url = line.split()[2].rstrip(",")
                break
        else:
            raise RuntimeError("".join(said))
        self.client = httpx.Client(base_url=self.url, timeout=120, trust_env=False)
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()
        self.process.kill()
        self.process.communicate()

    def ask(self, text: str, model: str = "echo", *, image: str = "", **more: Any) -> Any:
        return self.client.post("/chat/completions", json=body(text, model, image=image, **more))

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


def body(text: str, model: str = "echo", *, image: str = "", **more: Any) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": image}}] * bool(image)
    content = [*parts, {"type": "text", "text": text}]
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def content(reply: httpx.Response) -> str:
    return str(reply.json()["choices"][0]["message"]["content"])


def streamed(text: str) -> str:
    events = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
    found = [json.loads(event)["choices"][0]["delta"].get("content", "") for event in events]
    return "".join(found)
