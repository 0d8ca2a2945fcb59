"""Online reinforcement learning with TRL: GRPO (arXiv 2402.03300) or RLOO (arXiv 2402.14740).

They stand where SPA-VL has PPO, which TRL no longer has.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chiasm.align.checkpoints import Pair, Resumable, adapters
from chiasm.align.datasets import prompts
from chiasm.align.judged import named
from chiasm.align.options import common
from chiasm.align.rewards import Reward, Rewards, each, filled
from chiasm.align.rows import Row
from chiasm.align.settings import Settings
from chiasm.errors import ConfigError


def rl_trainer(
    method: str,
    pair: Pair,
    rows: Sequence[Row],
    settings: Settings,
    out: Path,
    reward: Reward | None,
) -> Any:
    """TRL's trainer; `settings.batch_size` counts answers.

    Raises:
        ConfigError: The batch is no multiple of the number of answers per prompt.
    """
    if settings.batch_size % settings.generations:
        raise ConfigError(
            f"settings: batch_size {settings.batch_size} is no multiple of generations "
            f"{settings.generations}"
        )
    base, config = _classes(method)

    class Trainer(_Mixed, Resumable, base):  # type: ignore[misc, valid-type]
        pass

    return Trainer(
        model=pair.model,
        args=config(
            beta=settings.beta,
            num_generations=settings.generations,
            max_completion_length=settings.max_new_tokens,
            temperature=settings.temperature,
            remove_unused_columns=False,  # the reward needs to know the row
            **common(settings, out),
        ),
        train_dataset=prompts(rows),
        processing_class=pair.processor,
        reward_funcs=[_scored(each(reward) if reward else named(settings.reward), rows)],
        peft_config=adapters(settings),
    )


def _classes(method: str) -> tuple[Any, Any]:
    if method == "grpo":
        from trl import GRPOConfig, GRPOTrainer

        return GRPOTrainer, GRPOConfig
    from trl import RLOOConfig, RLOOTrainer

    return RLOOTrainer, RLOOConfig


class _Mixed:
    """Lets a batch hold prompts with and without pictures.

    TRL 1.16 hands the image processor None for a prompt without pictures, which expects a list.
    """

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        images = self.processing_class.image_processor  # type: ignore[attr-defined]
        fetch = images.fetch_images
        images.fetch_images = lambda found: fetch(
            [[] if one is None else one for one in found] if isinstance(found, list) else found
        )
        try:
            return super()._generate_and_score_completions(inputs)  # type: ignore[misc]
        finally:
            del images.fetch_images  # else it would be saved with the processor


def _scored(rewards: Rewards, rows: Sequence[Row]) -> Any:
    def score(completions: Sequence[Any], row: Sequence[int], **_: Any) -> list[float]:
        """TRL's reward function: one number for each answer."""
        texts = [_text(completion) for completion in completions]
        return filled(rewards([rows[k] for k in row], texts), row)

    return score


def _text(completion: Any) -> str:
    said = completion if isinstance(completion, str) else completion[-1]["content"]
    return said if isinstance(said, str) else "".join(block.get("text", "") for block in said)
