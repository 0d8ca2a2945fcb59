"""A request, its result, and which requests are generated together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from chiasm.models.local.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_PER_TOKEN = 28 * 28
CHARACTERS_PER_TOKEN = 4
MOST_IMAGE_TOKENS = 4096
WASTE = 1.5
"""Rows of one batch differ in estimated length by this factor at most, and by `SLACK`."""

SLACK = 64


@dataclass(eq=False, slots=True, kw_only=True)
class Request:
    """One answer that is asked for.

    Attributes:
        prompt: As the chat template wrote it, a place for every image in it.
        images: In the order of their places; RGB.
        settings: How to decode.
        key: What the random numbers follow from, any bytes.
        abandoned: Set by who asked: nobody waits for it any more.
    """

    prompt: str
    images: "tuple[Image, ...]" = ()
    settings: Settings = field(default_factory=Settings)
    key: bytes = b""
    abandoned: bool = field(default=False, init=False)

    @property
    def size(self) -> int:
        """Tokens of the prompt, estimated: from its letters and the pixels of its images."""
        pixels = [image.width * image.height for image in self.images]
        seen = sum(min(count // PIXELS_PER_TOKEN + 1, MOST_IMAGE_TOKENS) for count in pixels)
        return len(self.prompt) // CHARACTERS_PER_TOKEN + 1 + seen


class TokenLogprob(NamedTuple):
    """A token of an answer and what the model thought of it, before temperature and cuts.

    Attributes:
        token: Its text.
        logprob: Natural logarithm, at most 0.
        top: The likeliest tokens at this place, likeliest first.
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Result(NamedTuple):
    """What a request got.

    Attributes:
        text: Without special tokens, up to the first stop text.
        stop: Why it ends: the model or a stop text, the cap, or the model's context length.
        input_tokens: Of the prompt, images included, padding not.
        output_tokens: Generated, the closing token included.
        tokens: Their ids.
        logprobs: None unless asked for.
    """

    text: str
    stop: Literal["stop", "max_tokens", "model_length"]
    input_tokens: int
    output_tokens: int
    tokens: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] | None = None


class OutOfMemoryError(Exception):
    """The device has no room for this batch; a smaller one may pass."""


def next_batch(waiting: Sequence[Request], size: int) -> list[Request]:
    """Who goes with the oldest request: those most like it.

    Alike are requests with as many images (processors pad these in ways of their own) and the same
    cap (a short answer would wait for a long one), of similar length. Since the oldest always goes,
    nobody waits for ever.

    Args:
        waiting: In the order of their arrival, at least one.
        size: At most so many.
    """
    oldest = waiting[0]
    limit = oldest.size
    alike = [
        request
        for request in waiting[1:]
        if len(request.images) == len(oldest.images)
        and request.settings.max_tokens == oldest.settings.max_tokens
        and max(request.size, limit) <= WASTE * min(request.size, limit) + SLACK
    ]
    alike.sort(key=lambda request: abs(request.size - limit))
    return [oldest, *alike[: size - 1]]


def cut_at_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text up to the first of the stop texts, and whether there was one.

    >>> cut_at_stop("one two three", ["three", "two"])
    ('one ', True)
    """
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)
