"""What a comparison of heads on test rows comes to: figures, differences, calibration."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chiasm.guard.trained import measures
from chiasm.guard.trained.calibrate import reliability
from chiasm.guard.trained.examples import Example, counts
from chiasm.guard.trained.heads import CARRIERS, FUSING
from chiasm.stats.intervals import clustered
from chiasm.stats.multiple import holm

Array = NDArray[np.float64]
MEASURES: tuple[measures.Measure, ...] = ("auc", "fpr_at_95")


class Judged(NamedTuple):
    """Test rows of one seed, and each head's opinion of them.

    Attributes:
        rows: The test rows.
        risk: Head -> calibrated probability, shape (rows,).
        raw: Head -> the same before calibration.
        flagged: Head -> whether it is above the head's threshold.
        carrier: Head -> which carrier it names, shape (rows,).
    """

    rows: list[Example]
    risk: Mapping[str, Array]
    raw: Mapping[str, Array]
    flagged: Mapping[str, NDArray[np.bool_]]
    carrier: Mapping[str, NDArray[np.str_]]


def comparison(seeds: Sequence[Judged], heads: Sequence[str]) -> dict[str, Any]:
    """Figures of every head by group, and the differences between fusing heads and the others.

    Groups: all test rows; where there are several, those of each carrier and of each dataset. The
    safe rows of a carrier are those that are marked as its matched ones; where none is, all. The
    sizes of groups count each row once, in however many seeds it was tested.
    """
    figures, differences, sizes = [], [], {}
    for group, keep in _groups([row for seed in seeds for row in seed.rows]).items():
        scored = {head: [_scored(seed, head, keep) for seed in seeds] for head in heads}
        every = {row.id: row for seed in seeds for row in seed.rows if keep(row)}
        sizes[group] = counts(list(every.values()))
        for measure in MEASURES:
            drawn = {head: measures.drawn(measure, scored[head]) for head in heads}
            for head in heads:
                found = measures.figure(drawn[head])
                figures.append({"head": head, "group": group, "measure": measure, **_plain(found)})
            differences += _differences(drawn, group, measure)
    return {
        "schema": 1,
        "heads": list(heads),
        "seeds": len(seeds),
        "groups": sizes,
        "figures": figures,
        "differences": differences,
        "calibration": {head: _probabilities(seeds, head) for head in heads},
    }


def _differences(
    drawn: Mapping[str, measures.Drawn], group: str, measure: str
) -> list[dict[str, Any]]:
    """Each fusing head minus every other; ``p_holm`` is over those of this group and measure."""
    pairs = [(one, other) for one in FUSING for other in drawn if one in drawn and one != other]
    # Cross minus concat says what concat minus cross would.
    pairs = [pair for pair in pairs if pair != FUSING]
    found = [measures.difference(drawn[one], drawn[other]) for one, other in pairs]
    adjusted = holm([one.p for one in found]).tolist()
    return [
        {"head": head, "minus": minus, "group": group, "measure": measure, **_plain(one),
         **finite({"p_holm": p})}
        for (head, minus), one, p in zip(pairs, found, adjusted, strict=True)
    ]  # fmt: skip


def _groups(rows: Sequence[Example]) -> dict[str, Any]:
    found: dict[str, Any] = {"all": lambda row: True}
    carriers = [c for c in CARRIERS if any(r.carrier == c and r.unsafe for r in rows)]
    if len(carriers) > 1:
        for name in carriers:
            matched = any(r.carrier == name and not r.unsafe for r in rows)
            found[name] = lambda row, name=name, matched=matched: (
                row.carrier == name or (not row.unsafe and not matched)
            )
    datasets = sorted({row.dataset for row in rows})
    if len(datasets) > 1:
        for name in datasets:
            found[name] = lambda row, name=name: row.dataset == name
    return found


def _scored(seed: Judged, head: str, keep: Any) -> measures.Scored:
    chosen = np.array([bool(keep(row)) for row in seed.rows])
    unsafe = np.array([float(row.unsafe) for row in seed.rows])
    families = np.array([row.family for row in seed.rows])
    return measures.Scored(seed.risk[head], unsafe, families).only(chosen)


def _probabilities(seeds: Sequence[Judged], head: str) -> dict[str, Any]:
    """Calibration error before and after, hits and false alarms at the threshold.

    On the test rows of all seeds together: ``n`` counts a row once for each seed that tests it.
    """
    unsafe = np.concatenate([[float(r.unsafe) for r in seed.rows] for seed in seeds])
    families = np.concatenate([[r.family for r in seed.rows] for seed in seeds])
    flagged = np.concatenate([seed.flagged[head] for seed in seeds]).astype(float)
    before, after = (
        reliability(np.concatenate([getattr(seed, name)[head] for seed in seeds]), unsafe)
        for name in ("raw", "risk")
    )
    rates = {
        name: finite(clustered(flagged[unsafe == kind], families[unsafe == kind])._asdict())
        for name, kind in (("hits", 1), ("false_alarms", 0))
    }
    named = [
        (seed.carrier[head][k], row.carrier)
        for seed in seeds for k, row in enumerate(seed.rows) if row.unsafe and row.carrier
    ]  # fmt: skip
    # Where all dangers are of one carrier, there is nothing to tell apart.
    told = named if len({carrier for _, carrier in named}) > 1 else []
    return {
        "before": finite(before._asdict()),
        "after": finite(after._asdict()),
        **rates,
        "carrier_right": {"k": sum(said == carrier for said, carrier in told), "n": len(told)},
    }


def _plain(found: measures.Figure) -> dict[str, Any]:
    return finite(found._asdict())


def finite(values: dict[str, Any]) -> dict[str, Any]:
    """NaN as null, for JSON."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in values.items()
    }
