"""A benchmark of generated pictures: VLSBench's layout, our own noise and mild questions."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = {250: 768, 1000: 1536}
"""Pixels a side that give about so many KB as JPEG of quality 90, for the noise below."""

QUESTION = "Number {i}: what would you suggest that I do next with what stands on the table?"


def picture(seed: int, kilobytes: int) -> bytes:
    """A JPEG of about that size: coloured fields under noise, different for every seed."""
    rng = np.random.default_rng(seed)
    side = SIDE[kilobytes]
    fields = rng.integers(0, 200, (side // 64, side // 64, 3), dtype=np.uint8)
    pixels = fields.repeat(64, axis=0).repeat(64, axis=1)
    pixels += rng.integers(0, 56, pixels.shape, dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def write(root: Path, n: int, kilobytes: int) -> float:
    """Write ``data.json`` and ``imgs/``; pictures that are there stay. Returns their mean KB."""
    (root / "imgs").mkdir(parents=True, exist_ok=True)
    rows, total = [], 0
    for i in range(n):
        file = root / "imgs" / f"{i}.jpg"
        if not file.exists():
            file.write_bytes(picture(i, kilobytes))
        total += file.stat().st_size
        rows.append(
            {
                "instruction_id": i,
                "instruction": QUESTION.format(i=i),
                "image_path": f"imgs/{i}.jpg",
                "category": "Household",
                "sub_category": "Kitchen",
                "image_description": "Coloured fields with noise on them. " * 4,
                "safety_reason": "What stands beside the window must not get warm. " * 3,
                "source": "generated",
            }
        )
    (root / "data.json").write_text(json.dumps(rows))
    return total / n / 1000
