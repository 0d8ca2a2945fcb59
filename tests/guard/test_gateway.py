"""The gateway as a process of its own, before a real server: what passes, what does not."""

import asyncio
import base64
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import pytest
from click.testing import CliRunner

from chiasm.cli import main
from tests.guard.gateway import PICTURE, Gateway, body, content, streamed
from tests.guard.litellm_proxy import recorded
from tests.guard.upstream import Upstream, pictures


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(autouse=True)
def _forget(upstream: Upstream) -> None:
    upstream.requests.clear()
    upstream.headers.clear()


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    log = tmp_path_factory.mktemp("gateway") / "decisions.jsonl"
    with Gateway(upstream, log, "--max-body", 300_000) as running:
        yield running


Start = Callable[..., Gateway]


@pytest.fixture
def start(upstream: Upstream, tmp_path: Path) -> Iterator[Start]:
    running: list[Gateway] = []

    def made(*options: object, port: int = 0) -> Gateway:
        log = tmp_path / f"decisions-{len(running)}.jsonl"
        running.append(Gateway(upstream, log, *options, port=port).__enter__())
        return running[-1]

    yield made
    for one in running:
        one.__exit__()


def huge() -> str:
    """A picture of a few bytes that says it has ten thousand million pixels."""
    head = b"IHDR" + (100_000).to_bytes(4, "big") * 2 + b"\x01\x00\x00\x00\x00"
    parts = b"\x89PNG\r\n\x1a\n", (13).to_bytes(4, "big"), head, crc32(head).to_bytes(4, "big")
    end = b"\x00\x00\x00\x00IEND\xaeB`\x82"
    return "data:image/png;base64," + base64.b64encode(b"".join([*parts, end])).decode()


def asked(upstream: Upstream, model: str) -> list[dict[str, Any]]:
    return [r for r in upstream.requests if r["model"] == model]


def test_harmless_pair_passes_as_it_was_sent(gateway: Gateway, upstream: Upstream) -> None:
    reply = gateway.client.post(
        "/chat/completions",
        json=body("A vase?", image=PICTURE, temperature=0.5),
        headers={"Authorization": "Bearer mine"},
    )
    assert content(reply) == "echo: A vase?"
    assert reply.headers["x-chiasm-decision"] == "passed"
    (sent,) = asked(upstream, "echo")
    assert sent == body("A vase?", image=PICTURE, temperature=0.5)
    at = upstream.requests.index(sent)
    assert upstream.headers[at]["authorization"] == "Bearer mine"
    before, after = asked(upstream, "guard-llama")
    assert len(pictures(before["messages"])) == len(pictures(after["messages"])) == 1
    assert [c["label"] for c in gateway.decisions[-1]["checks"]] == ["safe", "safe"]


def test_text_and_picture_are_checked_together(gateway: Gateway, upstream: Upstream) -> None:
    alone = gateway.ask("[together] A vase?")
    assert alone.headers["x-chiasm-decision"] == "passed"
    both = gateway.ask("[together] A vase?", image=PICTURE)
    assert both.headers["x-chiasm-decision"] == "declined"
    assert both.json()["choices"][0]["finish_reason"] == "content_filter"
    assert len(asked(upstream, "echo")) == 1
    last = gateway.decisions[-1]
    assert last["checks"][0]["reason"] == "unsafe\nS2"
    assert last["id"] == both.headers["x-chiasm-id"]
    assert PICTURE[-40:] not in gateway.log.read_text("utf-8")
    assert len(last["image_sha256"]) == 1


def test_picture_of_an_earlier_turn_counts(gateway: Gateway) -> None:
    first, then = body("Look.", image=PICTURE), body("[together] A vase?")
    said = {"role": "assistant", "content": "I see."}
    turns = [*first["messages"], said, *then["messages"]]
    reply = gateway.client.post("/chat/completions", json={"model": "echo", "messages": turns})
    assert reply.headers["x-chiasm-decision"] == "declined"


