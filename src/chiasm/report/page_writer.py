"""Texts and pictures on their way into the page, or into the folder beside it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from markupsafe import Markup

from chiasm.errors import ConfigError
from chiasm.labels.records import Label
from chiasm.report.page_cases import Shelf, payload
from chiasm.report.page_images import MODES, Mode, Pictures, root_of
from chiasm.report.page_texts import Texts
from chiasm.report.page_words import cloud

Where = Literal["auto", "embed", "files", "none"]

WHERES: tuple[Where, ...] = get_args(Where)

Choice = TypeVar("Choice", bound=str)

EMBED_RUNS = 3
"""Up to so many runs of a benchmark `auto` puts texts into the page itself."""

EMBED_BYTES = 12_000_000
"""Unless they are more than this."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a page holds.

    Attributes:
        images: ``path`` (links to the files), ``embed`` (thumbnails), ``blur`` (thumbnails that
            nobody can make out), ``none``.
        texts: ``embed``, ``files`` (a folder beside the page, loaded when a case is opened),
            ``none`` (no query, answer or judge's word), ``auto`` (embed what is small).
        data: Benchmark -> folder of its images, "" for all.
        tools: Other tools whose conventions are shown, see `chiasm.report.tools`.
        labels: People's, of some of the responses.
    """

    images: Mode = "path"
    texts: Where = "auto"
    data: Mapping[str, str] = field(default_factory=dict)
    tools: Sequence[str] = ()
    labels: Sequence[Label] = ()


def options(
    images: str,
    texts: str,
    data: Mapping[str, str] | None = None,
    tools: Sequence[str] = (),
    labels: Sequence[Label] = (),
) -> Options:
    """Options from words of a command line.

    Raises:
        ConfigError: There is no such choice.
    """
    return Options(
        images=_one_of("images", images, MODES),
        texts=_one_of("texts", texts, WHERES),
        data=data or {},
        tools=tools,
        labels=labels,
    )


def _one_of(name: str, value: str, known: tuple[Choice, ...]) -> Choice:
    for choice in known:
        if choice == value:
            return choice
    raise ConfigError(f"--{name} {value}: known are {', '.join(map(str, known))}")


class Writer:
    """Texts and pictures on their way into the page or the folder beside it."""

    def __init__(self, page: Path, options: Options) -> None:
        self.page = page
        self.options = options
        self.folder = page.with_name(f"{page.stem}_files")
        self.embedded: dict[str, Markup] = {}
        self.words: dict[str, list[dict[str, Any]]] = {}
        self.notes: list[str] = []
        self.files = 0
        self._written: set[str] = set()

    def add(self, number: int, found: Shelf) -> dict[str, Any]:
        """Take a benchmark's texts; returns what the page's script must know of it."""
        if self.options.texts == "none":
            return {**payload(found, {}), "texts": "none"}
        root = None
        if self.options.images != "none":
            digest = str(found.runs[0].about["dataset"].get("digest", ""))
            root = root_of(found.name, self.options.data, _data_argument(found), digest)
        pictures = Pictures(root, self.options.images, self.page)
        with Texts(found) as texts:
            self.words[found.name] = cloud(texts.queries.values(), found.name)
            blocks = (
                (f"{number}-{i}", script_json(block))
                for i, block in enumerate(texts.blocks(pictures))
            )
            place = self._place(found, blocks)
            self._say(found, pictures)
            return {**payload(found, texts.queries), "texts": place}

    def finish(self) -> None:
        """Remove the blocks of an earlier page of that name, and nothing else."""
        for file in self.folder.glob("block-*.js") if self.folder.is_dir() else ():
            if file.name not in self._written:
                file.unlink()

    def _place(self, found: Shelf, blocks: Iterable[tuple[str, str]]) -> str:
        """Embed the blocks, or write them to files as soon as they are too much for a page."""
        auto = self.options.texts == "auto"
        embed = self.options.texts == "embed" or (auto and len(found.runs) <= EMBED_RUNS)
        held: dict[str, str] = {}
        room = EMBED_BYTES - sum(map(len, self.embedded.values()))
        for name, text in blocks:
            if not embed:
                self._write(name, text)
                continue
            held[name] = text
            room -= len(text)
            if auto and room < 0:
                embed = False
                for key, value in held.items():
                    self._write(key, value)
        if embed:
            self.embedded |= {name: Markup(text) for name, text in held.items()}
        return "embed" if embed else "files"

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"block-{name}.js"
        file.write_text(f'chiasmBlock("{name}", {text});\n', encoding="utf-8")
        self._written.add(file.name)
        self.files += 1

    def _say(self, found: Shelf, pictures: Pictures) -> None:
        if self.options.images == "none":
            return
        if pictures.root is None:
            self.notes.append(
                f"{found.name}: no images, the data that were asked are not on this machine "
                "(name a folder with --data)"
            )
        elif pictures.missing:
            lost, all_ = len(pictures.missing), len(pictures.missing | pictures.shown)
            self.notes.append(f"{found.name}: {lost} of {all_} images are not among its data")


def _data_argument(found: Shelf) -> str | None:
    """The folder of data that the first run was given."""
    from inspect_ai.log import read_eval_log

    header = read_eval_log(found.runs[0].frame["log"][0], header_only=True)
    given = header.eval.task_args.get("data")
    return given if isinstance(given, str) and Path(given).is_dir() else None


def script_json(value: object) -> str:
    """JSON that can stand in a script element.

    It has no ``<``, so that nothing in it can end the element, and no line separator of Unicode,
    which older scripts take for the end of a line.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
