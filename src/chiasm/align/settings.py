"""Hyper-parameters of a training run, read from a recipe's YAML."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, get_args

from chiasm.errors import ConfigError

Method = Literal["sft", "dpo", "unlearning", "grpo", "rloo"]
Tuning = Literal["full", "lora"]
Precision = Literal["float32", "mixed", "bfloat16"]
Schedule = Literal["cosine", "linear", "constant"]
Forget = Literal["ascent", "bounded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a model is trained.

    Attributes:
        lr: Peak learning rate.
        epochs: Passes over the rows; not used where `max_steps` is set.
        max_steps: Updates of the weights; 0: as many as `epochs` need.
        batch_size: Rows per update, over all devices. Unlearning takes half of them from the
            harmful and half from the benign rows; grpo and rloo count answers.
        micro_batch: Rows per device and forward pass; 0: `batch_size`.
        weight_decay: Of AdamW.
        betas: Of AdamW.
        warmup: Share of the updates with a rising learning rate.
        schedule: Of the learning rate after that.
        min_lr: Share of `lr` at which the cosine ends.
        clip: Norm of the gradient, at most.
        max_length: Tokens of prompt and answer; longer rows are cut at their end. 0: none is cut.
            Image tokens count, and cutting into them is an error.
        tuning: All weights, or low-rank adapters in the text part.
        lora_rank: Rank of the adapters.
        lora_alpha: Their scale times the rank.
        freeze_vision: Whether the vision tower stays as it is.
        precision: "mixed": float32 weights, bfloat16 computation; "bfloat16": both, half the memory
            of the weights, and small updates are lost in rounding.
        checkpointing: Whether activations are computed twice to save memory.
        save_steps: Updates between two checkpoints to resume from; 0: none.
        seed: Of data order, adapters and sampling.
        beta: Strength of the reference: of DPO, of GRPO and RLOO (KL), of bounded forgetting.
        sft_weight: DPO's loss on the chosen answer, as sigmoid + weight x NLL. Without it a base
            that never refuses stays as it is.
        forget: How harmful answers are unlearned: "ascent" on their loss up to `cap`, or
            "bounded", -log sigmoid(-beta x change of their mean log-probability).
        harm: Weight of forgetting.
        match: Weight of the loss on safe answers to harmful prompts.
        utility: Weight of what keeps the rest: with "ascent" KL(base || model) on benign answers,
            with "bounded" the loss on them.
        cap: Nats per token up to which the loss of harmful answers is raised ("ascent").
        generations: Answers per prompt of grpo and rloo, at least 2.
        max_new_tokens: Of each of these.
        temperature: Of the sampling.
        reward: "rule" (see `chiasm.align.rewards`), or a judge, as provider/model.
    """

    lr: float = 2e-5
    epochs: float = 1.0
    max_steps: int = 0
    batch_size: int = 32
    micro_batch: int = 0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    warmup: float = 0.05
    schedule: Schedule = "cosine"
    min_lr: float = 0.0
    clip: float = 1.0
    max_length: int = 0
    tuning: Tuning = "full"
    lora_rank: int = 16
    lora_alpha: int = 32
    freeze_vision: bool = True
    precision: Precision = "float32"
    checkpointing: bool = False
    save_steps: int = 0
    seed: int = 0
    beta: float = 0.1
    sft_weight: float = 0.0
    forget: Forget = "ascent"
    harm: float = 0.5
    match: float = 1.0
    utility: float = 1.0
    cap: float = 4.0
    generations: int = 4
    max_new_tokens: int = 128
    temperature: float = 1.0
    reward: str = "rule"

    def __post_init__(self) -> None:
        _choices(self)
        for name in ("lr", "batch_size", "clip", "lora_rank", "cap", "max_new_tokens"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"settings: {name} = {getattr(self, name)}: more than 0 expected")
        for name in ("warmup", "min_lr"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"settings: {name} = {getattr(self, name)}: between 0 and 1")
        if self.batch_size % self.rows_at_once:
            raise ConfigError(
                f"settings: batch_size {self.batch_size} is no multiple of micro_batch "
                f"{self.micro_batch}"
            )
        if self.generations < 2:
            raise ConfigError(
                "settings: generations: at least 2, they are compared with each other"
            )

    @property
    def rows_at_once(self) -> int:
        """Rows per device and forward pass."""
        return self.micro_batch or self.batch_size

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def changed(self, values: Mapping[str, Any]) -> "Settings":
        """A copy with other values; see `read_settings`."""
        return replace(self, **_typed(values))


def _choices(settings: Settings) -> None:
    for name, kind in (
        ("tuning", Tuning),
        ("precision", Precision),
        ("schedule", Schedule),
        ("forget", Forget),
    ):
        if getattr(settings, name) not in get_args(kind):
            known = ", ".join(get_args(kind))
            raise ConfigError(f"settings: {name} = {getattr(settings, name)!r}: one of {known}")


def read_settings(values: Mapping[str, Any]) -> Settings:
    """Settings from plain data.

    Raises:
        ConfigError: A name is unknown, or a value is of another kind or out of its range.
    """
    return Settings(**_typed(values))


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {f.name: getattr(Settings(), f.name) for f in fields(Settings)}
    typed: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
            raise ConfigError(f"settings: there is no {name!r}{hint}")
        typed[name] = _as(name, value, known[name])
    return typed


def _as(name: str, value: Any, like: Any) -> Any:
    """The value in the default's type; YAML reads 2e-5, without a point, as text."""
    try:
        if isinstance(like, bool) or isinstance(value, bool):
            if type(value) is not type(like):
                raise ValueError
            return value
        if isinstance(like, tuple):
            return tuple(float(v) for v in value)
        if isinstance(like, int) and float(value) != int(value):
            raise ValueError
        return type(like)(value)
    except (TypeError, ValueError):
        kind = type(like).__name__
        raise ConfigError(f"settings: {name} = {value!r}: expected {kind}") from None
