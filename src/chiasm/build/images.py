"""Pictures in the output folder, each under a name that is its content."""

from hashlib import sha256
from pathlib import Path

from chiasm.data.images import MIME

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif"}


def keep_image(out: Path, data: bytes) -> str:
    """Keep a picture under a name that is its content; its path under `out`.

    Raises:
        ImageError: It is not a picture that providers take.
    """
    from chiasm.data.images import read_image
    from chiasm.scenes.store import replace_file

    path = f"images/{sha256(data).hexdigest()[:20]}{_suffix(data)}"
    if not (out / path).is_file():
        replace_file(out / path, data)
    read_image(out, path)
    return path


def _suffix(data: bytes) -> str:
    kinds = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif", b"RIFF": ".webp"}
    assert set(MIME)  # the formats that providers take are these four
    return next((s for head, s in kinds.items() if data.startswith(head)), ".png")
