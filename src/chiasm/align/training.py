"""Training: one function for all methods, which continues where it was killed.

Layout of the output folder::

    training.json      method, settings, digest of the rows, versions: what a resumed run must equal
    checkpoints/       to resume from; gone when the run is complete
    log.jsonl          what the trainer reported, one line a step
    adapter/           with LoRA
    model/             the trained model (with LoRA merged); appears when it is complete
"""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from chiasm.align.rewards import Reward
from chiasm.align.rows import Row, digest
from chiasm.align.settings import Method, Settings
from chiasm.errors import ConfigError, DataError
from chiasm.models.local.environment import require

Told = Callable[[int, int, dict[str, float]], None]
"""(updates done, updates in all, what the trainer reports): called after every update."""

EXTRA = "pip install 'chiasm[train]'"
PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")


def train(
    method: str,
    model_folder: str | Path,
    rows: Sequence[Row],
    out_folder: str | Path,
    settings: Settings,
    *,
    reward: Reward | None = None,
    tell: Told | None = None,
) -> Path:
    """Train a model; the same call continues a run that was killed and returns a finished one's.

    Args:
        method: One of `chiasm.align.settings.Method`.
        model_folder: A vision-language model in transformers' layout, or its name on the hub.
        rows: Training rows, in the order that `settings.seed` shuffles.
        out_folder: See the top of this module.
        settings: Hyper-parameters.
        reward: Of grpo and rloo: (row, answer) -> reward, None where it can't be told; else
            what `settings.reward` names.
        tell: Called after every update.

    Returns:
        The folder of the trained model.

    Raises:
        ConfigError: A package is missing, the method is unknown, or the folder holds another run.
        DataError: The rows don't suit the method.
    """
    require(PACKAGES, get=EXTRA)
    check_rows(method, rows)
    out = Path(out_folder)
    _claim(out, _facts(method, model_folder, rows, settings))
    if (out / "model").is_dir():
        return out / "model"
    _quiet()
    from transformers.trainer_utils import set_seed

    from chiasm.align import checkpoints

    set_seed(settings.seed)
    pair = checkpoints.load(str(model_folder), settings)
    trainer = _trainer(method, pair, rows, settings, out, reward)
    _silence(trainer)
    trainer.add_callback(_reporter(out / "log.jsonl", tell))
    trainer.train(resume_from_checkpoint=checkpoints.last_checkpoint(out / "checkpoints") or None)
    checkpoints.save(trainer, pair, str(model_folder), settings, out / "model")
    if trainer.accelerator.is_main_process:
        shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return out / "model"


def _quiet() -> None:
    """Have the libraries draw no bars of their own, and TRL report no use to the hub.

    What is aligned on which machine is nobody else's business; whoever wants to be counted sets
    ``HF_HUB_DISABLE_TELEMETRY=0``.
    """
    from huggingface_hub import constants
    from transformers.utils import logging

    if "HF_HUB_DISABLE_TELEMETRY" not in os.environ:
        constants.HF_HUB_DISABLE_TELEMETRY = True
    logging.disable_progress_bar()


def _silence(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def check_rows(method: str, rows: Sequence[Row]) -> None:
    """Refuse rows that the method can't use, with the first of them.

    Raises:
        ConfigError: There is no such method.
        DataError: There are no rows, or one lacks an answer or its counterpart.
    """
    if method not in get_args(Method):
        raise ConfigError(f"method {method!r}: one of {', '.join(get_args(Method))}")
    if not rows:
        raise DataError(f"{method}: there are no rows to train on")
    for row in rows:
        if method in ("sft", "dpo", "unlearning") and not row.chosen.strip():
            raise DataError(f"{method} needs an answer", row=row.id, field="chosen")
        both = method == "dpo" or (method == "unlearning" and row.kind == "harmful")
        if both and not row.rejected.strip():
            raise DataError(f"{method} needs an answer to avoid", row=row.id, field="rejected")
    if method == "unlearning" and len({row.kind == "harmful" for row in rows}) < 2:
        raise DataError("unlearning needs harmful rows and others")


def _trainer(
    method: str,
    pair: Any,
    rows: Sequence[Row],
    settings: Settings,
    out: Path,
    reward: Reward | None,
) -> Any:
    if method == "sft":
        from chiasm.align.sft import sft_trainer

        return sft_trainer(pair, rows, settings, out)
    if method == "dpo":
        from chiasm.align.dpo import dpo_trainer

        return dpo_trainer(pair, rows, settings, out)
    if method == "unlearning":
        from chiasm.align.unlearning import unlearning_trainer

        return unlearning_trainer(pair, rows, settings, out)
    from chiasm.align.rl import rl_trainer

    return rl_trainer(method, pair, rows, settings, out, reward)


def _facts(
    method: str, model: str | Path, rows: Sequence[Row], settings: Settings
) -> dict[str, Any]:
    return {
        "method": method,
        "model": str(model),
        "rows": len(rows),
        "rows_digest": digest(rows),
        "settings": json.loads(json.dumps(settings.to_json())),
        "versions": {name: version(name) for name in PACKAGES},
    }


def _claim(out: Path, facts: dict[str, Any]) -> None:
    """Write what this run is, or find that the folder holds the same run."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "training.json"
    if not file.is_file():
        part = file.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(facts, indent=1), "utf-8")
        part.replace(file)
        return
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError:
        found = {}
    # Another version of a library may give other weights, but that is no reason to lose a run.
    differ = [k for k in facts if k != "versions" and found.get(k) != facts[k]]
    if differ:
        raise ConfigError(
            f"{out} holds another training run: {', '.join(differ)} differ; name another folder, "
            "or remove this one"
        )


def _reporter(log: Path, tell: Told | None) -> Any:
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):  # type: ignore[misc]
        """Writes what is reported, and tells whoever waits."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if state.is_world_process_zero:
                line = {"step": state.global_step, **(logs or {})}
                with log.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(line) + "\n")

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if tell and state.is_world_process_zero:
                last = state.log_history[-1] if state.log_history else {}
                numbers = {k: float(v) for k, v in last.items() if isinstance(v, int | float)}
                tell(state.global_step, state.max_steps, numbers)

    return Reporter()
