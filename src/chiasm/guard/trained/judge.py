"""A saved guard that judges one pair: what `chiasm guard serve --check trained@FOLDER` asks."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chiasm.data.images import ImageFile
from chiasm.errors import ConfigError, JudgeError
from chiasm.guard.trained import TRAINED
from chiasm.guard.trained.calibrate import probability
from chiasm.guard.trained.compare import check_towers
from chiasm.guard.trained.examples import Example
from chiasm.guard.trained.features import Seen, described
from chiasm.guard.trained.folder import Guard, load, read_facts
from chiasm.guard.trained.heads import CARRIERS, WORDS, batch_of
from chiasm.guard.trained.towers import Feature
from chiasm.guard.trained.training import judged, loaded

BLIND = ("text", "image")
NO_PICTURES = 1
"""Width of pictures' features where training had none, see `heads.sizes_of`."""


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
        ConfigError: It is no guard, looks at one modality only, needs captions that its towers
            can't write, the towers are not those of its training, or torch is missing (extra
            `local`).
        DataError: Its files are broken.
    """

    def __init__(self, folder: Path, tower: str = "", device: str = "cpu") -> None:
        facts = read_facts(folder)
        if facts.head in BLIND:
            raise ConfigError(
                f"{TRAINED}{folder}: its head is {WORDS[facts.head]}: it can't check pairs"
            )
        if facts.head == "caption" and facts.kind != "generative":
            raise ConfigError(
                f"{TRAINED}{folder}: its head reads captions, and {facts.towers} writes none: "
                "train with another --head"
            )
        from chiasm.guard.trained.towers import Towers

        self.towers = Towers(tower or facts.towers, device, facts.look)
        check_towers(facts, self.towers)
        self.guard: Guard = load(folder)
        weights = self.guard.weights[facts.head, facts.seed]
        self._modules = loaded(facts.head, weights, facts.sizes)
        self._one = threading.Lock()  # a forward pass takes all of torch's threads

    def judge(self, text: str, images: Sequence[ImageFile]) -> Judged:
        """The verdict on a pair; several pictures are looked at together.

        Raises:
            JudgeError: There is none: the text is longer than what is read, the guard knows no
                pictures, or the model fails.
            ChiasmError: A picture can't be decoded.
        """
        facts = self.guard.facts
        if images and facts.sizes.patches == NO_PICTURES:
            raise JudgeError("it was trained without pictures", kind="guard can't judge")
        try:
            with self._one:
                batch = batch_of(self._seen(text, images), facts.sizes, facts.head)
                found = judged(facts.head, self._modules, batch, 1)[0]
        except (RuntimeError, ValueError, TypeError) as error:  # torch, out of memory for one
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise JudgeError(why, kind="guard failed") from None
        calibrated = facts.calibration[facts.head][facts.seed]
        risk = float(probability(found[0], calibrated.temperature))
        if not math.isfinite(risk):
            raise JudgeError("the risk is no number", kind="guard failed")
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
        asked = self._read(text)
        row = Example(id="pair", query=text, images=tuple(data), unsafe=False, family="")
        said = []
        if self.guard.facts.head == "caption":
            said = self._read(described(row, " ".join(self.towers.captions(data))))
        seen = [self.towers.images(data)] if data else [[]]
        return Seen(asked, seen, said, 0)

    def _read(self, text: str) -> list[Feature]:
        """Features of the whole text: what lies behind a cut could be anything."""
        found = self.towers.texts([text])
        if found[0].cut:
            raise JudgeError(
                f"the text is longer than the {self.towers.longest} tokens that are read",
                kind="guard can't judge",
            )
        return found
