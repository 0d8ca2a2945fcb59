"""Where pictures come from: an images API, diffusers, type on paper, drawings, a folder."""

import asyncio
import base64
import binascii
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiasm import text
from chiasm.build.desk import Desk
from chiasm.build.images import SUFFIXES, keep_image
from chiasm.build.items import Item
from chiasm.build.replies import UnusableError, WaitingError
from chiasm.errors import ConfigError, ImageError
from chiasm.models.calls import current_store, digest, failure

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

Painter = Callable[[Item, str, int, Desk], Awaitable[bytes]]
"""(item, what to show, round, desk) -> the bytes of a picture."""

_LOCK = threading.Lock()


async def paint(item: Item, shows: str, number: int, desk: Desk) -> str:
    """A picture's path under the output folder; an equal one is never paid for twice.

    Args:
        item: What it is for.
        shows: What it should show.
        number: 0, 1, ...: rounds of one item are other pictures.
        desk: Recipe, folder, budget.

    Raises:
        UnusableError: The painter refuses, or has nothing that fits.
        WaitingError: The call failed.
        ConfigError: The backend can't work here.
    """
    settings = desk.recipe.illustrate
    backend = settings.of(item.path)
    used = [backend, settings.size, settings.pipeline, settings.steps, settings.folder]
    who = desk.recipe.models.get("painter", "")
    key = digest("paint", used, who, item.id, shows, number, desk.recipe.seed)
    store = current_store()
    known = store.get(key) if store else None
    price = desk.budget.prices.get(who, (0.0, 0.0))[0] if backend == "api" else 0.0
    if known and (desk.out / known).is_file():
        desk.charge("painter", 0.0, price)
        return known
    if backend == "api":
        desk.budget.price(who, 0, 0)
    await desk.budget.promise(price)
    spent = 0.0
    try:
        data = await PAINTERS[backend](item, shows, number, desk)
        spent = price
    finally:
        desk.charge("painter", price, spent)
    path = keep_image(desk.out, data)
    if store:
        store.put(key, path)
    return path


async def _api(item: Item, shows: str, number: int, desk: Desk) -> bytes:
    """OpenAI's images API, or a server that speaks it (``openai-api/SERVICE/MODEL``)."""
    import openai

    name = desk.recipe.model("painter")
    client, model = _client(name)
    size = f"{desk.recipe.illustrate.size}x{desk.recipe.illustrate.size}"
    # gpt-image models always send the picture itself and refuse to be asked for it.
    form: dict[str, Any] = {} if model.startswith("gpt-image") else {"response_format": "b64_json"}
    await desk.pace.wait(name)
    try:
        async with client:
            reply = await client.images.generate(
                prompt=shows,
                model=model,
                n=1,
                size=size,
                **form,
            )
    except openai.BadRequestError as error:
        raise UnusableError("the painter refused", str(error)) from error
    except (openai.OpenAIError, OSError) as error:
        kind = failure(error) or type(error).__name__
        raise WaitingError(f"painter {name}: {kind}: {str(error)[:200]}") from error
    first = reply.data[0].b64_json if reply.data else None
    try:
        return base64.b64decode(first or "", validate=True) or _nothing()
    except binascii.Error:
        return _nothing()


def _nothing() -> bytes:
    raise UnusableError("the painter sent no picture")


def _client(name: str) -> tuple[Any, str]:
    """A client and the model's name there: ``openai/MODEL`` or ``openai-api/SERVICE/MODEL``."""
    from openai import AsyncOpenAI

    provider, _, rest = name.partition("/")
    service, model = ("OPENAI", rest)
    if provider == "openai-api":
        service, _, model = rest.partition("/")
        service = service.upper().replace("-", "_")
    elif provider != "openai":
        raise ConfigError(f"painter {name}: expected openai/MODEL or openai-api/SERVICE/MODEL")
    key, url = (os.environ.get(f"{service}_{what}") for what in ("API_KEY", "BASE_URL"))
    if not key or (provider == "openai-api" and not url):
        raise ConfigError(f"painter {name}: set {service}_API_KEY and {service}_BASE_URL")
    return AsyncOpenAI(api_key=key, base_url=url, max_retries=4, timeout=300), model


async def _typographic(item: Item, shows: str, number: int, desk: Desk) -> bytes:
    """The description as type on a plain ground, as FigStep and MM-SafetyBench (typo) do."""
    return await asyncio.to_thread(
        typeset, shows, desk.recipe.illustrate.size, desk.recipe.illustrate.font
    )


