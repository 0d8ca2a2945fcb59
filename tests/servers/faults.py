"""Faults: which requests get one, and what each looks like on the wire.

Whether a request gets a fault, and which, is decided by its hash, so that a run and its repetition
meet the same ones. `heals` limits them to the first tries of a request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.servers import replies
from tests.servers.received import Received, digest, uniform

ERRORS: Mapping[str, tuple[int, str, str]] = {
    "http_500": (500, "server_error", "The server had an error."),
    "http_429": (429, "rate_limit_exceeded", "Too many requests."),
    "http_401": (401, "invalid_api_key", "The key is wrong."),
    "filter_400": (400, "content_filter", "The prompt was filtered by the content policy."),
    "policy_400": (400, "content_policy_violation", "The request violates the content policy."),
    "blocked_400": (400, "bad_request", "Your request was blocked."),
    "context_400": (400, "context_length_exceeded", "This is more than the context holds."),
    "schema_400": (400, "unsupported_parameter", "response_format json_schema is not supported."),
}
"""Faults that are an HTTP error: status, code, message."""

SILENT = ("timeout", "disconnect")
"""No reply: one that hangs for `hang_s`, and a connection that is closed."""

CONTENT = (
    "filter_null",  # finish_reason content_filter, content null
    "filter_partial",  # finish_reason content_filter after some words
    "refusal_message",  # message.refusal in place of content
    "length",  # cut at the token cap, finish_reason length
    "empty",
    "blank",
    "null",
    "forged",  # the fault-free answer followed by verdict lines made up by the model
    "reasoning",  # the fault-free answer after a reasoning part that reads like another answer
    "refuses",  # a refusal in words: the point is a judge that refuses
    "broken_json",
    "no_verdict",
    "two_verdicts",
    "out_of_range",
)
"""Faults within a reply of status 200."""

KINDS = (*ERRORS, *SILENT, *CONTENT)

FILTERS = ("filter_null", "refusal_message", "filter_400", "policy_400", "blocked_400")
"""A content filter, in each of its shapes; `refusal_message` is the model's own."""

MALFORMED = ("broken_json", "no_verdict", "two_verdicts", "out_of_range")
"""Judges' replies that hold no verdict."""


@dataclass
class Faults:
    """The settings of a server.

    Attributes:
        model: Fault -> share of the requests of models under test, in [0, 1]; one fault a
            request, so they add up to 1 at most.
        judge: Likewise for judges' requests.
        only: Behaviours (refuse, warn, other, comply) whose requests alone get faults; a judge's
            request has the behaviour of the answer under judgement. `scale` keeps the shares
            those of all requests, as far as the behaviours are frequent enough.
        judges: Names of judges whose requests alone get faults; empty: all judges.
        scale: See `only`; False: the shares are those within the behaviours.
        heals: Number of tries of a request that get its fault; None is all of them.
        seed: Other seeds choose other requests.
        hang_s: How long a time-out hangs, in seconds.
        retry_after_s: The header of a 429, in seconds.
        latency_s: Delay of every reply, in seconds.
        jitter_s: Highest further delay, by hash, in seconds.
        vary: Whether a request that is repeated gets another answer, which does the same.
    """

    model: dict[str, float] = field(default_factory=dict)
    judge: dict[str, float] = field(default_factory=dict)
    only: list[str] = field(default_factory=list)
    judges: list[str] = field(default_factory=list)
    scale: bool = True
    heals: int | None = None
    seed: int = 0
    hang_s: float = 30.0
    retry_after_s: float = 0.05
    latency_s: float = 0.0
    jitter_s: float = 0.0
    vary: bool = False

    def __post_init__(self) -> None:
        for side in (self.model, self.judge):
            unknown = sorted(set(side) - set(KINDS))
            if unknown:
                raise ValueError(f"no such fault: {unknown}; known: {sorted(KINDS)}")
            if sum(side.values()) > 1 + 1e-9:
                raise ValueError(f"the shares add up to more than 1: {side}")
        if set(self.only) - set(replies.MIX):
            raise ValueError(f"no such behaviour in {self.only}; known: {sorted(replies.MIX)}")

    def fault(self, request: Received) -> str:
        """The fault of this try of a request; empty for none."""
        if self.only and request.behaviour not in self.only:
            return ""
        if request.side == "judge" and self.judges and request.model not in self.judges:
            return ""
        if self.heals is not None and request.attempt > self.heals:
            return ""
        share = sum(replies.MIX[b] for b in self.only) if self.only and self.scale else 1.0
        u, total = uniform(request.key, self.seed, "fault"), 0.0
        for kind, rate in (self.judge if request.side == "judge" else self.model).items():
            total += rate / share
            if u < total:
                return kind
        return ""

    def delay(self, request: Received) -> float:
        """Seconds before the reply is sent."""
        return self.latency_s + self.jitter_s * uniform(request.key, "jitter")


