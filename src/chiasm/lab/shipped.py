"""The three small models that come with chiasm: packing them, and making checkpoints of them."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chiasm.lab.runs import folder_of
from chiasm.models import tiny
from chiasm.scenes.flat.sets import Split


def ship(out: Path, split: Split, seed: int, target: Path) -> dict[str, int]:
    """Pack the base, the textually and the multimodally aligned model of a run.

    Args:
        out: Where `chiasm.lab.runs` wrote.
        split: Of the run.
        seed: Of the run.
        target: Folder for ``vision.npz`` (shared: alignment leaves it alone), ``NAME.npz`` and
            ``words.txt``.

    Returns:
        Bytes by file.
    """
    load_file = import_module("safetensors.numpy").load_file

    from chiasm.lab.network import VOCABULARY

    target.mkdir(parents=True, exist_ok=True)
    for name in tiny.NAMES:
        weights = load_file(folder_of(out, split, seed, name) / "model.safetensors")
        seen = {k: v for k, v in weights.items() if k.startswith(tiny.VISION)}
        rest = {k: v for k, v in weights.items() if k not in seen}
        packed: dict[str, Any] = {**tiny.pack(rest)}
        np.savez_compressed(target / f"{name}.npz", **packed)
        if name == "base":
            packed = {**tiny.pack(seen)}
            np.savez_compressed(target / "vision.npz", **packed)
    words = sorted(VOCABULARY, key=lambda word: VOCABULARY[word])
    (target / "words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return {path.name: path.stat().st_size for path in sorted(target.iterdir())}


def checkpoint(name: str, folder: Path) -> Path:
    """A model that comes with chiasm as a checkpoint that transformers loads like any LLaVA.

    Raises:
        ConfigError: There is no such model, or torch is not installed.
    """
    weights = tiny.packed_weights(name)
    from chiasm.lab.runs import single_thread

    single_thread()
    import torch

    from chiasm.lab.network import load, new_model, save

    save(new_model(0), folder)
    # safetensors comes with transformers and is no dependency of chiasm itself.
    save_file = import_module("safetensors.torch").save_file
    tensors = {k: torch.from_numpy(v).contiguous() for k, v in weights.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    load(folder)
    return folder
