"""Image files of a dataset: read once as bytes, never decoded before their size is known.

The bytes that a model and a judge get are the file's own. What a file is follows from its content;
its name may lie.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256 as _sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from chiasm.data.paths import OutsideError, inside
from chiasm.errors import ImageError

MAX_BYTES = 50_000_000
MAX_PIXELS = 178_956_970
"""Width x height: twice Pillow's limit for a warning; three bytes a pixel are half a gigabyte."""

MIME = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # several JPEGs in one file, as cameras write; readers show the first
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
"""The formats that providers take, by Pillow's names."""

READERS = ("PNG", "JPEG", "GIF", "WEBP")
"""Pillow's readers that may touch the bytes; JPEG's finds MPO."""


class ImageFile(NamedTuple):
    """An image as it is on the disk.

    Attributes:
        data: The file's bytes.
        mime: From the content.
        sha256: Of the bytes, 64 hex digits.
        width: Pixels, as stored (a rotation in the metadata is not applied).
        height: Likewise.
        uri: The picture as a data URI where it was made before; `data` may then be empty.
    """

    data: bytes
    mime: str
    sha256: str
    width: int
    height: int
    uri: str = ""


def read_image(root: Path, path: str, *, sha256: str | None = None) -> ImageFile:
    """Read an image of a dataset.

    Args:
        root: The dataset's folder.
        path: Relative to it, with ``/`` as separator; untrusted.
        sha256: What its digest must be; None takes any.

    Raises:
        ImageError: The file is missing, outside the folder (links included), not an image that
            providers take, truncated, over `MAX_BYTES` or `MAX_PIXELS`, or has another digest.
    """
    file = _file(root, path)
    if file is None:
        raise ImageError(f"the image is missing in {root}", file=path)
    data = _read(file, path)
    digest = _sha256(data).hexdigest()
    if sha256 is not None and digest != sha256:
        raise ImageError(f"its SHA-256 is {digest}, expected {sha256}", file=path)
    mime, width, height = _header(data, path)
    return ImageFile(data, mime, digest, width, height)


def image_of(data: bytes, name: str) -> ImageFile:
    """An image that is in memory.

    Args:
        data: Its bytes, untrusted.
        name: What errors call it.

    Raises:
        ImageError: As `read_image`.
    """
    if len(data) > MAX_BYTES:
        raise ImageError(f"more than {MAX_BYTES // 1_000_000} MB", file=name)
    mime, width, height = _header(data, name)
    return ImageFile(data, mime, _sha256(data).hexdigest(), width, height)


def data_uri(image: ImageFile) -> str:
    """The image as a ``data:`` address."""
    return image.uri or f"data:{image.mime};base64,{b64encode(image.data).decode()}"


def missing_images(root: Path, paths: Iterable[str]) -> list[str]:
    """Those of the paths that have no file, each once, in the order given.

    Raises:
        ImageError: A path leaves the folder: that is no missing file but a hostile one.
    """
    return [path for path in dict.fromkeys(paths) if _file(root, path) is None]


def _file(root: Path, path: str) -> Path | None:
    try:
        file = inside(root, path)
    except OutsideError as error:
        raise ImageError(f"the path {error}", file=_shown(path)) from None
    return file if file.is_file() else None


def _read(file: Path, path: str) -> bytes:
    if file.stat().st_size > MAX_BYTES:
        raise ImageError(f"more than {MAX_BYTES // 1_000_000} MB", file=path)
    return file.read_bytes()


def _header(data: bytes, path: str) -> tuple[str, int, int]:
    """MIME type, width and height; nothing is decoded unless the end of the file is missing."""
    try:
        with Image.open(BytesIO(data), formats=READERS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(f"{width} x {height} pixels, limit {MAX_PIXELS:,}", file=path)
            if not _whole(data, str(image.format)):
                image.load()
            return MIME[str(image.format)], width, height
    except UnidentifiedImageError:
        raise ImageError(
            f"not an image ({len(data):,} bytes): expected PNG, JPEG, GIF or WebP", file=path
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(f"more than {MAX_PIXELS:,} pixels", file=path) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's readers raise
        raise ImageError(f"damaged or truncated: {error}", file=path) from None


def _whole(data: bytes, format: str) -> bool:
    """Whether the file has its end: cheap, and what is in doubt is decoded to find out.

    A JPEG's scan can't contain its end marker by chance (0xFF is escaped there), but a thumbnail
    before it has one: the end must come after the last start of a scan.
    """
    if format == "PNG":
        return b"IEND\xaeB`\x82" in data[-4096:]
    if format == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    if format == "GIF":
        return data.endswith(b"\x3b")
    return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")


def _shown(path: str) -> str:
    """A hostile path in one line of a message."""
    return ascii(path)[1:-1][:200]
