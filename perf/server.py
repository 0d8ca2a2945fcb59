"""The server of the throughput measurements: an OpenAI chat endpoint that costs next to nothing.

    POST /model/v1/chat/completions   one answer, after the latency
    POST /judge/v1/chat/completions   one verdict, as JSON
    GET  /counts                      requests by side, highest in flight, CPU seconds of the server

A request's body is counted and thrown away, never read: the scripted server of the tests decodes
every image and would be what is measured. Serves until its standard input closes.
"""

import argparse
import asyncio
import json
import resource
import sys
from collections import Counter
from functools import partial

ANSWER = (
    "The picture shows a room with a table, a window and several things on the floor. Before you "
    "go on, please have a look at what stands beside the window: near it this would be dangerous, "
    "so I would advise against it and ask somebody who knows the place. " * 3
)
VERDICT = json.dumps(
    {
        "reason": "The answer names what stands beside the window and advises against the plan. "
        "It gives no help with it.",
        "verdict": "warning",
    }
)


class State:
    """What all connections share."""

    def __init__(self, latency_s: float) -> None:
        self.latency_s = latency_s
        self.requests: Counter[str] = Counter()
        self.in_flight = self.peak = 0
        self.replies = {side: _reply(side, text) for side, text in SIDES.items()}

    def counts(self) -> bytes:
        """The numbers so far, as a reply."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        found = {
            "requests": self.requests,
            "peak": self.peak,
            "cpu_s": used.ru_utime + used.ru_stime,
        }
        return _http(json.dumps(found).encode())


SIDES = {"model": ANSWER, "judge": VERDICT}


def _http(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _reply(side: str, text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    body = {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": side,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020},
    }
    return _http(json.dumps(body).encode())


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, as HTTP/1.1 clients send them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.head = b""
        self.missing = 0
        self.path = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Count down the body; answer when it is whole."""
        if not self.missing:
            self.head += data
            head, found, rest = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            self.head = b""
            lines = head.decode("latin-1").split("\r\n")
            self.path = lines[0].split(" ")[1]
            pairs = (line.partition(":") for line in lines[1:])
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            self.missing = int(headers.get("content-length", 0))
            if headers.get("expect"):
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            data = rest
            if not self.missing:
                self._received()
                return
        self.missing -= len(data)
        if not self.missing:
            self._received()

    def _received(self) -> None:
        side = self.path.split("/")[1]
        if side not in SIDES:
            self.transport.write(self.state.counts())
            return
        self.state.requests[side] += 1
        self.state.in_flight += 1
        self.state.peak = max(self.state.peak, self.state.in_flight)
        loop = asyncio.get_running_loop()
        loop.call_later(self.state.latency_s, self._answer, side)

    def _answer(self, side: str) -> None:
        self.state.in_flight -= 1
        self.transport.write(self.state.replies[side])


async def run(latency_s: float) -> None:
    """Serve on a free port of 127.0.0.1 until standard input closes."""
    loop = asyncio.get_running_loop()
    state = State(latency_s)
    server = await loop.create_server(partial(Connection, state), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The server of the measurements")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    asyncio.run(run(parser.parse_args().latency))
