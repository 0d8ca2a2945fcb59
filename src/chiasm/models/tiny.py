"""The lab's small vision-language models in numpy: a LLaVA's forward pass and greedy answers.

The same network as `chiasm.lab.network` builds with transformers, without torch: CLIP's vision
tower, a projector, a Llama. A test holds both to the same answers. The three models that come with
chiasm are packed by `pack`: every matrix as 8-bit integers with one scale a row, the vision tower
once for all.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chiasm.errors import ConfigError
from chiasm.models.tiny_files import Array, drawn_anew, read_safetensors

NAMES = ("base", "text_sft", "mm_sft")
"""Base; aligned in words alone; aligned with pictures (leak-free rows)."""

HEADS, LAYERS, PATCH, SIZE, MOST_NEW = 4, 4, 12, 48, 24
VISION, PROJECTOR, TEXT = "vision_tower.", "multi_modal_projector.", "language_model.model."
SHAPE = (186, 128)
"""Words, and numbers of each."""

CHECKPOINT = "model.safetensors"
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<image>")


class Tiny:
    """A model that answers one question about one picture or none.

    Args:
        weights: By their names in the checkpoint.
        vocabulary: Words by number; the first five are `SPECIAL`.
    """

    def __init__(self, weights: Mapping[str, Array], vocabulary: list[str]) -> None:
        self.w, self.words = weights, vocabulary
        self.ids = {word: i for i, word in enumerate(vocabulary)}

    def answer(
        self,
        query: str,
        image: bytes | None = None,
        most: int = MOST_NEW,
        *,
        temperature: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> str:
        """An answer; words that the model does not know are ``<unk>`` to it.

        Args:
            query: Lower case, with spaces around punctuation.
            image: A picture file; None for none.
            most: Words of the answer.
            temperature: 0 for the greedy answer, else words are drawn with softmax(logits / it).
            rng: Draws them; needed where the temperature is above 0.
        """
        picture = None if image is None else pixels(image)
        tokens = self.answer_tokens(query, picture, most, temperature=temperature, rng=rng)
        return " ".join(self.words[t] for t in tokens)

    def answer_tokens(
        self,
        query: str,
        picture: Array | None,
        most: int = MOST_NEW,
        *,
        temperature: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> list[int]:
        """Token numbers of the answer, without the end; see `answer`."""
        embedded = self.w[TEXT + "embed_tokens.weight"]
        ids = self.ids
        text = [ids.get(word, ids["<unk>"]) for word in query.split()]
        start, end = [ids["<s>"], ids["user"], ids[":"]], [ids["assistant"], ids[":"]]
        parts = [embedded[start]]
        if picture is not None:
            parts.append(self.patches(picture))
        states = np.concatenate([*parts, embedded[text + end]])
        caches: list[tuple[Array, Array]] = [(np.empty((HEADS, 0, 32), np.float32),) * 2] * LAYERS
        found: list[int] = []
        while len(found) < most:
            last = self._read(states, caches)
            token = _next(embedded @ last, temperature, rng)
            if token == ids["</s>"]:
                break
            found.append(token)
            states = embedded[[token]]
        return found

    def patches(self, picture: Array) -> Array:
        """What the language model sees of a picture, shape (16, 128)."""
        w, side = self.w, SIZE // PATCH
        cut = picture.reshape(3, side, PATCH, side, PATCH).transpose(1, 3, 0, 2, 4)
        kernel = w[VISION + "embeddings.patch_embedding.weight"]
        seen = cut.reshape(side * side, -1) @ kernel.reshape(len(kernel), -1).T
        first = w[VISION + "embeddings.class_embedding"]
        x = np.concatenate([first[None], seen]) + w[VISION + "embeddings.position_embedding.weight"]
        x = self._norm(x, VISION + "pre_layrnorm")
        for i in range(LAYERS):
            at = f"{VISION}encoder.layers.{i}."
            y = self._norm(x, at + "layer_norm1")
            q, k, v = (_heads(self._linear(y, f"{at}self_attn.{n}_proj")) for n in "qkv")
            x = x + self._linear(_attend(q, k, v), at + "self_attn.out_proj")
            y = self._linear(self._norm(x, at + "layer_norm2"), at + "mlp.fc1")
            x = x + self._linear(y / (1 + np.exp(-1.702 * y)), at + "mlp.fc2")
        y = self._linear(x[1:], PROJECTOR + "linear_1")
        return self._linear(_gelu(y), PROJECTOR + "linear_2")

    def _read(self, x: Array, caches: list[tuple[Array, Array]]) -> Array:
        """The last word's state; `caches` grow by the words read."""
        past = caches[0][0].shape[1]
        turn = _rotation(past, len(x))
        for i in range(LAYERS):
            at = f"{TEXT}layers.{i}."
            y = self._rms(x, at + "input_layernorm")
            q, k, v = (_heads(self._linear(y, f"{at}self_attn.{n}_proj")) for n in "qkv")
            keys = np.concatenate([caches[i][0], _turned(k, turn)], 1)
            values = np.concatenate([caches[i][1], v], 1)
            caches[i] = keys, values
            x = x + self._linear(
                _attend(_turned(q, turn), keys, values, past), at + "self_attn.o_proj"
            )
            y = self._rms(x, at + "post_attention_layernorm")
            gate = self._linear(y, at + "mlp.gate_proj")
            up = self._linear(y, at + "mlp.up_proj")
            x = x + self._linear(gate / (1 + np.exp(-gate)) * up, at + "mlp.down_proj")
        return np.asarray(self._rms(x[-1:], TEXT + "norm")[0], np.float32)

    def _linear(self, x: Array, name: str) -> Array:
        y = x @ self.w[name + ".weight"].T
        bias = self.w.get(name + ".bias")
        return np.asarray(y if bias is None else y + bias, np.float32)

    def _norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        scaled = centred / scale * self.w[name + ".weight"] + self.w[name + ".bias"]
        return np.asarray(scaled, np.float32)

    def _rms(self, x: Array, name: str) -> Array:
        scale = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
        return np.asarray(x / scale * self.w[name + ".weight"], np.float32)


