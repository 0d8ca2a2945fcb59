"""A fusion adapter and a safety head beside a frozen model.

The words of the question (the frozen language model's states, without the picture) attend to the
picture's patches, the patches attend to the words, and a head says whether answering would be
unsafe. Above one half the model's answer is replaced by a refusal; else it stands as it is.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from chiasm.lab.base import Stage, Tell, fit, shuffled
from chiasm.lab.lessons import Lesson, alignment_lessons
from chiasm.lab.network import TOKENS, VOCABULARY, WIDTH, features
from chiasm.scenes.flat.sets import Split
from chiasm.scenes.flat.world import Picture

NARROW, HEADS = 64, 4
TRAINING = Stage(400, 96, 2e-3, 0.02)


class Fusion(nn.Module):  # type: ignore[misc]
    """Two cross-attentions, and a head on what both give; 70 thousand parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Linear(WIDTH, NARROW)
        self.patches = nn.Linear(WIDTH, NARROW)
        self.looking = nn.MultiheadAttention(NARROW, HEADS, batch_first=True)
        self.reading = nn.MultiheadAttention(NARROW, HEADS, batch_first=True)
        self.absent = nn.Parameter(torch.zeros(1, TOKENS, NARROW))
        self.head = nn.Sequential(
            nn.LayerNorm(2 * NARROW),
            nn.Linear(2 * NARROW, NARROW),
            nn.GELU(),
            nn.Dropout(0.1),
            nn.Linear(NARROW, 1),
        )

    def forward(self, words: Tensor, padding: Tensor, patches: Tensor, shown: Tensor) -> Tensor:
        """The logit of "unsafe", shape (n,).

        Args:
            words: States of the question, shape (n, length, 128).
            padding: True where there is no word, shape (n, length).
            patches: Of the vision tower, shape (n, 16, 128).
            shown: False where there is no picture, shape (n,).
        """
        text = self.words(words)
        image = torch.where(shown[:, None, None], self.patches(patches), self.absent)
        seen = text + self.looking(text, image, image, need_weights=False)[0]
        read = image + self.reading(image, seen, seen, padding, need_weights=False)[0]
        kept = (~padding).unsqueeze(-1).float()
        pooled = (seen * kept).sum(1) / kept.sum(1).clamp(min=1)
        return self.head(torch.cat([pooled, read.mean(1)], -1)).squeeze(-1)


class Seen:
    """Questions and pictures as the frozen model has them."""

    def __init__(self, model: Any, queries: Sequence[str], pictures: Sequence[Picture | None]):
        self.shown = torch.tensor([p is not None for p in pictures])
        self.patches = features(model, pictures)
        self.words, self.padding = _states(model, queries)

    def rows(self, at: list[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The arguments of `Fusion.forward` for some rows."""
        return self.words[at], self.padding[at], self.patches[at], self.shown[at]


@torch.no_grad()  # type: ignore[untyped-decorator]
def _states(model: Any, queries: Sequence[str]) -> tuple[Tensor, Tensor]:
    ids = [[VOCABULARY[w] for w in ("<s>", "user", ":")] + _ids(q) for q in queries]
    longest = max(map(len, ids))
    given = torch.full((len(ids), longest), VOCABULARY["<pad>"])
    for i, row in enumerate(ids):
        given[i, : len(row)] = torch.tensor(row)
    padding = torch.arange(longest) >= torch.tensor([len(row) for row in ids]).unsqueeze(1)
    language = model.model.language_model
    parts = [
        language(input_ids=given[at : at + 256], use_cache=False).last_hidden_state
        for at in range(0, len(given), 256)
    ]
    return torch.cat(parts), padding


def _ids(query: str) -> list[int]:
    return [VOCABULARY.get(word, VOCABULARY["<unk>"]) for word in query.split()]


def train_fusion(model: Any, split: Split, seed: int, tell: Tell) -> Fusion:
    """A head for a frozen model, from the rows of the leak-free design."""
    torch.manual_seed(seed)
    fusion = Fusion()
    rows: list[Lesson] = alignment_lessons("leak_free", split, seed)
    seen = Seen(model, [r.query for r in rows], [r.picture for r in rows])
    unsafe = torch.tensor([float(r.kind == "harmful") for r in rows])
    following = shuffled(len(rows), TRAINING.batch, f"fusion/{seed}")

    def loss(_: int) -> Tensor:
        at = following()
        found = fusion(*seen.rows(at))
        return nn.functional.binary_cross_entropy_with_logits(found, unsafe[at])

    fit(
        list(fusion.parameters()),
        TRAINING,
        loss,
        lambda step, steps: tell("fusion", step, steps),
    )
    fusion.eval()
    return fusion


@torch.no_grad()  # type: ignore[untyped-decorator]
def holds_back(
    fusion: Fusion, model: Any, queries: Sequence[str], pictures: Sequence[Picture | None]
) -> list[bool]:
    """Whether each answer is to be replaced by a refusal."""
    seen = Seen(model, queries, pictures)
    unsafe = fusion(*seen.rows(list(range(len(queries))))) > 0
    return [bool(held) for held in unsafe.tolist()]
