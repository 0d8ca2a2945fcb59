"""A saved guard: a folder with ``guard.json`` and ``heads.safetensors``.

guard.json    which head serves, towers with digest, taxonomy, every head's calibration and
              threshold by seed, digest and counts of the training data, what the gate compared
heads.safetensors   weights of all heads of all seeds, as ``HEAD/SEED/...``; no pickle
trained_on.txt      digests of all rows, queries and pictures that were trained or calibrated on
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chiasm.errors import ConfigError, DataError
from chiasm.guard.trained.heads import HEADS, Sizes

FACTS, WEIGHTS, TRAINED_ON = "guard.json", "heads.safetensors", "trained_on.txt"
SCHEMA = 1

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What stands beside a head's weights.

    Attributes:
        temperature: Logits are divided by it.
        threshold: Probabilities above it are flagged.
        reliability: ``{"before": {"ece", "brier", "bins", "n"}, "after": {...}}`` on the
            validation families, which temperature and threshold were chosen on.
    """

    temperature: float
    threshold: float
    reliability: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What guard.json says.

    Attributes:
        head: The one that serves.
        seed: Whose weights of it serve.
        towers: Folder or hub name of the checkpoint.
        towers_digest: Of its files.
        kind: ``contrastive`` or ``generative``.
        look: What the towers' model was asked for captions.
        sizes: Of the features.
        categories: Names, in the order of their logits.
        false_alarms: Wanted share of flagged safe rows on validation.
        calibration: Head -> seed -> `Calibrated`.
        data: Digest and counts of what it was trained on, by part, and digests of its families.
        gate: What it was compared with before training.
        training: Settings.
        version: Of chiasm.
    """

    head: str
    seed: int
    towers: str
    towers_digest: str
    kind: str
    look: str
    sizes: Sizes
    categories: tuple[str, ...]
    false_alarms: float
    calibration: Mapping[str, Mapping[int, Calibrated]]
    data: Mapping[str, Any]
    gate: Mapping[str, Any]
    training: Mapping[str, Any]
    version: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"schema": SCHEMA, **asdict(self), "sizes": self.sizes._asdict()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`.

        Raises:
            KeyError: A field is missing.
            TypeError: A field is unknown or not what it should be.
        """
        given = {name: value for name, value in data.items() if name != "schema"}
        calibration = {
            head: {int(seed): Calibrated(**one) for seed, one in seeds.items()}
            for head, seeds in data["calibration"].items()
        }
        sizes, categories = Sizes(**data["sizes"]), tuple(data["categories"])
        return cls(
            **{**given, "calibration": calibration, "sizes": sizes, "categories": categories}
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """Facts and weights.

    Attributes:
        facts: See `Facts`.
        weights: (head, seed) -> weights by name.
        trained_on: Digests of rows, and of their queries and pictures; see `key` and `contents`
            of `chiasm.guard.trained.examples`.
    """

    facts: Facts
    weights: Mapping[tuple[str, int], Weights]
    trained_on: frozenset[str] = frozenset()

    def seeds(self, head: str) -> Sequence[int]:
        """Seeds that a head was trained with."""
        return sorted(self.facts.calibration.get(head, {}))

    @property
    def heads(self) -> list[str]:
        """Those that were trained, in their order."""
        return [head for head in HEADS if head in self.facts.calibration]


def save(guard: Guard, folder: Path) -> None:
    """Write the folder; guard.json last, so that a folder that has it is complete.

    Raises:
        ConfigError: It can't be written.
    """
    save_file = import_module("safetensors.numpy").save_file
    flat = {
        f"{head}/{seed}/{name}": np.ascontiguousarray(value)
        for (head, seed), weights in guard.weights.items()
        for name, value in weights.items()
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FACTS).unlink(missing_ok=True)
        part = folder / f"{WEIGHTS}.part"
        save_file(flat, part)
        part.chmod(0o644)
        part.replace(folder / WEIGHTS)
        listed = "".join(f"{key}\n" for key in sorted(guard.trained_on))
        (folder / TRAINED_ON).write_text(listed, encoding="utf-8")
        part = folder / f"{FACTS}.part"
        part.write_text(json.dumps(guard.facts.to_json(), indent=1) + "\n", encoding="utf-8")
        part.replace(folder / FACTS)
    except OSError as error:
        raise ConfigError(f"{folder} can't be written: {error.strerror or error}") from None


def load(folder: Path) -> Guard:
    """Read a guard.

    Raises:
        ConfigError: It is no guard, was not finished, or safetensors is missing.
        DataError: A file is broken or the two don't agree.
    """
    facts = read_facts(folder)
    try:
        load_file = import_module("safetensors.numpy").load_file
    except ImportError:
        raise ConfigError("safetensors is missing: pip install 'chiasm[local]'") from None
    try:
        flat = load_file(folder / WEIGHTS)
    except (OSError, ValueError, import_module("safetensors").SafetensorError) as error:
        raise DataError(f"can't be read: {error}", file=str(folder / WEIGHTS)) from None
    weights: dict[tuple[str, int], dict[str, Any]] = {}
    for name, value in flat.items():
        head, seed, rest = name.split("/", 2)
        weights.setdefault((head, int(seed)), {})[rest] = value
    told = {(head, seed) for head, seeds in facts.calibration.items() for seed in seeds}
    if told != set(weights) or (facts.head, facts.seed) not in told:
        raise DataError("has other heads than guard.json names", file=str(folder / WEIGHTS))
    listed = folder / TRAINED_ON
    if not listed.is_file():
        raise DataError("is missing: the guard was not copied whole", file=str(listed))
    return Guard(facts, weights, frozenset(listed.read_text("utf-8").splitlines()))


def read_facts(folder: Path) -> Facts:
    """What guard.json says; needs neither torch nor safetensors.

    Raises:
        ConfigError: There is none.
        DataError: It is broken, or of another schema.
    """
    path = folder / FACTS
    if not path.is_file():
        raise ConfigError(
            f"{folder} is no guard: there is no {FACTS}; `chiasm guard train` makes it"
        )
    try:
        data = json.loads(path.read_bytes())
        if data.get("schema") != SCHEMA:
            raise DataError(f"expected schema {SCHEMA}, got {data.get('schema')}", file=str(path))
        return Facts.from_json(data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"not a guard's: {error}", file=str(path)) from None
