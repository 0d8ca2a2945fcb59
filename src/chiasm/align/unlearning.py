"""Textual unlearning: forget harmful answers, learn safe ones, keep the rest.

Two losses, with weights from the settings:

- "ascent" (arXiv 2406.02575): -harm x min(NLL(harmful answer), cap) + match x NLL(safe answer)
  + utility x KL(base || model) on benign answers. Without the cap the ascent has no end, and
  utility goes with it.
- "bounded" (Safe Unlearning, arXiv 2407.02855): harm x mean of -log sigmoid(-beta x d), where d is
  the change against the base of a harmful answer's mean log-probability per token, + match x
  NLL(safe answer) + utility x NLL(benign answer).

NLL and KL are means over the answers' tokens, in nats.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.align.checkpoints import Pair, Resumable, adapters
from chiasm.align.datasets import end_of_answer, preferences, sft_rows
from chiasm.align.options import common
from chiasm.align.rows import Row
from chiasm.align.settings import Settings

PARTS = ("harmful", "safe", "benign")


class Duos:
    """A harmful row with its two answers, beside a benign one; the shorter list is repeated."""

    def __init__(self, rows: Sequence[Row], end: str) -> None:
        self.harmful = preferences([r for r in rows if r.kind == "harmful"], end)
        self.benign = sft_rows([r for r in rows if r.kind != "harmful"], end)

    def __len__(self) -> int:
        return max(len(self.harmful), len(self.benign))

    def __getitem__(self, index: int) -> dict[str, Any]:
        row = self.harmful[index % len(self.harmful)]
        shown = {"images": row["images"], "prompt": row["prompt"]}
        return {
            "harmful": {**shown, "completion": row["rejected"]},
            "safe": {**shown, "completion": row["chosen"]},
            "benign": self.benign[index % len(self.benign)],
        }


class Answers(NamedTuple):
    """Log-probabilities at the answers' tokens of a batch, as tensors.

    Attributes:
        all: (rows, length - 1, vocabulary) of every next token.
        mask: (rows, length - 1) 1.0 at the answers' tokens, else 0.0.
        mean: Mean over all answers' tokens of the batch.
        by_row: (rows,) mean per row.
    """

    all: Any
    mask: Any
    mean: Any
    by_row: Any


def answers(model: Any, batch: Mapping[str, Any]) -> Answers:
    """One forward pass over prompts with answers, whose tokens ``labels`` marks."""
    from torch.nn.functional import log_softmax

    inputs = {k: v for k, v in batch.items() if k != "labels"}
    targets = batch["labels"][:, 1:]
    every = log_softmax(model(**inputs, use_cache=False).logits[:, :-1].float(), dim=-1)
    mask = (targets != -100).float()
    said = every.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1) * mask
    return Answers(every, mask, said.sum() / mask.sum(), said.sum(1) / mask.sum(1))


def losses(
    model: Any, base: Any, batch: Mapping[str, Any], settings: Settings
) -> tuple[Any, dict[str, Any]]:
    """The loss of a batch of duos, and its parts before they are weighed.

    Args:
        model: Being trained.
        base: (batch of prompts with answers) -> `Answers` of the model before training.
        batch: By `PARTS`: inputs and labels.
        settings: Kind of forgetting, weights, cap, beta.
    """
    import torch
    from torch.nn.functional import logsigmoid

    match = -answers(model, batch["safe"]).mean
    harmful = answers(model, batch["harmful"])
    now = answers(model, batch["benign"])
    if settings.forget == "ascent":
        forget = -torch.clamp(-harmful.mean, max=settings.cap)
        before = base(batch["benign"]).all
        apart = (before.exp() * (before - now.all)).sum(-1)
        keep = (apart * now.mask).sum() / now.mask.sum()
    else:
        change = harmful.by_row - base(batch["harmful"]).by_row
        forget = -logsigmoid(-settings.beta * change).mean()
        keep = -now.mean
    loss = settings.harm * forget + settings.match * match + settings.utility * keep
    parts = {"forget": forget, "match": match, "keep": keep, "nll_harmful": -harmful.mean}
    return loss, parts


def unlearning_trainer(pair: Pair, rows: Sequence[Row], settings: Settings, out: Path) -> Any:
    """The trainer, for rows with pictures or without.

    The base is a frozen copy; with adapters it is the model without them.
    """
    from transformers import TrainingArguments
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    collate = DataCollatorForVisionLanguageModeling(
        processor=pair.processor, max_length=settings.max_length or None, completion_only_loss=True
    )
    model, config = pair.model, adapters(settings)
    base = None if config else deepcopy(model).requires_grad_(False).eval()
    if config:
        from peft import get_peft_model

        model = get_peft_model(model, config)
    return _trainer()(
        model=model,
        args=TrainingArguments(remove_unused_columns=False, **common(settings, out, rows_each=2)),
        train_dataset=Duos(rows, end_of_answer(pair.processor)),
        data_collator=lambda duos: {part: collate([d[part] for d in duos]) for part in PARTS},
        settings=settings,
        base=base,
    )


def _trainer() -> Any:
    import torch
    from transformers import Trainer

    class UnlearningTrainer(Resumable, Trainer):  # type: ignore[misc]
        """transformers' trainer with `losses`, whose parts are reported."""

        def __init__(self, *args: Any, settings: Settings, base: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.settings = settings
            self.frozen = base
            if base is not None:
                self.frozen = self.accelerator.prepare_model(base, evaluation_mode=True)

        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            """The loss of a batch."""

            def base(batch: Mapping[str, Any]) -> Answers:
                own = self.frozen if self.frozen is not None else model
                off: AbstractContextManager[Any] = nullcontext()
                if self.frozen is None:
                    off = self.accelerator.unwrap_model(model).disable_adapter()
                with torch.no_grad(), off:
                    return answers(own, batch)

            loss, parts = losses(model, base, inputs, self.settings)
            self.log({name: value.item() for name, value in parts.items()})
            return loss

    return UnlearningTrainer
