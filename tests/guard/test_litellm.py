"""A LiteLLM proxy that really runs, with the guardrail: `make test-litellm`.

What the proxy sent to the gateway is kept in litellm_exchanges.json, and test_gateway.py asks the
gateway the same in every run; here is checked that LiteLLM still sends what was recorded. To record
anew: CHIASM_RECORD_LITELLM=1 make test-litellm
"""

import json
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.guard.gateway import PICTURE, Gateway, body, streamed
from tests.guard.litellm_proxy import (
    LITELLM,
    RECORDED,
    Exchange,
    Proxy,
    Recorder,
    free_port,
    recorded,
)
from tests.guard.upstream import Upstream
from tests.servers.process import ROOT

live = pytest.mark.skipif(
    not LITELLM.is_file(),
    reason="LiteLLM needs an environment of its own: make test-litellm makes it",
)
CHAT = "/v1/chat/completions"
LONG = " ".join(f"word{i}" for i in range(1, 13))
ANSWERED = {"role": "assistant", "content": "I see."}
TURNS = [*body("Look.", image=PICTURE)["messages"], ANSWERED,
         {"role": "user", "content": "[together] A vase?"}]  # fmt: skip
ONLY = [{"role": "user", "content": body("", image=PICTURE)["messages"][0]["content"][:1]}]
PARTS = [{"type": "input_image", "image_url": PICTURE},
         {"type": "input_text", "text": "[together] A vase?"}]  # fmt: skip

ASKED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "safe": ("held", CHAT, body("A vase?", image=PICTURE)),
    "unsafe pair": ("held", CHAT, body("[together] A vase?", image=PICTURE)),
    "unsafe answer": ("held", CHAT, body("A vase?", "leaks", image=PICTURE)),
    "earlier picture": ("held", CHAT, {"model": "echo", "messages": TURNS}),
    "picture elsewhere": ("held", CHAT, body("A vase?", image="https://example.org/a.png")),
    "picture alone": ("held", CHAT, {"model": "echo", "messages": ONLY}),
    "picture alone, before only": ("before", CHAT, {"model": "echo", "messages": ONLY}),
    "stream": ("held", CHAT, body(LONG, image=PICTURE, stream=True)),
    "unsafe stream": ("held", CHAT, body(LONG, "leaks", image=PICTURE, stream=True)),
    "sampled stream": ("sampled", CHAT, body(LONG, image=PICTURE, stream=True)),
    "unsafe sampled stream": ("sampled", CHAT, body(LONG, "leaks", image=PICTURE, stream=True)),
    "warned answer": ("warns", CHAT, body("A vase?", "leaks", image=PICTURE)),
    "warned stream": ("warns", CHAT, body(LONG, "leaks", image=PICTURE, stream=True)),
    "warned sampled stream": ("warns-sampled", CHAT,
                              body(LONG, "leaks", image=PICTURE, stream=True)),
    "gateway down": ("down", CHAT, body("A vase?", image=PICTURE)),
    "gateway down, open": ("down-open", CHAT, body("A vase?", image=PICTURE)),
    "responses": ("held", "/v1/responses", {"model": "echo",
                                            "input": [{"role": "user", "content": PARTS}]}),
}  # fmt: skip
"""Guardrail, route and request, by name."""


class Told(NamedTuple):
    """What became of one request.

    Attributes:
        status: Of the proxy's answer.
        text: Of the proxy's answer.
        exchanges: Between proxy and gateway.
        answered: How often the model was asked.
    """

    status: int
    text: str
    exchanges: list[Exchange]
    answered: int


def documented() -> dict[str, Any]:
    """The guardrail's settings, as docs/guard.md tells them."""
    text = (ROOT / "docs/guard.md").read_text("utf-8")
    block = text.partition("litellm_params:\n")[2].partition("```")[0]
    pairs = dict(re.findall(r"^\s+(\w+): (.+)$", block, re.MULTILINE))
    values: dict[str, Any] = {"true": True, "[pre_call, post_call]": ["pre_call", "post_call"]}
    return {name: values.get(value, value) for name, value in pairs.items()}


def guardrails(gateway: str, warns: str) -> dict[str, dict[str, Any]]:
    """The documented one, and variants; a request names the one that it wants."""
    held = {**documented(), "api_base": gateway, "default_on": False}
    streams = ("streaming_transform_mode", "streaming_end_of_stream_only")
    down = {**held, "api_base": f"http://127.0.0.1:{free_port()}"}
    return {
        "held": held,
        "sampled": {k: v for k, v in held.items() if k not in streams},
        "warns": {**held, "api_base": warns},
        "warns-sampled": {k: v for k, v in held.items() if k not in streams} | {"api_base": warns},
        "before": {**held, "mode": "pre_call"},
        "down": down,
        "down-open": {**down, "unreachable_fallback": "fail_open"},
    }


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(upstream, tmp_path_factory.mktemp("litellm") / "decisions.jsonl") as running:
        yield running


