"""The chat route: check, ask the upstream, check, answer.

Streams with a check of answers are held back until the whole answer is checked: nothing unsafe is
shown and then taken away. Meanwhile the client gets comment lines, so that it does not give up.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from chiasm.guard import answers
from chiasm.guard.check import Checker
from chiasm.guard.decisions import Decisions, Entry
from chiasm.guard.pair import Pair, pair_of
from chiasm.guard.policy import CAUTION, DECLINED, Policy, Refusal, RefusedError
from chiasm.guard.receive import received

PING_S = 5.0
PING = b": checking\n\n"

FORWARDED = ("authorization", "api-key", "openai-organization", "openai-project", "x-request-id")
PASSED_BACK = ("content-type", "retry-after", "x-request-id")

UNAVAILABLE = Refusal(503, "guard_unavailable", "the check gave no verdict; please try again")


class Proxy:
    """What the chat route needs."""

    def __init__(self, policy: Policy, checker: Checker, decisions: Decisions) -> None:
        self.policy, self.checker, self.decisions = policy, checker, decisions
        timeout = httpx.Timeout(policy.upstream_timeout, connect=10.0, pool=None)
        # Many servers close what was idle for 5 s: a request sent at that moment would be lost.
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=100, keepalive_expiry=2.0
        )
        self.client = httpx.AsyncClient(timeout=timeout, limits=limits)

    async def chat(self, request: Request) -> Response:
        """Answer one chat request."""
        entry = Entry("chat")
        streams = False
        try:
            response = await self._chat(request, entry)
            streams = isinstance(response, StreamingResponse)
        except RefusedError as refused:
            entry.action = entry.action if entry.action != "error" else "refused"
            entry.facts |= {"status": refused.refusal.status, "why": refused.refusal.message}
            response = json_response(refused.refusal.body, refused.refusal.status)
        finally:
            if not streams:  # a stream writes its line when it has ended
                self.decisions.write(entry)
        response.headers["x-chiasm-id"] = entry.id
        if not streams:
            response.headers["x-chiasm-decision"] = entry.action
        return response

    async def _chat(self, request: Request, entry: Entry) -> Response:
        body = await received(request, self.policy)
        model = str(body.get("model", ""))[:200]
        entry.facts["model"] = model
        pair = await asyncio.to_thread(pair_of, body.get("messages"))
        entry.about(pair)
        action = "passed"
        if not pair.empty:
            found = await self.checker.before(pair)
            action = entry.settle([found], self.policy.on_unsafe, self.policy.fail)
        entry.action = action
        if action == "unavailable":
            raise RefusedError(*UNAVAILABLE)
        if action == "declined":
            return _declined(model, entry.id, stream=bool(body.get("stream")))
        upstream = await self._ask(request, body, entry)
        if upstream.status_code != 200:
            return await self._fault(upstream, entry)
        if upstream.headers.get("content-type", "").startswith("text/event-stream"):
            held = self._held if self.checker.checks_answers else self._passed_on
            caution = answers.cautions(model, entry.id, CAUTION, body.get("n"))
            told = held(upstream, model, pair, entry, caution)
            return StreamingResponse(told, media_type="text/event-stream")
        return await self._whole(upstream, model, pair, entry)

    async def _ask(self, request: Request, body: Any, entry: Entry) -> httpx.Response:
        # What was checked is what is sent: read once, written anew, so that no second reader of
        # the same bytes can find another message in them.
        headers = {k: request.headers[k] for k in FORWARDED if k in request.headers}
        headers |= {"content-type": "application/json", "accept-encoding": "identity"}
        url = f"{self.policy.upstream.rstrip('/')}/chat/completions"
        content = json.dumps(body).encode()
        try:
            sent = self.client.build_request("POST", url, content=content, headers=headers)
            return await self.client.send(sent, stream=True)
        except httpx.HTTPError as error:
            raise _upstream(error, entry) from None

    async def _fault(self, upstream: httpx.Response, entry: Entry) -> Response:
        """An error of the upstream, as it came."""
        content = await self._read(upstream, entry)
        entry.action = "upstream_error"
        entry.facts["status"] = upstream.status_code
        kept = {k: upstream.headers[k] for k in PASSED_BACK if k in upstream.headers}
        return Response(content, upstream.status_code, headers=kept)

    async def _read(self, upstream: httpx.Response, entry: Entry) -> bytes:
        """The whole body.

        Raises:
            RefusedError: It breaks off, or is too long.
        """
        parts: list[bytes] = []
        size = 0
        try:
            async for part in upstream.aiter_bytes():
                size += len(part)
                parts.append(part)
                if size > self.policy.max_answer:
                    raise _broken(entry, f"more than {self.policy.max_answer:,} bytes")
        except httpx.HTTPError as error:
            raise _upstream(error, entry) from None
        finally:
            await upstream.aclose()
        return b"".join(parts)

    async def _whole(
        self, upstream: httpx.Response, model: str, pair: Pair, entry: Entry
    ) -> Response:
        content = await self._read(upstream, entry)
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        texts = answers.texts_of(found)
        if texts is None:
            raise _broken(entry, "no chat completion")
        await self._judge(pair, texts, entry)
        if entry.action == "unavailable":
            raise RefusedError(*UNAVAILABLE)
        if entry.action == "declined":
            return _declined(model, entry.id, stream=False)
        if entry.action == "warned":
            found = answers.with_caution(found, CAUTION)
        try:
            return json_response(found)
        except (ValueError, RecursionError):
            raise _broken(entry, "numbers that JSON does not have") from None

    async def _judge(self, pair: Pair, texts: list[str], entry: Entry) -> None:
        """Check what was answered; a verdict of before stays where this one is milder."""
        if not self.checker.checks_answers or not texts:
            return
        found = await asyncio.gather(*(self.checker.after(pair, text) for text in texts))
        after = entry.settle(found, self.policy.on_unsafe, self.policy.fail)
        if after in ("declined", "unavailable") or entry.action == "passed":
            entry.action = after
        elif after == "warned":
            entry.action = "warned"

    async def _held(
        self, upstream: httpx.Response, model: str, pair: Pair, entry: Entry, caution: bytes
    ) -> AsyncIterator[bytes]:
        """The stream once it is checked, or what stands in its place."""
        task = asyncio.create_task(self._checked_stream(upstream, model, pair, entry, caution))
        ended = False
        try:
            while not task.done():
                await asyncio.wait([task], timeout=PING_S)
                if not task.done():
                    yield PING
            yield task.result()
            ended = True
        except (GeneratorExit, asyncio.CancelledError):
            entry.action, ended = "client_gone", True
            raise
        finally:
            task.cancel()
            await upstream.aclose()
            entry.action = entry.action if ended else "error"
            self.decisions.write(entry)

    async def _checked_stream(
        self, upstream: httpx.Response, model: str, pair: Pair, entry: Entry, caution: bytes
    ) -> bytes:
        try:
            content = await self._read(upstream, entry)
            events = answers.events_of(content)
            if events is None:
                raise _broken(entry, "a stream that is cut or can't be read")
            await self._judge(pair, answers.texts_of_events(events), entry)
            if entry.action == "unavailable":
                raise RefusedError(*UNAVAILABLE)
        except RefusedError as refused:
            entry.facts |= {"status": refused.refusal.status, "why": refused.refusal.message}
            return answers.event_bytes(refused.refusal.body)
        if entry.action == "declined":
            return answers.declined_stream(model, entry.id, DECLINED)
        return (caution if entry.action == "warned" else b"") + content

    async def _passed_on(
        self, upstream: httpx.Response, model: str, pair: Pair, entry: Entry, caution: bytes
    ) -> AsyncIterator[bytes]:
        """The stream as it comes: answers are not checked."""
        ended = False
        try:
            if entry.action == "warned":
                yield caution
            async for part in upstream.aiter_bytes():
                yield part
            ended = True
        except httpx.HTTPError as error:
            refusal = _upstream(error, entry).refusal
            yield answers.event_bytes(refusal.body)
            ended = True
        except (GeneratorExit, asyncio.CancelledError):
            entry.action, ended = "client_gone", True
            raise
        finally:
            await upstream.aclose()
            entry.action = entry.action if ended else "error"
            self.decisions.write(entry)


def json_response(found: Any, status: int = 200) -> Response:
    """JSON in ASCII, which half a surrogate pair can't break.

    Raises:
        ValueError: It has NaN or an infinite number.
    """
    told = json.dumps(found, allow_nan=False)
    return Response(told, status, media_type="application/json")


def _declined(model: str, id: str, *, stream: bool) -> Response:
    if stream:
        told = answers.declined_stream(model, id, DECLINED)
        return Response(told, media_type="text/event-stream")
    return json_response(answers.completion(model, DECLINED, id))


def _upstream(error: httpx.HTTPError, entry: Entry) -> RefusedError:
    late = isinstance(error, httpx.TimeoutException)
    status, kind = (504, "upstream_timeout") if late else (502, "upstream_unreachable")
    entry.action = "upstream_error"
    return RefusedError(status, kind, f"the upstream failed: {type(error).__name__}")


def _broken(entry: Entry, what: str) -> RefusedError:
    entry.action = "upstream_error"
    return RefusedError(502, "upstream_unreadable", f"the upstream sent {what}")