def test_unsafe_answer_is_held_back(gateway: Gateway, upstream: Upstream) -> None:
    reply = gateway.ask("A vase?", "leaks")
    assert len(asked(upstream, "leaks")) == 1
    assert "[harm]" not in reply.text
    assert [c["label"] for c in gateway.decisions[-1]["checks"]] == ["safe", "unsafe"]


def test_stream_arrives_whole_or_not_at_all(gateway: Gateway) -> None:
    reply = gateway.ask("one two three", stream=True)
    assert streamed(reply.text) == "echo: one two three"
    assert reply.text.endswith("data: [DONE]\n\n")
    held = gateway.ask("one two three", "leaks", stream=True)
    assert "[harm]" not in held.text and "one two" not in held.text
    assert "can't help with this" in streamed(held.text)
    assert gateway.decisions[-1]["action"] == "declined"


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("https://example.org/a.png", "none is fetched"),
        ("data:image/png;base64,%%%", "base64"),
        ("data:image/png;base64,aGVsbG8=", "not an image"),
        (PICTURE[:-60], "truncated"),
        (huge(), "pixels"),
        ("file:///etc/hostname", "none is fetched"),
    ],
)
def test_picture_that_cannot_be_checked(
    gateway: Gateway, upstream: Upstream, image: str, says: str
) -> None:
    reply = gateway.ask("A vase?", image=image)
    assert reply.status_code == 400
    assert says in reply.json()["error"]["message"]
    assert upstream.requests == []
    assert gateway.decisions[-1]["action"] == "refused"


def test_request_that_is_too_large(gateway: Gateway, upstream: Upstream) -> None:
    assert gateway.ask("x" * 400_000).status_code == 413
    assert upstream.requests == []


@pytest.mark.parametrize(
    "sent",
    [b"{", b"[]", b'{"model": "echo"}', b'{"model": "echo", "messages": [{"role": "system"}]}',
     b'{"model": "echo", "messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}'],
)  # fmt: skip
def test_malformed_request(gateway: Gateway, upstream: Upstream, sent: bytes) -> None:
    reply = gateway.client.post("/chat/completions", content=sent)
    assert reply.status_code == 400
    assert reply.json()["error"]["message"]
    assert upstream.requests == []


def test_second_reader_finds_no_other_message(gateway: Gateway, upstream: Upstream) -> None:
    risky, mild = (json.dumps(body(t)["messages"]) for t in ("[risky]", "A vase?"))
    twice = f'{{"model": "echo", "messages": {risky}, "messages": {mild}}}'
    reply = gateway.client.post("/chat/completions", content=twice.encode())
    assert content(reply) == "echo: A vase?"
    assert "[risky]" not in json.dumps(asked(upstream, "echo"))


@pytest.mark.parametrize("status", [400, 429, 500])
def test_upstream_errors_come_through(gateway: Gateway, status: int) -> None:
    reply = gateway.ask("A vase?", f"status-{status}")
    assert reply.status_code == status
    assert reply.json() == {"error": {"message": "scripted fault", "type": "scripted"}}
    assert reply.headers["retry-after"] == "7"
    assert gateway.decisions[-1]["action"] == "upstream_error"


def test_upstream_that_sends_no_completion(gateway: Gateway) -> None:
    reply = gateway.ask("A vase?", "html")
    assert (reply.status_code, reply.json()["error"]["type"]) == (502, "upstream_unreadable")


def test_stream_that_breaks_off_says_so(gateway: Gateway) -> None:
    reply = gateway.ask("one two three", "cut", stream=True)
    assert "[DONE]" not in reply.text and "echo" not in reply.text
    assert '"error"' in reply.text
    assert gateway.decisions[-1]["action"] == "upstream_error"