@pytest.fixture(scope="module")
def told(
    upstream: Upstream, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Told]:
    """All requests, one after the other, through one proxy."""
    found = {}
    folder = tmp_path_factory.mktemp("proxy")
    with (
        Recorder(gateway.url.removesuffix("/v1")) as recorder,
        Gateway(upstream, folder / "warned.jsonl", "--on-unsafe", "warn") as warns,
        Proxy(
            folder, upstream.base_url, guardrails(recorder.url, warns.url.removesuffix("/v1"))
        ) as proxy,
    ):
        for name, (guardrail, path, sent) in ASKED.items():
            upstream.requests.clear()
            recorder.seen.clear()
            reply = proxy.client.post(path, json={**sent, "guardrails": [guardrail]})
            answered = [r for r in upstream.requests if not r["model"].startswith("guard")]
            found[name] = Told(reply.status_code, reply.text, [*recorder.seen], len(answered))
    if os.environ.get("CHIASM_RECORD_LITELLM"):
        kept = {name: one.exchanges for name, one in found.items() if one.exchanges}
        RECORDED.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    return found


def shape(value: Any) -> Any:
    """Names and types, no contents."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items() if k != "request_headers"}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return type(value).__name__


@live
def test_harmless_pair_passes_with_its_picture(told: dict[str, Told]) -> None:
    safe = told["safe"]
    assert (safe.status, safe.answered) == (200, 1)
    (request, _), (response, _) = safe.exchanges
    assert request["images"] == [PICTURE]
    assert request["litellm_call_id"] == response["litellm_call_id"]
    assert response["images"] is None and response["structured_messages"] is None


@live
@pytest.mark.parametrize("name", ["unsafe pair", "earlier picture", "picture elsewhere",
                                  "responses"])  # fmt: skip
def test_what_is_blocked_before_the_model(told: dict[str, Told], name: str) -> None:
    assert (told[name].status, told[name].answered) == (400, 0)
    assert [e[0]["input_type"] for e in told[name].exchanges] == ["request"]


@live
def test_unsafe_answer_is_blocked_after_the_model(told: dict[str, Told]) -> None:
    for name in ("unsafe answer", "unsafe stream"):
        assert (told[name].status, told[name].answered) == (400, 1)
        assert "[harm]" not in told[name].text and "word1" not in told[name].text
        assert "do harm" in told[name].text


@live
def test_caution_stands_before_an_unsafe_answer(told: dict[str, Told]) -> None:
    answer = json.loads(told["warned answer"].text)["choices"][0]["message"]["content"]
    assert answer.startswith("Caution:") and answer.endswith("[harm]")
    stream = streamed(told["warned stream"].text)
    assert stream.startswith("Caution:") and stream.endswith("[harm]")
    assert "Caution:" not in told["warned sampled stream"].text


@live
def test_stream_is_checked_whole_and_then_told(told: dict[str, Told]) -> None:
    assert streamed(told["stream"].text) == f"echo: {LONG}"
    assert len(told["stream"].exchanges) == 2


@live
def test_litellms_own_way_with_streams_shows_words_before_the_check(told: dict[str, Told]) -> None:
    fine = told["sampled stream"]
    assert streamed(fine.text) == f"echo: {LONG}"
    assert len(fine.exchanges) > 2
    bad = told["unsafe sampled stream"]
    assert "[harm]" in bad.text and "do harm" in bad.text


@live
def test_picture_without_words_is_not_asked_about_before(told: dict[str, Told]) -> None:
    assert told["picture alone"].status == 400
    assert [e[0]["input_type"] for e in told["picture alone"].exchanges] == ["response"]
    unseen = told["picture alone, before only"]
    assert (unseen.status, unseen.exchanges) == (200, [])


@live
def test_gateway_that_is_down(told: dict[str, Told]) -> None:
    assert (told["gateway down"].status, told["gateway down"].answered) == (500, 0)
    assert (told["gateway down, open"].status, told["gateway down, open"].answered) == (200, 1)


@live
def test_litellm_sends_what_was_recorded(told: dict[str, Told]) -> None:
    for name, exchanges in recorded().items():
        assert [shape(e[0]) for e in told[name].exchanges] == [shape(e[0]) for e in exchanges], name
