"""Pictures in the output folder, each under a name that is its content."""

from hashlib import sha256
from pathlib import Path

from chiasm.align.pictures import suffix

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif"}


def keep_image(out: Path, data: bytes) -> str:
    """Keep a picture under a name that is its content; its path under `out`.

    Raises:
        ImageError: It is not a picture that providers take.
    """
    from chiasm.data.images import read_image
    from chiasm.scenes.store import replace_file

    path = f"images/{sha256(data).hexdigest()[:20]}{suffix(data)}"
    if not (out / path).is_file():
        replace_file(out / path, data)
    read_image(out, path)
    return path
