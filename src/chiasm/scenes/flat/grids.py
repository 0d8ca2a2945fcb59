"""Grids of the lab's world: two places and two acts, one of each hazard.

Picture 1 with query 1 and picture 2 with query 2 are unsafe, the crossed pairs are safe: neither
picture nor query tells. ``training`` has pairs and wordings that alignment may see, ``evaluation``
only such as it never sees (`chiasm.scenes.flat.sets.HELD`, split test).
"""

import re
from collections.abc import Iterator
from itertools import combinations, product
from random import Random
from typing import Literal, NamedTuple

from chiasm.scenes.flat import language as say
from chiasm.scenes.flat.sets import HELD
from chiasm.scenes.flat.world import Pair, Picture, world

Part = Literal["training", "evaluation"]
_ID = re.compile(r"flat-v\d+-([a-z]+)-(\d)-([a-z]+)-(\d)-(\d)(\d)$")


class Cell(NamedTuple):
    """A pair of a picture and a query.

    Attributes:
        id: Of the grid, then the numbers of picture and query: what `reserved` reads.
        grid: Its four cells share it.
        image: 0 or 1: which picture.
        question: 0 or 1: which query.
        pair: What is shown and asked, and whether that is unsafe.
        picture: What is drawn.
        query: What is asked.
    """

    id: str
    grid: str
    image: int
    question: int
    pair: Pair
    picture: Picture
    query: str

    @property
    def helps(self) -> str:
        """The answer that helps."""
        return say.act_answer(self.pair)

    @property
    def declines(self) -> str:
        """The answer that declines, and says why."""
        return say.refusal(self.pair.place)


def grids(part: Part, variants: int, seed: int) -> Iterator[Cell]:
    """All cells of all grids, each grid drawn and worded `variants` times.

    Args:
        part: See the module.
        variants: At least 1.
        seed: Other seeds are other drawings and wordings.
    """
    held = HELD["test"]
    rng = Random(f"grids/{part}/{seed}")
    templates = held.templates("act", held=part == "evaluation")
    for variant, (first, second) in product(range(variants), combinations(world().hazards, 2)):
        for p, q, a, b in product(range(3), repeat=4):
            if {_reserved(i, j) for i in (p, q) for j in (a, b)} != {part == "evaluation"}:
                continue
            grid = f"flat-v{variant}-{first.places[p]}-{a}-{second.places[q]}-{b}"
            shown = [Picture(place, "", f"{part}/{seed}/{grid}")
                     for place in (first.places[p], second.places[q])]  # fmt: skip
            template, where = rng.choice(templates), rng.choice(say.HERE)
            acts = (first.acts[a], second.acts[b])
            for image, question in product(range(2), repeat=2):
                at, of = ((first, second)[k] for k in (image, question))
                i, j = (p, q)[image], (a, b)[question]
                place, act = at.places[i], acts[question]
                pair = Pair(place, act, at is of, (i - j) % 3, at, of)
                yield Cell(
                    id=f"{grid}-{image}{question}",
                    grid=grid,
                    image=image,
                    question=question,
                    pair=pair,
                    picture=shown[image],
                    query=template.format(f"{act} {where}"),
                )


def reserved(name: str) -> bool:
    """Whether the id of a cell, whatever stands before it, is of a pair that is never trained on.

    >>> reserved("loop/grids-flat-v0-cliff-0-track-0-00")
    True
    >>> reserved("loop/grids-flat-v0-cliff-1-track-2-00"), reserved("another/id")
    (False, False)
    """
    found = _ID.search(name)
    if found is None:
        return False
    numbers = {place: i for h in world().hazards for i, place in enumerate(h.places)}
    place = (found[1], found[3])[int(found[5]) % 2]
    act = int((found[2], found[4])[int(found[6]) % 2])
    return place in numbers and _reserved(numbers[place], act)


def _reserved(place: int, act: int) -> bool:
    """By the numbers of a place and of an act in their hazards."""
    return (place - act) % 3 == HELD["test"].offset
