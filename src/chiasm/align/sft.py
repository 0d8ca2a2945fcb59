"""Supervised fine-tuning with TRL: the loss is on the answers alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chiasm.align.checkpoints import Pair, Resumable, adapters
from chiasm.align.datasets import end_of_answer, sft_rows
from chiasm.align.options import common
from chiasm.align.rows import Row
from chiasm.align.settings import Settings


def sft_trainer(pair: Pair, rows: Sequence[Row], settings: Settings, out: Path) -> Any:
    """TRL's trainer for rows with pictures, without, or both."""
    from trl import SFTConfig, SFTTrainer

    class Trainer(Resumable, SFTTrainer):  # type: ignore[misc]
        pass

    return Trainer(
        model=pair.model,
        args=SFTConfig(max_length=settings.max_length or None, **common(settings, out)),
        train_dataset=sft_rows(rows, end_of_answer(pair.processor)),
        processing_class=pair.processor,
        peft_config=adapters(settings),
    )
