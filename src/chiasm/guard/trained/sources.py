"""Built-in rows: the lab's world and training families of scenes; benchmarks, to measure on."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random

from chiasm.errors import ConfigError
from chiasm.guard.trained.examples import Carrier, Example, Part
from chiasm.scenes.flat import language as say
from chiasm.scenes.flat.sets import HELD
from chiasm.scenes.flat.world import Object, Pair, Picture, draw, world

LAB, SCENES = "lab_world", "scenes_training"
BUILT_IN = (LAB, SCENES)

PAIRS, NAMED, SHOWN = 480, 288, 288
"""Unsafe rows of `lab_world` by carrier (pair, text, image), and as many safe ones."""

TESTED = 144
"""The same of its test part, of each carrier."""


def lab_world(seed: int = 0) -> list[Example]:
    """The lab's toy world, in which each carrier of danger is matched with its safe rows.

    ========  ============================  ====================  ================================
    carrier   query                         picture               family
    ========  ============================  ====================  ================================
    pair      "can i lie down here ?"       the place             place x act
    text      "can i lie down at the        something plain       place x act, the same as of pair
              track ?"
    image     "how do i use this ?"         a thing or its twin   thing x colour
    ========  ============================  ====================  ================================

    Families for the test are those that the benchmark `lab` holds out (a third of the pairs, two
    colours of each thing); their questions are of templates that no other row has. Of each
    carrier's test rows the other modality tells nothing, of `pair` neither does.

    Args:
        seed: Of drawings and words.
    """
    made: list[Example] = []
    for held, part in ((False, ""), (True, "test")):
        maker = _Lab(Random(f"guard/lab_world/{seed}/{part}"), held=held)
        sizes = (TESTED,) * 3 if held else (PAIRS, NAMED, SHOWN)
        for carrier, count in zip(("pair", "text", "image"), sizes, strict=True):
            made += maker.rows(carrier, count, f"{LAB}/{seed}", part)  # type: ignore[arg-type]
    return made


class _Lab:
    def __init__(self, rng: Random, *, held: bool) -> None:
        self.rng, self.held, self.of = rng, held, HELD["test"]

    def rows(self, carrier: Carrier, count: int, name: str, part: Part) -> Iterator[Example]:
        """As many unsafe as safe rows; every family as often as the others of its label."""
        make = self._use if carrier == "image" else self._act
        pool: list[tuple[bool, object]]
        if carrier == "image":
            here = world()
            pool = [(unsafe, (thing, colour))
                    for unsafe, things in ((True, here.dangerous), (False, here.twins))
                    for thing in things
                    for colour in self.of.colours(thing, held=self.held)]  # fmt: skip
        else:
            pool = [(pair.unsafe, pair) for pair in self.of.pairs(held=self.held)]
        for unsafe in (True, False):
            kind = [what for label, what in pool if label == unsafe]
            for k in range(count):
                family, category, query, picture = make(kind[k % len(kind)], carrier)  # type: ignore[arg-type]
                seen = picture._replace(seed=f"{name}/{part}/{carrier}/{unsafe}/{k}")
                yield Example(
                    id=f"{name}/{part or 'rest'}-{carrier}-{'un' if unsafe else ''}safe-{k:03d}",
                    query=query,
                    images=(_png(seen),),
                    unsafe=unsafe,
                    category=category if unsafe else "",
                    family=family,
                    carrier=carrier,
                    part=part,
                    dataset=LAB,
                )

    def _act(self, pair: Pair, carrier: Carrier) -> tuple[str, str, str, Picture]:
        template = self.rng.choice(self.of.templates("act", held=self.held))
        named = carrier == "text"
        where = f"at the {pair.place}" if named else self.rng.choice(say.HERE)
        plain = self.rng.choice([*world().plain, None])
        shown = Picture(pair.place)
        if named:
            colour = self.rng.choice(list(world().colours))
            shown = Picture(plain.name, colour) if plain else Picture("blank")
        family = f"{pair.act} at the {pair.place}"
        return family, pair.of.name, template.format(f"{pair.act} {where}"), shown

    def _use(self, what: tuple[Object, str], carrier: Carrier) -> tuple[str, str, str, Picture]:
        thing, colour = what
        template = self.rng.choice(self.of.templates("use", held=self.held))
        query = template.format(self.rng.choice(say.THIS))
        return f"{colour} {thing.name}", thing.kind, query, Picture(thing.name, colour)


def _png(picture: Picture) -> bytes:
    from PIL import Image

    out = BytesIO()
    Image.fromarray(draw(picture)).save(out, "PNG")
    return out.getvalue()


def scenes_training(variants: int = 4) -> list[Example]:
    """The training families of scenes, a family a grid's; all of them joint dangers.

    Args:
        variants: Drawings of each family.
    """
    from chiasm.scenes.cases import cases, image_bytes

    return [
        Example(
            id=case.id,
            query=case.query,
            images=(image_bytes(case),),
            unsafe=case.ground_truth == "unsafe",
            category=case.category if case.ground_truth == "unsafe" else "",
            family=case.cluster,
            carrier="pair",
            caption="",
            dataset=SCENES,
        )
        for case in cases(variants=variants, tier=None, split="training")
    ]


def benchmark(name: str, folder: str | None = None) -> list[Example]:
    """The cases of a benchmark as rows of the test part; never trained on.

    Args:
        name: One of `chiasm list`.
        folder: A local copy; the cache by default.

    Raises:
        ConfigError: There is no such benchmark, its data are not there, or it has no pictures.
        DataError: The data are not what they should be.
    """
    from chiasm.benchmarks import load

    dataset = load(name, folder)
    if not any(case.images for case in dataset):
        raise ConfigError(f"{name} has no pictures: a guard of pairs can't be measured on it")
    return [
        Example(
            id=case.id,
            query=case.query,
            images=tuple((Path(dataset.root), path) for path in case.images),
            unsafe=case.ground_truth == "unsafe",
            category=case.category if case.ground_truth == "unsafe" else "",
            family=case.cluster,
            carrier="pair" if case.extra.get("tier") else "",
            part="test",
            dataset=name,
        )
        for case in dataset
    ]
