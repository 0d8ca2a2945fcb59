"""The guards by name, and how a guard is named as a grader: ``guard/FORMAT@provider/model``."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from chiasm.errors import ConfigError
from chiasm.judges.guards.guardreasoner import guardreasoner_vl
from chiasm.judges.guards.llama_guard import llama_guard_3, llama_guard_4
from chiasm.judges.guards.llavaguard import llavaguard
from chiasm.judges.guards.moderation import openai_moderation
from chiasm.judges.guards.prompted import prompted
from chiasm.judges.guards.qwen3guard import qwen3guard
from chiasm.judges.guards.shieldgemma import shieldgemma2
from chiasm.judges.guards.spec import Guard

FORMATS: Mapping[str, Callable[[], Guard]] = {
    "llama_guard_3": llama_guard_3,
    "llama_guard_4": llama_guard_4,
    "llavaguard": llavaguard,
    "shieldgemma2": shieldgemma2,
    "guardreasoner_vl": guardreasoner_vl,
    "qwen3guard": qwen3guard,
    "qwen3guard_loose": partial(qwen3guard, loose=True),
    "openai_moderation": openai_moderation,
    "prompted": prompted,
}

PREFIX = "guard/"


class Named(NamedTuple):
    """The parts of a guard's name.

    Attributes:
        format: A key of `FORMATS`.
        model: Inspect's name of the model behind it.
    """

    format: str
    model: str


def split(name: str) -> Named:
    """Format and model of ``FORMAT@provider/model``, with or without ``guard/`` before it.

    Raises:
        ConfigError: The form is another, or there is no such format.

    >>> split("guard/llama_guard_4@openai-api/local/meta-llama/Llama-Guard-4-12B").format
    'llama_guard_4'
    """
    form, sign, model = name.removeprefix(PREFIX).partition("@")
    if form not in FORMATS:
        raise ConfigError(f"{name}: no guard format {form!r}; there are {', '.join(FORMATS)}")
    if not sign or "/" not in model:
        raise ConfigError(
            f"{name}: expected guard/FORMAT@provider/model, as in "
            f"guard/{form}@openai-api/local/MODEL"
        )
    return Named(form, model)


def guard_named(form: str, instruction: Path | None = None) -> Guard:
    """A guard by the name of its format.

    Args:
        form: A key of `FORMATS`.
        instruction: A file with the text that takes the place of our instruction or policies:
            the authors' own, for example.

    Raises:
        ConfigError: There is none of that name, or the file can't be read, is empty, or belongs
            to a guard whose chat template leaves nothing to say.
    """
    if form not in FORMATS:
        raise ConfigError(f"no guard format {form!r}; there are {', '.join(FORMATS)}")
    guard = FORMATS[form]()
    if instruction is None:
        return guard
    if not guard.instruction:
        raise ConfigError(f"{form} takes no instruction: the model's own chat template has it")
    try:
        text = instruction.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{instruction}: {error}") from None
    if not text:
        raise ConfigError(f"{instruction}: the instruction is empty")
    return replace(guard, instruction=text)


def guard_of(grader: str | None, instruction: Path | None = None) -> Guard | None:
    """The guard that a grader's name names; None for every other grader.

    Raises:
        ConfigError: The name begins with ``guard/`` and is malformed.
    """
    if grader is None or not grader.startswith(PREFIX):
        return None
    return guard_named(split(grader).format, instruction)
