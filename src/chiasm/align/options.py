"""Settings in the words of transformers' trainers."""

from pathlib import Path
from typing import Any

from chiasm.align.processes import together
from chiasm.align.settings import Settings
from chiasm.errors import ConfigError


def common(settings: Settings, out: Path, rows_each: int = 1) -> dict[str, Any]:
    """What all trainers are told.

    Args:
        settings: Hyper-parameters.
        out: The run's folder.
        rows_each: Rows that one item of the trainer's data stands for.
    """
    import torch

    world = int(together().num_processes)
    items = settings.batch_size // rows_each
    at_once = min(max(settings.rows_at_once // rows_each, 1), max(items // world, 1))
    if items < 1 or items % (at_once * world):
        raise ConfigError(
            f"settings: batch_size {settings.batch_size} can't be shared by {world} devices with "
            f"micro_batch {settings.rows_at_once}"
        )
    cosine = settings.schedule == "cosine"
    return {
        "output_dir": str(out / "checkpoints"),
        "per_device_train_batch_size": at_once,
        "gradient_accumulation_steps": items // (at_once * world),
        "learning_rate": settings.lr,
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps or -1,
        "weight_decay": settings.weight_decay,
        "adam_beta1": settings.betas[0],
        "adam_beta2": settings.betas[1],
        "warmup_steps": settings.warmup,  # a share, where it is below 1
        "lr_scheduler_type": "cosine_with_min_lr" if cosine else settings.schedule,
        "lr_scheduler_kwargs": {"min_lr_rate": settings.min_lr} if cosine else {},
        "max_grad_norm": settings.clip,
        "bf16": settings.precision == "mixed",
        "activation_checkpointing": settings.checkpointing,
        "save_strategy": "steps" if settings.save_steps else "no",
        "save_steps": settings.save_steps or 500,
        "save_total_limit": 2,
        "logging_steps": 1,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_num_workers": 0,
    }
