"""The store survives kills and several writers; failed calls get names that can be counted."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import httpx
import openai
import pytest
from inspect_ai.model import (
    ChatMessageUser,
    ContentImage,
    ContentText,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    get_model,
)

from chiasm.errors import CallError, ConfigError
from chiasm.models import calls
from chiasm.models.calls import Store, failure, generate, use_store

REQUEST = httpx.Request("POST", "http://x.test")


def test_store_keeps_texts_and_the_first_of_two(tmp_path):
    path = tmp_path / "deep" / "calls.db"
    with Store(path) as store:
        assert store.get("k") is None
        store.put("k", "ä\n")
        store.put("k", "other")
        assert store.get("k") == "ä\n"
    with Store(path) as store:
        assert (store.get("k"), len(store)) == ("ä\n", 1)


def test_values_are_text_in_sqlite_and_no_pickle(tmp_path, scripted):
    with use_store(tmp_path / "calls.db"):
        asyncio.run(generate(scripted("Hi."), [], GenerateConfig(), key="k"))
    [(key, value)] = sqlite3.connect(tmp_path / "calls.db").execute("SELECT * FROM calls")
    assert key == "k"
    assert ModelOutput.model_validate_json(value).completion == "Hi."


def test_a_file_that_is_no_store(tmp_path):
    (tmp_path / "calls.db").write_bytes(b"no database " * 100)
    with pytest.raises(ConfigError, match=r"calls\.db can't be used as a store"):
        Store(tmp_path / "calls.db")


WRITER = """
    import sys
    from pathlib import Path
    from chiasm.models.calls import Store
    name, n = sys.argv[2], int(sys.argv[3])
    with Store(Path(sys.argv[1])) as store:
        for i in range(n):
            store.put(f"{name}-{i}", "x" * 2000)
            store.put(f"both-{i}", name)
            print(i, flush=True)
"""


def writer(path, name, n):
    code = textwrap.dedent(WRITER)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), name, str(n)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_write_at_once(tmp_path):
    path = tmp_path / "calls.db"
    processes = [writer(path, name, 200) for name in "ab"]
    assert [p.communicate()[0].split()[-1] for p in processes] == ["199", "199"]
    with Store(path) as store:
        assert len(store) == 600
        assert {store.get(f"both-{i}") for i in range(200)} <= {"a", "b"}


def test_what_was_stored_before_a_kill_is_there_after_it(tmp_path):
    path = tmp_path / "calls.db"
    process = writer(path, "a", 100_000)
    lines = []
    until = time.monotonic() + 30
    while len(lines) < 50 and time.monotonic() < until:
        lines.append(int(process.stdout.readline()))
    os.kill(process.pid, signal.SIGKILL)
    lines += [int(line) for line in process.communicate()[0].split()]
    with Store(path) as store:
        assert len(lines) >= 50
        assert all(store.get(f"a-{i}") and store.get(f"both-{i}") for i in lines)
        store.put("after", "x")
        assert store.get("after") == "x"
    state = sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone()
    assert state == ("ok",)


def test_generate_asks_once_per_key(tmp_path, scripted):
    model = scripted("One.", "Two.", "Three.", "Four.")

    def ask(key):
        return asyncio.run(generate(model, [], GenerateConfig(), key=key)).completion

    assert ask("k") == "One."  # no store in use
    with use_store(tmp_path / "calls.db"):
        assert [ask("k"), ask("k"), ask("other"), ask("k")] == ["Two.", "Two.", "Three.", "Two."]
    with use_store(tmp_path / "calls.db"):
        assert ask("k") == "Two."
        assert ask("") == "Four."
    assert calls.current_store() is None


def test_an_output_comes_back_as_it_was(tmp_path):
    first = ModelOutput.from_content(
        "m", [ContentText(text="I can't.", refusal=True)], stop_reason="content_filter"
    )
    first.usage = ModelUsage(input_tokens=3, output_tokens=2)
    model = get_model("mockllm/model", custom_outputs=[first], memoize=False)
    with use_store(tmp_path / "calls.db"):
        asked = asyncio.run(generate(model, [], GenerateConfig(), key="k"))
        again = asyncio.run(generate(model, [], GenerateConfig(), key="k"))
    assert again.model_dump() == asked.model_dump()
    assert again.message.content[0].refusal


def test_keys_tell_apart_what_changes_an_answer():
    def key(text="Hi.", image="data:image/png;base64,AA", config=None, url=None, extra="c/1"):
        model = get_model("mockllm/model", config=config or GenerateConfig(), memoize=False)
        model.api.base_url = url
        message = ChatMessageUser(content=[ContentImage(image=image), ContentText(text=text)])
        return calls.key("answer", model, [message], extra)

    assert key() == key()
    assert key() == key(config=GenerateConfig(max_retries=3, timeout=9, max_connections=2))
    different = [
        key(),
        key(text="Hi!"),
        key(image="data:image/png;base64,AB"),
        key(config=GenerateConfig(max_tokens=5)),
        key(url="http://other.test"),
        key(extra="c/2"),
    ]
    assert len(set(different)) == len(different)


def status(code: int) -> openai.APIStatusError:
    return openai.APIStatusError("x", response=httpx.Response(code, request=REQUEST), body=None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (status(500), "http 500"),
        (status(429), "http 429"),
        (openai.APITimeoutError(request=REQUEST), "timeout"),
        (openai.APIConnectionError(request=REQUEST), "connection"),
        (httpx.ReadTimeout("x"), "timeout"),
        (httpx.ConnectError("x"), "connection"),
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "connection"),
        (KeyError("x"), None),
        (ValueError("x"), None),
    ],
)
def test_failure(error, kind):
    assert failure(error) == kind


def test_errors_of_ours_are_not_taken_for_failed_calls(scripted):
    model = scripted()
    with pytest.raises(ValueError, match="ran out"):
        asyncio.run(generate(model, [], GenerateConfig(), key=""))


@pytest.mark.parametrize(("fault", "kind"), [("http_500", "http 500"), ("http_429", "http 429")])
def test_the_cause_is_seen_through_the_retries(openai_server, tmp_path, fault, kind):
    openai_server.configure(model={fault: 1.0})
    model = get_model(openai_server.model(), memoize=False, max_retries=0)
    config = GenerateConfig(max_retries=0)
    with use_store(tmp_path / "calls.db") as store:
        with pytest.raises(CallError) as error:
            asyncio.run(generate(model, [ChatMessageUser(content="Hi.")], config, key="k"))
        assert error.value.kind == kind
        assert len(store) == 0
