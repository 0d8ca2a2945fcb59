"""The same picture in two datasets: by its bytes, or by how it looks.

A picture that was saved again, resized or renamed has other bytes and the same look. Two 64-bit
fingerprints describe the look: `dhash` (does brightness rise from a field to the next of an 8 x 8
grid) and `phash` (signs of the 64 lowest frequencies against their median). Both must be near: one
alone takes a page of text for another. Distances were measured: docs/overlap.md.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chiasm.data.images import MAX_PIXELS, READERS, read_image
from chiasm.errors import ImageError

DISTANCE = 8
"""Bits of 64 that each of the two fingerprints may differ by."""

FLAT = 4.0
"""Standard deviation of grey, of 255, below which a picture has no look to compare."""

RISE = 2.0
"""Levels of grey that count as brighter: plain areas have no gradient but their coding noise."""

BLOCK = 4_000_000
"""Pairs compared at a time."""

Bits = NDArray[np.uint64]
Grey = NDArray[np.float64]


class Look(NamedTuple):
    """What is kept of a picture.

    Attributes:
        sha256: Of the file's bytes, 64 hex digits.
        dhash: 64 bits.
        phash: 64 bits.
        flat: Whether it is of nearly one colour: it is then compared by its bytes alone.
    """

    sha256: str
    dhash: int
    phash: int
    flat: bool


class Match(NamedTuple):
    """Two pictures that are the same.

    Attributes:
        i: Index in the first list.
        j: Index in the second.
        exact: Whether the files are equal.
        distance: The larger of the two distances in bits; 0 where exact.
    """

    i: int
    j: int
    exact: bool
    distance: int


def look_of(root: Path, path: str) -> Look:
    """Fingerprints of an image file of a dataset.

    Args:
        root: The dataset's folder.
        path: Relative to it; untrusted.

    Raises:
        ImageError: See `chiasm.data.images.read_image`; or it can't be decoded.
    """
    return look(read_image(root, path).data, path)


def look(data: bytes, path: str = "") -> Look:
    """Fingerprints of an image's bytes, which `chiasm.data.images` has let through.

    Rotation in the metadata is applied, transparency stands on white, of moving pictures the first
    frame counts.

    Raises:
        ImageError: It can't be decoded; names `path`.
    """
    grey = _grey(data, path)
    spread = float(grey.std())
    return Look(sha256(data).hexdigest(), _dhash(grey), _phash(grey), spread < FLAT)


def image_matches(
    images_a: Sequence[Look], images_b: Sequence[Look], *, distance: int = DISTANCE
) -> list[Match]:
    """All pairs of pictures of two lists that are the same or look the same.

    Args:
        images_a: Of `look_of`.
        images_b: Likewise.
        distance: Bits of 64 that each fingerprint may differ by, 0..64.

    Returns:
        Pairs in the order of (i, j).

    Raises:
        ValueError: The distance is out of range.
    """
    if not 0 <= distance <= 64:
        raise ValueError(f"need a distance in 0..64, got {distance}")
    found = {(m.i, m.j): m for m in _alike(images_a, images_b, distance)}
    by_bytes: dict[str, list[int]] = {}
    for j, b in enumerate(images_b):
        by_bytes.setdefault(b.sha256, []).append(j)
    for i, a in enumerate(images_a):
        for j in by_bytes.get(a.sha256, ()):
            found[i, j] = Match(i, j, True, 0)
    return [found[key] for key in sorted(found)]


def _alike(a: Sequence[Look], b: Sequence[Look], distance: int) -> Iterable[Match]:
    if not a or not b:
        return
    left, right = (
        np.array([(x.dhash, x.phash) for x in looks], np.uint64) for looks in (a, b)
    )  # fmt: skip
    flat_a, flat_b = (np.array([x.flat for x in looks]) for looks in (a, b))
    step = max(1, BLOCK // len(b))
    for start in range(0, len(a), step):
        part = left[start : start + step]
        apart = np.bitwise_count(part[:, None, 0] ^ right[None, :, 0])
        near = apart <= distance
        near &= ~flat_a[start : start + step, None] & ~flat_b[None, :]
        for i, j in zip(*np.nonzero(near), strict=True):
            other = int(np.bitwise_count(part[i, 1] ^ right[j, 1]))
            if other <= distance:
                yield Match(start + int(i), int(j), False, max(int(apart[i, j]), other))


def _grey(data: bytes, path: str) -> Grey:
    """A 64 x 64 picture in grey: the mean of the pixels of each field."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data), formats=READERS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(f"{image.width} x {image.height} pixels", file=path)
            image.draft("L", (256, 256))
            turned = ImageOps.exif_transpose(image)
            if turned.has_transparency_data:
                turned = turned.convert("RGBA")
                white = Image.new("RGBA", turned.size, "white")
                turned = Image.alpha_composite(white, turned)
            flat = turned.convert("L")
            small = flat.resize((64, 64), Image.Resampling.BOX)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ImageError(f"not an image that can be compared: {error}", file=path) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's readers raise
        raise ImageError(f"damaged or truncated: {error}", file=path) from None
    return np.asarray(small, np.float64)


def _dhash(grey: Grey) -> int:
    rows = grey.reshape(8, 8, 64).mean(axis=1)
    edges = np.linspace(0, 64, 10).round().astype(int)
    fields = np.add.reduceat(rows, edges[:-1], axis=1) / np.diff(edges)
    return _number(fields[:, 1:] > fields[:, :-1] + RISE)


def _phash(grey: Grey) -> int:
    from scipy.fft import dctn  # type: ignore[import-untyped]

    low = dctn(grey, norm="ortho")[:8, :8]
    return _number(low > np.median(low.ravel()[1:]))


def _number(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
