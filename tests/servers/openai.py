"""A local server that speaks the OpenAI chat protocol: model under test and judge, with faults.

``python -m tests.servers.openai [--port N] [--settings JSON]`` prints its URL and serves until its
standard input closes, so that it never outlives the test that started it. Standard library only:
it starts in a tenth of a second and answers some thousand requests a second.

    POST /v1/chat/completions   what `replies` and `faults` decide by the model's name:
                                model-mixed, model-refuse, -warn, -other, -comply; captioner;
                                judge, judge-text (ignores a schema), judge-noschema (HTTP 400),
                                judge-strict (a warning is compliance), judge-lenient (the reverse);
                                anything may follow, and makes it another model
    GET  /v1/models
    GET  /control  PUT /control settings (`faults.Faults`), whole or in part
    GET  /requests              everything received since the last reset
    GET  /counts                requests by side, faults delivered by side, highest in flight
    POST /reset                 forgets requests and tries; keeps the settings
"""

import argparse
import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from tests.servers import faults, replies
from tests.servers.received import Received, receive


class Server:
    """The state of a server, and its answers to requests."""

    def __init__(self, settings: faults.Faults) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget all requests and tries."""
        self.received: list[Received] = []
        self.tries: Counter[str] = Counter()
        self.in_flight = self.peak = 0

    def counts(self) -> dict[str, Any]:
        """How much was asked, and which faults were delivered."""
        sides = ("model", "judge")
        return {
            "requests": {s: sum(r.side == s for r in self.received) for s in sides},
            "faults": {
                s: dict(Counter(r.fault for r in self.received if r.side == s and r.fault))
                for s in sides
            },
            "peak": self.peak,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection, one after the other."""
        gone = (asyncio.IncompleteReadError, ConnectionError)
        with contextlib.suppress(*gone), contextlib.closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                pairs = (line.partition(":") for line in head[1:] if line)
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                raw = await reader.readexactly(int(headers.get("content-length", 0)))
                body = json.loads(raw) if raw else {}
                reply = await self.answer(method, path.partition("?")[0], body)
                if reply is None:
                    return
                writer.write(_encode(reply))
                await writer.drain()

    async def answer(self, method: str, path: str, body: Any) -> faults.Reply | None:
        """The reply to one request; None closes the connection."""
        if path.endswith("/chat/completions"):
            return await self.chat(body)
        match method, path:
            case "GET", "/control":
                return _ok(asdict(self.settings))
            case "PUT", "/control":
                try:
                    self.settings = replace(self.settings, **body)
                except (TypeError, ValueError) as error:
                    return faults.Reply(400, {}, {"error": str(error)})
                return _ok(asdict(self.settings))
            case "GET", "/requests":
                return _ok({"requests": [asdict(r) for r in self.received]})
            case "GET", "/counts":
                return _ok(self.counts())
            case "POST", "/reset":
                self.reset()
                return _ok({})
            case "GET", "/v1/models":
                names = [f"model-{b}" for b in ("mixed", *replies.MIX)] + ["judge"]
                return _ok(
                    {"object": "list", "data": [{"id": n, "object": "model"} for n in names]}
                )
        return faults.Reply(404, {}, {"error": {"message": f"no {method} {path}", "code": 404}})

    async def chat(self, body: Mapping[str, Any]) -> faults.Reply | None:
        """Record a chat request and answer it, with its fault."""
        request = receive(len(self.received), body)
        request.behaviour = replies.behaviour(request)
        self.tries[request.key] += 1
        request.attempt = self.tries[request.key]
        request.fault = self.settings.fault(request)
        self.received.append(request)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            if request.fault in faults.SILENT:
                await asyncio.sleep(self.settings.hang_s if request.fault == "timeout" else 0)
                return None
            await asyncio.sleep(self.settings.delay(request))
            reply = faults.respond(request, self.settings)
            request.status, request.done = reply.status, True
            return reply
        finally:
            self.in_flight -= 1


def _ok(body: dict[str, Any]) -> faults.Reply:
    return faults.Reply(200, {}, body)


def _encode(reply: faults.Reply) -> bytes:
    body = json.dumps(reply.body).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **reply.headers,
    }
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def run(server: Server, port: int) -> None:
    """Serve on 127.0.0.1 until standard input closes."""
    listening = await asyncio.start_server(
        server.serve, "127.0.0.1", port, backlog=1024, limit=2**22
    )
    chosen = listening.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{chosen}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main(kind: type[Server] = Server, about: str = "A scripted OpenAI server") -> None:
    """Read the options and serve; other scripted servers call this with their own kind."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--settings", default="{}", help="JSON, as for PUT /control")
    options = parser.parse_args()
    server = kind(faults.Faults(**json.loads(options.settings)))
    asyncio.run(run(server, options.port))


if __name__ == "__main__":
    main()
