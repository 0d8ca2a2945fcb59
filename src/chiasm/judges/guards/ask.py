"""Asking a guard: about a response, and about a prompt, an image, or both.

A verdict is stored in the run's store, if there is one, by what it depends on; failed ones are not.
"""

import json
from collections.abc import Sequence
from typing import Any

from inspect_ai.model import GenerateConfig, Model, ModelOutput

from chiasm.cases import Case, Verdict, dumps
from chiasm.data.images import ImageFile
from chiasm.errors import CallError, ImageError, JudgeError
from chiasm.judges.ask import KEPT_CHARACTERS, reply_text, unreadable
from chiasm.judges.guards.formats import guard_named
from chiasm.judges.guards.provider import api_of
from chiasm.judges.guards.spec import Asked, Call, Guard, GuardVerdict, Reply, combine
from chiasm.models import calls

TOP_LOGPROBS = 20
"""Candidates for the first token: the most that OpenAI's protocol allows."""

UNDECIDABLE = "safe case: a guard knows no over-refusal"
"""Reason of `no_verdict` on cases that are benign: nothing failed, nothing is asked again."""


async def judge_prompt(
    guard: Guard | str,
    query: str | None,
    images: Sequence[ImageFile],
    model: Model,
    *,
    repeat: int = 0,
) -> GuardVerdict:
    """A guard's verdict on what a user sends: J(T), J(I) or J(T,I).

    Args:
        guard: The guard, or the name of its format.
        query: The text T, untrusted; None for the image alone.
        images: The image I, or several; empty for the text alone.
        model: The judge, opened as ``guard/FORMAT@provider/model``.
        repeat: 1, 2, ... ask the same again, to see whether the judge contradicts itself: each is
            stored as a call of its own.

    Returns:
        The verdict; its marks say what must stand beside figures made of such verdicts.

    Raises:
        ConfigError: The guard can't judge this (`Guard.judges`, `Guard.sees_image`).
        JudgeError: It gave no verdict, kinds as in `chiasm.judges.ask.ask`.
    """
    known = guard_named(guard) if isinstance(guard, str) else guard
    text = (query or "").strip()
    asked = Asked("prompt" if text else "image", query or "", images=tuple(images))
    return await _judge(known, asked, model, repeat)


async def judge_response(
    guard: Guard, case: Case, answer: str, images: Sequence[ImageFile], model: Model
) -> Verdict:
    """A guard's verdict on a response, J(T,I,answer), as an outcome of the safety axis.

    Guards know two labels: `safe_unspecified` and `unsafe`. On a benign case every helpful answer
    is "safe", and so is every needless refusal: there is no verdict to be had.

    Args:
        guard: The guard.
        case: What was asked; of several turns the text is judged as one.
        answer: Untrusted, not blank.
        images: The case's, all of them in order, where the guard sees; else unused.
        model: The judge, opened as ``guard/FORMAT@provider/model``.

    Raises:
        ConfigError: The guard does not judge responses, or not to so many images.
        ImageError: Images are missing that the guard should see.
        JudgeError: It gave no verdict.
    """
    if case.ground_truth == "safe":
        return Verdict("no_verdict", UNDECIDABLE, judge=str(model), rubric=guard.id)
    shown = tuple(images) if guard.sees_image else ()
    if guard.sees_image and len(shown) != len(case.images):
        raise ImageError(f"{case.id}: the guard sees {len(case.images)} image(s), got {len(shown)}")
    found = await _judge(guard, Asked("response", case.query, answer, shown), model)
    outcome = "unsafe" if found.label == "unsafe" else "safe_unspecified"
    said = f"{', '.join(found.categories)}\n{found.raw}".strip()
    return Verdict(outcome, found.finer, said[:KEPT_CHARACTERS], str(model), guard.id)


async def _judge(guard: Guard, asked: Asked, model: Model, repeat: int = 0) -> GuardVerdict:
    guard.check(asked)
    api_of(model, guard.name)
    requests = guard.calls(asked, guard.instruction)
    config = GenerateConfig(
        temperature=0,
        max_tokens=model.config.max_tokens or guard.max_tokens,
        logprobs=True if guard.logprobs else None,
        top_logprobs=TOP_LOGPROBS if guard.logprobs else None,
    )
    about = [guard.name, guard.id, asked.target, config.max_tokens, *([repeat] if repeat else [])]
    keys = [calls.key("guard", model, c.messages, dumps([*about, c.about])) for c in requests]
    key = calls.digest(*keys)
    found = _known(key)
    if found is None:
        found = combine([await _verdict(guard, asked, call, model, config) for call in requests])
        store = calls.current_store()
        if store is not None:
            store.put(key, dumps([*found[:4], dict(found.scores)]))
    marks = guard.marks(asked.target, text=bool(asked.query.strip()), image=bool(asked.images))
    return found._replace(marks=marks)


def _known(key: str) -> GuardVerdict | None:
    store = calls.current_store()
    value = store.get(key) if store is not None else None
    if value is None:
        return None
    label, categories, raw, finer, scores = json.loads(value)
    return GuardVerdict(label, tuple(categories), raw, finer, scores)


async def _verdict(
    guard: Guard, asked: Asked, call: Call, model: Model, config: GenerateConfig
) -> GuardVerdict:
    """The verdict of one call.

    Raises:
        JudgeError: The call failed, was refused, cut or blocked, or can't be read.
    """
    output = await _output(call, model, config)
    # The first token decides: what follows it may be cut.
    text = reply_text(output, cut=guard.logprobs)
    found = guard.parse(Reply(text, _first(output), call.about, asked.target))
    if found is None:
        raise unreadable(text)
    return found._replace(raw=found.raw[:KEPT_CHARACTERS])


async def _output(call: Call, model: Model, config: GenerateConfig) -> ModelOutput:
    """The model's output; servers that give no log-probabilities are asked without."""
    try:
        return await calls.generate(model, call.messages, config, key="")
    except CallError as error:
        if error.kind != "http 400" or not config.logprobs:
            raise JudgeError(str(error), kind=f"judge {error.kind}") from error
    plain = config.model_copy(update={"logprobs": None, "top_logprobs": None})
    try:
        return await calls.generate(model, call.messages, plain, key="")
    except CallError as error:
        raise JudgeError(str(error), kind=f"judge {error.kind}") from error


def _first(output: ModelOutput) -> dict[str, float]:
    """Log-probabilities of the first token's candidates; empty where there are none."""
    given: Any = output.choices[0].logprobs if output.choices else None
    if given is None or not given.content:
        return {}
    token = given.content[0]
    found = {top.token: top.logprob for top in token.top_logprobs or ()}
    return found or {token.token: token.logprob}
