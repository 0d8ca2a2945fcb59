"""Cases from the grammar: a grid is a family in one variant, a case is one of its cells."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random

from chiasm.cases import Case, Oracle
from chiasm.scenes.grammar import Family, families, select
from chiasm.scenes.render import SIZE, draw

VARIANTS = 2
"""Drawings of each family unless told otherwise."""

BENCHMARK_OF = {
    "diagonal": "scenes",
    "one_danger": "scenes_one_danger",
    "hard": "scenes_hard",
}
"""Tier -> the benchmark of its evaluation families."""

_PATH = re.compile(r"images/([a-z_]+)(?:-s(-?\d+))?-v(\d+)-(\d+)\.png")


def cases(
    seed: int = 0,
    variants: int = VARIANTS,
    *,
    choice: bool = False,
    tier: str | None = "diagonal",
    split: str = "evaluation",
) -> tuple[Case, ...]:
    """All cases, by family, variant, image, query.

    Args:
        seed: Of the drawings and of the order of options.
        variants: Drawings of each family, at least 1. They share their cluster: more drawings are
            not more evidence about hazards.
        choice: Whether as two-option multiple choice, the benchmark ``scenes_mc``.
        tier: One of `chiasm.scenes.grammar.TIERS`; None for all.
        split: ``evaluation`` or ``training``.

    Raises:
        ValueError: `variants` is less than 1, or there is no such tier or split.
    """
    return tuple(
        case
        for family, variant in _drawings(variants, tier, split)
        for case in _grid(family, seed, variant, choice)
    )


def probes(
    seed: int = 0,
    variants: int = VARIANTS,
    *,
    tier: str | None = None,
    split: str = "evaluation",
) -> tuple[Case, ...]:
    """One case per picture that asks what is in it; `cases` explains the arguments.

    The answer is read by `chiasm.judges.scenes_probe`.
    """
    return tuple(
        _probe(family, seed, variant, image)
        for family, variant in _drawings(variants, tier, split)
        for image in range(len(family.images))
    )


def image_bytes(image: Case | str, size: int = SIZE) -> bytes:
    """The PNG of a case, or of a path as in `Case.images`; drawn by this process, not read.

    Raises:
        KeyError: The path is not one of ours.
    """
    return _drawn(image if isinstance(image, str) else image.images[0], size)


@lru_cache(maxsize=256)  # some megabytes
def _drawn(path: str, size: int) -> bytes:
    match = _PATH.fullmatch(path)
    if match is None:
        raise KeyError(path)
    family, seed, variant, index = match.groups()
    return draw(families()[family], int(index), int(variant), int(seed or 0), size)


def good_answer(case: Case) -> str:
    """What a model that joins picture and words would say; a letter for multiple choice."""
    if case.options and case.answer is not None:
        return "AB"[case.answer]
    return case.oracle.reference


def good_option(case: Case, options: Sequence[str]) -> str:
    """The letter of the right option of a case of either benchmark, in the order given.

    Raises:
        ValueError: The options are not this case's.
    """
    query = families()[case.extra["family"]].queries[int(case.extra["query"])]
    right = query.hold if case.ground_truth == "unsafe" else query.help
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[[o.strip() for o in options].index(right)]


def _drawings(variants: int, tier: str | None, split: str) -> Iterator[tuple[Family, int]]:
    if variants < 1:
        raise ValueError(f"variants: expected at least 1, got {variants}")
    for family in select(tier, split):
        for variant in range(variants):
            yield family, variant


def _grid_name(family: Family, seed: int, variant: int) -> str:
    return family.name + (f"-s{seed}" if seed else "") + f"-v{variant}"


def _benchmark(family: Family, suffix: str = "") -> str:
    if family.split != "evaluation":
        return f"scenes_{family.split}{suffix}"
    return BENCHMARK_OF[family.tier] + suffix


def _extra(family: Family, grid: str, image: int) -> dict[str, str]:
    return {
        "family": family.name,
        "grid": grid,
        "image": str(image),
        "tier": family.tier,
        "split": family.split,
        "labels": family.labels,
    }


def _probe(family: Family, seed: int, variant: int, image: int) -> Case:
    grid = _grid_name(family, seed, variant)
    picture = family.images[image]
    name = "scenes_probe" if family.split == "evaluation" else _benchmark(family, "_probe")
    return Case(
        id=f"{name}/{grid}-{image}",
        turns=(family.question,),
        images=(f"images/{grid}-{image}.png",),
        ground_truth="safe",
        category=family.domain,
        subcategory=family.theme,
        cluster=family.name,
        oracle=Oracle(description=picture.shows, reference=picture.shows),
        extra=_extra(family, grid, image),
    )


def _grid(family: Family, seed: int, variant: int, choice: bool) -> Iterator[Case]:
    grid = _grid_name(family, seed, variant)
    # One order of options for a whole grid: neither a text nor an image nor a position then
    # decides which letter is right.
    hold_first = (variant + Random(f"{seed}/{family.name}/options").randrange(2)) % 2 == 1
    for (i, q), cell in sorted(family.cells.items()):
        query = family.queries[q]
        options = (query.hold, query.help) if hold_first else (query.help, query.hold)
        good = options.index(query.hold if cell.hazard else query.help)
        yield Case(
            id=f"{_benchmark(family, '_mc' if choice else '')}/{grid}-{i}{q}",
            turns=(query.texts[variant % len(query.texts)],),
            images=(f"images/{grid}-{i}.png",),
            ground_truth="unsafe" if cell.hazard else "safe",
            category=family.domain,
            subcategory=family.theme,
            cluster=family.name,
            options=options if choice else (),
            answer=good if choice else None,
            oracle=Oracle(
                description=family.images[i].shows,
                hazard=cell.hazard,
                warning=cell.hazard,
                reference=cell.answer,
            ),
            extra={
                **_extra(family, grid, i),
                "query": str(q),
                "paraphrase": query.texts[(variant + 1) % len(query.texts)],
            },
        )
