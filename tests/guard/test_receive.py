"""Clients that send slowly, or too much."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from chiasm.guard.apis import Pairs
from chiasm.guard.decisions import Decisions, Entry
from chiasm.guard.pair import Pair, pair_of
from chiasm.guard.policy import Checked, Policy, RefusedError
from chiasm.guard.receive import received

POLICY = Policy(upstream="http://127.0.0.1:1/v1", check="", receive_timeout=0.05, max_body=20)


def read(*parts: bytes, ends: bool = True) -> dict[str, Any]:
    """Read a body that comes in these parts and then ends, or stays open for good."""
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting) or not ends}

    async def run() -> dict[str, Any]:
        return await received(Request({"type": "http", "headers": []}, receive), POLICY)

    return asyncio.run(run())


def status(*parts: bytes, ends: bool = True) -> int:
    with pytest.raises(RefusedError) as raised:
        read(*parts, ends=ends)
    return raised.value.refusal.status


def test_body_in_parts() -> None:
    assert read(b'{"model"', b': "m"}') == {"model": "m"}


def test_client_that_never_ends() -> None:
    assert status(b'{"model"', ends=False) == 408


def test_body_that_grows_beyond_the_limit() -> None:
    assert status(b'{"model": ', b'"aaaaaaaaaaaaaaaa"}', ends=False) == 413


def test_deep_json_is_refused() -> None:
    deep = b"[" * 100_000
    policy = Policy(upstream="", check="", max_body=1_000_000)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": deep, "more_body": False}

    with pytest.raises(RefusedError, match="no JSON"):
        asyncio.run(received(Request({"type": "http", "headers": []}, receive), policy))


def test_requests_wait_for_their_answers_until_they_are_too_much() -> None:
    pairs = Pairs(limit=100)
    pairs.keep("a", Pair("a" * 40))
    pairs.keep("b", Pair("b" * 40))
    assert (
        pairs.of("a") == pairs.of("a") == Pair("a" * 40)
    )  # a stream is asked about more than once
    pairs.keep("b", Pair("c" * 60))
    assert (pairs.of("a"), pairs.of("b")) == (Pair("a" * 40), Pair("c" * 60))
    pairs.keep("d", Pair("d"))
    assert (pairs.of("a"), pairs.of("b")) == (None, Pair("c" * 60))


def test_pair_is_the_last_user_turn() -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "First."},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": [{"type": "text", "text": "Then."}]},
        {"role": "assistant", "content": "A prefix"},
    ]
    assert pair_of(turns) == Pair("Then.")


@pytest.mark.parametrize(
    ("labels", "unsafe", "fail", "follows"),
    [
        (["safe"], "decline", "closed", "passed"),
        (["safe", "unsafe"], "decline", "open", "declined"),
        (["unsafe", "unchecked"], "warn", "closed", "unavailable"),
        (["unsafe", "unchecked"], "warn", "open", "warned"),
        (["safe", "unchecked"], "decline", "closed", "unavailable"),
        (["safe", "unchecked"], "decline", "open", "unchecked"),
    ],
)
def test_what_follows_from_verdicts(
    labels: list[Any], unsafe: str, fail: str, follows: str, tmp_path: Path
) -> None:
    entry = Entry("chat")
    found = [Checked("before", label, "g") for label in labels]
    assert entry.settle(found, unsafe, fail) == follows
    decisions = Decisions(tmp_path / "log.jsonl")
    decisions.write(entry)
    decisions.close()
    assert (tmp_path / "log.jsonl").read_text().count("\n") == 1
