"""Direct preference optimisation with TRL (arXiv 2305.18290), with a loss on the chosen answer."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from chiasm.align.checkpoints import Pair, Resumable, adapters
from chiasm.align.datasets import end_of_answer, preferences
from chiasm.align.options import common
from chiasm.align.rows import Row
from chiasm.align.settings import Settings


def dpo_trainer(pair: Pair, rows: Sequence[Row], settings: Settings, out: Path) -> Any:
    """TRL's trainer; the reference is the model before training (with LoRA: without adapters)."""
    from trl import DPOConfig, DPOTrainer

    class Trainer(Resumable, DPOTrainer):  # type: ignore[misc]
        pass

    both = settings.sft_weight > 0
    return Trainer(
        model=pair.model,
        ref_model=deepcopy(pair.model) if settings.tuning == "full" else None,
        args=DPOConfig(
            beta=settings.beta,
            loss_type=["sigmoid", "sft"] if both else ["sigmoid"],
            loss_weights=[1.0, settings.sft_weight] if both else None,
            max_length=settings.max_length or None,
            **common(settings, out),
        ),
        train_dataset=preferences(rows, end_of_answer(pair.processor)),
        processing_class=pair.processor,
        peft_config=adapters(settings),
    )
