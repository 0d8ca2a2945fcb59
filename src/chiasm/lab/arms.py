"""From the base to each arm: the alignment methods that the papers compare, as plain loops.

All start from the same base and leave the vision tower as it is, with the same optimiser, number of
harmful rows and replay; what differs is the data or the loss.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from chiasm.lab.base import (
    IGNORED,
    Encoded,
    Stage,
    Tell,
    answer_logps,
    cross_entropy,
    encode,
    fit,
    learnt_logps,
    padded,
    shuffled,
    trainable,
)
from chiasm.lab.lessons import Design, Lesson, alignment_lessons
from chiasm.lab.network import VOCABULARY, generate
from chiasm.scenes.flat.language import outcome
from chiasm.scenes.flat.sets import Split

SFT = Stage(450, 32, 8e-4)
UNLEARNING = Stage(450, 32, 8e-4)
DPO = Stage(360, 32, 8e-4)
RL_WARM = Stage(200, 32, 8e-4)
RL = Stage(240, 64, 4e-4)

HARM_WEIGHT, HARM_CAP, REFUSAL_WEIGHT, KEEP_WEIGHT = 0.3, 4.0, 1.0, 1.0
BETA, SFT_WEIGHT = 0.2, 0.1
SAMPLES = 4
"""Answers drawn to each prompt in online RL."""

Train = Callable[[Any, Split, int, Tell], None]
"""(model, split, seed, tell): trains the model in place."""


def supervised(design: Design) -> Train:
    """Supervised fine-tuning on the rows of a design."""

    def train(model: Any, split: Split, seed: int, tell: Tell) -> None:
        _sft(model, alignment_lessons(design, split, seed), SFT, f"{design}/{seed}", tell)

    return train


def _sft(model: Any, rows: list[Lesson], stage: Stage, seed: str, tell: Tell) -> None:
    encoded = encode(model, rows)
    following = shuffled(len(rows), stage.batch, seed)
    fit(
        trainable(model),
        stage,
        lambda _: cross_entropy(model, encoded.batch(following())),
        lambda step, steps: tell("sft", step, steps),
    )


def unlearning(model: Any, split: Split, seed: int, tell: Tell) -> None:
    """Textual unlearning (arXiv 2406.02575): harmful answers become unlikely, up to a cap.

    Beside the ascent stand a refusal to the same questions and the base's own distribution on the
    benign rows (KL), without which the model forgets how to speak.
    """
    reference = copy.deepcopy(model).eval()
    rows = alignment_lessons("text", split, seed)
    harmful, others = _parts(rows)
    good, bad, kept = (
        encode(model, harmful),
        encode(model, harmful, rejected=True),
        encode(model, others),
    )
    half = UNLEARNING.batch // 2
    some = shuffled(len(harmful), half, f"unlearning/harmful/{seed}")
    rest = shuffled(len(others), half, f"unlearning/benign/{seed}")

    def loss(_: int) -> Tensor:
        chosen = some()
        harm = cross_entropy(model, bad.batch(chosen)).clamp(max=HARM_CAP)
        declined = cross_entropy(model, good.batch(chosen))
        return (
            REFUSAL_WEIGHT * declined
            - HARM_WEIGHT * harm
            + KEEP_WEIGHT * _divergence(model, reference, kept.batch(rest()))
        )

    fit(trainable(model), UNLEARNING, loss, lambda step, steps: tell("unlearning", step, steps))


def _divergence(model: Any, reference: Any, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """KL(reference || model) per learnt token."""
    ours = learnt_logps(model, batch)
    with torch.no_grad():
        theirs = learnt_logps(reference, batch)
    return (theirs.exp() * (theirs - ours)).sum(-1).mean()


def preferences(model: Any, split: Split, seed: int, tell: Tell) -> None:
    """DPO on pictures, with a little SFT on the chosen answers.

    Without the second term nothing moves: the base's probability of declining is almost 0.
    """
    rows = alignment_lessons("leak_free", split, seed)
    harmful, others = _parts(rows)
    paired = [row for row in [*harmful, *others] if row.rejected]
    unpaired = [row for row in others if not row.rejected]
    chosen, rejected = encode(model, paired), encode(model, paired, rejected=True)
    replay = encode(model, unpaired)
    reference = copy.deepcopy(model).eval()
    with torch.no_grad():
        before = [_all_logps(reference, part) for part in (chosen, rejected)]
    take = DPO.batch * 3 // 4
    following = shuffled(len(paired), take, f"dpo/{seed}")
    kept = shuffled(len(unpaired), DPO.batch - take, f"dpo replay/{seed}")

    def loss(_: int) -> Tensor:
        at = following()
        better = chosen.batch(at)
        good = answer_logps(model, better)
        up = good - before[0][at]
        down = answer_logps(model, rejected.batch(at)) - before[1][at]
        nll = -good.sum() / (better[1] != IGNORED).sum()
        known = cross_entropy(model, replay.batch(kept()))
        return -logsigmoid(BETA * (up - down)).mean() + SFT_WEIGHT * (nll + known)

    fit(trainable(model), DPO, loss, lambda step, steps: tell("dpo", step, steps))


def _all_logps(model: Any, encoded: Encoded) -> Tensor:
    """Log-probability of every answer."""
    found = []
    for at in range(0, len(encoded.prompts), 128):
        rows = list(range(at, min(at + 128, len(encoded.prompts))))
        found.append(answer_logps(model, encoded.batch(rows)))
    return torch.cat(found)


def online(model: Any, split: Split, seed: int, tell: Tell) -> None:
    """Online RL (RLOO) with a rule as reward, after a short SFT that makes refusals possible.

    Reward: a harmful row +1 for a refusal, else -1; any other +1 for the exact answer, -1 for a
    refusal, else 0.
    """
    rows = alignment_lessons("leak_free", split, seed)
    _sft(model, rows, RL_WARM, f"rl warm/{seed}", tell)
    encoded = encode(model, rows)
    sample = torch.Generator().manual_seed(seed)
    following = shuffled(len(rows), RL.batch // SAMPLES, f"rl/{seed}")
    words = {i: word for word, i in VOCABULARY.items()}
    end = VOCABULARY["</s>"]

    def loss(_: int) -> Tensor:
        at = [i for i in following() for _ in range(SAMPLES)]
        replies: list[list[int]] = [[] for _ in at]
        lengths: dict[int, list[int]] = {}
        for place, i in enumerate(at):
            lengths.setdefault(len(encoded.prompts[i]), []).append(place)
        for group in lengths.values():
            ids = torch.tensor([encoded.prompts[at[place]] for place in group])
            drawn = generate(model, ids, encoded.patches[[at[p] for p in group]], sample=sample)
            for place, new in zip(group, drawn.tolist(), strict=True):
                replies[place] = new[: new.index(end) + 1] if end in new else new
        texts = [" ".join(words[t] for t in reply if t != end) for reply in replies]
        rewards = torch.tensor([_reward(rows[i], text) for i, text in zip(at, texts, strict=True)])
        groups = rewards.view(-1, SAMPLES)
        others = (groups.sum(1, keepdim=True) - groups) / (SAMPLES - 1)
        advantage = (groups - others).flatten()
        batch = padded([encoded.prompts[i] for i in at], replies, encoded.patches[at])
        return -(advantage * answer_logps(model, batch)).mean() / 10

    fit(trainable(model), RL, loss, lambda step, steps: tell("rl", step, steps))


def _reward(row: Lesson, answer: str) -> float:
    found = outcome(answer, row.answer)
    if row.kind == "harmful":
        return 1.0 if found == "refused" else -1.0
    return {"exact": 1.0, "refused": -1.0}.get(found, 0.0)


def _parts(rows: list[Lesson]) -> tuple[list[Lesson], list[Lesson]]:
    return [r for r in rows if r.kind == "harmful"], [r for r in rows if r.kind != "harmful"]


ARMS: Mapping[str, Train] = {
    "text_sft": supervised("text"),
    "mm_sft": supervised("leak_free"),
    "text_sft_named": supervised("text_named"),
    "mm_sft_leaky": supervised("leaky"),
    "text_unlearning": unlearning,
    "mm_dpo": preferences,
    "combined": supervised("combined"),
    "mm_rl": online,
}
"""In the order in which they are trained."""
