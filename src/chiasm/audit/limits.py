"""A channel's threshold on a dataset, and how well it tells leaks from harmless rows there.

Thresholds are fixed in advance (`chiasm.audit.calibration.DEFAULTS`), so that rates of several
datasets can be compared. With a wanted share of false alarms they are set on the dataset's own
harmless rows instead. Either way planted leaks and harmless changes of the same rows tell what a
threshold finds and what it flags for nothing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from chiasm.audit import partial_input, topic
from chiasm.audit.calibration import DEFAULTS, threshold
from chiasm.audit.leaks import CONTROLS, LEAKS, planted
from chiasm.audit.table import Channel
from chiasm.errors import ConfigError, DataError
from chiasm.stats.intervals import Estimate, clustered

KINDS = {
    "L1": "planted words of the description",
    "L2": "planted words of the hazard",
    "L3": "planted names of the danger",
    "L4": "whole descriptions",
    "N1": "harmless words of the description",
    "N2": "dangerous words of another picture",
}

FINDS = {"overlap": ("L1", "L4"), "harmfulness": ("L3",), "embedding": ("L3",)}
"""Kinds of planted leaks that a channel is made to find."""

USUAL = 0.05
"""The share of harmless rows that a channel may flag which has no threshold fixed in advance."""

UNSET = (
    "no threshold was fixed in advance, and there are no harmless rows to set one on: flagged is "
    "null"
)

PLANTED_IN = 3_000
"""Rows at most that leaks are planted in; 700 of them are used."""

CONTROLS_NEEDED = 50
"""Harmless rows of its own from which a dataset's thresholds are set on them."""


class Limit(NamedTuple):
    """A threshold and what is known of it.

    Attributes:
        threshold: Rows at or above it are flagged; None where it can't be set.
        how: What it was set on.
        false_alarms: Shares of harmless rows flagged: `kind`, `what`, `k`, `n`, `rate`, `low`,
            `high`.
        sensitivity: Shares of planted leaks found, likewise.
        facts: What else the channel measures of a dataset, likewise, with `against`: the same
            without looking at the text.
        reason: Why something is not known.
    """

    threshold: float | None
    how: str = ""
    false_alarms: tuple[Mapping[str, Any], ...] = ()
    sensitivity: tuple[Mapping[str, Any], ...] = ()
    facts: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""


class Planted(NamedTuple):
    """Changed rows by kind; none where `reason` says why."""

    rows: Mapping[str, pl.DataFrame]
    reason: str = ""


def plant(rows: pl.DataFrame, seed: int) -> Planted:
    """Leaks and harmless changes planted in some of the rows."""
    every = -(-rows.height // PLANTED_IN)
    try:
        return Planted(planted(rows.gather_every(max(1, every)), seed=seed))
    except DataError as error:
        return Planted({}, str(error))


def limit_of(
    channel: Channel, state: Any, rows: pl.DataFrame, made: Planted, false_alarms: float | None
) -> Limit:
    """A channel's threshold, and what is known of it.

    Args:
        channel: The channel.
        state: What it was fitted to.
        rows: The rows it was fitted on.
        made: Of `plant`.
        false_alarms: Share of harmless rows that may be flagged, in (0, 1); None for the
            threshold that was fixed in advance.
    """
    cut, how = DEFAULTS.get(channel.name), "fixed in advance"
    wanted = USUAL if cut is None and false_alarms is None else false_alarms
    if channel.name in FINDS and wanted is not None:
        cut, how = _on_controls(channel, state, rows, made, wanted)
    if cut is None:
        return Limit(None, reason=UNSET)
    known: dict[str, list[Mapping[str, Any]]] = {"found": [], "alarms": []}
    for kind in (*LEAKS, *CONTROLS) if channel.name in FINDS else ():
        if kind in made.rows and (kind in CONTROLS or kind in FINDS[channel.name]):
            share = _flagged(channel, state, made.rows[kind], cut)
            which = "alarms" if kind in CONTROLS else "found"
            known[which].append({"kind": kind, **_share(KINDS[kind], share)})
    return Limit(
        cut,
        how,
        tuple(known["alarms"]),
        tuple(known["found"]),
        tuple(_facts(channel, rows)),
        made.reason if channel.name in FINDS else "",
    )


def _on_controls(
    channel: Channel, state: Any, rows: pl.DataFrame, made: Planted, wanted: float
) -> tuple[float | None, str]:
    """Set on rows that the dataset says are safe; without such, on changed rows."""
    safe = rows.filter(pl.col("ground_truth") == "safe")
    told = f"{100 * wanted:g} % of"
    if safe.height >= CONTROLS_NEEDED:
        controls, what = safe, f"{told} {safe.height:,} rows that are said to be safe"
    elif made.rows:
        controls = pl.concat([made.rows[kind] for kind in CONTROLS])
        what = f"{told} {controls.height:,} rows with harmless changes"
    else:
        return DEFAULTS.get(channel.name), "fixed in advance: there are no harmless rows"
    try:
        return threshold(channel, controls, wanted, state=state), what
    except ConfigError:
        return DEFAULTS.get(channel.name), "fixed in advance: harmless rows have no score"


def _flagged(channel: Channel, state: Any, rows: pl.DataFrame, cut: float) -> Estimate:
    scores = channel.score(state, rows)["score"]
    known = scores.is_not_null()
    flags = (scores.filter(known) >= cut).cast(pl.Float64).to_numpy()
    return clustered(flags, rows["cluster"].fill_null(rows["case"]).filter(known).to_list())


def _facts(channel: Channel, rows: pl.DataFrame) -> list[Mapping[str, Any]]:
    if channel.name == "topic":
        return _topic(topic.facts(rows))
    if channel.name == "partial_input":
        return [
            {**_share(f"right by the rule {name.replace('_', ' ')}", rule.accuracy),
             "against": rule.chance}
            for name, rule in partial_input.facts(rows).items()
        ]  # fmt: skip
    return []


def _topic(found: topic.Facts) -> list[Mapping[str, Any]]:
    if found.reason:
        return []
    bits = f"{found.bits:.2f} of {found.entropy:.2f} bits"
    facts: list[Mapping[str, Any]] = [
        {**_share(f"category told from the query ({bits})", found.accuracy),
         "against": found.majority}
    ]  # fmt: skip
    if found.source is not None:
        source = _share("source told from the query", found.source)
        facts.append({**source, "against": found.source_majority})
    return facts


def _share(what: str, e: Estimate) -> dict[str, Any]:
    defined = {"rate": e.rate, "low": e.low, "high": e.high}
    shown = {k: None if v != v else float(v) for k, v in defined.items()}
    return {"what": what, "k": e.k, "n": e.n, **shown, "method": e.method, "reason": e.reason}