def test_client_that_goes_away_amid_a_stream(gateway: Gateway, upstream: Upstream) -> None:
    upstream.release.clear()
    before = len(gateway.decisions)
    try:
        sent = body("one two three", "stalls", stream=True)
        with gateway.client.stream("POST", "/chat/completions", json=sent) as reply:
            assert reply.status_code == 200
        while len(gateway.decisions) == before:
            time.sleep(0.01)
    finally:
        upstream.release.set()
    assert gateway.decisions[-1]["action"] == "client_gone"
    assert content(gateway.ask("and on")) == "echo: and on"


def test_client_that_reads_late_holds_up_nobody(gateway: Gateway) -> None:
    text = "word " * 10_000 + "end"
    sent = json.dumps(body(text, stream=True)).encode()
    host, port = gateway.url.removeprefix("http://").split("/")[0].split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(sent)}"
        slow.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode() + sent)
        assert slow.recv(12) == b"HTTP/1.1 200"
        for i in range(5):
            assert content(gateway.ask(f"number {i}")) == f"echo: number {i}"
        rest = b""
        while part := slow.recv(1 << 16):
            rest += part
    assert rest.count(b"data: ") == 10_004
    assert b"data: [DONE]" in rest


def test_other_routes_are_closed(gateway: Gateway) -> None:
    assert gateway.client.post("/completions", json={"prompt": "[risky]"}).status_code == 404
    assert gateway.client.get("/models").json()["data"] == [{"id": "echo"}]


def test_moderations(gateway: Gateway) -> None:
    found = gateway.client.post("/moderations", json={"input": ["A vase?", "[risky]"]}).json()
    assert [r["flagged"] for r in found["results"]] == [False, True]
    assert found["results"][1]["categories"] == {"unsafe": True, "S2": True}
    parts = body("[together]", image=PICTURE)["messages"][0]["content"]
    (both,) = gateway.client.post("/moderations", json={"input": parts}).json()["results"]
    assert both["flagged"] is True
    assert gateway.client.post("/moderations", json={"input": ""}).status_code == 400


def test_litellm_guardrail(gateway: Gateway) -> None:
    where = f"{gateway.url.removesuffix('/v1')}/beta/litellm_basic_guardrail_api"

    def post(**fields: Any) -> dict[str, Any]:
        found: dict[str, Any] = gateway.client.post(where, json=fields).json()
        return found

    ask = {"input_type": "request", "texts": ["[together]"], "images": [PICTURE]}
    assert post(**ask)["action"] == "BLOCKED"
    assert "do harm" in post(**ask)["blocked_reason"]
    assert post(**{**ask, "images": []}) == {"action": "NONE"}
    post(input_type="request", texts=["A vase?"], images=[PICTURE], litellm_call_id="c1")
    answer = {"input_type": "response", "texts": ["[harm]"]}
    assert post(**answer, litellm_call_id="c1")["action"] == "BLOCKED"
    assert post(**answer, litellm_call_id="never seen")["action"] == "BLOCKED"
    assert gateway.decisions[-1]["checks"][0]["label"] == "unchecked"


@pytest.mark.parametrize("name", recorded())
def test_what_litellm_really_sends(gateway: Gateway, name: str) -> None:
    where = f"{gateway.url.removesuffix('/v1')}/beta/litellm_basic_guardrail_api"
    for request, answer in recorded()[name]:
        assert gateway.client.post(where, json=request).json() == answer


@pytest.mark.slow
def test_warning_before_the_answer(start: Start) -> None:
    gateway = start("--on-unsafe", "warn")
    assert content(gateway.ask("[risky] A vase?")).startswith("Caution:")
    assert content(gateway.ask("[risky] A vase?")).endswith("echo: [risky] A vase?")
    told = streamed(gateway.ask("A vase?", "leaks", stream=True).text)
    assert told.startswith("Caution:") and told.endswith("[harm]")
    assert [d["action"] for d in gateway.decisions] == ["warned"] * 3


@pytest.mark.slow
@pytest.mark.parametrize(("fail", "status"), [("closed", 503), ("open", 200)])
@pytest.mark.parametrize("guard", ["prompted@openai-api/gw/guard-mute",
                                   "llama_guard_4@openai-api/gw/status-500",
                                   "llama_guard_4@openai-api/gw/hangs"])  # fmt: skip
