"""Planted leaks and their benign controls, made of a dataset's own rows.

What an audit finds can only be known where leaks are known. Each kind changes the query of the
same rows, by about the same number of words:

  L1  a risk-bearing phrase of the row's description in place of "this", "it", "the scene"
  L2  a phrase of the stated hazard that the description does not have
  L3  what the hazard is called in *other* rows of the sub-category ("illegal drugs")
  L4  the description in full, after the query
  N1  a benign, common word of the description: naming what is seen gives nothing away
  N2  the risk-bearing phrase of a row of another category: says nothing about this picture

"Risk-bearing" is measured, not listed: words that the hazards of a category have more often than
those of the others (log odds). No word of the channel `harmfulness` is used, so that what finds a
leak and what makes it are written apart.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from chiasm.audit.words import TALK_OF_PICTURES, fold
from chiasm.errors import DataError

LEAKS = ("L1", "L2", "L3", "L4")
CONTROLS = ("N1", "N2")
ROWS_TAKEN = 700

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_DEICTIC = re.compile(
    r"\b(?:this|that|these|those|the) (?:scene|image|picture|photo|photograph|situation|setting|"
    r"setup|item|items|object|objects|place|environment|device|activity|event|context|moment)\b"
    r"|\b(?:this|these|those|it)\b",
    re.IGNORECASE,
)
_TALK = frozenset(fold(w) for w in TALK_OF_PICTURES)
OWN = 1.0
"""Log odds from which a word is one of a sub-category's own."""

CANDIDATES = 3
"""Names of a sub-category's hazard that L3 draws from."""


class _Phrase(NamedTuple):
    text: str
    weight: float


class _Counts(NamedTuple):
    """Where lemmas are said.

    Attributes:
        odds: Log odds of a lemma in a group's hazards.
        common: In how many descriptions it is.
        hazardous: Lemmas that hazards have more often than queries and descriptions together.
    """

    odds: Mapping[str, Mapping[str, float]]
    common: Mapping[str, int]
    hazardous: Set[str]


def planted(rows: pl.DataFrame, *, n: int = ROWS_TAKEN, seed: int = 0) -> dict[str, pl.DataFrame]:
    """The same rows as they are (`original`) and with each kind of leak and control.

    Args:
        rows: `chiasm.audit.table.ROWS`, with description, hazard and category.
        n: How many rows at most; all kinds can be made of each.
        seed: Of the draw of rows and phrases.

    Returns:
        Frames of equal height and order, by kind; only `query` differs.

    Raises:
        DataError: No row has all that is needed, or there is one category only.
    """
    whole = rows.filter(
        pl.all_horizontal(pl.col(c).fill_null("").str.strip_chars() != "" for c in _NEEDED)
    )
    if whole["category"].n_unique() < 2:
        raise DataError(
            f"planted leaks need rows of two categories with {', '.join(_NEEDED)}, got "
            f"{whole.height} rows of {whole['category'].n_unique()}"
        )
    rng = np.random.default_rng(seed)
    records = whole.to_dicts()
    phrases = _phrases(records, rng)
    usable = [i for i, p in enumerate(phrases) if p and all(p.values())]
    if not usable:
        raise DataError(f"no leak can be planted in any of {whole.height} rows: texts too short")
    taken = sorted(rng.permutation(usable)[:n].tolist())
    base = whole[taken]
    made = {"original": base}
    for kind in (*LEAKS, *CONTROLS):
        queries = [_planted(records[i]["query"], kind, phrases[i][kind]) for i in taken]
        made[kind] = base.with_columns(pl.Series("query", queries, dtype=pl.String))
    return made


_NEEDED = ("query", "description", "hazard", "category")


def _planted(query: str, kind: str, phrase: str) -> str:
    if kind == "L4":
        return f"{query} {phrase}"
    named = phrase if kind in ("L2", "L3") else f"the {phrase}"
    if _DEICTIC.search(query):
        return _DEICTIC.sub(lambda _: named, query, count=1)
    end = query.rstrip()
    mark = end[-1] if end[-1] in "?.!" else ""
    return f"{end.removesuffix(mark)} with {named}{mark}"


def _phrases(records: Sequence[dict[str, Any]], rng: np.random.Generator) -> list[dict[str, str]]:
    """For each row the phrase of each kind; empty where it has none."""
    counts = _counted(records)
    names = {group: _names(records, group, counts) for group in {_group(r) for r in records}}
    risky = [_risky(r, counts) for r in records]
    donors: dict[str, list[int]] = defaultdict(list)
    for i, phrase in enumerate(risky):
        if phrase:
            donors[records[i]["category"]].append(i)
    made = []
    for i, record in enumerate(records):
        others = [j for c, rows in donors.items() if c != record["category"] for j in rows]
        known = set(_lemmas(record["description"])) | set(_lemmas(record["hazard"]))
        foreign = (risky[int(j)] for j in rng.permutation(others)[:20])
        called = [n for n in names[_group(record)] if n]
        made.append(
            {
                "L1": risky[i],
                "L2": _unseen(record, counts),
                "L3": called[int(rng.integers(len(called)))] if called else "",
                "L4": record["description"],
                "N1": _benign(record, counts),
                "N2": next((p for p in foreign if not known & set(_lemmas(p))), ""),
            }
        )
    return made


