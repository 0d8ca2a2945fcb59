"""Which cases of a dataset are run: subsets, what an input condition needs, what may be skipped."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from chiasm.benchmarks import resolve
from chiasm.cases import Case, Dataset, Skip
from chiasm.data.images import missing_images
from chiasm.errors import ConfigError, DataError, ImageError

SHOWN_MISSING = 5
"""How many missing files an error names before it counts the rest."""


def subset(
    cases: Sequence[Case], *, limit: int | None = None, sample: int | None = None, seed: int = 0
) -> list[Case]:
    """The first `limit` cases, or `sample` cases in proportion to the categories.

    The drawn cases keep their published order. Shares are rounded by largest remainders, so that
    exactly `sample` cases are drawn. The cells of a grid stay together, since a score of a grid
    needs all of them: there the number is rounded up to whole grids.

    Raises:
        ConfigError: Both are given, or one is not positive.
    """
    if limit is not None and sample is not None:
        raise ConfigError("--limit and --sample exclude each other")
    if (limit is not None and limit < 1) or (sample is not None and sample < 1):
        raise ConfigError("--limit and --sample need a positive number")
    units = _units(cases)
    if limit is not None:
        return [case for unit in units[: _in_units(limit, units)] for case in unit]
    if sample is None or sample >= len(cases):
        return list(cases)
    drawn = _draw([unit[0].category for unit in units], _in_units(sample, units), seed)
    kept = {case.id for i in drawn for case in units[i]}
    return [case for case in cases if case.id in kept]


def _units(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases that stay together, in published order: the cells of a grid, else single ones."""
    units: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        units[case.extra.get("grid", case.id)].append(case)
    return list(units.values())


def _in_units(n: int, units: Sequence[Sequence[Case]]) -> int:
    return -(-n // max(map(len, units), default=1))


def _draw(categories: Sequence[str], n: int, seed: int) -> set[int]:
    """Positions of `n` items, in proportion to their categories."""
    strata: dict[str, list[int]] = defaultdict(list)
    for i, category in enumerate(categories):
        strata[category].append(i)
    wanted = {c: n * len(rows) / len(categories) for c, rows in strata.items()}
    counts = {c: int(w) for c, w in wanted.items()}
    by_remainder = sorted(strata, key=lambda c: (counts[c] - wanted[c], c))
    for category in by_remainder[: n - sum(counts.values())]:
        counts[category] += 1
    rng = np.random.default_rng(seed)
    return {int(i) for c in sorted(strata) for i in rng.permutation(strata[c])[: counts[c]]}


def swaps(cases: Sequence[Case], seed: int) -> Mapping[str, Case]:
    """For each case another one whose image takes the place of its own.

    The other case has another image and cluster, and another category where there is one; drawn
    with the seed.

    Raises:
        ConfigError: All cases share one cluster.
    """
    rng = np.random.default_rng(seed)
    order = [cases[int(i)] for i in rng.permutation(len(cases))]
    found: dict[str, Case] = {}
    for position, case in enumerate(order):
        others = order[position + 1 :] + order[:position]
        apart = [
            o for o in others if o.cluster != case.cluster and o.images and o.images != case.images
        ]
        if not apart:
            raise ConfigError("swapped_image needs cases of at least two clusters with images")
        found[case.id] = next((o for o in apart if o.category != case.category), apart[0])
    return found


def check_view(
    cases: Sequence[Case], view: str, *, captioner: bool, name: str, paraphraser: bool = False
) -> None:
    """Refuse an input condition for which the benchmark lacks what it is made of.

    Raises:
        ConfigError: No description and no captioner, no hazard, or no paraphrase and nobody who
            writes one.
    """
    if view == "perturbed_paraphrase" and not paraphraser:
        bare = [c.id for c in cases if not c.extra.get("paraphrase")]
        if bare:
            raise ConfigError(
                f"--view {view} is unavailable for {name}: {len(bare)} of {len(cases)} cases have "
                f"no paraphrase of their own (first: {bare[0]}); --paraphraser MODEL writes them"
            )
    if view in ("caption", "oracle_hazard"):
        bare = [c.id for c in cases if not c.oracle.description]
        if bare and not captioner:
            raise ConfigError(
                f"--view {view} is unavailable for {name}: {len(bare)} of {len(cases)} cases have "
                f"no image description (first: {bare[0]}); --captioner MODEL writes them"
            )
    if view == "oracle_hazard":
        bare = [c.id for c in cases if not (c.oracle.hazard or c.oracle.warning)]
        if bare:
            raise ConfigError(
                f"--view {view} is unavailable for {name}: {len(bare)} of {len(cases)} cases name "
                f"no hazard (first: {bare[0]})"
            )


def runnable(
    dataset: Dataset,
    cases: Sequence[Case],
    *,
    images: bool,
    view: str,
    allow: Collection[str],
) -> tuple[list[Case], list[Skip]]:
    """The cases that can be run, and those that `allow` lets be skipped.

    Raises:
        DataError: A case has an empty query, and EMPTY_QUERY is not allowed.
        ImageError: Images are needed and missing, and MISSING_IMAGE is not allowed.
    """
    skips = []
    if view != "image_only":
        skips = [Skip(c.id, "EMPTY_QUERY", "the query is empty") for c in cases if _empty(c)]
    if skips and "EMPTY_QUERY" not in allow:
        raise DataError(
            f"{skips[0].case}: the query is empty\n"
            f"       {len(cases) - len(skips):,} of {len(cases):,} rows are fine. Run with "
            "--allow EMPTY_QUERY to evaluate them and count the rest as skipped."
        )
    if images:
        skips += without_images(dataset, cases, allow)
    gone = {s.case for s in skips}
    unique = {s.case: s for s in reversed(skips)}
    return [c for c in cases if c.id not in gone], list(unique.values())


def without_images(dataset: Dataset, cases: Sequence[Case], allow: Collection[str]) -> list[Skip]:
    """The cases of which an image file is missing.

    Raises:
        ImageError: There are some, and MISSING_IMAGE is not allowed; lists the files.
    """
    absent = set(missing_images(dataset.root, {p for c in cases for p in c.images}))
    if absent and "MISSING_IMAGE" not in allow:
        raise ImageError(_missing_text(dataset, sorted(absent), len(cases)))
    lost = {c.id: [p for p in c.images if p in absent] for c in cases}
    return [Skip(case, "MISSING_IMAGE", ", ".join(paths)) for case, paths in lost.items() if paths]


def _empty(case: Case) -> bool:
    return not all(turn.strip() for turn in case.turns)


def _by_hand(name: str) -> str:
    """What `chiasm data get` can't fetch of a benchmark's data, as a line; empty for nothing."""
    try:
        entry = resolve(name).source
    except ConfigError:  # a benchmark of one's own, or one that is made by code
        return ""
    return f"       By hand: {entry.by_hand}\n" if entry and entry.by_hand else ""


def _missing_text(dataset: Dataset, absent: Sequence[str], n: int) -> str:
    shown = "".join(f"\n         {path}" for path in absent[:SHOWN_MISSING])
    more = f"\n         and {len(absent) - SHOWN_MISSING:,} more" * (len(absent) > SHOWN_MISSING)
    return (
        f"{dataset.name}: {len(absent):,} images are not in {dataset.root}:{shown}{more}\n"
        f"       Get them with: chiasm data get {dataset.name}  (or --data DIR that has them)\n"
        f"{_by_hand(dataset.name)}"
        f"       --allow MISSING_IMAGE evaluates the other cases and counts these as skipped."
    )
