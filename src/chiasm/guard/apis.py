"""The two other ways to ask: OpenAI's moderation endpoint and LiteLLM's guardrail over HTTP.

LiteLLM posts ``input_type``, ``texts``, ``images``, ``structured_messages`` and
``litellm_call_id``, and wants ``{"action": "NONE" | "BLOCKED" | "GUARDRAIL_INTERVENED",
"blocked_reason": ..., "texts": ...}``, the last for texts that take the places of those sent. With
a response come its texts alone, so the pair is kept from the request by its call id; it stays after
the first question, since a stream is asked about again and again while it grows.
"""

import asyncio
from collections import OrderedDict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from chiasm.guard.decisions import Entry
from chiasm.guard.pair import Pair, pair_of, pair_of_parts
from chiasm.guard.policy import CAUTION, DECLINED, MEGABYTE, Checked, RefusedError
from chiasm.guard.proxy import UNAVAILABLE, Proxy, json_response
from chiasm.guard.receive import received

KEPT_BYTES = 256 * MEGABYTE
KEPT_PAIRS = 10_000


class Pairs:
    """The latest pairs by call id, so many bytes of them."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._pairs: OrderedDict[str, Pair] = OrderedDict()
        self._bytes = 0

    def keep(self, id: str, pair: Pair) -> None:
        """Keep one; the oldest go."""
        before = self._pairs.pop(id, None)
        self._bytes -= _size(before) if before else 0
        self._pairs[id] = pair
        self._bytes += _size(pair)
        while self._bytes > self._limit or len(self._pairs) > KEPT_PAIRS:
            self._bytes -= _size(self._pairs.popitem(last=False)[1])

    def of(self, id: str) -> Pair | None:
        """One, if it is still there."""
        return self._pairs.get(id)


def _size(pair: Pair) -> int:
    return len(pair.text) + sum(len(image.data) for image in pair.images)


class Apis:
    """What these routes need."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.pairs = Pairs()

    async def moderations(self, request: Request) -> Response:
        """``/v1/moderations``: a text, several texts, or one list of parts (text and picture)."""
        entry = Entry("moderations")
        try:
            body = await received(request, self.proxy.policy)
            pairs = await asyncio.to_thread(_inputs, body.get("input"))
            found = await asyncio.gather(*(self.proxy.checker.before(p) for p in pairs))
            entry.action = entry.settle(found, "decline", "closed")
            if any(one.label == "unchecked" for one in found):
                # "flagged" has two values only: without a verdict there is none to give.
                entry.action = "unavailable"
                raise RefusedError(*UNAVAILABLE)
        except RefusedError as refused:
            entry.action = entry.action if entry.action != "error" else "refused"
            return json_response(refused.refusal.body, refused.refusal.status)
        finally:
            self.proxy.decisions.write(entry)
        results = [_result(one) for one in found]
        name = self.proxy.policy.check
        return json_response({"id": f"modr-{entry.id}", "model": name, "results": results})

    async def guardrail(self, request: Request) -> Response:
        """LiteLLM's generic guardrail."""
        entry = Entry("litellm")
        body: dict[str, Any] = {}
        try:
            body = await received(request, self.proxy.policy)
            await self._guardrail(body, entry)
        except RefusedError as refused:
            entry.action = "refused"
            entry.facts["why"] = refused.refusal.message
        finally:
            self.proxy.decisions.write(entry)
        if entry.action in ("declined", "unavailable", "refused"):
            why = {"declined": DECLINED, "unavailable": UNAVAILABLE.message}
            reason = why.get(entry.action) or str(entry.facts.get("why"))
            return json_response({"action": "BLOCKED", "blocked_reason": reason})
        if entry.action == "warned":
            return json_response({"action": "GUARDRAIL_INTERVENED", "texts": _cautioned(body)})
        return json_response({"action": "NONE"})

    async def _guardrail(self, body: dict[str, Any], entry: Entry) -> None:
        policy, checker = self.proxy.policy, self.proxy.checker
        call = str(body.get("litellm_call_id") or "")
        texts = [t for t in _texts(body) if isinstance(t, str) and t.strip()]
        found: list[Checked] = []
        on_unsafe: str = "decline"  # a caution in a question would reach the model, not the user
        if body.get("input_type") == "response":
            on_unsafe = policy.on_unsafe
            pair = self.pairs.of(call)
            if checker.checks_answers and pair is not None:
                entry.about(pair)
                found = await asyncio.gather(*(checker.after(pair, text) for text in texts))
            elif checker.checks_answers and texts:
                found = [Checked("after", "unchecked", policy.after, "its request is not known")]
        else:
            pair = await asyncio.to_thread(_asked, body, texts)
            entry.about(pair)
            if call:
                self.pairs.keep(call, pair)
            found = [] if pair.empty else [await checker.before(pair)]
        entry.action = entry.settle(found, on_unsafe, policy.fail)


def _texts(body: dict[str, Any]) -> list[Any]:
    given = body.get("texts") or []
    if not isinstance(given, list):
        raise RefusedError(400, "invalid_request_error", "texts has to be a list")
    return given


def _cautioned(body: dict[str, Any]) -> list[Any]:
    """As many texts as were sent, since LiteLLM puts each in its own place."""
    given = _texts(body)
    return [CAUTION + t if isinstance(t, str) and t.strip() else t for t in given]


def _asked(body: dict[str, Any], texts: list[str]) -> Pair:
    """The messages where LiteLLM sends them, else texts and pictures as one pair."""
    messages = body.get("structured_messages")
    if messages:
        return pair_of(messages)
    parts: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    parts += [{"type": "image_url", "image_url": url} for url in body.get("images") or ()]
    return pair_of_parts(parts)


def _inputs(given: Any) -> list[Pair]:
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        pairs = [Pair(text) for text in given]
    else:
        pairs = [pair_of_parts(given)]
    if any(pair.empty for pair in pairs):
        raise RefusedError(400, "invalid_request_error", "an input is empty")
    return pairs


def _result(found: Checked) -> dict[str, Any]:
    flagged = found.label == "unsafe"
    categories = {"unsafe": flagged, **dict.fromkeys(found.categories, True)}
    scores = {**{k: float(v) for k, v in categories.items()}, **found.scores}
    return {"flagged": flagged, "categories": categories, "category_scores": scores}
