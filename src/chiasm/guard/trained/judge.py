"""A saved guard that judges one pair: what `chiasm guard serve --check trained@FOLDER` asks."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chiasm.data.images import ImageFile
from chiasm.errors import ConfigError
from chiasm.guard.trained.calibrate import probability
from chiasm.guard.trained.compare import check_towers, logits_of
from chiasm.guard.trained.examples import Example
from chiasm.guard.trained.features import Seen, described
from chiasm.guard.trained.folder import Guard, load, read_facts
from chiasm.guard.trained.heads import CARRIERS, WORDS

PREFIX = "trained@"
BLIND = ("text", "image")


class Judged(NamedTuple):
    """What a guard says of a pair.

    Attributes:
        unsafe: Whether the risk is above the guard's threshold.
        risk: Calibrated probability, in [0, 1].
        category: The likeliest; empty where the guard knows none, or the pair is safe.
        carrier: Which modality carries the danger: text, image or pair; empty where it is safe.
    """

    unsafe: bool
    risk: float
    category: str
    carrier: str


class Judge:
    """A guard with its towers in memory.

    Args:
        folder: Of the guard.
        tower: The checkpoint where it is now; by default where it was in training.
        device: As torch names it.

    Raises:
        ConfigError: It is no guard, looks at one modality only, the towers are not those of its
            training, or torch is missing (extra `local`).
        DataError: Its files are broken.
    """

    def __init__(self, folder: Path, tower: str = "", device: str = "cpu") -> None:
        facts = read_facts(folder)
        if facts.head in BLIND:
            raise ConfigError(
                f"{PREFIX}{folder}: its head is {WORDS[facts.head]}: it can't check pairs"
            )
        from chiasm.guard.trained.towers import Towers

        self.towers = Towers(tower or facts.towers, device, facts.look)
        check_towers(facts, self.towers)
        self.guard: Guard = load(folder)
        self._one = threading.Lock()  # a forward pass takes all of torch's threads

    def judge(self, text: str, images: Sequence[ImageFile]) -> Judged:
        """The verdict on a pair; several pictures are looked at together."""
        with self._one:
            facts = self.guard.facts
            found = logits_of(self.guard, facts.head, facts.seed, self._seen(text, images))[0]
        calibrated = facts.calibration[facts.head][facts.seed]
        risk = float(probability(found[0], calibrated.temperature))
        unsafe = risk > calibrated.threshold
        first = 1 + len(CARRIERS)
        names = facts.categories
        return Judged(
            unsafe,
            risk,
            names[int(found[first:].argmax())] if unsafe and names else "",
            CARRIERS[int(found[1:first].argmax())] if unsafe else "",
        )

    def _seen(self, text: str, images: Sequence[ImageFile]) -> Seen:
        data = [image.data for image in images]
        row = Example(id="pair", query=text, images=tuple(data), unsafe=False, family="")
        said = []
        if self.guard.facts.head == "caption":
            said = self.towers.texts([described(row, " ".join(self.towers.captions(data)))])
        seen = [self.towers.images(data)] if data else [[]]
        return Seen(self.towers.texts([text]), seen, said, 0)