def _group(record: Mapping[str, Any]) -> str:
    return f"{record['category']}/{record['subcategory'] or ''}"


def _lemmas(text: str) -> list[str]:
    return [x for w in _WORD.findall(text.lower()) if (x := fold(w)) and x not in _TALK]


def _counted(records: Sequence[dict[str, Any]]) -> _Counts:
    by: dict[str, Counter[str]] = defaultdict(Counter)
    common: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for record in records:
        said = set(_lemmas(record["hazard"]))
        by[record["category"]].update(said)
        by[_group(record)].update(said)
        common.update(set(_lemmas(record["description"])))
        asked.update(set(_lemmas(record["query"])))
    size = Counter(r["category"] for r in records) + Counter(_group(r) for r in records)
    total: Counter[str] = Counter()
    for category in {r["category"] for r in records}:
        total.update(by[category])
    odds: dict[str, dict[str, float]] = {}
    for name, counter in by.items():
        inside, outside = size[name], len(records) - size[name]
        odds[name] = {
            w: math.log((k + 0.5) / (inside - k + 0.5))
            - math.log((total[w] - k + 0.5) / (outside - total[w] + k + 0.5))
            for w, k in counter.items()
        }
    hazardous = {w for w, k in total.items() if k > asked[w] + common[w]}
    return _Counts(odds, common, hazardous)


def _risky(record: Mapping[str, Any], counts: _Counts) -> str:
    """What the picture shows and the row's own hazard names, else what its kind of hazard names."""
    odds, stated = counts.odds[_group(record)], set(_lemmas(record["hazard"]))

    def weight(lemma: str) -> float:
        return odds.get(lemma, -9.0) + (10.0 if lemma in stated else 0.0)

    return _best(record["description"], weight, least=1.0)


def _unseen(record: Mapping[str, Any], counts: _Counts) -> str:
    """The same for the hazard, without words of the description."""
    odds, seen = counts.odds[record["category"]], set(_lemmas(record["description"]))
    return _best(
        record["hazard"], lambda lemma: -9.0 if lemma in seen else odds.get(lemma, -9.0), least=0.0
    )


def _benign(record: Mapping[str, Any], counts: _Counts) -> str:
    """The commonest word of the description that no hazard of the category is about."""
    odds, stated = counts.odds[record["category"]], set(_lemmas(record["hazard"]))

    def weight(lemma: str) -> float:
        plain = lemma not in stated and odds.get(lemma, 0.0) < 0.5
        return float(counts.common[lemma]) if plain else -1.0

    return _best(record["description"], weight, least=5.0, pair=False)


def _best(text: str, weight: Any, *, least: float, pair: bool = True) -> str:
    """The word of the highest weight, with the content word right before it."""
    found = list(_WORD.finditer(text))
    best, at = -math.inf, -1
    for i, match in enumerate(found):
        lemma = fold(match.group().lower())
        if lemma and lemma not in _TALK and (w := weight(lemma)) > best:
            best, at = w, i
    if at < 0 or best < least:
        return ""
    first, last = _run(text, found, at) if pair else (at, at)
    return text[found[first].start() : found[last].end()].lower()


def _run(text: str, found: Sequence[re.Match[str]], at: int) -> tuple[int, int]:
    """First and last of up to three content words in a row that end at a word or go past it."""

    def content(i: int, j: int) -> bool:
        """Whether words i and j stand side by side and j, the outer one, says something."""
        near = text[found[min(i, j)].end() : found[max(i, j)].start()] == " "
        lemma = fold(found[j].group().lower())
        return near and bool(lemma) and lemma not in _TALK

    first = last = at
    while first > 0 and at - first < 2 and content(first, first - 1):
        first -= 1
    while last - first < 2 and last + 1 < len(found) and content(last, last + 1):
        last += 1
    return first, last


def _names(records: Sequence[dict[str, Any]], group: str, counts: _Counts) -> list[str]:
    """What a sub-category's hazard is called: pairs of words that its hazards have most.

    Both words must be of hazards, said there more often than in queries and descriptions, and
    both of this hazard, so that "escalate conflicts", which many lead to, names none.
    """
    odds = counts.odds[group]
    inside, outside = Counter[str](), Counter[str]()
    size = 0
    for record in records:
        own = _group(record) == group
        size += own
        (inside if own else outside).update(_word_pairs(record["hazard"], counts))
    rest = len(records) - size

    def telling(pair: str) -> float:
        """Z of the difference of two shares."""
        k, m = inside[pair], outside[pair]
        pooled = (k + m) / len(records)
        spread = math.sqrt(pooled * (1 - pooled) * (1 / size + 1 / max(1, rest)))
        return (k / size - m / max(1, rest)) / spread if spread else 0.0

    own_words = [p for p in inside if all(odds[fold(w)] >= OWN for w in p.split(" "))]
    return sorted(own_words, key=lambda pair: (-telling(pair), pair))[:CANDIDATES]


def _word_pairs(hazard: str, counts: _Counts) -> set[str]:
    words = _WORD.findall(hazard.lower())
    return {
        f"{a} {b}"
        for a, b in pairwise(words)
        if fold(a) in counts.hazardous and fold(b) in counts.hazardous
    }
