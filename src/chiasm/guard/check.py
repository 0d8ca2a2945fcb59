"""Asking the guards, with a time limit; what fails is ``unchecked``, never safe or unsafe."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chiasm.cases import Case
from chiasm.errors import ChiasmError, ConfigError, JudgeError
from chiasm.guard.pair import Pair
from chiasm.guard.policy import Checked, Policy, Stage
from chiasm.guard.trained import TRAINED
from chiasm.judges.guards import guard_of, judge_prompt, judge_response
from chiasm.judges.guards.spec import Guard
from chiasm.run import Settings, judge_model

if TYPE_CHECKING:
    from chiasm.guard.direct import DirectModel
    from chiasm.guard.trained.judge import Judge

KEPT = 500
"""Characters of a guard's reply that are logged."""


class Asked(NamedTuple):
    """A guard and the model behind it."""

    name: str
    guard: Guard
    model: "DirectModel"


def named(name: str, option: str, target: str) -> Guard:
    """The guard of that name, if it can judge that.

    Raises:
        ConfigError: It is no guard, or judges something else.
    """
    guard = guard_of(name)
    if guard is None:
        raise ConfigError(f"{option} {name}: expected guard/FORMAT@provider/model")
    guard.check_target("response" if target == "response" else "prompt")
    if target == "prompt" and not guard.sees_image:
        raise ConfigError(f"{option} {name}: it does not see the picture, so it can't check pairs")
    return guard


class Checker:
    """The guards of a policy."""

    def __init__(self, policy: Policy) -> None:
        """Open the models.

        Raises:
            ConfigError: A guard can't be had, or can't judge what it should.
        """
        from chiasm.guard.direct import DirectModel

        def opened(name: str, option: str, target: str) -> Asked:
            guard = named(name, option, target)
            seconds = max(1, round(policy.timeout))
            settings = Settings(
                max_connections=policy.max_connections,
                max_retries=0,
                timeout=seconds,
                attempt_timeout=seconds,
            )
            model = DirectModel(judge_model(name, settings), policy.max_connections)
            return Asked(name, guard, model)

        self._timeout, self._name = policy.timeout, policy.check
        self._trained = _trained(policy.check)
        # Not the loop's own threads: checks that wait here would keep requests from being read.
        self._thread = ThreadPoolExecutor(1, "trained-guard")
        if self._trained is None:
            self._before = opened(policy.check, "--check", "prompt")
        self._after = opened(policy.after, "--after", "response") if policy.after else None

    @property
    def checks_answers(self) -> bool:
        """Whether there is a guard for answers."""
        return self._after is not None

    async def before(self, pair: Pair) -> Checked:
        """The verdict on what the user sends; text and pictures in one question."""
        pair = pair._replace(text=_sendable(pair.text))
        if self._trained is not None:
            judge = partial(_judged, self._trained, self._thread, pair)
            return await self._timed("before", self._name, judge)
        asked = self._before

        async def ask() -> tuple[Any, ...]:
            model: Any = asked.model
            found = await judge_prompt(asked.guard, pair.text or None, pair.images, model)
            return found.label, found.raw, found.categories, dict(found.scores)

        return await self._timed("before", asked.name, ask)

    async def after(self, pair: Pair, answer: str) -> Checked:
        """The verdict on an answer to a pair."""
        asked = self._after
        assert asked is not None
        pair, answer = pair._replace(text=_sendable(pair.text)), _sendable(answer)

        async def ask() -> tuple[Any, ...]:
            model: Any = asked.model
            names = tuple(image.sha256 for image in pair.images) if asked.guard.sees_image else ()
            case = Case(
                id="gateway/answer",
                turns=(pair.text,),
                images=names,
                ground_truth="unsafe",
                category="",
                cluster="",
            )
            found = await judge_response(asked.guard, case, answer, pair.images, model)
            label = "unsafe" if found.outcome == "unsafe" else "safe"
            return label, found.explanation, (), {}

        return await self._timed("after", asked.name, ask)

    async def _timed(
        self, stage: Stage, name: str, ask: Callable[[], Awaitable[tuple[Any, ...]]]
    ) -> Checked:
        start = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                label, said, categories, scores = await ask()
        except TimeoutError:
            label, said, categories, scores = "unchecked", "guard timeout", (), {}
        except (JudgeError, ConfigError) as error:
            label, said, categories, scores = "unchecked", str(error), (), {}
        except ChiasmError as error:
            label, said, categories, scores = "unchecked", f"guard: {error}", (), {}
        seconds = round(time.monotonic() - start, 3)
        return Checked(stage, label, name, said[:KEPT], tuple(categories), scores, seconds)


def _sendable(text: str) -> str:
    """A text with ``?`` for half a surrogate pair, which nobody could send to a guard."""
    return text.encode("utf-8", "replace").decode()


def _trained(name: str) -> "Judge | None":
    if not name.startswith(TRAINED):
        return None
    from chiasm.guard.trained.judge import Judge

    return Judge(Path(name.removeprefix(TRAINED)))


async def _judged(trained: "Judge", thread: Executor, pair: Pair) -> tuple[Any, ...]:
    """Of a trained guard, in its own thread; who gives up before its turn leaves the queue."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(thread, trained.judge, pair.text, pair.images)
    except RuntimeError as error:  # torch, out of memory for one
        raise JudgeError(str(error).splitlines()[0], kind="guard failed") from None
    label = "unsafe" if found.unsafe else "safe"
    said = f"risk {found.risk:.2f}" + (f", danger in the {found.carrier}" if found.unsafe else "")
    return label, said, (found.category,) if found.category else (), {"risk": found.risk}
