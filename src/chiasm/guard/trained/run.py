"""`chiasm guard train` and `chiasm guard eval`, without their parsing."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.errors import ConfigError, DataError
from chiasm.guard.trained.examples import Example
from chiasm.guard.trained.features import Tell
from chiasm.guard.trained.folder import FACTS, load, read_facts, save
from chiasm.models.local.environment import require

COMPARISON, FIGURE = "comparison.json", "figure.svg"


def train(
    rows: Sequence[Example],
    tower: str,
    out: Path,
    plan: Mapping[str, Any],
    *,
    gate: Mapping[str, Any],
    device: str = "cpu",
    look: str = "",
    tell: Tell = lambda *_: None,
) -> dict[str, Any]:
    """Train all heads, save the guard and its comparison into a folder.

    Args:
        rows: Let through by the gate.
        tower: Folder or hub name of the checkpoint.
        out: A new folder.
        plan: Fields of `chiasm.guard.trained.compare.Plan`; its settings as plain data.
        gate: What the gate has compared.
        device: Of the towers.
        look: What the towers' model is asked for captions; a default of ours where empty.
        tell: Called while it works.

    Raises:
        ConfigError: torch is missing, the folder has a guard, or settings don't fit.
        DataError: Too few families, or rows can't be used.
    """
    if (out / FACTS).exists():
        raise ConfigError(f"{out} has a guard already: name another folder")
    require(("torch", "transformers", "safetensors"))
    from chiasm.guard.trained import compare
    from chiasm.guard.trained.features import store_of
    from chiasm.guard.trained.figure import figure
    from chiasm.guard.trained.towers import LOOK, Towers
    from chiasm.guard.trained.training import Settings

    chosen = compare.Plan(**{**plan, "settings": Settings(**plan.get("settings", {}))})
    where = str(Path(tower).resolve()) if Path(tower).is_dir() else tower
    towers = Towers(where, device, look or LOOK)
    store = store_of(towers)
    try:
        guard, found = compare.train(rows, towers, where, store, chosen, gate, tell)
    finally:
        store.close()
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / COMPARISON).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        (out / FIGURE).write_text(figure(found), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{out} can't be written: {error.strerror or error}") from None
    save(guard, out)  # last: a folder with guard.json has everything
    return found


def evaluate(
    folder: Path,
    rows: Sequence[Example],
    *,
    tower: str = "",
    device: str = "cpu",
    tell: Tell = lambda *_: None,
) -> dict[str, Any]:
    """A saved guard on rows; without rows the comparison that was made in training.

    Raises:
        ConfigError: It is no guard, torch is missing, or the towers are others.
        DataError: Files are broken, or rows were trained on.
    """
    facts = read_facts(folder)
    if not rows:
        path = folder / COMPARISON
        if not path.is_file():
            raise DataError("is missing: the guard was not copied whole", file=str(path))
        return _comparison(path)
    require(("torch", "transformers", "safetensors"))
    from chiasm.guard.trained import compare
    from chiasm.guard.trained.features import store_of
    from chiasm.guard.trained.towers import Towers

    towers = Towers(tower or facts.towers, device, facts.look)
    store = store_of(towers)
    try:
        return compare.evaluate(load(folder), rows, towers, store, tell)
    finally:
        store.close()


def _comparison(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"not a comparison: {error}", file=str(path)) from None
    wanted = {"heads", "seeds", "groups", "figures", "differences", "calibration"}
    if not isinstance(found, dict) or not wanted <= found.keys():
        raise DataError("not a comparison: train again, or name rows", file=str(path))
    return found
