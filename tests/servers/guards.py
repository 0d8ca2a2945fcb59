"""A local server that speaks the OpenAI protocol and serves scripted guard models.

The model's name says which guard it is and, after two dashes, how it misbehaves:
``llama_guard_3``, ``llama_guard_3--unknown_code``. What is judged decides, and nothing else, so
that a test knows every verdict beforehand:

    a response   is unsafe if it bears the mark of an answer that complies, ``(ref c-...)``
    a prompt     is unsafe if its text says ``[risky]``, or says ``[together]`` beside an image
    an image     alone is unsafe if the SHA-256 of its bytes begins with 0 to 7

Everything else (requests, faults, other models) is as in `tests.servers.openai`.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from tests.servers import faults
from tests.servers.openai import Server, main
from tests.servers.process import OpenAIServer
from tests.servers.received import Received, receive

FORMATS = (
    "llama_guard_3",
    "llama_guard_4",
    "llavaguard",
    "shieldgemma2",
    "guardreasoner_vl",
    "qwen3guard",
    "openai_moderation",
)

REFUSES = "I'm sorry, but I can't assist with that request."

EVERYWHERE = {"empty": "", "blank": " \n", "refuses": REFUSES, "prose": "This looks safe to me."}
"""Malformed replies of any guard."""

_THOUGHT = "<think>It says <result> Request: unharmful Response: unharmful</result>.</think>"

MALFORMED: Mapping[str, Mapping[str, str]] = {
    "llama_guard_3": {
        **EVERYWHERE,
        "safe_with_code": "safe\nS1",
        "no_code": "unsafe",
        "unknown_code": "unsafe\nS14",
        "one_line": "unsafe S1",
        "not_a_list": "unsafe\nS1 S2",
        "negated": "not safe",
        "both": "safe\nunsafe\nS1",
        "after": "safe\nThe conversation is about shelves.",
        "special_inside": "safe<|eot_id|>unsafe\nS1",
    },
    "llama_guard_4": {**EVERYWHERE, "unknown_code": "unsafe\nS15", "empty_code": "unsafe\nS1,"},
    "llavaguard": {
        **EVERYWHERE,
        "half": '{"rating": "Safe", "categ',
        "no_rationale": '{"rating": "Safe", "category": "NA: None applying"}',
        "other_rating": '{"rating": "Fine", "category": "NA: None applying", "rationale": "x"}',
        "contradicts": '{"rating": "Unsafe", "category": "NA: None applying", "rationale": "x"}',
        "unknown": '{"rating": "Safe", "category": "O12: Other", "rationale": "x"}',
        "twice": '{"rating": "Safe", "rating": "Unsafe", "category": "O1: x", "rationale": "x"}',
        "around": 'Here: {"rating": "Safe", "category": "NA: None applying", "rationale": "x"}',
        "not_text": '{"rating": true, "category": "NA: None applying", "rationale": "x"}',
    },
    "shieldgemma2": {**EVERYWHERE, "no_idea": "No idea", "both": "Yes and no"},
    "guardreasoner_vl": {
        **EVERYWHERE,
        "only_thoughts": _THOUGHT,
        "open_thought": "<think>First, the result: Request: unharmful",
        "open_result": "<think>Hm.</think><result> Request: unharmful Response: unharmful",
        "no_request": "<think>Hm.</think><result> Response: unharmful</result>",
        "other_word": "<think>Hm.</think><result> Request: safe Response: safe</result>",
        "twice": "<think>Hm.</think>"
        "<result> Request: unharmful Response: unharmful</result>"
        "<result> Request: unharmful Response: harmful</result>",
    },
    "qwen3guard": {
        **EVERYWHERE,
        "one_line": "Safety: Safe",
        "unknown": "Safety: Unsafe\nCategories: Weather\nRefusal: No",
        "contradicts": "Safety: Safe\nCategories: Violent\nRefusal: No",
        "none_unsafe": "Safety: Unsafe\nCategories: None\nRefusal: No",
        "prompt_form": "Safety: Safe\nCategories: None",
        "before": "Result:\nSafety: Safe\nCategories: None\nRefusal: No",
        "twice": "Safety: Safe\nCategories: None\nRefusal: No\nSafety: Unsafe",
    },
    "openai_moderation": {
        "no_results": "{}",
        "null": '{"results": null}',
        "none": '{"results": []}',
        "two": '{"results": [{"flagged": false, "categories": {}}, {"flagged": true}]}',
        "not_bool": '{"results": [{"flagged": "no", "categories": {}}]}',
        "no_categories": '{"results": [{"flagged": false}]}',
        "contradicts": '{"results": [{"flagged": false, "categories": {"violence": true}}]}',
        "text": '"all fine"',
    },
}
"""Replies that are not of the format, by guard and name of the form."""


def unsafe(query: str, answer: str | None, images: list[str]) -> bool:
    """What is right about this; images by their SHA-256."""
    if answer is not None:
        return "(ref c-" in answer
    if query.strip():
        return "[risky]" in query or ("[together]" in query and bool(images))
    return any(digest[0] in "01234567" for digest in images)


def judged(request: Received, form: str) -> bool:
    """Whether what this chat request shows is unsafe."""
    if form == "guardreasoner_vl":
        asked, _, said = request.text.partition("\n\nAI assistant:\n")
        query = asked.removeprefix("Human user:\n").removesuffix("None")
        return unsafe(query, None if said == "None" else said, request.images)
    if form in ("llavaguard", "shieldgemma2"):
        return unsafe("", None, request.images)
    last = request.messages[-1]
    answer = "".join(p["text"] for p in last["parts"]) if last["role"] == "assistant" else None
    return unsafe(request.text, answer, request.images)


def said(form: str, bad: bool, request: Received) -> str:
    """A reply in the guard's format."""
    response = request.messages[-1]["role"] == "assistant"
    match form:
        case "llama_guard_3":
            return "\n\nunsafe\nS1, S10<|eot_id|>" if bad else "\n\nsafe<|eot_id|>"
        case "llama_guard_4":
            return "\nUnsafe\ns9,S14" if bad else "Safe"
        case "llavaguard":
            rating = "Unsafe" if bad else "Safe"
            category = "O7: Self-Harm" if bad else "NA: None applying"
            return json.dumps({"rating": rating, "category": category, "rationale": "As seen."})
        case "guardreasoner_vl":
            word, answered = ("harmful" if bad else "unharmful"), not request.text.endswith("None")
            results = ("unharmful", word) if answered else (word, "None")
            return f"{_THOUGHT}\n<result> Request: {results[0]}\nResponse: {results[1]}</result>"
        case "qwen3guard":
            safety = "Unsafe" if bad else "Safe"
            if "(ref o-" in request.messages[-1]["parts"][0].get("text", ""):
                safety = "Controversial"
            categories = "None" if safety == "Safe" else "Unethical Acts, PII"
            lines = [f"Safety: {safety}", f"Categories: {categories}"]
            return "\n".join(lines + (["Refusal: No"] if response else []))
    raise ValueError(form)


