"""The head that fuses, and its ablations, on features of frozen towers.

text      reads the query
image     looks at the picture
late      both, each with its own logits, which are added
concat    both, each by itself; their vectors stand side by side before the decision
cross     words attend to patches and patches to words before the decision
caption   `text` on the query with the picture's caption behind it: a text guard with a captioner

All have the same layers: states (and the tower's own vector as one more) are narrowed, pass one
attention with a residual, are averaged, and a perceptron gives logits of risk, carrier and
category. They differ in what is attended to and where the two are joined. `text`, `image` and
`late` can't weigh a word by what is in the picture.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from chiasm.guard.trained.features import Seen
from chiasm.guard.trained.towers import Feature

HEADS = ("text", "image", "late", "concat", "cross", "caption")
FUSING = ("concat", "cross")
WORDS = {
    "text": "text only",
    "image": "image only",
    "late": "late fusion",
    "concat": "concatenation",
    "cross": "cross-attention",
    "caption": "caption + text guard",
}
CARRIERS = ("text", "image", "pair")
NARROW, ATTENTION, DROPOUT = 64, 4, 0.1


class Sizes(NamedTuple):
    """Widths of the features, and the number of categories.

    Attributes:
        words: Of the states of a text.
        text: Of its vector.
        patches: Of the states of a picture.
        image: Of its vector.
        categories: How many.
    """

    words: int
    text: int
    patches: int
    image: int
    categories: int

    @property
    def out(self) -> int:
        """Logits: risk, carriers, categories."""
        return 1 + len(CARRIERS) + self.categories


def sizes_of(seen: Seen, categories: int) -> Sizes:
    """Of features; where no row has a picture, the widths of pictures are 1."""
    text = seen.texts[0]
    image = next((row[0] for row in seen.images if row), None)
    patches, vector = (image.tokens.shape[1], len(image.pooled)) if image else (1, 1)
    return Sizes(text.tokens.shape[1], len(text.pooled), patches, vector, categories)


def build(head: str, sizes: Sizes) -> Any:
    """The modules of a head, with random weights."""
    import torch
    from torch import nn

    def narrow(width: int) -> Any:
        return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, NARROW))

    def decide(width: int) -> Any:
        return nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, NARROW),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(NARROW, sizes.out),
        )

    made: dict[str, Any] = {}
    if head != "image":
        made["words"], made["text"] = narrow(sizes.words), narrow(sizes.text)
        made["reading"] = nn.MultiheadAttention(NARROW, ATTENTION, batch_first=True)
    if head not in ("text", "caption"):
        made["patches"], made["image"] = narrow(sizes.patches), narrow(sizes.image)
        made["looking"] = nn.MultiheadAttention(NARROW, ATTENTION, batch_first=True)
    if head == "late":
        made["decide_text"], made["decide_image"] = decide(NARROW), decide(NARROW)
    else:
        made["decide"] = decide(2 * NARROW if head in FUSING else NARROW)
    modules = nn.ModuleDict(made)
    if "image" in made:
        # What stands in place of a picture where there is none.
        modules.register_parameter("absent", nn.Parameter(torch.zeros(NARROW)))
    return modules


def logits(head: str, modules: Any, batch: "Batch") -> Any:
    """Shape (n, 1 + carriers + categories)."""
    import torch

    text, image = _read(modules, batch), _looked_at(modules, batch)
    if head == "cross":
        read = _attended(modules["reading"], text, image)
        seen = _attended(modules["looking"], image, text)
    else:
        read = text and _attended(modules["reading"], text, text)
        seen = image and _attended(modules["looking"], image, image)
    found = [_mean(*states) for states in (read, seen) if states]
    if head == "late":
        return modules["decide_text"](found[0]) + modules["decide_image"](found[1])
    return modules["decide"](torch.cat(found, -1))


def _read(modules: Any, batch: "Batch") -> Any:
    """States of the words, shape (n, 1 + length, 64), and which are none; None without words."""
    import torch

    if "words" not in modules:
        return None
    first = modules["text"](batch.text).unsqueeze(1)
    states = torch.cat([first, modules["words"](batch.words)], 1)
    return states, _one_more(batch.no_word)


def _looked_at(modules: Any, batch: "Batch") -> Any:
    import torch

    if "patches" not in modules:
        return None
    shown = batch.shown
    first = torch.where(shown[:, None], modules["image"](batch.image), modules.absent)
    states = torch.cat([first.unsqueeze(1), modules["patches"](batch.patches)], 1)
    return states, _one_more(batch.no_patch)


def _one_more(padding: Any) -> Any:
    """Padding, with the vector before it, which is always there."""
    import torch

    return torch.cat([torch.zeros(len(padding), 1, dtype=torch.bool), padding], 1)


def _attended(attention: Any, one: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
    states, padding = one
    found = attention(states, other[0], other[0], other[1], need_weights=False)[0]
    return states + found, padding


def _mean(states: Any, padding: Any) -> Any:
    kept = (~padding).unsqueeze(-1).float()
    return (states * kept).sum(1) / kept.sum(1)


class Batch(NamedTuple):
    """Features of some rows as tensors.

    Attributes:
        text: Shape (n, width); of the query, or of query and caption.
        words: Shape (n, length, width); likewise.
        no_word: True for padding, shape (n, length).
        image: Shape (n, width); the mean where there are several pictures.
        patches: Shape (n, length, width); of all pictures of a row.
        no_patch: True for padding.
        shown: False where there is no picture, shape (n,).
    """

    text: Any
    words: Any
    no_word: Any
    image: Any
    patches: Any
    no_patch: Any
    shown: Any


def batch_of(seen: Seen, sizes: Sizes, head: str) -> Batch:
    """All rows as the head sees them; states in half precision."""
    import numpy as np
    import torch

    read = seen.described if head == "caption" else seen.texts
    words, no_word = _padded([[feature] for feature in read], sizes.words)
    patches, no_patch = _padded(seen.images, sizes.patches)
    text = np.stack([feature.pooled for feature in read]).astype(np.float32)
    image = np.zeros((len(read), sizes.image), np.float32)
    for k, row in enumerate(seen.images):
        if row:
            image[k] = np.mean([feature.pooled for feature in row], 0, dtype=np.float32)
    shown = torch.tensor([bool(row) for row in seen.images])
    vectors = torch.from_numpy(text), torch.from_numpy(image)
    return Batch(vectors[0], words, no_word, vectors[1], patches, no_patch, shown)


def rows_of(batch: Batch, at: Sequence[int]) -> Batch:
    """Some of the rows, in single precision."""
    index = list(at)
    return Batch(*(t[index].float() if t.is_floating_point() else t[index] for t in batch))


def _padded(rows: Sequence[Sequence[Feature]], width: int) -> tuple[Any, Any]:
    """States of each row one behind the other, in half precision, and where there are none."""
    import numpy as np
    import torch

    lengths = [sum(len(f.tokens) for f in row) for row in rows]
    most = max([1, *lengths])
    values = np.zeros((len(rows), most, width), np.float16)
    for k, row in enumerate(rows):
        if row:
            values[k, : lengths[k]] = np.concatenate([f.tokens for f in row])
    padding = torch.arange(most) >= torch.tensor(lengths).unsqueeze(1)
    return torch.from_numpy(values), padding
