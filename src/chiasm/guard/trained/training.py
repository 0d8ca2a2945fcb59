"""Fitting one head on features: seconds on a CPU."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chiasm.guard.trained.examples import Example
from chiasm.guard.trained.features import Seen
from chiasm.guard.trained.heads import CARRIERS, Sizes, batch_of, build, logits, rows_of

Array = NDArray[np.float64]

IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a head is trained: AdamW, 5 % warm-up, cosine to a tenth, gradients clipped at 1.

    Attributes:
        steps: Updates.
        batch: Rows of an update.
        rate: Highest learning rate.
        decay: Weight decay.
        beside: Weight of the losses of category and carrier beside that of the risk.
    """

    steps: int = 400
    batch: int = 96
    rate: float = 2e-3
    decay: float = 0.02
    beside: float = 0.2


class Fitted(NamedTuple):
    """A trained head.

    Attributes:
        weights: By name, single precision.
        logits: Of all rows that it was given, shape (n, 1 + carriers + categories).
    """

    weights: Mapping[str, NDArray[np.float32]]
    logits: Array


def fit(
    head: str,
    rows: Sequence[Example],
    seen: Seen,
    train: Sequence[int],
    categories: Sequence[str],
    sizes: Sizes,
    settings: Settings,
    seed: int,
) -> Fitted:
    """Train a head on some rows, and let it judge all.

    Args:
        head: One of `chiasm.guard.trained.heads.HEADS`.
        rows: All rows.
        seen: Their features.
        train: Which are trained on; both safe and unsafe ones are among them.
        categories: Known categories.
        sizes: Of the features.
        settings: See there.
        seed: Of weights and order.
    """
    import torch

    torch.set_num_threads(1)  # as in the lab: for matrices so small more threads are slower
    torch.manual_seed(seed)
    modules = build(head, sizes)
    batch = batch_of(seen, sizes, head)
    goals = _goals(rows, categories)
    optimizer = torch.optim.AdamW(
        modules.parameters(), lr=settings.rate, weight_decay=settings.decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _factor(settings.steps))
    following = _shuffled(train, settings.batch, f"guard/{seed}")
    for _ in range(settings.steps):
        at = following()
        found = logits(head, modules, rows_of(batch, at))
        optimizer.zero_grad(set_to_none=True)
        _loss(found, goals[at], settings.beside).backward()
        torch.nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    modules.eval()
    weights = {name: value.numpy().copy() for name, value in modules.state_dict().items()}
    return Fitted(weights, judged(head, modules, batch, len(rows)))


def loaded(head: str, weights: Mapping[str, NDArray[np.float32]], sizes: Sizes) -> Any:
    """A trained head's modules, ready to judge."""
    import torch

    modules = build(head, sizes)
    modules.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return modules.eval()


def judged(head: str, modules: Any, batch: Any, count: int) -> Array:
    """Logits of all rows of a batch, shape (n, 1 + carriers + categories)."""
    import torch

    with torch.inference_mode():
        found = [
            logits(head, modules, rows_of(batch, range(at, min(at + 256, count))))
            for at in range(0, count, 256)
        ]
    return np.asarray(torch.cat(found).double().numpy())


def _goals(rows: Sequence[Example], categories: Sequence[str]) -> Any:
    """Shape (n, 3): unsafe, number of the carrier, number of the category; -100 for none."""
    import torch

    known = {name: k for k, name in enumerate(categories)}
    return torch.tensor(
        [
            [
                int(row.unsafe),
                CARRIERS.index(row.carrier) if row.unsafe and row.carrier else IGNORED,
                known.get(row.category, IGNORED) if row.unsafe else IGNORED,
            ]
            for row in rows
        ]
    )


def _loss(found: Any, goals: Any, beside: float) -> Any:
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    total = binary_cross_entropy_with_logits(found[:, 0], goals[:, 0].float())
    first = 1
    for column, width in ((1, len(CARRIERS)), (2, found.shape[1] - 1 - len(CARRIERS))):
        goal, given = goals[:, column], found[:, first : first + width]
        first += width
        if width > 1 and bool((goal != IGNORED).any()):
            total = total + beside * cross_entropy(given, goal, ignore_index=IGNORED)
    return total


def _factor(steps: int) -> Any:
    warm = max(1, steps // 20)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        done = (step - warm) / max(1, steps - warm)
        return 0.1 + 0.45 * (1 + math.cos(math.pi * done))

    return factor


def _shuffled(rows: Sequence[int], batch: int, seed: str) -> Callable[[], list[int]]:
    """Batches of row numbers, pass after pass in another order."""
    rng, waiting = Random(seed), list[int]()

    def following() -> list[int]:
        while len(waiting) < batch:
            waiting.extend(rng.sample(list(rows), len(rows)))
        found = waiting[:batch]
        del waiting[:batch]
        return found

    return following