def _next(logits: Array, temperature: float, rng: np.random.Generator | None) -> int:
    if not temperature or rng is None:
        return int(logits.argmax())
    # Gumbel's trick: the largest of logits / temperature + noise is a draw from their softmax.
    return int((logits / temperature + rng.gumbel(size=len(logits))).argmax())


def _heads(x: Array) -> Array:
    return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)


def _attend(q: Array, k: Array, v: Array, past: int | None = None) -> Array:
    """Attention of all heads, joined; causal where `past` words have been read before."""
    scores = q @ k.transpose(0, 2, 1) / np.float32(np.sqrt(q.shape[-1]))
    if past is not None:
        later = np.arange(k.shape[1]) > past + np.arange(q.shape[1])[:, None]
        scores = np.where(later, np.float32(-1e9), scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = weights / weights.sum(-1, keepdims=True) @ v
    return np.asarray(mixed.transpose(1, 0, 2).reshape(q.shape[1], -1), np.float32)


def _rotation(past: int, count: int, width: int = 32) -> tuple[Array, Array]:
    speed = 10000.0 ** (-np.arange(0, width, 2) / width)
    angle = np.tile(np.arange(past, past + count)[:, None] * speed, 2)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _turned(x: Array, turn: tuple[Array, Array]) -> Array:
    half = x.shape[-1] // 2
    across = np.concatenate([-x[..., half:], x[..., :half]], -1)
    return np.asarray(x * turn[0] + across * turn[1], np.float32)


def _gelu(x: Array) -> Array:
    from scipy.special import erf  # type: ignore[import-untyped]

    return np.asarray(0.5 * x * (1 + erf(x / np.float32(np.sqrt(2)))), np.float32)


def pixels(image: bytes) -> Array:
    """A picture file as the vision tower takes it, shape (3, 48, 48), in [-1, 1]."""
    with Image.open(BytesIO(image)) as opened:
        picture = opened.convert("RGB")
    if picture.size != (SIZE, SIZE):
        picture = picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return (np.asarray(picture, np.float32) / np.float32(127.5) - 1).transpose(2, 0, 1)


def pack(weights: Mapping[str, Array]) -> dict[str, NDArray[np.generic]]:
    """Weights in 8 bits: every matrix as integers of -127 to 127 and a scale a row.

    Vectors (biases, norms) are kept in half precision.
    """
    packed: dict[str, NDArray[np.generic]] = {}
    for name, value in weights.items():
        if value.ndim < 2:
            packed[name] = value.astype(np.float16)
            continue
        rows = value.reshape(len(value), -1)
        scale = np.maximum(np.abs(rows).max(1), 1e-8) / 127
        packed[name] = np.round(value / scale.reshape(-1, *[1] * (value.ndim - 1))).astype(np.int8)
        packed[name + "/scale"] = scale.astype(np.float32)
    return packed


def unpack(packed: Mapping[str, NDArray[np.generic]]) -> dict[str, Array]:
    """Inverse of `pack`, but for the rounding."""
    found: dict[str, Array] = {}
    for name, value in packed.items():
        if name.endswith("/scale"):
            continue
        scale = packed.get(name + "/scale")
        found[name] = value.astype(np.float32)
        if scale is not None:
            found[name] *= scale.reshape(-1, *[1] * (value.ndim - 1)).astype(np.float32)
    return found


def packed_weights(name: str) -> dict[str, Array]:
    """The weights of a model that comes with chiasm, by their names in a checkpoint.

    Raises:
        ConfigError: There is no such model.
    """
    if name not in NAMES:
        raise ConfigError(
            f"chiasm_tiny/{name}: no such model; known: {', '.join(NAMES)}, or the folder of a "
            "checkpoint of `chiasm lab`"
        )
    return {**_file("vision"), **_file(name)}


@cache
def load(name: str) -> Tiny:
    """A model that comes with chiasm, or a checkpoint of `chiasm lab`.

    Args:
        name: One of `NAMES`, or a folder with ``model.safetensors``; with ``?tower=random`` behind
            it the vision tower's weights are drawn anew, with ``?tower=random:3`` by another seed.

    Raises:
        ConfigError: There is no such model, or it can't be read.
    """
    plain, _, asked = name.partition("?")
    text = files("chiasm.models").joinpath("tiny_weights/words.txt").read_text("utf-8")
    folder = Path(plain)
    known = plain in NAMES or not (folder / CHECKPOINT).is_file()
    weights = packed_weights(plain) if known else _checkpoint(folder)
    if asked:
        kind, _, seed = asked.partition(":")
        if kind != "tower=random" or not (seed or "0").isdecimal():
            raise ConfigError(f"chiasm_tiny/{name}: expected ?tower=random or ?tower=random:SEED")
        weights = drawn_anew(weights, VISION, int(seed or 0))
    return Tiny(weights, text.splitlines())


def _checkpoint(folder: Path) -> dict[str, Array]:
    found = read_safetensors(folder / CHECKPOINT)
    words = found.get(TEXT + "embed_tokens.weight")
    if words is None or words.shape != SHAPE:
        got = "none" if words is None else f"{words.shape}"
        raise ConfigError(
            f"{folder}: no model of `chiasm lab`: expected word embeddings of {SHAPE}, got {got}"
        )
    known = packed_weights(NAMES[0])
    parts = (VISION, PROJECTOR, TEXT)
    wrong = [
        f"{name}: expected {_shape(known, name)}, got {_shape(found, name)}"
        for name in sorted(known.keys() | {n for n in found if n.startswith(parts)})
        if "post_layernorm" not in name  # of the vision tower: never read
        and _shape(known, name) != _shape(found, name)
    ]
    if wrong:
        more = f"\n       and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise ConfigError(f"{folder}: another network than that of `chiasm lab`: {wrong[0]}{more}")
    return found


def _shape(weights: Mapping[str, Array], name: str) -> str:
    return str(weights[name].shape) if name in weights else "none"


def _file(name: str) -> dict[str, Array]:
    path = files("chiasm.models").joinpath(f"tiny_weights/{name}.npz")
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
        return unpack(dict(data))
