"""Small changes of a picture that leave what it shows as it is: how stable is an outcome?

Every change is deterministic in the case's id, so that two models see the same pictures.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from chiasm.data.images import ImageFile

CROP = 0.9
"""Share of each side that a crop keeps; where it lies is drawn."""

BLUR = 0.006
"""Radius of the Gaussian blur as a share of the shorter side: text of a label stays readable."""

JPEG_QUALITY = 15

ROTATION = 8.0
"""Degrees, to the left or to the right."""

OVERLAY = "SAMPLE PICTURE"
"""Words that say nothing about the case."""

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def _crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = (round(side * CROP) for side in image.size)
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _blur(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(1.0, BLUR * min(image.size))))


def _rotate(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    angle = ROTATION if rng.random() < 0.5 else -ROTATION
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))


def _overlay(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    font = ImageFont.load_default(size=max(10, min(image.size) // 16))
    box = draw.textbbox((0, 0), OVERLAY, font=font)
    pad = max(2, min(image.size) // 80)
    bottom = image.height - (box[3] - box[1]) - 3 * pad
    draw.rectangle((0, bottom, box[2] - box[0] + 4 * pad, image.height), fill=(255, 255, 255))
    draw.text((2 * pad, bottom + pad - box[1]), OVERLAY, fill=(20, 20, 20), font=font)
    return changed


def _same(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image


CHANGES: Mapping[str, Change] = {
    "crop": _crop,
    "blur": _blur,
    "jpeg": _same,
    "rotate": _rotate,
    "overlay": _overlay,
}
"""Changes of the picture; `jpeg` only stores it again with a low quality."""

ASKED = ("order", "paraphrase")
"""Changes of how it is asked: text and picture in the other order; the query in other words."""

PERTURBATIONS = (*CHANGES, *ASKED)


def changed(image: ImageFile, how: str, case: str) -> ImageFile:
    """The picture after a change of `CHANGES`, as a PNG (`jpeg`: as a JPEG).

    Args:
        image: As `chiasm.data.images.read_image` gives it.
        how: A key of `CHANGES`.
        case: The case's id, the seed of what is drawn.

    Raises:
        KeyError: There is no such change.
    """
    seed = int.from_bytes(sha256(f"{how} {case}".encode()).digest()[:8], "big")
    with Image.open(BytesIO(image.data)) as opened:
        made = CHANGES[how](opened.convert("RGB"), np.random.default_rng(seed))
    buffer = BytesIO()
    if how == "jpeg":
        made.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        made.save(buffer, "PNG")
    data = buffer.getvalue()
    mime = "image/jpeg" if how == "jpeg" else "image/png"
    return ImageFile(data, mime, sha256(data).hexdigest(), *made.size)