def test_guard_without_a_verdict(start: Start, guard: str, fail: str, status: int) -> None:
    gateway = start("--check", f"guard/{guard}", "--after", "none", "--fail", fail, "--timeout", 2)
    assert gateway.ask("A vase?").status_code == status
    (line,) = gateway.decisions
    assert line["checks"][0]["label"] == "unchecked"
    assert line["action"] == ("unavailable" if fail == "closed" else "unchecked")
    moderated = gateway.client.post("/moderations", json={"input": "A vase?"})
    assert moderated.status_code == 503


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--check", "guard/qwen3guard@mockllm/m", "does not see the picture"),
        ("--check", "guard/llavaguard@mockllm/m", "judges images, not prompts"),
        ("--check", "openai/gpt-4o", "expected guard/FORMAT@provider/model"),
        ("--after", "guard/prompted@mockllm/m", "not responses"),
        ("--upstream", "127.0.0.1:80", "expected http"),
        ("--log", "/nowhere/decisions.jsonl", "No such file"),
    ],
)
def test_settings_that_cannot_work(option: str, value: str, says: str) -> None:
    usual = {"--upstream": "http://127.0.0.1:1/v1", "--check": "guard/llama_guard_4@mockllm/m"}
    words = [word for pair in {**usual, option: value}.items() for word in pair]
    result = CliRunner().invoke(main, ["guard", "serve", "--port", "0", *words])
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.slow
def test_upstream_that_never_answers(start: Start) -> None:
    gateway = start("--upstream-timeout", 1)
    assert gateway.ask("A vase?", "hangs").status_code == 504
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = start("--upstream", f"http://127.0.0.1:{free.getsockname()[1]}/v1")
        assert nobody.ask("A vase?").status_code == 502


@pytest.mark.slow
def test_no_stream_is_lost_or_mixed_up(gateway: Gateway) -> None:
    async def one(client: httpx.AsyncClient, i: int) -> str:
        kind = ("echo", "leaks")[i % 5 == 0]
        text = f"number {i} of many [together]"
        image = PICTURE if i % 7 == 0 else ""
        reply = await client.post(
            "/chat/completions", json=body(text, kind, image=image, stream=True)
        )
        return streamed(reply.text)

    async def all_of_them() -> list[str]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=gateway.url, timeout=300, limits=limits, trust_env=False
        ) as client:
            return await asyncio.gather(*(one(client, i) for i in range(100)))

    before = len(gateway.decisions)
    for i, told in enumerate(asyncio.run(all_of_them())):
        if i % 7 == 0 or i % 5 == 0:
            assert "can't help with this" in told
        else:
            assert told == f"echo: number {i} of many [together]"
    assert len(gateway.decisions) == before + 100


@pytest.mark.slow
def test_restart_finishes_what_is_in_flight(start: Start, upstream: Upstream) -> None:
    old = start()
    port = int(old.url.rsplit(":", 1)[1].split("/")[0])

    async def scenario() -> tuple[list[httpx.Response], httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=old.url, timeout=300, limits=limits, trust_env=False
        ) as client:
            upstream.release.clear()
            waiting = [
                asyncio.create_task(client.post("/chat/completions", json=body(f"number {i}")))
                for i in range(20)
            ]
            while len(asked(upstream, "echo")) < 20:
                await asyncio.sleep(0.01)
            new = await asyncio.to_thread(lambda: start(port=port))
            old.process.send_signal(signal.SIGTERM)
            upstream.release.set()
            finished = await asyncio.gather(*waiting)
            await asyncio.to_thread(old.process.wait, 60)
            return finished, await asyncio.to_thread(new.ask, "and on")

    try:
        finished, after = asyncio.run(scenario())
    finally:
        upstream.release.set()
    assert [content(reply) for reply in finished] == [f"echo: number {i}" for i in range(20)]
    assert content(after) == "echo: and on"
    assert len(old.decisions) == 20
