"""Contact sheets: many pictures of scenes on one, with their names, for people to look at."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from chiasm.cases import Case
from chiasm.scenes.cases import image_bytes

TILE = 240
GAP = 10
LABEL = 18
COLUMNS = 6
ROWS = 6


def sheets(cases: Sequence[Case]) -> Iterator[bytes]:
    """PNGs of up to `COLUMNS` x `ROWS` pictures each, in the order of the cases.

    Args:
        cases: Of `chiasm.scenes.probes`: one a picture.
    """
    for start in range(0, len(cases), COLUMNS * ROWS):
        yield _sheet(cases[start : start + COLUMNS * ROWS])


def _sheet(cases: Sequence[Case]) -> bytes:
    rows = -(-len(cases) // COLUMNS)
    step_x, step_y = TILE + GAP, TILE + GAP + LABEL
    page = Image.new("RGB", (COLUMNS * step_x + GAP, rows * step_y + GAP), "#ffffff")
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(12)
    for i, case in enumerate(cases):
        x, y = GAP + i % COLUMNS * step_x, GAP + i // COLUMNS * step_y
        with Image.open(BytesIO(image_bytes(case))) as picture:
            page.paste(picture.resize((TILE, TILE), Image.Resampling.LANCZOS), (x, y + LABEL))
        pen.text((x, y), f"{case.extra['grid']} image {case.extra['image']}", "#3a3640", font)
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
