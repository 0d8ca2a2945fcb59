"""Checks of rows against each other: what is shared, repeated or filed in two places."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from chiasm.cases import Case
from chiasm.data.finding import Finding
from chiasm.text import normalise, words

NEAR = 0.8
"""Jaccard similarity of two queries' word sets from which they are near-duplicates."""

NEAR_SAME_IMAGE = 0.6
"""The same for two rows that show the same image."""

NAMED = 8
"""Other rows that a detail names before it counts the rest."""


def shared_image(cases: Sequence[Case]) -> Iterator[Finding]:
    """SHARED_IMAGE: rows that show the same image are not independent."""
    return _groups(cases, "SHARED_IMAGE", "images", lambda c: c.images or None)


def dup_query(cases: Sequence[Case]) -> Iterator[Finding]:
    """DUP_QUERY: equal queries, but for case and white space, with the same ground truth.

    Pairs of a safe and an unsafe case that share a query do so by design.
    """

    def key(case: Case) -> tuple[str, str] | None:
        text = normalise(case.query).casefold()
        return (text, case.ground_truth) if text else None

    return _groups(cases, "DUP_QUERY", "query", key)


def subcat_mismatch(cases: Sequence[Case]) -> Iterator[Finding]:
    """SUBCAT_MISMATCH: a sub-category under another category than most of its rows."""
    parents: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        if case.subcategory:
            parents[case.subcategory][case.category] += 1
    for case in cases:
        counts = parents.get(case.subcategory)
        if not counts or len(counts) < 2:
            continue
        usual, n = counts.most_common(1)[0]
        if case.category != usual and 2 * n > counts.total():
            yield Finding(
                "SUBCAT_MISMATCH",
                case.id,
                "subcategory",
                f"{case.subcategory} under {case.category}; {n} of {counts.total()} rows have it "
                f"under {usual}",
            )


def near_dup(cases: Sequence[Case]) -> Iterator[Finding]:
    """NEAR_DUP: queries that share most words.

    The measure is the Jaccard similarity of the two sets of lower-case words: at least `NEAR`, or
    `NEAR_SAME_IMAGE` for rows with the same image. Equal queries are `dup_query`'s, and rows of
    unlike ground truth are twins by design. Lexical: paraphrases in other words are not found.
    """
    counts: Counter[int] = Counter()
    nearest: dict[int, list[tuple[bool, float, int]]] = defaultdict(list)
    for i, j, similarity in near_pairs(cases):
        if cases[i].ground_truth != cases[j].ground_truth:
            continue
        apart = cases[i].images != cases[j].images  # the same image first
        for row, other in ((i, j), (j, i)):
            counts[row] += 1
            nearest[row].append((apart, -similarity, other))
            if len(nearest[row]) > 8 * NAMED:  # thousands, where queries are from one template
                nearest[row] = sorted(nearest[row])[:NAMED]
    for i in sorted(nearest):
        named = [f"{cases[j].id} ({-s:.2f})" for _, s, j in sorted(nearest[i])]
        yield Finding("NEAR_DUP", cases[i].id, "query", _some(named, counts[i]))


def near_pairs(cases: Sequence[Case]) -> Iterator[tuple[int, int, float]]:
    """Pairs of rows with near-duplicate, not equal queries: (row, later row, similarity)."""
    equal = [normalise(c.query).casefold() for c in cases]
    sets = [frozenset(words(c.query)) for c in cases]
    for i, j in _sharing_rare_words(sets, NEAR):
        if equal[i] != equal[j] and (similarity := _jaccard(sets[i], sets[j])) >= NEAR:
            yield i, j, similarity
    for i, j in _sharing_images(cases):
        if equal[i] != equal[j] and NEAR_SAME_IMAGE <= (s := _jaccard(sets[i], sets[j])) < NEAR:
            yield i, j, s


def _sharing_images(cases: Sequence[Case]) -> Iterator[tuple[int, int]]:
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, case in enumerate(cases):
        if case.images:
            rows[case.images].append(i)
    for group in rows.values():
        yield from combinations(group, 2)


def _sharing_rare_words(sets: Sequence[frozenset[str]], least: float) -> Iterator[tuple[int, int]]:
    """All pairs that can reach a Jaccard similarity of `least`, and some that do not.

    Two sets that similar share a word among the rarest ``n - ceil(least * n) + 1`` of each, so
    only rows with such a word in common are compared (the prefix filter of set joins).
    """
    counts = Counter(word for s in sets for word in s)
    seen: dict[str, list[int]] = defaultdict(list)
    for i, s in enumerate(sets):
        ordered = sorted(s, key=lambda word: (counts[word], word))
        prefix = ordered[: len(s) - _at_least(least, len(s)) + 1]
        for j in sorted({j for word in prefix for j in seen[word]}):
            if least * len(s) <= len(sets[j]) <= len(s) / least:
                yield j, i
        for word in prefix:
            seen[word].append(i)


def _at_least(share: float, n: int) -> int:
    """The smallest whole number that is not below ``share * n``, safe from rounding."""
    return -int(-round(share * n, 9) // 1)


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def _groups(
    cases: Iterable[Case], code: str, field: str, key: Callable[[Case], object]
) -> Iterator[Finding]:
    """A finding for each case whose key another has; None is no key."""
    rows: dict[object, list[Case]] = defaultdict(list)
    for case in cases:
        if (value := key(case)) is not None:
            rows[value].append(case)
    place: Mapping[str, list[Case]] = {c.id: group for group in rows.values() for c in group}
    for case in cases:
        group = place.get(case.id, [])
        if len(group) > 1:
            named = [c.id for c in group[: NAMED + 1] if c.id != case.id]
            others = _some(named, len(group) - 1)
            categories = sorted({c.category for c in group})
            apart = f"; categories {', '.join(categories)}" if len(categories) > 1 else ""
            yield Finding(code, case.id, field, f"also {others}{apart}")


def _some(names: Sequence[str], n: int) -> str:
    """The first names, and how many of the `n` remain."""
    shown = names[:NAMED]
    return ", ".join(shown) + (f" and {n - len(shown):,} more" if n > len(shown) else "")
