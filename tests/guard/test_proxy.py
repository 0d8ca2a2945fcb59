"""The gateway's routes in this process: what an upstream may send, and cautions for LiteLLM."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from chiasm.guard.app import make_app
from chiasm.guard.check import Checker
from chiasm.guard.decisions import Decisions
from chiasm.guard.policy import Policy
from tests.guard.gateway import PICTURE, body
from tests.guard.upstream import Upstream

GUARD = "guard/llama_guard_4@openai-api/gwin/guard-llama"
LITELLM = "/beta/litellm_basic_guardrail_api"


class Running:
    """The application under ``--on-unsafe warn``."""

    def __init__(self, client: TestClient, log: Path) -> None:
        self.client, self.log = client, log

    def ask(self, text: str, model: str = "raw", **more: Any) -> Any:
        return self.client.post("/v1/chat/completions", json=body(text, model, **more))

    def guardrail(self, **fields: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.post(LITELLM, json=fields).json()
        return found

    @property
    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.log.read_text("utf-8").splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("gateway") / "decisions.jsonl"
    with Upstream() as upstream, pytest.MonkeyPatch.context() as patch:
        for name, value in upstream.env("gwin").items():
            patch.setenv(name, value)
        policy = Policy(
            upstream=upstream.base_url, check=GUARD, after=GUARD, on_unsafe="warn", log=log
        )
        app = make_app(policy, Checker(policy), Decisions(log))
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Running(client, log)


def completion(said: str, **more: str) -> str:
    """JSON as an upstream writes it; values are JSON too."""
    fields = "".join(f', "{name}": {value}' for name, value in more.items())
    choice = f'{{"index": 0, "message": {{"role": "assistant", "content": {said}}}}}'
    return f'{{"choices": [{choice}]{fields}}}'


def test_half_a_surrogate_pair_arrives_as_it_was_sent(running: Running) -> None:
    reply = running.ask(completion(r'"cut off: \ud83d"'))
    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == "cut off: \ud83d"
    assert running.last["action"] == "passed"
    assert [c["label"] for c in running.last["checks"]] == ["safe", "safe"]


def test_half_a_surrogate_pair_of_a_client_is_checked(running: Running) -> None:
    sent = json.dumps(body(completion('"Yes."', note='"[risky] \ud83d"'), "raw"))
    reply = running.client.post("/v1/chat/completions", content=sent)
    said = reply.json()["choices"][0]["message"]["content"]
    assert said.startswith("Caution:") and said.endswith("Yes.")
    assert [c["label"] for c in running.last["checks"]] == ["unsafe", "safe"]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_number_that_json_does_not_have(running: Running, number: str) -> None:
    reply = running.ask(completion('"Yes."', score=number))
    assert (reply.status_code, reply.json()["error"]["type"]) == (502, "upstream_unreadable")
    assert running.last["action"] == "upstream_error"


@pytest.mark.parametrize(
    "event",
    ['{"choices": ["x"]}', '{"choices": "x"}', '{"choices": [{"index": [], "delta": {}}]}',
     "[" * 100_000, "9" * 5_000, '["x"]'],
)  # fmt: skip
def test_stream_that_is_none(running: Running, event: str) -> None:
    reply = running.ask(f"data: {event}\n\ndata: [DONE]\n\n", stream=True)
    assert "[DONE]" not in reply.text
    assert json.loads(reply.text.removeprefix("data: "))["error"]["type"] == "upstream_unreadable"
    assert (running.last["action"], running.last["status"]) == ("upstream_error", 502)


def test_caution_stands_before_parts_and_before_a_refusal(running: Running) -> None:
    parts = running.ask(completion('[{"type": "text", "text": "[harm]"}]')).json()
    first, second = parts["choices"][0]["message"]["content"]
    assert first["text"].startswith("Caution:") and second["text"] == "[harm]"
    refused = running.ask(completion('null, "refusal": "[harm]"')).json()["choices"][0]["message"]
    assert refused["content"].startswith("Caution:") and refused["refusal"] == "[harm]"


def test_each_choice_of_a_stream_gets_a_caution(running: Running) -> None:
    event = {"choices": [{"index": 1, "delta": {"content": "[harm]"}}]}
    reply = running.ask(f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n", stream=True, n=2)
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: {")]
    choices = [json.loads(line)["choices"][0] for line in lines]
    assert [c["index"] for c in choices] == [0, 1, 1]
    assert [c["delta"]["content"][:7] for c in choices] == ["Caution", "Caution", "[harm]"]


def test_litellm_gets_a_caution_in_the_place_of_each_answer(running: Running) -> None:
    asked = {"texts": ["A vase?"], "images": [PICTURE], "litellm_call_id": "warned"}
    assert running.guardrail(input_type="request", **asked) == {"action": "NONE"}
    said = ["Fine.", " ", "[harm] \ud83d"]
    found = running.client.post(
        LITELLM,
        content=json.dumps({"input_type": "response", "texts": said, "litellm_call_id": "warned"}),
    ).json()
    assert found["action"] == "GUARDRAIL_INTERVENED"
    assert [t.startswith("Caution:") for t in found["texts"]] == [True, False, True]
    assert [t.endswith(s) for t, s in zip(found["texts"], said, strict=True)] == [True] * 3
    assert running.last["action"] == "warned"


def test_pair_that_litellm_could_not_warn_of_is_blocked(running: Running) -> None:
    asked = {"input_type": "request", "texts": ["[together]"], "images": [PICTURE]}
    found = running.guardrail(**asked)
    assert (found["action"], running.last["action"]) == ("BLOCKED", "declined")


def test_texts_that_are_no_list(running: Running) -> None:
    found = running.guardrail(input_type="response", texts="[harm]")
    assert (found["action"], running.last["action"]) == ("BLOCKED", "refused")
