"""What a benchmark is: where its records are, what a case is made of, and how it is asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from chiasm.cases import Case
from chiasm.data.records import Record
from chiasm.data.registry import Entry, registry
from chiasm.errors import ConfigError

Scoring = Literal["judge", "choice", "scenes", "scenes_probe"]
"""judge: rubrics of `chiasm.judges`; choice: the option parser; scenes: the exact rule;
scenes_probe: whether what the picture shows is named (axis ``choice``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A way of asking and scoring.

    Attributes:
        name: ``paper`` (the authors' own), ``chiasm@1`` (ours), or ``custom``.
        base: The protocol whose rubrics a ``custom`` one uses; `name` for the others.
        judges: Names of rubrics in `chiasm.judges`, one per axis; empty where no judge is needed.
        epochs: Answers per case.
        max_tokens: Cap of an answer; None leaves it to the provider.
        temperature: None leaves it to the provider.
        system: System prompt; None sends none.
        template: How the query is put, with ``{query}`` and, for multiple choice, ``{options}``.
        image_first: Whether the image stands before the text.
        judge_truncated: Whether an answer cut at `max_tokens` is judged as far as it goes, as
            authors with a low cap do; otherwise it is `truncated` and has no verdict.
        strip_options: Multiple choice: whether white space around options is removed.
    """

    name: str
    judges: tuple[str, ...] = ()
    epochs: int = 1
    max_tokens: int | None = 2048
    temperature: float | None = 0.0
    system: str | None = None
    template: str = "{query}"
    image_first: bool = True
    judge_truncated: bool = False
    strip_options: bool = True
    base: str = ""

    def __post_init__(self) -> None:
        if not self.base:
            object.__setattr__(self, "base", self.name)

    def overridden(
        self, max_tokens: int | None, temperature: float | None, epochs: int | None
    ) -> "Protocol":
        """This protocol with other settings where they are given; its name is then `custom`."""
        asked = {"max_tokens": max_tokens, "temperature": temperature, "epochs": epochs}
        changes: dict[str, Any] = {
            k: v for k, v in asked.items() if v is not None and v != getattr(self, k)
        }
        return replace(self, name="custom", **changes) if changes else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark: one file of this folder, or of anybody's package.

    Attributes:
        name: As on the command line and in case ids.
        title: One line for `chiasm list`.
        entry: Name of its entry in ``data/registry.toml``; empty for data made by code.
        records: From the dataset's folder to its records, in published order.
        to_case: From a record to a case; raises `DataError` with file, row and field.
        protocols: The first is the default.
        scoring: See `Scoring`.
        metrics: Names of the headline metrics, the most important first.
        rows: How many rows of its files become cases; None: all that the registry counts, 0: not
            known.
        language: BCP 47, of the queries.
        data: Its entry where that is not in ``data/registry.toml``, as in other people's packages.
    """

    name: str
    title: str
    entry: str
    records: Callable[[Path], Iterable[Record]]
    to_case: Callable[[Record], Case]
    protocols: tuple[Protocol, ...]
    scoring: Scoring = "judge"
    metrics: tuple[str, ...] = ("safe_rate",)
    rows: int | None = None
    language: str = "en"
    data: Entry | None = None

    @property
    def source(self) -> Entry | None:
        """What is known of its data; None where they are made by code or named with --data."""
        return self.data or registry().get(self.entry)

    @property
    def size(self) -> int:
        """Rows that become cases; 0 where they could not be counted."""
        if self.rows is not None:
            return self.rows
        return self.source.rows if self.source else 0

    def protocol(self, name: str = "") -> Protocol:
        """The protocol of that name, the default for the empty name.

        Raises:
            ConfigError: There is none of that name.
        """
        for protocol in self.protocols:
            if not name or protocol.name == name:
                return protocol
        known = ", ".join(p.name for p in self.protocols)
        raise ConfigError(f"--protocol {name}: {self.name} has {known}")


def by_name(benchmarks: Iterable[Benchmark]) -> Mapping[str, Benchmark]:
    """Benchmarks by their names."""
    return {b.name: b for b in benchmarks}
