"""What may be dangerous together: rules of a thing that a picture shows and an act of a query.

Two sources: hazards.toml, classes of things and acts; and the training families of scenes, of which
a dangerous cell is a rule: the picture's words, and the words by which its query differs from the
family's other one. Evaluation families are never used: what is mined may be trained on.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import product
from typing import Any, NamedTuple

import polars as pl

from chiasm.audit.words import exploded, fold, tokens
from chiasm.errors import DataError
from chiasm.scenes.grammar import Family, select

TABLE = "hazards.toml"

SHARE = 0.5
"""Of the words that tell a family's query from the other, how many another query must hold."""


class Phrase(NamedTuple):
    """Words that name a concept: at least `need` of the lemmas must be in a text."""

    concept: str
    lemmas: tuple[str, ...]
    need: int


class Rule(NamedTuple):
    """One hazard.

    Attributes:
        thing: Concept of the description.
        act: Concept of the query.
        category: SIUO's word.
        why: What may happen, in a sentence.
        source: ``table``, or ``scenes/FAMILY``.
    """

    thing: str
    act: str
    category: str
    why: str
    source: str


class Rules(NamedTuple):
    """All rules, and how their concepts are recognised."""

    rules: tuple[Rule, ...]
    things: tuple[Phrase, ...]
    acts: tuple[Phrase, ...]

    def frame(self) -> pl.DataFrame:
        """A row per rule: its number in `rule`, then the fields of `Rule`."""
        return pl.DataFrame(self.rules, schema=list(Rule._fields), orient="row").with_row_index(
            "rule"
        )


DOMAINS: Mapping[str, str] = {
    "animals": "morality",
    "dangerous behaviour": "dangerous behavior",
    "discrimination": "discrimination & stereotyping",
    "health": "dangerous behavior",
    "law": "illegal activities & crime",
    "misinterpretation": "information misinterpretation",
    "morality": "morality",
    "politics": "controversial topics, politics",
    "privacy": "privacy violation",
    "property": "illegal activities & crime",
    "religion": "religion beliefs",
    "self-harm": "self-harm",
}
"""Domain of scenes -> category."""


@lru_cache(maxsize=4)
def load_rules(*, table: bool = True, families: bool = True) -> Rules:
    """The rules of both sources, or of one."""
    parts = []
    if table:
        text = resources.files("chiasm.mine").joinpath(TABLE).read_text("utf-8")
        parts.append(parse(text, TABLE))
    if families:
        parts.append(of_families(select(None, "training")))
    return Rules(
        tuple(r for part in parts for r in part.rules),
        tuple(p for part in parts for p in part.things),
        tuple(p for part in parts for p in part.acts),
    )


def parse(text: str, file: str) -> Rules:
    """Read a table of hazards.

    Raises:
        DataError: It is no TOML, a concept has no phrases, or a pair names none; says where.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"not TOML: {error}", file=file) from None
    concepts: dict[str, Mapping[str, str]] = {}
    for side in ("things", "acts"):
        concepts[side] = raw.get(side) or {}
        if not concepts[side]:
            raise DataError("expected concepts, found none", file=file, field=side)
    rules = [rule for row, hazard in enumerate(raw.get("hazards", []))
             for rule in _rules(hazard, concepts, file, row)]  # fmt: skip
    return Rules(
        tuple(rules),
        tuple(_phrases(concepts["things"], file)),
        tuple(_phrases(concepts["acts"], file)),
    )


def _rules(
    hazard: Mapping[str, Any], concepts: Mapping[str, Mapping[str, str]], file: str, row: int
) -> Iterator[Rule]:
    for field in ("pairs", "category", "why"):
        if not hazard.get(field):
            raise DataError("the field is missing or empty", file=file, row=row, field=field)
    for pair in hazard["pairs"]:
        thing, _, act = (part.strip() for part in pair.partition("+"))
        for name, side in ((thing, "things"), (act, "acts")):
            if name not in concepts[side]:
                raise DataError(f"{pair!r}: {name!r} is not in [{side}]", file=file, row=row)
        yield Rule(thing, act, hazard["category"], hazard["why"], "table")


def _phrases(concepts: Mapping[str, str], file: str) -> Iterator[Phrase]:
    for concept, listed in concepts.items():
        for text in listed.split(","):
            lemmas = tuple(sorted({fold(w) for w in text.split()} - {""}))
            if not lemmas:
                raise DataError(f"{text.strip()!r} says nothing", file=file, field=concept)
            yield Phrase(concept, lemmas, len(lemmas))


def of_families(families: Iterable[Family]) -> Rules:
    """A rule for each dangerous cell."""
    rules, things, acts = [], [], []
    for family in families:
        for image, query in sorted(family.dangerous):
            thing, act = f"{family.name}/{image}", f"{family.name}/{query}"
            words = _telling(family, query)
            if not words:
                continue
            choices = [entry.replace("*", "").split("|") for entry in family.images[image].probe]
            for chosen in product(*choices):
                lemmas = _lemmas(" ".join(chosen))
                things += [Phrase(thing, lemmas, len(lemmas))] if lemmas else []
            acts.append(Phrase(act, words, max(2, round(SHARE * len(words)))))
            why = family.cells[image, query].hazard
            rules.append(Rule(thing, act, DOMAINS[family.domain], why, f"scenes/{family.name}"))
    return Rules(tuple(rules), tuple(things), tuple(acts))


def _telling(family: Family, query: int) -> tuple[str, ...]:
    """Words that every paraphrase of the query has and the family's other query has not."""
    own, other = family.queries[query], family.queries[1 - query]
    shared = set.intersection(*(set(_lemmas(text)) for text in own.texts))
    return tuple(sorted(shared - set(_lemmas(" ".join(other.texts)))))


def _lemmas(text: str) -> tuple[str, ...]:
    words = pl.DataFrame({"text": [text]}).select(tokens("text").alias("w"))["w"][0]
    return tuple(sorted({fold(w) for w in words} - {""}))


def found(rows: pl.DataFrame, column: str, phrases: Iterable[Phrase]) -> pl.DataFrame:
    """Which concepts texts name: `row` (number in `rows`), `concept`, `strength`, `words`.

    `strength` in (0, 1) is 1 - 0.5 ** (different phrases that were found); `words` are those of the
    text, as written. An inverted index: work grows with the words that match, not with rows x
    concepts.
    """
    listed = list(phrases)
    index = pl.DataFrame(
        [(n, p.concept, p.need, x) for n, p in enumerate(listed) for x in p.lemmas],
        schema={"phrase": pl.Int64, "concept": pl.String, "need": pl.Int64, "lemma": pl.String},
        orient="row",
    )
    said = exploded(rows, column).unique(["row", "lemma"], keep="first", maintain_order=True)
    hits = said.join(index, on="lemma", maintain_order="left")
    named = (
        hits.group_by("row", "concept", "phrase", maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("need").first(), "word")
        .filter(pl.col("n") >= pl.col("need"))
    )
    return (
        named.group_by("row", "concept", maintain_order=True)
        .agg(
            (1 - 0.5 ** pl.len().cast(pl.Float64)).alias("strength"),
            pl.col("word").list.explode(keep_nulls=False, empty_as_null=False),
        )
        .with_columns(
            pl.col("word").list.unique(maintain_order=True).list.join(", ").alias("words")
        )
        .drop("word")
        .sort("row", "concept")
    )
