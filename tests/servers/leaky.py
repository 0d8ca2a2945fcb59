"""A local server with a scripted Llama Guard 3 for the leakage audit.

A text says what the guard finds: ``[10]`` is unsafe with the image and safe alone, ``[01]`` safe
with it and unsafe alone. An image alone is judged by its bytes, as in `tests.servers.guards`. After
two dashes the model's name says how it misbehaves:

    llama_guard_3--random   fails 15 % of all requests, by their hash
    llama_guard_3--harder   fails 45 % of the unsafe ones and 3 % of the others
    llama_guard_3--flips    says the opposite every second time where the text holds ``[flips]``

Failures are HTTP 422, which no client repeats, or a reply that is no verdict. Anything may follow a
third pair of dashes.
"""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from tests.servers import faults
from tests.servers.guards import GuardProcess, GuardServer, _error, said
from tests.servers.openai import Server, main
from tests.servers.received import uniform

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
SHARES = {"random": (0.15, 0.15), "harder": (0.03, 0.45)}
"""Share of failures among safe and among unsafe requests."""


def picture(number: int, risky: bool) -> bytes:
    """Bytes of a small PNG that no other number has; their SHA-256 says what the guard finds."""
    tail = number
    while True:
        made = PNG + tail.to_bytes(8, "big")
        if (sha256(made).hexdigest()[0] in "01234567") == risky:
            return made
        tail += 1_000_003


def unsafe(text: str, images: list[str]) -> bool:
    """What the guard finds; images by their SHA-256."""
    if not text.strip():
        return images[0][0] in "01234567"
    code = text[text.index("[") + 1 :]
    return code[0 if images else 1] == "1"


class LeakyServer(GuardServer):
    """The scripted server, with that guard."""

    async def chat(self, body: Mapping[str, Any]) -> faults.Reply | None:
        """The guard's reply, or its failure."""
        form, _, how = body["model"].partition("--")
        if form != "llama_guard_3":
            return await Server.chat(self, body)
        how = how.partition("--")[0]
        request = self.note(body)
        await asyncio.sleep(self.settings.delay(request))
        bad = unsafe(request.text, request.images)
        if how in SHARES:
            chance = uniform(request.key, "fault")
            share = SHARES[how][bad]
            if chance < share / 2:
                return _error(422)
            text = "Hard to say." if chance < share else said(form, bad, request)
        else:
            turned = how == "flips" and "[flips]" in request.text and request.attempt % 2 == 0
            text = said(form, bad != turned, request)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop",
            "logprobs": None,
        }
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        reply = {"id": "guard", "object": "chat.completion", "created": 1_700_000_000}
        return faults.Reply(
            200, {}, {**reply, "model": body["model"], "choices": [choice], "usage": usage}
        )


class LeakyProcess(GuardProcess):
    """This server in a process of its own."""

    command = ("-S", "-m", "tests.servers.leaky")


if __name__ == "__main__":
    main(LeakyServer, "A scripted Llama Guard for the leakage audit")
