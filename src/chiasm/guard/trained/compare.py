"""All heads over several seeds: trained alike, measured on the same held-out families."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chiasm import __version__
from chiasm.errors import ConfigError, DataError
from chiasm.guard.trained.calibrate import probability, reliability, temperature, threshold
from chiasm.guard.trained.examples import Example, contents, counts, digest, family_digest, key
from chiasm.guard.trained.features import Encoder, Seen, Store, Tell, features
from chiasm.guard.trained.folder import Calibrated, Facts, Guard, Weights
from chiasm.guard.trained.heads import CARRIERS, HEADS, Sizes, batch_of, sizes_of
from chiasm.guard.trained.results import Judged, comparison, finite
from chiasm.guard.trained.splits import Parts, parts
from chiasm.guard.trained.training import Settings, fit, judged, loaded

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is trained.

    Attributes:
        heads: Of `HEADS`; `caption` only where every picture has a caption.
        serve: The one that the saved guard answers with.
        seeds: How many; each has its own families for validation (and, where the data name none,
            for the test), its own weights and its own order.
        hold_out: Share of families for the test where no row is marked as one.
        validation: Share of the others for calibration.
        false_alarms: Wanted share of flagged safe rows on validation.
        settings: Of the training.
    """

    heads: tuple[str, ...] = HEADS
    serve: str = "concat"
    seeds: int = 3
    hold_out: float = 0.25
    validation: float = 0.2
    false_alarms: float = 0.05
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if unknown := [head for head in (*self.heads, self.serve) if head not in HEADS]:
            raise ConfigError(f"no such head: {unknown[0]}; known: {', '.join(HEADS)}")
        if self.serve not in self.heads:
            raise ConfigError(f"--head {self.serve} is not among --heads {','.join(self.heads)}")
        for name in ("hold_out", "validation", "false_alarms"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected a share between 0 and 1")


def train(
    rows: Sequence[Example],
    towers: Encoder,
    source: str,
    store: Store,
    plan: Plan,
    gate: Mapping[str, Any] | None = None,
    tell: Tell = lambda *_: None,
) -> tuple[Guard, dict[str, Any]]:
    """Train and calibrate every head in every seed, and measure them on held-out families.

    Args:
        rows: For training, validation and test.
        towers: Frozen.
        source: Their name or folder, as it is kept in guard.json.
        store: Where features are kept.
        plan: See there.
        gate: What the rows were compared with, to be kept.
        tell: Called while towers run, and after every head.

    Returns:
        The guard, and the comparison (plain data).

    Raises:
        DataError: Too few families, or rows can't be used.
        ConfigError: `caption` serves and there are no captions.
    """
    seen = features(rows, towers, store, tell)
    heads = tuple(h for h in plan.heads if h != "caption" or seen.described)
    if plan.serve not in heads:
        raise ConfigError(
            "--head caption: some pictures have no caption, and this checkpoint writes none"
        )
    divided = [parts(rows, s, validation=plan.validation, test=plan.hold_out)
               for s in range(plan.seeds)]  # fmt: skip
    _check_queries(rows, divided)
    learnt = sorted({k for d in divided for k in d.train})
    categories = tuple(sorted({rows[k].category for k in learnt if rows[k].category}))
    sizes = sizes_of(seen, len(categories))
    weights: dict[tuple[str, int], Weights] = {}
    calibration: dict[str, dict[int, Calibrated]] = {head: {} for head in heads}
    found: list[Judged] = []
    for seed, part in enumerate(divided):
        logits: dict[str, Array] = {}
        for k, head in enumerate(heads):
            fitted = fit(head, rows, seen, part.train, categories, sizes, plan.settings, seed)
            weights[head, seed], logits[head] = fitted.weights, fitted.logits
            calibration[head][seed] = _calibrated(rows, part, fitted.logits, plan.false_alarms)
            tell("heads", seed * len(heads) + k + 1, plan.seeds * len(heads))
        by_seed = {head: calibration[head][seed] for head in heads}
        tested = {head: logits[head][part.test] for head in heads}
        found.append(_judged([rows[k] for k in part.test], tested, by_seed))
    used = sorted({k for d in divided for k in (*d.train, *d.validation)})
    facts = Facts(
        head=plan.serve, seed=0, towers=source, towers_digest=towers.digest, kind=towers.kind,
        look=towers.look,
        sizes=sizes, categories=categories, false_alarms=plan.false_alarms,
        calibration=calibration,
        data={
            "digest": digest([rows[k] for k in used]),
            "datasets": sorted({rows[k].dataset for k in used}),
            "all": counts(rows),
            "seeds": [{name: counts([rows[k] for k in numbers])
                       for name, numbers in part._asdict().items()} for part in divided],
            "families": sorted({family_digest(rows[k]) for k in used}),
            "text_cut": seen.cut,
        },
        gate=gate or {}, training=asdict(plan.settings), version=__version__,
    )  # fmt: skip
    known = frozenset(key(rows[k]) for k in used).union(*(contents(rows[k]) for k in used))
    return Guard(facts, weights, known), {
        **comparison(found, heads), **_shared_by(rows, divided), "text_cut": seen.cut,
    }  # fmt: skip


def evaluate(
    guard: Guard, rows: Sequence[Example], towers: Encoder, store: Store,
    tell: Tell = lambda *_: None,
) -> dict[str, Any]:  # fmt: skip
    """All heads and seeds of a guard on rows that none was trained on.

    Args:
        guard: See `chiasm.guard.trained.folder.load`.
        rows: Where some are marked as test, only those are looked at.
        towers: Those of the guard.
        store: Where features are kept.
        tell: Called while towers run.

    Raises:
        ConfigError: The towers are not those that the guard was trained with.
        DataError: Rows were trained on.
    """
    check_towers(guard.facts, towers)
    kept = [row for row in rows if row.part == "test"] or list(rows)
    known = [row.id for row in kept if key(row) in guard.trained_on]
    if known:
        raise DataError(
            f"{len(known)} of {len(kept)} rows were trained or calibrated on, such as {known[0]}; "
            "measure on others"
        )
    seen = features(kept, towers, store, tell)
    heads = tuple(h for h in guard.heads if h != "caption" or seen.described)
    sizes = guard.facts.sizes
    if (fitting := sizes_of(seen, sizes.categories)) != sizes and any(seen.images):
        raise ConfigError(f"the towers give features of {fitting}, the guard wants {sizes}")
    found = []
    for seed in guard.seeds(guard.facts.head):
        logits = {head: logits_of(guard, head, seed, seen) for head in heads}
        by_seed = {head: guard.facts.calibration[head][seed] for head in heads}
        found.append(_judged(kept, logits, by_seed))
    about = _shared(kept, guard.trained_on, set(guard.facts.data["families"]))
    return {**comparison(found, heads), **about, "text_cut": seen.cut}


def _shared_by(rows: Sequence[Example], divided: Sequence[Parts]) -> dict[str, Any]:
    """`_shared` of every seed's test rows with what that seed learnt; rows in several add up."""
    inside = [contents(row) for row in rows]
    families: set[str] = set()
    totals = dict.fromkeys(("rows", "query", "picture"), 0)
    for part in divided:
        learnt = [*part.train, *part.validation]
        known = frozenset[str]().union(*(inside[k] for k in learnt))
        names = {family_digest(rows[k]) for k in learnt}
        one = _shared([rows[k] for k in part.test], known, names)
        families.update(one["families_also_trained_on"])
        totals = {name: n + one["shared"][name] for name, n in totals.items()}
    return {"families_also_trained_on": sorted(families), "shared": totals}


def _shared(rows: Sequence[Example], known: frozenset[str], families: set[str]) -> dict[str, Any]:
    """Families by name, and rows by query and by picture, that were trained or calibrated on.

    ``shared`` is None for a guard that was saved without digests of queries.
    """
    also = {row.family for row in rows if {family_digest(row), row.family} & families}
    counted: dict[str, int] | None = None
    if any(one.startswith("query ") for one in known):
        both = [contents(row) & known for row in rows]
        counted = {"rows": len(rows)}
        for name in ("query", "picture"):
            counted[name] = sum(any(one.startswith(name) for one in found) for found in both)
    return {"families_also_trained_on": sorted(also), "shared": counted}


def logits_of(guard: Guard, head: str, seed: int, seen: Seen) -> Array:
    """A trained head's logits of rows, shape (n, 1 + carriers + categories)."""
    sizes: Sizes = guard.facts.sizes
    modules = loaded(head, guard.weights[head, seed], sizes)
    return judged(head, modules, batch_of(seen, sizes, head), len(seen.texts))


def check_towers(facts: Facts, towers: Encoder) -> None:
    """Refuse towers that the heads do not know.

    Raises:
        ConfigError: Weights or processor differ from those of the training.
    """
    if towers.digest != facts.towers_digest:
        raise ConfigError(
            f"the guard was trained on {facts.towers} (digest {facts.towers_digest}), these towers "
            f"have digest {towers.digest}: name the same checkpoint with --tower, or as towers in "
            "guard.json"
        )


def _judged(
    rows: list[Example], logits: Mapping[str, Array], calibration: Mapping[str, Calibrated]
) -> Judged:
    risk, raw, flagged, carrier = {}, {}, {}, {}
    for head, found in logits.items():
        raw[head] = probability(found[:, 0])
        risk[head] = probability(found[:, 0], calibration[head].temperature)
        flagged[head] = risk[head] > calibration[head].threshold
        carrier[head] = np.array(CARRIERS)[found[:, 1:4].argmax(1)]
    return Judged(rows, risk, raw, flagged, carrier)


def _calibrated(
    rows: Sequence[Example], part: Parts, logits: Array, false_alarms: float
) -> Calibrated:
    at = np.array(part.validation)
    unsafe = np.array([float(rows[k].unsafe) for k in part.validation])
    warmth = temperature(logits[at, 0], unsafe)
    before, after = probability(logits[at, 0]), probability(logits[at, 0], warmth)
    return Calibrated(
        temperature=warmth,
        threshold=threshold(after, unsafe, false_alarms),
        reliability={
            "before": finite(reliability(before, unsafe)._asdict()),
            "after": finite(reliability(after, unsafe)._asdict()),
        },
    )


def _check_queries(rows: Sequence[Example], divided: Sequence[Parts]) -> None:
    """The same pair must not be on both sides, whatever its family is called."""
    keys = [key(row) for row in rows]
    for part in divided:
        learnt = {keys[k] for k in (*part.train, *part.validation)}
        both = [k for k in part.test if keys[k] in learnt]
        if both:
            raise DataError(
                f"{len(both)} test rows have query and picture of a training row: give them one "
                "family", row=rows[both[0]].id,
            )  # fmt: skip
