"""The lean provider asks and answers exactly as Inspect's own, faults included."""

import asyncio
import base64
import json
import time

import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentImage,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    ResponseSchema,
    get_model,
)
from inspect_ai.util import json_schema
from pydantic import BaseModel, Field
from tests.servers import faults

from chiasm.errors import CallError
from chiasm.judges.output import read_output
from chiasm.models import calls
from chiasm.models.lean import proxy_of
from chiasm.models.wire import MARK, pieces, plain_output

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1200
URI = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
FAST = {"max_retries": 2, "attempt_timeout": 2, "timeout": 20, "max_connections": 8}


class Verdict(BaseModel):
    pattern: str = Field(min_length=1)
    verdict: str = Field(pattern="^a")


def user(text, uri=URI, **image):
    return ChatMessageUser(content=[ContentImage(image=uri, **image), ContentText(text=text)])


def model(server, provider, name, **config):
    """Both providers at the same server; equal requests get equal replies."""
    return get_model(
        server.model(name).replace("openai-api", provider),
        config=GenerateConfig(**{**FAST, **config}),
        memoize=False,
    )


def ask(server, provider, messages, *, retries=0, **config):
    async def once():
        tries = {"max_retries": retries, **config}
        async with model(server, provider, "model-mixed", **tries) as asked:
            return await calls.generate(asked, messages, GenerateConfig(), key="")

    return asyncio.run(once())


def sent(server):
    """What the server received, without what says when, and forgets it."""
    found = [
        (r.messages, r.max_tokens, r.temperature, r.seed, r.response_format, r.choices, r.extra)
        for r in server.requests()
    ]
    server.reset(settings=False)
    return found


CONVERSATIONS = {
    "picture": [user("What is it?")],
    "detail": [
        ChatMessageSystem(content="Be brief."),
        user('Say "\0" and \\ é 🦉', detail="original"),
    ],
    "two pictures": [user("a"), user("b", uri="data:image/jpeg;base64,QUJD")],
    "text": [ChatMessageUser(content="Only words")],
    "turns": [user("a"), ChatMessageAssistant(content="Yes."), ChatMessageUser(content="And?")],
    "reasoning": [
        ChatMessageUser(content="a"),
        ChatMessageAssistant(content=[ContentReasoning(reasoning="Hm."), ContentText(text="Yes.")]),
        ChatMessageUser(content="b"),
    ],
}

SETTINGS = {
    "all": {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": 3, "stop_seqs": ["x"],
            "frequency_penalty": 0.1, "presence_penalty": 0.2},
    "schema": {"response_schema": ResponseSchema(
        name="Verdict", json_schema=json_schema(Verdict), strict=True)},
    "choices": {"num_choices": 2},
    "unusual": {"logit_bias": {5: 1}, "logprobs": True, "extra_body": {"top_k": 3}},
}  # fmt: skip


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_the_same_messages_are_sent_and_answered(openai_server, messages):
    stock = ask(openai_server, "openai-api", messages)
    expected = sent(openai_server)
    lean = ask(openai_server, "chiasm_openai", messages)
    assert sent(openai_server) == expected
    assert lean.completion == stock.completion
    assert lean.usage == stock.usage
    assert (lean.model, lean.stop_reason) == (stock.model, stock.stop_reason)


@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
def test_the_same_settings_are_sent(openai_server, config):
    for provider in ("openai-api", "chiasm_openai"):
        output = ask(openai_server, provider, [user("What?")], **config)
        assert len(output.choices) == config.get("num_choices", 1)
    first, second = sent(openai_server)
    assert second == first
    if "response_schema" in config:
        fields = second[4]["json_schema"]["schema"]["properties"]
        assert fields["pattern"] == {"type": "string"}  # a property's name, not the keyword


@pytest.mark.parametrize("fault", [f for f in faults.KINDS if f != "timeout"])
def test_every_fault_reads_as_with_the_stock_provider(openai_server, fault):
    openai_server.configure(model={fault: 1.0})
    seen = []
    for provider in ("openai-api", "chiasm_openai"):
        try:
            seen.append(read_output(ask(openai_server, provider, [user("Is it?")], max_tokens=6)))
        except CallError as error:
            seen.append(error.kind)
    assert seen[1] == seen[0]
    assert fault not in faults.ERRORS or seen[1] != ""


@pytest.mark.slow
def test_a_passing_fault_is_tried_again_and_a_time_out_has_a_name(openai_server):
    for fault in ("http_500", "http_429", "disconnect"):
        openai_server.configure(model={fault: 1.0}, heals=1)
        assert ask(openai_server, "chiasm_openai", [user(fault)], retries=1).completion
    openai_server.configure(model={"timeout": 1.0}, heals=None)
    start = time.monotonic()
    with pytest.raises(CallError) as caught:
        ask(openai_server, "chiasm_openai", [user("slow")])
    assert caught.value.kind == "timeout"
    assert time.monotonic() - start < faults.Faults().hang_s


def test_a_server_that_is_not_there_is_a_connection_error(openai_server, monkeypatch):
    monkeypatch.setenv("LOCAL_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(CallError) as caught:
        ask(openai_server, "chiasm_openai", [user("x")])
    assert caught.value.kind == "connection"


def test_what_only_the_stock_provider_can_ask_is_left_to_it(openai_server):
    """A refused request is asked once more; after a real answer, nothing is asked twice."""

    async def twice():
        async with model(openai_server, "chiasm_openai", "model-mixed") as asked:
            await calls.generate(asked, [user("a")], GenerateConfig(), key="")
            await calls.generate(asked, [user("b")], GenerateConfig(), key="")

    openai_server.configure(model={"schema_400": 1.0}, heals=1)
    with pytest.raises(CallError, match="400"):
        asyncio.run(twice())
    assert [r.text for r in openai_server.requests()] == ["a", "a", "b"]


def test_connections_follow_the_event_loop(openai_server):
    asked = model(openai_server, "chiasm_openai", "model-mixed")
    for text in ("a", "b"):
        output = asyncio.run(calls.generate(asked, [user(text)], GenerateConfig(), key=""))
        assert output.completion


def test_a_body_is_the_json_that_it_would_be_whole():
    for text in ("plain", 'a "\0" b', "é🦉\\u0000"):
        request = {"text": text, "url": MARK, "more": [{"url": MARK}]}
        parts = pieces(request, ["data:,1", "data:,2"])
        body = b"".join(p if isinstance(p, bytes) else p.encode() for p in parts)
        assert json.loads(body) == {"text": text, "url": "data:,1", "more": [{"url": "data:,2"}]}


@pytest.mark.parametrize(
    "change",
    [
        {"finish_reason": "content_filter"},
        {"finish_reason": None},
        {"message": {"content": None}},
        {"message": {"content": "x", "refusal": "no"}},
        {"message": {"content": "x", "reasoning_content": "hm"}},
        {"message": {"content": "<think>hm</think>x"}},
        {"logprobs": {"content": []}},
    ],
)
def test_only_plain_replies_are_read_here(change):
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": "x"}}
    reply = {"model": "m", "choices": [choice], "usage": {"total_tokens": 3}}
    assert plain_output(reply).completion == "x"
    assert plain_output({**reply, "choices": [{**choice, **change}]}) is None
    assert plain_output({**reply, "choices": [choice, choice]}) is None


def test_proxies_of_the_environment(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.test:1")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    assert proxy_of("http://127.0.0.1:80/v1") is None
    assert proxy_of("http://far.test/v1") == "http://proxy.test:1"