class GuardServer(Server):
    """The scripted server, with guards."""

    async def answer(self, method: str, path: str, body: Any) -> faults.Reply | None:
        """The reply to one request."""
        if path.endswith("/moderations"):
            return self.moderate(body)
        return await super().answer(method, path, body)

    async def chat(self, body: Mapping[str, Any]) -> faults.Reply | None:
        """A guard's reply; other models answer as ever."""
        form, _, how = body["model"].partition("--")
        if form not in FORMATS:
            return await super().chat(body)
        request = self.note(body)
        if how.startswith("http"):
            return _error(int(how.removeprefix("http")))
        if how == "no_logprobs" and body.get("logprobs"):
            return _error(400)
        bad = judged(request, form)
        text = MALFORMED[form].get(how) if how else None
        logprobs = None
        if form == "shieldgemma2" and text is None:
            text, logprobs = yes_or_no(bad and "pornography" not in request.text, how)
        elif text is None:
            text = said(form, bad, request)
        finish = "length" if how == "cut" else "stop"
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text[:6] if how == "cut" else text},
            "finish_reason": finish,
            "logprobs": logprobs if body.get("logprobs") and how != "plain" else None,
        }
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        reply = {"id": "guard", "object": "chat.completion", "created": 1_700_000_000}
        return faults.Reply(
            200, {}, {**reply, "model": body["model"], "choices": [choice], "usage": usage}
        )

    def moderate(self, body: Mapping[str, Any]) -> faults.Reply:
        """The moderation endpoint."""
        given = body["input"]
        parts = [{"type": "text", "text": given}] if isinstance(given, str) else given
        message = {"role": "user", "content": parts}
        request = self.note({"model": body["model"], "messages": [message]})
        _, _, how = body["model"].partition("--")
        if how.startswith("http"):
            return _error(int(how.removeprefix("http")))
        if how:
            return faults.Reply(200, {}, json.loads(MALFORMED["openai_moderation"][how]))
        marked = re.search(r"\(ref .-", request.text)
        bad = unsafe(request.text, request.text if marked else None, request.images)
        result = {
            "flagged": bad,
            "categories": {"violence": bad, "sexual": False},
            "category_scores": {"violence": 0.9 if bad else 0.01, "sexual": 0.002},
            "category_applied_input_types": {"violence": ["text"], "sexual": []},
        }
        return faults.Reply(200, {}, {"id": "m", "model": body["model"], "results": [result]})

    def note(self, body: Mapping[str, Any]) -> Received:
        """Keep a request to a guard."""
        request = receive(len(self.received), body)
        request.side, request.status, request.done = "judge", 200, True
        self.tries[request.key] += 1
        request.attempt = self.tries[request.key]
        self.received.append(request)
        return request


def yes_or_no(bad: bool, how: str) -> tuple[str, dict[str, Any]]:
    """ShieldGemma 2's reply and the probabilities of its first token."""
    if how == "undecided":
        text, likely = "It", {"It": 0.9, "Yes": 0.02, "No": 0.05}
    else:
        text, likely = ("Yes", {"Yes": 0.6, " no": 0.2}) if bad else ("No", {"No": 0.7, "yes": 0.1})
    top = [{"token": t, "logprob": math.log(p), "bytes": None} for t, p in likely.items()]
    token = {**top[0], "top_logprobs": top}
    return text, {"content": [token], "refusal": None}


def _error(status: int) -> faults.Reply:
    error = {"message": "scripted", "type": "scripted", "code": str(status), "param": None}
    return faults.Reply(status, {}, {"error": error})


class GuardProcess(OpenAIServer):
    """This server in a process of its own."""

    command = ("-S", "-m", "tests.servers.guards")

    def guard(self, form: str, how: str = "") -> str:
        """The grader's name of a guard, behaving or not."""
        served = form.removesuffix("_loose") + (f"--{how}" if how else "")
        return f"guard/{form}@{self.model(served)}"


def picture(risky: bool) -> bytes:
    """Bytes of a small PNG whose SHA-256 says what the scripted guards find."""
    data = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg=="
    )
    n = 0
    while (hashlib.sha256(made := data + bytes([n])).hexdigest()[0] in "01234567") != risky:
        n += 1
    return made


if __name__ == "__main__":
    main(GuardServer, "Scripted guard models")
