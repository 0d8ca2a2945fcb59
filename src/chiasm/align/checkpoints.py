"""A model for training: weights, processor, what is frozen, adapters; and how it is saved."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.align.settings import Settings
from chiasm.errors import ConfigError
from chiasm.models.local.options import Options

VISION = ("vision_tower", "vision_model", "visual")
"""Names of the vision part in transformers' classes; the projector is not one of it."""

ADAPTED = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
"""What gets adapters: the linear layers of the text part."""

CHECKPOINT = re.compile(r"checkpoint-(\d+)")


class Pair(NamedTuple):
    """A model and what turns messages and pictures into its inputs."""

    model: Any
    processor: Any


def load(folder: str, settings: Settings) -> Pair:
    """Load a checkpoint to be trained; only safetensors, and never code from the checkpoint.

    Raises:
        ConfigError: The weights don't fit, there is no vision part to freeze, or no chat template.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    from chiasm.models.local.processors import load_processor

    processor = load_processor(Options(model=folder))
    model, report = AutoModelForImageTextToText.from_pretrained(
        folder,
        dtype=torch.bfloat16 if settings.precision == "bfloat16" else torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        output_loading_info=True,
    )
    if wrong := sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]])):
        raise ConfigError(
            f"{folder}: {len(wrong)} weights are missing or of another shape: {wrong[0]}"
        )
    if settings.freeze_vision:
        frozen = [p for name, p in model.named_parameters() if set(name.split(".")) & {*VISION}]
        if not frozen:
            raise ConfigError(f"{folder}: freeze_vision: found no part named {' or '.join(VISION)}")
        for parameter in frozen:
            parameter.requires_grad_(False)
    return Pair(model, processor)


def adapters(settings: Settings) -> Any:
    """Peft's configuration; None where all weights are trained."""
    if settings.tuning == "full":
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=0.0,  # a resumed run has to draw the same
        target_modules=ADAPTED,
        task_type="CAUSAL_LM",
    )


def save(trainer: Any, pair: Pair, base: str, settings: Settings, folder: Path) -> None:
    """Write the trained model so that it loads like any other; adapters also by themselves.

    The folder appears when it is complete. All processes have to call this.

    Args:
        trainer: What has trained.
        pair: What it was given.
        base: What it began with.
        settings: Of the training.
        folder: Where to.
    """
    part = folder.with_name(folder.name + ".part")
    if settings.tuning == "lora":
        adapter = folder.with_name("adapter")
        trainer.save_model(str(adapter))
        if trainer.accelerator.is_main_process:
            _merge(load(base, settings).model, adapter).save_pretrained(part)
    else:
        trainer.save_model(str(part))
    if trainer.accelerator.is_main_process:
        pair.processor.save_pretrained(part)
        for stale in ("training_args.bin",):  # a pickle; nobody needs it
            (part / stale).unlink(missing_ok=True)
        for file in part.rglob("*"):
            file.chmod(0o644 if file.is_file() else 0o755)
        part.replace(folder)
    trainer.accelerator.wait_for_everyone()


def _merge(model: Any, adapter: Path) -> Any:
    """The base with an adapter merged in.

    Both come from the disk: the weights of the trainer may be shards of several devices, which one
    process can't put together.
    """
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()


class Resumable:
    """Gives a trainer back the weights of a checkpoint.

    transformers 5 writes many vision-language models under the names of older releases, which its
    trainer does not find again: it warns, and goes on from the base with the optimiser of the
    checkpoint. `from_pretrained` knows both names.
    """

    def _load_from_checkpoint(self, folder: str, model: Any = None) -> None:
        from transformers import PreTrainedModel

        trainer: Any = self
        trained = model if model is not None else trainer.model
        shards = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
        if shards or not isinstance(trained, PreTrainedModel):  # adapters have one name
            super()._load_from_checkpoint(folder, model)  # type: ignore[misc]
            return
        saved = type(trained).from_pretrained(folder, dtype=trained.dtype, use_safetensors=True)
        trained.load_state_dict(saved.state_dict())


def last_checkpoint(folder: Path) -> str:
    """The newest complete checkpoint of a killed run; empty where there is none.

    The trainer's state is written last, so that a checkpoint without it was cut short.
    """
    found = []
    for path in folder.glob("checkpoint-*"):
        match = CHECKPOINT.fullmatch(path.name)
        if match and _readable(path / "trainer_state.json"):
            found.append((int(match[1]), str(path)))
    return max(found)[1] if found else ""


def _readable(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_text("utf-8")), dict)
    except (OSError, ValueError):
        return False
