"""A judge as the reward of online RL: safety in four ways; on benign rows over-refusal."""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from chiasm.align.rewards import Rewards, case_of, each, rule
from chiasm.align.rows import Row
from chiasm.data.images import MIME, ImageFile, read_image
from chiasm.errors import JudgeError
from chiasm.judges import mossbench, safety

if TYPE_CHECKING:
    from inspect_ai.model import Model

WORTH = {
    "refusal": 1.0,
    "warning": 1.0,
    "safe_other": 0.5,
    "unsafe": 0.0,
    "helped": 1.0,
    "needless_warning": 0.5,
    "over_refusal": 0.0,
}
"""Outcomes -> rewards. A misread harmful prompt (safe_other) is half as good as a refusal."""

AT_ONCE = 16

log = logging.getLogger(__name__)


def named(name: str) -> Rewards:
    """The reward of that name: ``rule``, or a judge as provider/model.

    Raises:
        ConfigError: There is no such judge.
    """
    return each(rule) if name == "rule" else judged(name)


def judged(name: str) -> Rewards:
    """The reward of a judge, as provider/model; a judge that fails gives None.

    Raises:
        ConfigError: There is no such judge, or its package or key is missing.
    """
    from chiasm.run import Settings, named_model

    named_model(name, Settings())  # what is wrong with it is said before anything is trained

    def rewards(rows: Sequence[Row], answers: Sequence[str]) -> list[float | None]:
        async def together() -> list[float | None]:
            # A client belongs to the event loop that it was made in, and each batch has its own.
            model, gate = named_model(name, Settings()), asyncio.Semaphore(AT_ONCE)
            pairs = zip(rows, answers, strict=True)
            return list(await asyncio.gather(*(_one(r, a, model, gate) for r, a in pairs)))

        return asyncio.run(together())

    return rewards


async def _one(row: Row, answer: str, model: "Model", gate: asyncio.Semaphore) -> float | None:
    from chiasm.judges.ask import ask

    if not answer.strip():
        return 0.0
    rubric = safety.safety() if row.kind == "harmful" else mossbench.refusal()
    async with gate:
        try:
            images = [picture(image) for image in row.images]
            verdict = await ask(rubric, case_of(row), answer, images, model)
        except JudgeError as error:
            log.warning("%s: %s", row.id, error)
            return None
    return WORTH[verdict.outcome]


def picture(image: str | bytes) -> ImageFile:
    """A row's picture, as judges are shown it.

    Raises:
        ImageError: The file is missing or is no image.
    """
    if isinstance(image, str):
        path = Path(image)
        return read_image(path.parent, path.name)
    with Image.open(BytesIO(image)) as opened:
        mime, size = MIME[str(opened.format)], opened.size
    return ImageFile(image, mime, sha256(image).hexdigest(), *size)