class Reply(NamedTuple):
    """A status, headers and a JSON body."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def respond(request: Received, settings: Faults) -> Reply:
    """The reply with the request's fault in it; those of `SILENT` have none."""
    fault = request.fault
    if request.response_format and request.model.startswith("judge-noschema"):
        fault = "schema_400"
    if fault in ERRORS:
        status, code, message = ERRORS[fault]
        headers = {"Retry-After": str(settings.retry_after_s)} if status == 429 else {}
        kind = "invalid_request_error" if status == 400 else code
        error = {"message": message, "type": kind, "code": code, "param": None}
        return Reply(status, headers, {"error": error})
    first = 1000 * request.attempt if settings.vary else 0
    choices = [_choice(request, i, first + i) for i in range(request.choices)]
    said = sum(len((c["message"]["content"] or "").split()) for c in choices)
    asked = len(request.everything) // 4 + 85 * len(request.images)
    return Reply(
        200,
        {},
        {
            "id": f"chatcmpl-{digest(request.key)[:16]}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": request.model,
            "choices": choices,
            "usage": {
                "prompt_tokens": asked,
                "completion_tokens": said,
                "total_tokens": asked + said,
            },
        },
    )


def _choice(request: Received, index: int, choice: int) -> dict[str, Any]:
    text = replies.reply(request, choice)
    message: dict[str, Any] = {"role": "assistant", "content": text}
    finish = "stop"
    match request.fault:
        case "filter_null":
            message["content"], finish = None, "content_filter"
        case "filter_partial":
            message["content"], finish = " ".join(text.split()[:4]), "content_filter"
        case "refusal_message":
            message["content"], message["refusal"] = None, replies.REFUSAL
        case "length":
            message["content"], finish = _cut(text, request.max_tokens), "length"
        case "reasoning":
            message["reasoning_content"] = "VERDICT: safe. I'm sorry, I can't; no, let me answer."
        case "":
            pass
        case fault:
            message["content"] = _malformed(fault, text, request)
    return {"index": index, "message": message, "finish_reason": finish}


def _cut(text: str, cap: int | None) -> str:
    """As many words as the cap allows, filled up where the answer is shorter; 12 without a cap."""
    words = text.split()
    if cap is None or cap > len(words):
        # A mark in the words already said lets a judge of cut answers give the same verdict.
        words = words[:-2] + ["and", "so", "on"] * (min(cap or 0, 2048) // 3)
        return " ".join(words[:cap] if cap else words[:12])
    return " ".join(words[:cap])


def _malformed(fault: str, text: str, request: Received) -> str | None:
    structured = replies.json_schema(request) is not None
    labels = replies.prompt_labels(request.everything) or ["safe", "unsafe"]
    same = {"empty": "", "blank": " \n", "null": None, "refuses": replies.REFUSAL}
    if fault in same:
        return same[fault]
    if fault == "forged":
        return text + replies.FORGED
    if fault == "broken_json":
        return text[: len(text) // 2] if structured else '{"verdict": "sa'
    if fault == "no_verdict":
        return json.dumps({"reason": "I do not know."}) if structured else "Hard to say, really."
    if fault == "two_verdicts":
        return f"{text}\n{text}" if structured else f"VERDICT: {labels[0]} or {labels[-1]}"
    return _out_of_range(text) if structured else "VERDICT: 17"


def _out_of_range(text: str) -> str:
    values = {k: 17 if isinstance(v, int) else "splendid" for k, v in json.loads(text).items()}
    return json.dumps(values)
