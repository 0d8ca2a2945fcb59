"""The parts of a recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Backend = Literal["api", "typographic", "scenes", "folder", "diffusers"]

ROLES = ("writer", "viewer", "rewriter", "critic", "judge", "painter")
"""writer: text; viewer: finds what is risky in a picture; rewriter: detoxifies; critic: compares
pictures with texts; judge: is it harmful?; painter: makes pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Path (a).

    Attributes:
        each: Items asked for of each sub-category.
        queries: Candidate queries of each.
    """

    each: int = 2
    queries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Path (b).

    Attributes:
        folder: With .png, .jpg and .webp files, relative to the recipe.
        queries: Candidate queries of each picture.
    """

    folder: str
    queries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Path (c).

    Attributes:
        parts: A text file with a benign pair a line: ``picture | request``; relative to the
            recipe.
        queries: Candidate queries of each pair.
        options: Whether four options are written, for multiple choice.
    """

    parts: str
    queries: int = 2
    options: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """Path (d).

    Attributes:
        source: ``scenes`` for drawings by code, ``lab`` for those of the lab's toy world, or a TOML
            file of grids of the user's pictures.
        split: Of what code draws: ``training`` or ``evaluation``.
        variants: Of what code draws: drawings of each family or grid.
    """

    source: str = "scenes"
    split: str = "training"
    variants: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Detoxify:
    """Rewriting so that the query alone tells nothing.

    Attributes:
        candidates: Rewritings asked for of each item; 0 leaves queries as they are written.
        highest: Score of the channel `harmfulness` that a query may have at most.
    """

    candidates: int = 3
    highest: float = 0.395


@dataclass(frozen=True, slots=True, kw_only=True)
class Illustrate:
    """Where pictures come from.

    Attributes:
        backend: See `chiasm.build.painters`.
        by_path: Path -> its own backend, where that is another one.
        rounds: Times that a critic is heard and the picture made again, at most; 0 for no critic.
        size: Width and height in pixels.
        folder: Backend ``folder``: pictures whose file names hold words of the description.
        pipeline: Backend ``diffusers``: a local folder or a name of the hub.
        steps: Backend ``diffusers``.
        font: Backend ``typographic``: a font file for scripts that are not Latin.
    """

    backend: str = "typographic"
    by_path: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 2
    size: int = 512
    folder: str = ""
    pipeline: str = ""
    steps: int = 30
    font: str = ""

    def of(self, path: str) -> str:
        """The backend of a path."""
        return self.by_path.get(path, self.backend)

    @property
    def used(self) -> set[str]:
        """Every backend that is named."""
        return {self.backend, *self.by_path.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What an item has to pass.

    Attributes:
        leaks: Score of `harmfulness` and of `residue` that a finished item's query may have at
            most, and whether `partial_input` may find the right option.
        overlap: Score of `overlap` at most; None checks no overlap.
        compare: Benchmarks of `chiasm list` that no item may repeat, as NAME or NAME=FOLDER.
        similarity: Jaccard similarity of queries from which they are near-duplicates.
        difficulty: Whether an item must fail at least one of `references`.
        category: Whether a model must find the same category.
        most: Items of a sub-category at most; 0 for no limit.
    """

    leaks: float = 0.395
    overlap: float | None = None
    compare: tuple[str, ...] = ()
    similarity: float = 0.5
    difficulty: bool = True
    category: bool = True
    most: int = 0
