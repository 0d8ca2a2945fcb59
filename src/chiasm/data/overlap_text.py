"""Near-duplicate queries: which texts of two datasets are nearly the same, exactly computed.

Texts are compared as sets of runs of five characters, letters and digits in lower case. Two texts
are near-duplicates where their sets have a Jaccard similarity of at least `THRESHOLD`. Nothing is
sampled or hashed to signatures: candidates are found by their rarest runs (prefix filtering), which
loses no pair. What is not found is a paraphrase. Thresholds were measured: docs/overlap.md.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chiasm.text import normalise

WIDTH = 5
"""Characters of a run."""

THRESHOLD = 0.5
"""Jaccard similarity from which two texts are near-duplicates."""

CONTAINED = 0.9
"""Share of a text's runs from which it is contained in a longer one."""

SHORTEST = 20
"""Runs that a text must have to be looked for inside others: "what is this" is in many."""

MOST_RUNS = 4_000
"""A text is compared by its first so many characters."""

BLOCK = 20_000
"""Texts of the second list that are compared at a time."""

_OTHER = re.compile(r"[\W_]+")

Ints = NDArray[np.int64]


class Near(NamedTuple):
    """Two texts that are nearly the same.

    Attributes:
        i: Index in the first list.
        j: Index in the second.
        similarity: In (0, 1]: Jaccard, or the share of the shorter that is in the longer.
        exact: Whether they are equal but for case, punctuation and white space.
    """

    i: int
    j: int
    similarity: float
    exact: bool = False


def comparable(text: str) -> str:
    """Letters and digits in lower case, everything between them as one space.

    >>> comparable("  What's  THIS?!")
    'what s this'
    """
    return " ".join(_OTHER.sub(" ", normalise(text).casefold()).split())


def near_duplicates(
    queries_a: Sequence[str], queries_b: Sequence[str], *, threshold: float = THRESHOLD
) -> list[Near]:
    """All pairs of nearly equal texts of two lists.

    Args:
        queries_a: Texts; the shorter of two lists should come first.
        queries_b: Texts. The same list again gives each pair twice, and each text with itself.
        threshold: Jaccard similarity, in (0, 1].

    Returns:
        Pairs in the order of (i, j). Texts without a letter or digit are in none.

    Raises:
        ValueError: The threshold is out of range.

    >>> near_duplicates(["Is this safe to eat?"], ["is this safe to eat", "Where is it?"])
    [Near(i=0, j=0, similarity=1.0, exact=True)]
    """
    return list(_pairs(queries_a, queries_b, threshold, within=False))


def contained(
    queries_a: Sequence[str], queries_b: Sequence[str], *, threshold: float = CONTAINED
) -> list[Near]:
    """Texts of the first list that stand inside longer ones of the second, near-duplicates too.

    Args:
        queries_a: Those with fewer than `SHORTEST` runs are left out.
        queries_b: Where to look.
        threshold: Share of the first text's runs, in (0, 1].

    Returns:
        Pairs in the order of (i, j).

    Raises:
        ValueError: The threshold is out of range.
    """
    return list(_pairs(queries_a, queries_b, threshold, within=True))


def _pairs(
    queries_a: Sequence[str], queries_b: Sequence[str], threshold: float, *, within: bool
) -> Iterator[Near]:
    if not 0 < threshold <= 1:
        raise ValueError(f"need a threshold in (0, 1], got {threshold}")
    texts_a = [comparable(text) for text in queries_a]
    found: list[Near] = []
    for start in range(0, len(queries_b), BLOCK):
        texts_b = [comparable(text) for text in queries_b[start : start + BLOCK]]
        for i, j, similarity in _block(texts_a, texts_b, threshold, within=within):
            found.append(Near(i, start + j, similarity, texts_a[i] == texts_b[j]))
    yield from sorted(found)


def _block(
    texts_a: Sequence[str], texts_b: Sequence[str], threshold: float, *, within: bool
) -> Iterator[tuple[int, int, float]]:
    rows, columns, sizes = _runs([*texts_a, *texts_b])
    if not len(rows):
        return
    n = len(texts_a)
    full = _matrix(rows, columns, len(sizes))
    first = _prefix(rows, columns, sizes, threshold)
    if within:
        first = first.multiply((sizes >= SHORTEST)[:, None]).tocsr()
    second = full[n:] if within else first[n:]
    candidates = (first[:n] @ second.T).tocoo()
    i, j = candidates.row.astype(np.int64), candidates.col.astype(np.int64)
    for part in np.array_split(np.arange(len(i)), len(i) // 200_000 + 1):
        a, b = i[part], j[part]
        both = np.asarray(full[a].multiply(full[n + b]).sum(axis=1)).ravel()
        whole = sizes[a] if within else sizes[a] + sizes[n + b] - both
        similarity = both / whole
        for x in np.flatnonzero(similarity >= threshold - 1e-12):
            yield int(a[x]), int(b[x]), float(similarity[x])


def _runs(texts: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """The runs of texts: text of each, its number (rare ones first), and how many a text has."""
    keys: list[Ints] = []
    sizes = np.zeros(len(texts), np.int64)
    for number, text in enumerate(texts):
        found = np.unique(_keys(text))
        sizes[number] = len(found)
        keys.append(found)
    rows = np.repeat(np.arange(len(texts)), sizes)
    flat = np.concatenate(keys) if keys else np.zeros(0, np.int64)
    _, numbers, counts = np.unique(flat, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    return rows, rank[numbers], sizes


def _keys(text: str) -> Ints:
    """A number for each run of a text, padded with a space at both ends.

    Code points have 21 bits: three fit a number whole, five are mixed by a multiplication that
    wraps around. Two runs of one number would need a coincidence of 64 bits.
    """
    if not text:
        return np.zeros(0, np.int64)
    points = np.frombuffer(f" {text[:MOST_RUNS]} ".encode("utf-32-le"), np.uint32)
    width = min(WIDTH, len(points))
    windows = np.lib.stride_tricks.sliding_window_view(points.astype(np.uint64), width)
    keys = np.zeros(len(windows), np.uint64)
    for column in range(width):
        keys = (keys ^ windows[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys.astype(np.int64)


def _matrix(rows: Ints, columns: Ints, n: int) -> Any:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    shape = (n, int(columns.max()) + 1)
    return csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)


def _prefix(rows: Ints, columns: Ints, sizes: Ints, threshold: float) -> Any:
    """The rarest runs of each text: two texts at the threshold share at least one of them."""
    order = np.lexsort((columns, rows))
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    place = np.arange(len(rows)) - np.repeat(starts, sizes)
    needed = np.ceil(threshold * sizes - 1e-9).astype(np.int64)
    keep = place < np.repeat(sizes - needed + 1, sizes)
    full = _matrix(rows, columns, len(sizes))
    part = _matrix(rows[order][keep], columns[order][keep], len(sizes))
    part.resize(full.shape)
    return part
