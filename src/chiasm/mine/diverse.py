"""A diverse choice among scored pairs: balanced by category and culture, few near-duplicates.

Greedy maximal marginal relevance: of the category, and in it the culture, that has the fewest pairs
so far, the pair with the best score less its likeness to those chosen. Likeness is the mean of two
Jaccard similarities of word pairs, one of the descriptions and one of the queries.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WEIGHT = 0.7
"""Of the score; the rest is that of being unlike what was chosen."""

NEAR = 0.6
"""Pairs that are more alike than this to a chosen one are left out."""

REUSE = 2
"""Pairs that one description, or one query, may stand in."""

NEAR_REASON = "too like a chosen pair"
REUSED = "its picture or query stands in enough chosen pairs"
LOWER = "ranked behind the chosen pairs"


class Candidate(NamedTuple):
    """What the choice looks at."""

    score: float
    image: int
    query: int
    category: str
    culture: str


class Chosen(NamedTuple):
    """Indices of the chosen candidates in the order of choice, and why the others are not."""

    order: tuple[int, ...]
    reasons: Mapping[int, str]


def shingles(text: str) -> frozenset[str]:
    """Runs of two words, lower case; of one word the word.

    >>> sorted(shingles("A red bus"))
    ['a red', 'red bus']
    """
    words = text.lower().split()
    return frozenset(map(" ".join, pairwise(words))) or frozenset(words)


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared runs of all; 0 for two empty sets."""
    both = len(a & b)
    return both / (len(a) + len(b) - both) if both else 0.0


def choose(
    candidates: Sequence[Candidate],
    images: Mapping[int, str],
    queries: Mapping[int, str],
    n: int,
    *,
    near: float = NEAR,
    reuse: int = REUSE,
) -> Chosen:
    """Choose at most n.

    Args:
        candidates: In an order that decides between equals.
        images: Descriptions by number.
        queries: Likewise.
        n: How many are wanted; fewer come where the rest is too alike or used up.
        near: Likeness in [0, 1] beyond which a pair is left out.
        reuse: How often a part may stand in the choice.
    """
    greedy = _Greedy(candidates, images, queries, near, reuse)
    while len(greedy.order) < n and greedy.step():
        pass
    chosen = set(greedy.order)
    reasons = {i: greedy.reason(i) for i in range(len(candidates)) if i not in chosen}
    return Chosen(tuple(greedy.order), reasons)


class _Side:
    """The descriptions, or the queries, of all candidates."""

    def __init__(self, numbers: Sequence[int], texts: Mapping[int, str]) -> None:
        different, index = np.unique(np.asarray(numbers, np.int64), return_inverse=True)
        self.index = index
        self.runs = [shingles(texts[number]) for number in different.tolist()]
        self.used = np.zeros(len(different), np.int64)

    def likeness(self, candidate: int) -> NDArray[np.float64]:
        """Of each candidate's text to this candidate's."""
        own = self.runs[self.index[candidate]]
        return np.array([jaccard(own, runs) for runs in self.runs])[self.index]

    def use(self, candidate: int) -> None:
        self.used[self.index[candidate]] += 1


class _Greedy:
    def __init__(
        self,
        candidates: Sequence[Candidate],
        images: Mapping[int, str],
        queries: Mapping[int, str],
        near: float,
        reuse: int,
    ) -> None:
        self.near, self.reuse = near, reuse
        self.order: list[int] = []
        self.sides = (
            _Side([c.image for c in candidates], images),
            _Side([c.query for c in candidates], queries),
        )
        self.score = np.array([c.score for c in candidates])
        self.like = np.zeros(len(candidates))
        self.open = np.ones(len(candidates), np.bool_)
        self.taken: Counter[tuple[str, ...]] = Counter()
        groups: dict[tuple[str, str], list[int]] = {}
        for i, c in enumerate(candidates):
            groups.setdefault((c.category, c.culture), []).append(i)
        self.groups = {key: np.array(members) for key, members in groups.items()}

    def step(self) -> bool:
        """Choose one more; False where nothing is left."""
        value = np.where(self.open, WEIGHT * self.score - (1 - WEIGHT) * self.like, -np.inf)
        best = {key: int(found[np.argmax(value[found])]) for key, found in self.groups.items()}
        left = [key for key, i in best.items() if self.open[i]]
        if not left:
            return False
        key = min(left, key=lambda k: (self.taken[k[:1]], self.taken[k], -value[best[k]], k))
        self._take(best[key], key)
        return True

    def reason(self, i: int) -> str:
        """Why a candidate was not chosen."""
        if self.like[i] > self.near:
            return NEAR_REASON
        return LOWER if self.open[i] else REUSED

    def _take(self, i: int, key: tuple[str, str]) -> None:
        self.order.append(i)
        self.taken[key[:1]] += 1
        self.taken[key] += 1
        images, queries = self.sides
        for side in self.sides:
            side.use(i)
        self.like = np.maximum(self.like, (images.likeness(i) + queries.likeness(i)) / 2)
        used_up = [side.used[side.index] >= self.reuse for side in self.sides]
        self.open = (self.like <= self.near) & ~used_up[0] & ~used_up[1]
        self.open[self.order] = False
