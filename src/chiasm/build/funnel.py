"""The funnel page: what went in, what was kept, what was dropped and why, with examples."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

from chiasm.build.card import TERMS
from chiasm.build.items import Item
from chiasm.build.recipe import Recipe
from chiasm.build.run import Built
from chiasm.build.steps import absent
from chiasm.html import environment

SHOWN = 3
"""Examples of each reason, and of what was kept."""

THUMBNAIL = 160


def page(built: Built, recipe: Recipe, work: Path) -> str:
    """One file, offline; pictures are small and blurred until somebody asks for them.

    Args:
        built: The run.
        recipe: Of the run.
        work: The folder of pictures.
    """
    lost: dict[tuple[str, str], list[Any]] = {}
    for loss in built.lost:
        group = lost.setdefault((loss.step, loss.reason), [])
        if len(group) < SHOWN:
            group.append({"item": loss.item, "detail": loss.detail,
                          "picture": thumbnail(loss.item, work)})  # fmt: skip
    kept = [{"item": i, "picture": thumbnail(i, work)} for i in built.kept[:SHOWN]]
    drafts = built.funnel[0].entered if built.funnel else 0
    return environment("chiasm.build").get_template("funnel.html.j2").render(
        recipe=recipe, funnel=built.funnel, lost=lost, kept=kept, drafts=drafts,
        count=len(built.kept), not_run=absent(recipe), terms=TERMS, waiting=built.waiting,
    )  # fmt: skip


def thumbnail(item: Item, work: Path) -> str:
    """A small picture as a data address; empty where there is none that can be read."""
    from PIL import Image, UnidentifiedImageError

    if not item.image or not (work / item.image).is_file():
        return ""
    try:
        with Image.open(work / item.image) as image:
            small = image.convert("RGB")
            small.thumbnail((THUMBNAIL, THUMBNAIL))
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        return ""
    out = BytesIO()
    small.save(out, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
