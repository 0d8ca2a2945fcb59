"""Pictures of the page: by path, as thumbnails, or blurred beyond recovery."""

import logging
import os
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from PIL import Image, ImageFilter, ImageOps

from chiasm.data.images import read_image
from chiasm.data.paths import OutsideError, inside
from chiasm.errors import ConfigError, ImageError

Mode = Literal["path", "embed", "blur", "none"]

MODES: tuple[Mode, ...] = get_args(Mode)

THUMBNAIL = 420
"""Longest side in pixels."""

BLURRED = 24
"""Longest side of what `blur` keeps: colours and rough shapes, no face and no writing."""

logger = logging.getLogger(__name__)


class Pictures:
    """Addresses of a benchmark's images; call with an image's path.

    Attributes:
        root: The dataset's folder; None where it is not known.
        shown: Images that the page has.
        missing: Images that it lacks.
    """

    def __init__(self, root: Path | None, mode: Mode, page: Path) -> None:
        self.root = root
        self.shown: set[str] = set()
        self.missing: set[str] = set()
        self._mode = mode
        self._page = page

    def __call__(self, path: str) -> str:
        """The address of an image; empty where the page has none."""
        if self._mode == "none" or self.root is None:
            return ""
        try:
            address = self._address(self.root, path)
        except (ImageError, OutsideError) as error:
            if path not in self.missing:
                logger.info("image not shown: %s", error)
            self.missing.add(path)
            return ""
        self.shown.add(path)
        return address

    def _address(self, root: Path, path: str) -> str:
        if self._mode != "path":
            data = thumbnail(read_image(root, path).data, blur=self._mode == "blur")
            return f"data:image/webp;base64,{b64encode(data).decode()}"
        file = inside(root, path)
        if not file.is_file():
            raise ImageError("the image is missing", file=path)
        return _address_of(file, self._page)


def thumbnail(data: bytes, *, blur: bool = False) -> bytes:
    """A small WebP of an image that `read_image` let through, without its metadata.

    Args:
        data: The image file.
        blur: Keep `BLURRED` pixels only, so that nobody can undo it.

    Raises:
        ImageError: It can't be decoded after all.
    """
    side = BLURRED if blur else THUMBNAIL
    try:
        with Image.open(BytesIO(data)) as image:
            image.draft("RGB", (2 * side, 2 * side))
            image.thumbnail((2 * side, 2 * side))  # before anything that copies the whole image
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"can't be decoded: {error}") from None
    upright.thumbnail((side, side))
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright)
    if blur:
        flat = flat.filter(ImageFilter.GaussianBlur(1))
    out = BytesIO()
    flat.save(out, "WEBP", quality=68, method=4)
    return out.getvalue()


def _address_of(file: Path, page: Path) -> str:
    """Relative to the page; absolute only where no relative path leads there (another drive)."""
    try:
        return quote(Path(os.path.relpath(file, page.resolve().parent)).as_posix())
    except ValueError:
        return file.as_uri()


def root_of(
    benchmark: str, folders: Mapping[str, str], logged: str | None, digest: str
) -> Path | None:
    """Where a benchmark's images are; None where that is not known on this machine.

    Images that our own code draws are taken only while it draws what the log's run was shown.

    Args:
        benchmark: Its name.
        folders: What the user said: name -> folder, "" for all.
        logged: The folder that the run was given.
        digest: Of the data that the run was given.

    Raises:
        ConfigError: The user named a folder that is not there.
    """
    from chiasm.benchmarks import load, resolve
    from chiasm.benchmarks import root_of as locate

    named = folders.get(benchmark, folders.get(""))
    if named and not Path(named).is_dir():
        raise ConfigError(f"--data {named}: not a folder")
    try:
        found = resolve(benchmark)
        if found.source or named or logged:
            return locate(found, named or logged)
        drawn = load(found)
    except ConfigError:
        return Path(named) if named else None
    return drawn.root if drawn.digest == digest else None
