"""What one request asks for: Inspect's GenerateConfig where it says something, else the checkpoint.

The unset settings are the checkpoint's own (its generation_config.json), as its publisher meant
them and as vLLM serves it.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from chiasm.errors import ConfigError

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig

MAX_TOKENS = 2048
"""Tokens of an answer where nobody says how many; Inspect's own default for local models."""

IGNORED = (
    "best_of",
    "frequency_penalty",
    "logit_bias",
    "presence_penalty",
    "prompt_logprobs",
    "response_schema",
)

logger = logging.getLogger(__name__)
_T = TypeVar("_T", int, float)
_warned: set[str] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """A checkpoint's sampling settings.

    Attributes:
        temperature: 0 for greedy decoding.
        top_p: In (0, 1].
        top_k: 0 for all.
        repetition_penalty: 1 for none.
        context: Tokens of prompt and answer together; 0 where the checkpoint states none.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    context: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one answer.

    Attributes:
        max_tokens: At least 1.
        temperature: 0 for greedy decoding.
        top_p: In (0, 1]; the smallest set of tokens with at least this probability.
        top_k: 0 for all.
        repetition_penalty: As in the checkpoint.
        stops: Texts that end an answer; they are no part of it.
        top_logprobs: How many alternatives to each token; None for no log-probabilities at all.
        seed: Of the random numbers; None for fresh ones.
    """

    max_tokens: int = MAX_TOKENS
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    stops: tuple[str, ...] = ()
    top_logprobs: int | None = None
    seed: int | None = None

    @property
    def greedy(self) -> bool:
        """Whether the answer follows from the prompt alone."""
        return self.temperature == 0 or self.top_k == 1


def read_settings(config: "GenerateConfig", defaults: Defaults) -> Settings:
    """Settings of a request.

    What can't be honoured is named in one warning each.

    Raises:
        ConfigError: A value is out of its range.
    """
    for name in IGNORED:
        if getattr(config, name) not in (None, False) and name not in _warned:
            _warned.add(name)
            logger.warning("chiasm_hf does not support %s; it is ignored", name)
    wanted = Settings(
        max_tokens=_pick(config.max_tokens, MAX_TOKENS),
        temperature=_pick(config.temperature, defaults.temperature),
        top_p=_pick(config.top_p, defaults.top_p),
        top_k=_pick(config.top_k, defaults.top_k),
        repetition_penalty=defaults.repetition_penalty,
        stops=tuple(text for text in config.stop_seqs or () if text),
        top_logprobs=(config.top_logprobs or 0) if config.logprobs else None,
        seed=config.seed,
    )
    wrong = wanted.max_tokens < 1 or wanted.temperature < 0 or wanted.top_k < 0
    if wrong or not 0 < wanted.top_p <= 1:
        raise ConfigError(
            f"max_tokens {wanted.max_tokens} (at least 1), temperature {wanted.temperature} "
            f"(at least 0), top_p {wanted.top_p} (in (0, 1]), top_k {wanted.top_k}: out of range"
        )
    return wanted


def _pick(value: _T | None, default: _T) -> _T:
    return default if value is None else value