def typeset(words: str, size: int, font: str = "") -> bytes:
    """A PNG with a text on it, wrapped and as large as fits; the same text gives the same bytes.

    Args:
        words: The text.
        size: Width and height in pixels.
        font: A font file; Pillow's own, which knows Latin scripts, where it is empty.

    Raises:
        ConfigError: The font can't be read.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (size, size), (250, 248, 242))
    pen = ImageDraw.Draw(image)
    margin = size // 12
    for points in range(size // 8, 9, -2):
        used = _font(font, points)
        lines = _wrapped(words, used, size - 2 * margin)
        block = "\n".join(lines)
        box = pen.multiline_textbbox((margin, margin), block, font=used, spacing=points // 3)
        if box[3] <= size - margin and box[2] <= size - margin:
            break
    pen.multiline_text((margin, margin), block, font=used, fill=(25, 25, 35), spacing=points // 3)
    out = BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _font(path: str, points: int) -> "FreeTypeFont | ImageFont":
    from PIL import ImageFont

    try:
        return ImageFont.truetype(path, points) if path else ImageFont.load_default(points)
    except OSError as error:
        raise ConfigError(f"illustrate: font: {path}: {error}") from None


def _wrapped(words: str, font: Any, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


async def _scenes(item: Item, shows: str, number: int, desk: Desk) -> bytes:
    """The drawing of scenes whose description has most words in common with this one."""
    from chiasm import scenes

    drawn = {c.oracle.description: c.images[0] for c in scenes.probes(split="training")}
    best = _nearest(shows, {path: about for about, path in drawn.items()})
    return scenes.image_bytes(best)


async def _folder(item: Item, shows: str, number: int, desk: Desk) -> bytes:
    """The user's picture whose file name has most words in common with the description."""
    folder = desk.recipe.folder / desk.recipe.illustrate.folder
    names = {str(p): p.stem for p in sorted(folder.glob("*")) if p.suffix.lower() in SUFFIXES}
    if not names:
        raise ConfigError(f"{desk.recipe.path}: illustrate: folder: no pictures in {folder}")
    return Path(_nearest(shows, names)).read_bytes()


def _nearest(shows: str, about: Mapping[str, str]) -> str:
    wanted = {w for w in text.words(shows) if len(w) > 2}
    best = max(about, key=lambda k: len(wanted & set(text.words(about[k].replace("-", " ")))))
    if not wanted & set(text.words(about[best].replace("-", " "))):
        raise UnusableError("no picture there fits the description", shows)
    return best


async def _diffusers(item: Item, shows: str, number: int, desk: Desk) -> bytes:
    """A diffusion pipeline on this machine; the item, round and seed decide the noise."""
    noise = int(sha256(f"{desk.recipe.seed}/{item.id}/{number}".encode()).hexdigest()[:8], 16)
    return await asyncio.to_thread(_diffused, shows, noise, desk)


def _diffused(shows: str, noise: int, desk: Desk) -> bytes:
    import torch

    settings = desk.recipe.illustrate
    with _LOCK:  # a pipeline holds state: one picture at a time
        pipeline = _pipeline(str(_local(desk.recipe.folder, settings.pipeline)))
        made = pipeline(
            shows, num_inference_steps=settings.steps, height=settings.size, width=settings.size,
            generator=torch.Generator("cpu").manual_seed(noise),
        )  # fmt: skip
    out = BytesIO()
    made.images[0].save(out, "PNG")
    return out.getvalue()


def _local(folder: Path, name: str) -> Path | str:
    return folder / name if (folder / name).is_dir() else name


@cache
def _pipeline(name: str) -> Any:
    """The pipeline, on a GPU where there is one.

    Raises:
        ConfigError: The package is missing, or there is no such pipeline.
    """
    try:
        import torch
        from diffusers import DiffusionPipeline
    except ImportError:
        raise ConfigError(
            "illustrate: backend diffusers: pip install 'chiasm[diffusers]'"
        ) from None
    try:
        found = DiffusionPipeline.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ConfigError(f"illustrate: pipeline {name}: {error}") from None
    found.set_progress_bar_config(disable=True)
    return found.to("cuda" if torch.cuda.is_available() else "cpu")


PAINTERS: Mapping[str, Painter] = {
    "api": _api,
    "diffusers": _diffusers,
    "typographic": _typographic,
    "scenes": _scenes,
    "folder": _folder,
}


def readable(desk: Desk, path: str) -> None:
    """Refuse a picture that a provider would not take.

    Raises:
        UnusableError: It is broken.
    """
    try:
        desk.image(path)
    except ImageError as error:
        raise UnusableError("the painter sent a broken picture", str(error)) from error
