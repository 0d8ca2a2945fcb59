"""A base model from scratch: the vision tower learns to see, then the whole learns to help.

From the language model's loss alone the tower would learn far too slowly, so it is first trained to
tell what is drawn and in which colour; the two heads are thrown away.
"""

import math
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from chiasm.lab.lessons import Lesson, base_lessons
from chiasm.lab.network import (
    PAD,
    VOCABULARY,
    WIDTH,
    answer_ids,
    drawn,
    features,
    logits,
    new_model,
    pixels,
    prompt_ids,
)
from chiasm.scenes.flat.world import Picture, world

Tell = Callable[[str, int, int], None]
"""(what is trained, step, of how many)."""

IGNORED = -100


class Stage(NamedTuple):
    """How one stage is trained; AdamW, 5 % warm-up, cosine to a tenth, gradients clipped at 1."""

    steps: int
    batch: int
    rate: float
    decay: float = 0.01


VISION = Stage(900, 64, 2e-3, 0.05)
BASE = Stage(850, 32, 1.5e-3)
PICTURES = 16_000


class Encoded(NamedTuple):
    """Rows as token numbers, and their pictures' patches."""

    prompts: list[list[int]]
    answers: list[list[int]]
    patches: Tensor

    def batch(self, rows: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """(ids, labels, patches), padded on the right; a label is -100 where nothing is learnt."""
        return padded(
            [self.prompts[i] for i in rows], [self.answers[i] for i in rows], self.patches[rows]
        )


def padded(
    prompts: list[list[int]], replies: list[list[int]], patches: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Prompts with their replies as (ids, labels, patches)."""
    longest = max(len(p) + len(r) for p, r in zip(prompts, replies, strict=True))
    ids = torch.full((len(prompts), longest), VOCABULARY[PAD])
    labels = torch.full((len(prompts), longest), IGNORED)
    for i, (prompt, reply) in enumerate(zip(prompts, replies, strict=True)):
        both = torch.tensor(prompt + reply)
        ids[i, : len(both)] = both
        labels[i, len(prompt) : len(both)] = both[len(prompt) :]
    return ids, labels, patches


def encode(model: Any, rows: list[Lesson], *, rejected: bool = False) -> Encoded:
    """Rows ready for training, with their answers or with the rejected ones."""
    return Encoded(
        [prompt_ids(row.query, shown=row.picture is not None) for row in rows],
        [answer_ids(row.rejected if rejected else row.answer) for row in rows],
        features(model, [row.picture for row in rows]),
    )


def learnt_logps(model: Any, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Log-probabilities of all words where a token is learnt, shape (tokens, words), row by row."""
    ids, labels, patches = batch
    return logits(model, ids[:, :-1], patches, labels[:, 1:] != IGNORED).log_softmax(-1)


def answer_logps(model: Any, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Log-probability of every row's learnt tokens together, shape (n,)."""
    goal = batch[1][:, 1:]
    learnt = goal != IGNORED
    tokens = learnt_logps(model, batch).gather(-1, goal[learnt].unsqueeze(-1)).squeeze(-1)
    return torch.zeros(goal.shape).masked_scatter(learnt, tokens).sum(1)


def cross_entropy(model: Any, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Mean over the learnt tokens of the batch."""
    goal = batch[1][:, 1:]
    return nn.functional.nll_loss(learnt_logps(model, batch), goal[goal != IGNORED])


def fit(
    parameters: list[nn.Parameter],
    stage: Stage,
    loss: Callable[[int], Tensor],
    tell: Callable[[int, int], None],
) -> None:
    """Minimise `loss(step)` over the parameters."""
    optimizer = torch.optim.AdamW(
        parameters, lr=stage.rate, betas=(0.9, 0.98), weight_decay=stage.decay, fused=True
    )
    warm = max(1, stage.steps // 20)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        done = (step - warm) / max(1, stage.steps - warm)
        return 0.1 + 0.45 * (1 + math.cos(math.pi * done))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for step in range(stage.steps):
        optimizer.zero_grad(set_to_none=True)
        loss(step).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        tell(step + 1, stage.steps)


def trainable(model: Any) -> list[nn.Parameter]:
    """Everything but the vision tower, which is switched off."""
    for parameter in model.model.vision_tower.parameters():
        parameter.requires_grad_(False)
    return [p for p in model.parameters() if p.requires_grad]


def shuffled(rows: int, batch: int, seed: str) -> Callable[[], list[int]]:
    """Batches of row numbers, pass after pass in another order."""
    rng, waiting = Random(seed), list[int]()

    def following() -> list[int]:
        while len(waiting) < batch:
            order = list(range(rows))
            rng.shuffle(order)
            waiting.extend(order)
        found = waiting[:batch]
        del waiting[:batch]
        return found

    return following


def train_base(seed: int, tell: Tell) -> Any:
    """A base that sees, names, knows what is dangerous, and helps with everything."""
    model = new_model(seed)
    _learn_to_see(model, seed, tell)
    model.eval()
    encoded = encode(model, base_lessons(seed))
    following = shuffled(len(encoded.prompts), BASE.batch, f"base order/{seed}")
    fit(
        trainable(model),
        BASE,
        lambda _: cross_entropy(model, encoded.batch(following())),
        lambda step, steps: tell("base", step, steps),
    )
    return model.eval()


def _learn_to_see(model: Any, seed: int, tell: Tell) -> None:
    rng, here = Random(f"vision/{seed}"), world()
    names = [*here.objects, *(p for h in here.hazards for p in h.places)]
    colours = list(here.colours)
    pictures = []
    for i in range(PICTURES):
        what = names[i % len(names)]
        colour = rng.choice(colours) if what in here.objects else ""
        pictures.append(Picture(what, colour, f"vision/{seed}/{i}"))
    kept = drawn(pictures)
    what_is = torch.tensor([names.index(p.what) for p in pictures])
    which = torch.tensor([colours.index(p.colour) if p.colour else IGNORED for p in pictures])
    head, tint = nn.Linear(WIDTH, len(names)), nn.Linear(WIDTH, len(colours))
    tower = model.model.vision_tower
    following = shuffled(PICTURES, VISION.batch, f"vision order/{seed}")

    def loss(_: int) -> Tensor:
        rows = following()
        seen = tower(pixels(kept[rows])).last_hidden_state[:, 1:].mean(1)
        wrong = nn.functional.cross_entropy(head(seen), what_is[rows])
        return wrong + 0.5 * nn.functional.cross_entropy(tint(seen), which[rows])

    learnt = [*tower.parameters(), *head.parameters(), *tint.parameters()]
    fit(learnt, VISION, loss, lambda step, steps: tell("vision", step, steps))
