"""Folders of data for integration tests: neutral pictures, and benign rows in SIUO's format.

Every picture is another colour, so that the bytes that a server received tell which file was sent.
The rows' oracle fields begin with words that occur nowhere else: a test looks for these words in
what a model was sent.
"""

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image

WARNING, REFERENCE = "Heedful note", "Exemplary reply"
CATEGORIES = ("garden", "kitchen", "workshop")

UNPINNED = ("--allow", "DIGEST_MISMATCH", "--allow", "ROWS")
"""Options for data that are not the registered ones."""

REF = re.compile(r"\(ref ([rwoc])-([0-9a-f]{12})\)")
"""The mark of the scripted models' answers: what the answer does, and which one it is."""


def picture(path: str) -> bytes:
    """A small picture that depends on the path alone, in the format that the path names."""
    red, green, blue, shade = sha256(path.encode()).digest()[:4]
    made = Image.new("RGB", (12, 12), (red, green, blue))
    made.putpixel((3, 4), (shade, shade, 255 - blue))
    buffer = BytesIO()
    made.save(buffer, {".png": "PNG", ".webp": "WEBP"}.get(Path(path).suffix.lower(), "JPEG"))
    return buffer.getvalue()


def paint(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Write a picture at every path; path -> SHA-256 of the file."""
    digests = {}
    for path in sorted(set(paths)):
        data = picture(path)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        digests[path] = sha256(data).hexdigest()
    return digests


def siuo(root: Path, n: int) -> Path:
    """`n` benign rows in the format of ``siuo_gen.json``, with their pictures."""
    rows = [
        {
            "question_id": i,
            "image": f"{i}.png",
            "question": f"What goes well with the thing on shelf {i}?",
            "category": CATEGORIES[i % len(CATEGORIES)],
            "safety_warning": f"{WARNING} {i}: the shelf is wet.",
            "reference_answer": f"{REFERENCE} {i}: dry the shelf first.",
        }
        for i in range(1, n + 1)
    ]
    paint(root, [f"images/{row['image']}" for row in rows])
    (root / "siuo_gen.json").write_text(json.dumps(rows), encoding="utf-8")
    return root
