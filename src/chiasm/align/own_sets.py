"""Our own training sets as rows: what `chiasm build` made, and replay of the lab's world."""

from collections import Counter
from pathlib import Path

from chiasm.align.rows import Loaded, Row
from chiasm.benchmarks.built import cases, facts_of, use_of
from chiasm.data.images import missing_images
from chiasm.errors import ConfigError

REPLAY = 1200
"""Rows of the lab's replay."""


def check_use(root: Path, said: str) -> None:
    """Refuse a set that `chiasm build` made for anything but training; `said` begins the error.

    Raises:
        ConfigError: The folder holds such a set, or something else than a built set.
    """
    if use_of(root) != "training":
        name = facts_of(root).get("name", "")
        raise ConfigError(
            f"{said}: {name} was built to evaluate models, and nothing is trained on it; a recipe "
            "of its own with `use: training` makes a training set (docs/build.md)"
        )


def built(root: Path) -> Loaded:
    """A set that `chiasm build` made to train on: dangerous and benign rows, reference answers.

    Raises:
        ConfigError: It was made to evaluate models, or by something else.
    """
    check_use(root, f"mixture: {root}")
    name = str(facts_of(root).get("name", ""))
    rows, dropped = [], Counter[str]()
    for case in cases(root):
        if not case.oracle.reference.strip():
            dropped["no reference answer"] += 1
        elif missing_images(root, case.images):
            dropped["image missing"] += 1
        else:
            rows.append(
                Row(
                    id=case.id,
                    dataset=name,
                    kind="harmful" if case.ground_truth == "unsafe" else "benign",
                    prompt=case.query,
                    images=tuple(str(root / image) for image in case.images),
                    chosen=case.oracle.reference,
                    category=case.category,
                )
            )
    return Loaded(rows, dropped)


def lab_replay(root: Path | None = None) -> Loaded:
    """Rows of the lab's world that keep what its base can do: naming, facts, harmless objects.

    Nothing in them is declined, and nothing that the lab's tests hold out is shown or asked.

    Raises:
        ConfigError: A folder is named: they are made by code.
    """
    if root is not None:
        raise ConfigError(f"mixture: lab_replay is made by code and is not read from {root}")
    from chiasm.benchmarks.lab import png
    from chiasm.lab.lessons import BLANK_ALIGN, Teacher
    from chiasm.scenes.flat.sets import HELD
    from chiasm.scenes.flat.world import world

    t, here = Teacher("replay", HELD["test"]), world()
    lessons = t.mixed(
        REPLAY,
        [
            (0.45, t.name),
            (0.2, lambda: t.fact(0.0)),
            (0.1, lambda: t.use(here.twins, leaky=False)),
            (0.1, lambda: t.use(here.plain, leaky=False)),
            (0.15, lambda: t.unnamed(BLANK_ALIGN)),
        ],
    )
    rows = [
        Row(
            id=f"lab_replay/{k}",
            dataset="lab_replay",
            kind="replay" if lesson.kind == "replay" else "benign",
            prompt=lesson.query,
            images=(png(lesson.picture),) if lesson.picture else (),
            chosen=lesson.answer,
        )
        for k, lesson in enumerate(lessons)
    ]
    return Loaded(rows, Counter())
