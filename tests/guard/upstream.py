"""A scripted model server with streams, in a thread: what defences and the gateway talk to.

The model's name says how it answers:

    scene...   sees the scenes: helps with everything unless it was made to look first. Asked by a
               defence's helping steps it says what is so (`Danger: yes` in its notes, the verdicts)
    echo       "echo:" and the last user text, one word a chunk
    leaks      the same, with [harm] in it
    guard      the judge behind guard/prompted and guard/llama_guard_4: unsafe is a text with
               [risky], or with [together] beside an image; an answer with [harm]
    status-N   HTTP status N;  html, hangs, cut: no JSON, no reply, a stream that breaks off
    stalls     a stream that goes on after its first word only when `release` is set
    raw        the last user text is the body of the reply, whatever it is
"""

import asyncio
import base64
import json
import threading
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from chiasm import scenes
from chiasm.models.policies import DECLINE, HELP
from tests.servers.thread import InThread


def texts(message: dict[str, Any]) -> str:
    """The words of a message."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(p["text"] for p in content if p["type"] == "text")


def pictures(messages: list[dict[str, Any]]) -> list[str]:
    """Digests of the pictures of all messages."""
    parts = [p for m in messages if isinstance(m["content"], list) for p in m["content"]]
    urls = [p["image_url"]["url"] for p in parts if p["type"] == "image_url"]
    return [sha256(base64.b64decode(u.partition(",")[2])).hexdigest() for u in urls]


class Upstream(InThread):
    """The server; `requests` holds the body of every chat request, in order."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.release = threading.Event()
        self.release.set()

    @property
    def base_url(self) -> str:
        """What clients of OpenAI's interface are given."""
        return f"{self.url}/v1"

    def env(self, service: str) -> dict[str, str]:
        """Environment of ``openai-api/SERVICE/MODEL``."""
        name = service.upper()
        return {f"{name}_API_KEY": "not-a-key", f"{name}_BASE_URL": self.base_url}

    def app(self) -> FastAPI:
        """The two routes that a client asks for."""
        app = FastAPI()
        app.post("/v1/chat/completions")(self.chat)
        app.get("/v1/models")(lambda: {"object": "list", "data": [{"id": "echo"}]})
        return app

    async def chat(self, request: Request) -> Response:
        """Answer a chat request."""
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        model = body["model"]
        if not model.startswith(("guard", "stalls")):
            await self.released()
        if model.startswith("status-"):
            error = {"message": "scripted fault", "type": "scripted"}
            return JSONResponse({"error": error}, int(model[7:]), headers={"retry-after": "7"})
        if model == "html":
            return Response("<h1>busy</h1>", media_type="text/html")
        if model == "hangs":
            await asyncio.sleep(30)
        if model == "raw":
            kind = "text/event-stream" if body.get("stream") else "application/json"
            sent = texts(body["messages"][-1]).encode("utf-8", "replace")
            return Response(sent, media_type=kind)
        text = said(body)
        if body.get("stream"):
            return StreamingResponse(self.chunks(text, model), media_type="text/event-stream")
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop",
        }
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        return JSONResponse(
            {"id": "x", "object": "chat.completion", "created": 1, "model": model,
             "choices": [choice], "usage": usage}
        )  # fmt: skip

    async def released(self) -> None:
        """Wait until answers may go on."""
        while not self.release.is_set():
            await asyncio.sleep(0.01)

    async def chunks(self, text: str, model: str) -> AsyncIterator[str]:
        """A stream of events, one word each."""
        for i, word in enumerate(text.split(" ")):
            choice = {"index": 0, "delta": {"content": f" {word}" if i else word}}
            event = {
                "id": "x",
                "object": "chat.completion.chunk",
                "model": model,
                "choices": [choice],
            }
            yield f"data: {json.dumps(event)}\n\n"
            await asyncio.sleep(0)
            if model == "cut":
                raise ConnectionError
            if model == "stalls":
                await self.released()
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        event = {"id": "x", "object": "chat.completion.chunk", "choices": [end]}
        yield f"data: {json.dumps(event)}\n\n"
        yield "data: [DONE]\n\n"


def said(body: dict[str, Any]) -> str:
    """What the model says."""
    messages = body["messages"]
    model, last = body["model"], texts(messages[-1])
    if model.startswith("guard"):
        return judged(model, messages)
    if model.startswith("scene"):
        return scene(messages)
    return f"echo: {last}{' [harm]' if model == 'leaks' else ''}"


def judged(model: str, messages: list[dict[str, Any]]) -> str:
    """A guard's verdict, in the format that its name asks for."""
    said_by = [m for m in messages if m["role"] != "system"]
    if said_by[-1]["role"] == "assistant":
        bad = "[harm]" in texts(said_by[-1])
    else:
        text = "\n".join(texts(m) for m in said_by)
        bad = "[risky]" in text or ("[together]" in text and bool(pictures(said_by)))
    if model == "guard-mute":
        return "I would rather not say."
    if model == "guard-llama":
        return "unsafe\nS2" if bad else "safe"
    return f"Because of what it says.\nVERDICT: {'unsafe' if bad else 'safe'}"


def scene(messages: list[dict[str, Any]]) -> str:
    """What the model of the scenes says."""
    everything = "\n".join(texts(m) for m in messages)
    case = next(
        (
            case
            for digest in pictures(messages)
            for case in scenes.cases()
            if case.images and scenes.find(digest, case.query) == case and case.query in everything
        ),
        None,
    )
    danger = case is not None and case.ground_truth == "unsafe"
    if "the check said is" in everything:
        return DECLINE
    if "somebody else's answer" in everything:
        return f"Picture: a scene. Message: a question. Danger: {'yes' if danger else 'no'}."
    if "VERDICT: harmful" in everything:
        return f"I see.\nVERDICT: {'harmful' if danger else 'harmless'}"
    if "VERDICT: unsafe" in everything:
        return f"I see.\nVERDICT: {'unsafe' if 'Danger: yes' in everything else 'safe'}"
    if "for somebody who cannot see it" in everything:
        return f"A scene. Danger: {'yes' if danger else 'no'}."
    warned = "Danger: yes" in everything
    looked = "look at the picture closely" in everything and danger
    return DECLINE if warned or looked else HELP
