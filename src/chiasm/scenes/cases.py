"""Cases from the grammar: a grid is a family in one variant, a case is one of its cells."""

import re
from collections.abc import Iterator, Sequence
from random import Random

from chiasm.cases import Case, Oracle
from chiasm.scenes.grammar import Family, families
from chiasm.scenes.render import SIZE, draw

VARIANTS = 2
"""Drawings of each family unless told otherwise."""

_PATH = re.compile(r"images/([a-z_]+)(?:-s(-?\d+))?-v(\d+)-(\d+)\.png")


def cases(seed: int = 0, variants: int = VARIANTS, *, choice: bool = False) -> tuple[Case, ...]:
    """All cases, by family, variant, image, query.

    Args:
        seed: Of the drawings and of the order of options.
        variants: Drawings of each family, at least 1. They share their cluster: more drawings are
            not more evidence about hazards.
        choice: Whether as two-option multiple choice, the benchmark ``scenes_mc``.

    Raises:
        ValueError: `variants` is less than 1.
    """
    if variants < 1:
        raise ValueError(f"variants: expected at least 1, got {variants}")
    return tuple(
        case
        for family in families().values()
        for variant in range(variants)
        for case in _grid(family, seed, variant, choice)
    )


def image_bytes(image: Case | str, size: int = SIZE) -> bytes:
    """The PNG of a case, or of a path as in `Case.images`; drawn now, not read from a folder.

    Raises:
        KeyError: The path is not one of ours.
    """
    path = image if isinstance(image, str) else image.images[0]
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


def _grid(family: Family, seed: int, variant: int, choice: bool) -> Iterator[Case]:
    grid = family.name + (f"-s{seed}" if seed else "") + f"-v{variant}"
    # One order of options for a whole grid: neither a text nor an image nor a position then
    # decides which letter is right.
    hold_first = (variant + Random(f"{seed}/{family.name}/options").randrange(2)) % 2 == 1
    for (i, q), cell in sorted(family.cells.items()):
        query = family.queries[q]
        options = (query.hold, query.help) if hold_first else (query.help, query.hold)
        good = options.index(query.hold if cell.hazard else query.help)
        yield Case(
            id=f"{'scenes_mc' if choice else 'scenes'}/{grid}-{i}{q}",
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
                "family": family.name,
                "grid": grid,
                "image": str(i),
                "query": str(q),
                "tier": family.tier,
                "split": family.split,
                "labels": family.labels,
            },
        )
