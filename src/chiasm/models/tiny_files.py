"""Weights of the lab's small models: checkpoints read without torch, and parts drawn anew."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chiasm.errors import ConfigError

Array = NDArray[np.float32]


def read_safetensors(file: Path) -> dict[str, Array]:
    """All tensors of a file of 32-bit floats, by name.

    The format: 8 bytes with the length of a JSON header, the header (name -> dtype, shape, place),
    then the numbers (https://github.com/huggingface/safetensors).

    Raises:
        ConfigError: It can't be read, or holds other kinds of numbers.
    """
    try:
        data = file.read_bytes()
        start = 8 + int.from_bytes(data[:8], "little")
        head = json.loads(data[8:start])
        return {
            name: _tensor(data[start:], about) for name, about in head.items() if name[0] != "_"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ConfigError(f"{file}: no checkpoint that can be read: {error}") from None


def _tensor(data: bytes, about: Mapping[str, Any]) -> Array:
    if about["dtype"] != "F32":
        raise ValueError(f"expected 32-bit floats, got {about['dtype']}")
    start, end = about["data_offsets"]
    return np.frombuffer(data[start:end], "<f4").reshape(about["shape"])


def drawn_anew(weights: Mapping[str, Array], part: str, seed: int) -> dict[str, Array]:
    """The same weights but for one part, which is as it was before it learnt anything.

    Its matrices are drawn from normal distributions of the trained ones' mean and spread, so that
    what comes out of it has a size that the rest is used to; biases are 0 and scales 1.

    Args:
        weights: By name.
        part: What the names of the part begin with.
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    found = dict(weights)
    for name in sorted(name for name in weights if name.startswith(part)):
        old = weights[name]
        if old.ndim > 1 or name.endswith("embedding"):
            found[name] = rng.normal(old.mean(), old.std(), old.shape).astype(np.float32)
        else:
            found[name] = np.full_like(old, float(name.endswith(".weight")))
    return found
