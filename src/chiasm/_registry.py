"""Inspect's entry point: what `inspect eval chiasm/NAME` and its provider names resolve to."""

from collections.abc import Callable

from inspect_ai import Task, task
from inspect_ai.model import ModelAPI, modelapi

from chiasm.benchmarks.plugins import names
from chiasm.tasks import choice, complete, make_task, rates, safety, usefulness
from chiasm.views import (
    answer,
    blank,
    caption,
    full,
    image_only,
    perturbed,
    swapped,
    text_only,
)

__all__ = [
    "TASKS",
    "answer",
    "blank",
    "caption",
    "chiasm",
    "chiasm_hf",
    "chiasm_tiny",
    "choice",
    "complete",
    "full",
    "image_only",
    "perturbed",
    "rates",
    "safety",
    "swapped",
    "text_only",
    "usefulness",
]


def _task(name: str) -> Callable[..., Task]:
    @task(name=name)
    def made(
        protocol: str = "",
        view: str = "full",
        solver: str = "",
        data: str | None = None,
        grader: str | None = None,
        rubric: str | None = None,
        captioner: bool = False,
        paraphraser: bool = False,
        allow: str | list[str] = "",
        limit: int | None = None,
        sample: int | None = None,
        seed: int = 0,
        max_tokens: int | None = None,
        temperature: float | None = None,
        epochs: int | None = None,
    ) -> Task:
        # Inspect makes a list of a value with commas (-T allow=A,B).
        codes = allow.split(",") if isinstance(allow, str) else allow
        return make_task(
            name,
            protocol=protocol,
            view=view,
            solver=solver,
            data=data,
            grader=grader,
            rubric=rubric,
            captioner=captioner,
            paraphraser=paraphraser,
            allow=[code for code in codes if code],
            limit=limit,
            sample=sample,
            seed=seed,
            max_tokens=max_tokens,
            temperature=temperature,
            epochs=epochs,
        )

    return made


TASKS = {name: _task(name) for name in names()}
"""`@task` functions by benchmark, other packages' included (they are not imported for it);
`make_task` says what their arguments mean."""


def task_of(name: str) -> Callable[..., Task]:
    """The task of a benchmark, also of one that was installed after this module was loaded."""
    return TASKS.get(name) or _task(name)


@modelapi(name="chiasm")
def chiasm() -> type[ModelAPI]:
    """Reference policies and offline graders: chiasm/comply, chiasm/refusal, ..."""
    from chiasm.models.provider import ChiasmAPI

    return ChiasmAPI


@modelapi(name="chiasm_hf")
def chiasm_hf() -> type[ModelAPI]:
    """Vision-language models on this machine: chiasm_hf/ORG/NAME, chiasm_hf/FOLDER."""
    from chiasm.models.local.api import LocalAPI

    return LocalAPI


@modelapi(name="chiasm_openai")
def chiasm_openai() -> type[ModelAPI]:
    """OpenAI-compatible servers with less CPU a call: chiasm_openai/SERVICE/MODEL."""
    from chiasm.models.lean import LeanAPI

    return LeanAPI


@modelapi(name="chiasm_tiny")
def chiasm_tiny() -> type[ModelAPI]:
    """The lab's three small models, in numpy: chiasm_tiny/base, text_sft, mm_sft."""
    from chiasm.models.tiny_api import TinyAPI

    return TinyAPI
