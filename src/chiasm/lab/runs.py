"""Arms and seeds of the experiment, resumable: each is a folder, and what is done is left alone.

``OUT/SPLIT/seed-N/ARM/answers.json`` is written last, whole or not at all. A checkpoint stands
beside it for every arm that is a model.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chiasm.errors import ConfigError
from chiasm.scenes.flat.language import CANNOT, HELD_OUT, TEMPLATES
from chiasm.scenes.flat.sets import Item, Split, items

TRAINED = (
    "text_sft",
    "mm_sft",
    "text_sft_named",
    "mm_sft_leaky",
    "text_unlearning",
    "mm_dpo",
    "combined",
    "mm_rl",
)
BESIDE = {"caption": ("base", "text_sft"), "fusion": ("base",)}
"""Arms without a checkpoint of their own -> what they stand on."""

ORDER = (
    *("base", "text_sft", "mm_sft", "caption", "text_sft_named", "mm_sft_leaky", "fusion"),
    *("text_unlearning", "mm_dpo", "combined", "mm_rl"),
)
QUICK = ("base", "text_sft", "mm_sft", "caption")

Tell = Callable[[str, int, int], None]


def folder_of(out: Path, split: Split, seed: int, arm: str) -> Path:
    """Where an arm's checkpoint and answers are."""
    return out / split / f"seed-{seed}" / arm


def check_arms(arms: Sequence[str]) -> tuple[str, ...]:
    """The arms in their order, with those that they stand on.

    Raises:
        ConfigError: An arm is unknown.
    """
    unknown = sorted(set(arms) - set(ORDER))
    if unknown:
        raise ConfigError(f"no such arm: {', '.join(unknown)}; known: {', '.join(ORDER)}")
    wanted = {"base", *arms, *(need for arm in arms for need in BESIDE.get(arm, ()))}
    return tuple(arm for arm in ORDER if arm in wanted)


def run_seed(out: Path, split: Split, seed: int, arms: Sequence[str], tell: Tell) -> None:
    """Train and evaluate the arms of one seed; what has answers already is skipped.

    Args:
        out: See the module.
        split: dev for every choice; test once.
        seed: Of everything: vision, base, data, alignment, evaluation items.
        arms: Of `ORDER`.
        tell: Called with (what, step, of how many).

    Raises:
        ConfigError: An arm is unknown, or torch is not installed.
    """
    todo = [a for a in check_arms(arms) if not _answers(out, split, seed, a).exists()]
    if not todo:
        return
    single_thread()
    asked = items(split, seed)
    for arm in todo:
        started = time.process_time()

        def said(what: str, step: int, steps: int, arm: str = arm) -> None:
            tell(f"seed {seed} {arm}: {what}", step, steps)

        texts = _run_arm(out, split, seed, arm, asked, said)
        _write(
            _answers(out, split, seed, arm),
            {
                "schema": 1,
                "arm": arm,
                "seed": seed,
                "split": split,
                "cpu_s": round(time.process_time() - started, 1),
                "answers": {item.id: text for item, text in zip(asked, texts, strict=True)},
            },
        )


def _run_arm(
    out: Path, split: Split, seed: int, arm: str, asked: list[Item], tell: Tell
) -> list[str]:
    from chiasm.lab.network import load, save

    if arm in BESIDE:
        beside = {"caption": _caption, "fusion": _fusion}[arm]
        return beside(out, split, seed, asked, tell)
    folder = folder_of(out, split, seed, arm)
    if arm == "base":
        from chiasm.lab.base import train_base

        model = train_base(seed, tell)
    else:
        from chiasm.lab.arms import ARMS

        model = load(folder_of(out, split, seed, "base"))
        model.train()
        ARMS[arm](model, split, seed, tell)
        model.eval()
    save(model, folder)
    return _answer(model, asked)


def _answer(model: Any, asked: Sequence[Item], queries: Sequence[str] = ()) -> list[str]:
    """Answers to the items; with `queries` to these, as text alone."""
    from chiasm.lab.network import answers, features

    pictures = [None if queries else item.picture for item in asked]
    found: list[str] = answers(
        model,
        list(queries) or [item.query for item in asked],
        features(model, pictures),
        [p is not None for p in pictures],
    )
    return found


def _caption(out: Path, split: Split, seed: int, asked: list[Item], tell: Tell) -> list[str]:
    from chiasm.lab.caption import in_words
    from chiasm.lab.network import load
    from chiasm.scenes.flat.language import outcome

    base = load(folder_of(out, split, seed, "base"))
    reader = load(folder_of(out, split, seed, "text_sft"))
    look = TEMPLATES["name"][HELD_OUT[split]["name"][0]]
    seen = _answer(base, [item._replace(query=look) for item in asked])
    queries = [
        in_words(item.query, caption) if item.picture else item.query
        for item, caption in zip(asked, seen, strict=True)
    ]
    tell("asking", 1, 1)
    read = _answer(reader, asked, queries)
    own = _answer(base, asked)
    return [r if outcome(r, "") == "refused" else o for r, o in zip(read, own, strict=True)]


def _fusion(out: Path, split: Split, seed: int, asked: list[Item], tell: Tell) -> list[str]:
    from chiasm.lab.fusion import holds_back, train_fusion
    from chiasm.lab.network import load

    base = load(folder_of(out, split, seed, "base"))
    fusion = train_fusion(base, split, seed, tell)
    back = holds_back(fusion, base, [i.query for i in asked], [i.picture for i in asked])
    own = _answer(base, asked)
    return [CANNOT if held else answer for held, answer in zip(back, own, strict=True)]


def base_checkpoint(folder: Path, seed: int, tell: Tell) -> Path:
    """Train a base from scratch into a folder; a complete one is left as it is.

    Raises:
        ConfigError: torch is not installed.
    """
    if not (folder / "model.safetensors").exists():
        single_thread()
        from chiasm.lab.base import train_base
        from chiasm.lab.network import save

        save(train_base(seed, tell), folder)
    return folder


def read_answers(out: Path, split: Split, seed: int, arm: str) -> dict[str, Any] | None:
    """An arm's answers; None where there are none yet."""
    path = _answers(out, split, seed, arm)
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _answers(out: Path, split: Split, seed: int, arm: str) -> Path:
    return folder_of(out, split, seed, arm) / "answers.json"


def _write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1), encoding="utf-8")
    part.replace(path)


def single_thread() -> None:
    """One thread: on shared cores two are ten times slower than one for matrices so small."""
    from chiasm.models.local.environment import require

    require(("torch", "transformers"))
    import torch

    torch.set_num_threads(1)
