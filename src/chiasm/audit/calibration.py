"""Where a channel's score becomes a flag.

A threshold answers a question: of rows that give nothing away, how many may be flagged? Controls
are such rows: benign queries of one's own, or `chiasm.audit.leaks` where there are none. The
defaults and what they were measured to do stand in docs/audit-channels.md.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from chiasm.audit.leaks import planted
from chiasm.audit.table import Channel
from chiasm.errors import ConfigError
from chiasm.stats.intervals import Estimate, clustered

DEFAULTS: Mapping[str, float] = {
    "overlap": 7.04,
    "harmfulness": 0.395,
    "topic": 0.9,
    "residue": 0.5,
    "partial_input": 1.0,
}
"""Thresholds by channel; rows at or above are flagged. `overlap`'s flags 4.5 % of VLSBench,
`harmfulness`'s as much where categories are left out, and 3.5 % with them."""


def threshold(
    channel: Channel, controls: pl.DataFrame, wanted: float, *, state: Any = None
) -> float:
    """The lowest threshold that flags at most the wanted share of controls.

    Args:
        channel: Its scores are computed here.
        controls: Rows (`chiasm.audit.table.ROWS`) that give nothing away; as many as can be had:
            100 rows can't tell 1 % from 3 %.
        wanted: Share of controls that may be flagged, in [0, 1).
        state: What the channel was fitted to on the dataset to audit; by default it is fitted on
            the controls.

    Raises:
        ConfigError: The share is out of range, or the channel can score no control.
    """
    if not 0 <= wanted < 1:
        raise ConfigError(f"the wanted false-alarm rate must be in [0, 1), got {wanted}")
    scores = channel.score(channel.fit(controls) if state is None else state, controls)
    known = scores["score"].drop_nulls()
    if not len(known):
        why = scores["reason"].drop_nulls().unique().sort().to_list() or ["there are no rows"]
        raise ConfigError(
            f"{channel.name} has no score for any of {controls.height} controls: {'; '.join(why)}; "
            "give controls with the texts that the channel needs"
        )
    return cut(known.to_numpy(), wanted)


def cut(scores: ArrayLike, wanted: float) -> float:
    """The lowest value that at most the wanted share of scores reaches.

    One of the scores, or the next number above the highest where even the highest is reached by
    too many (ties).

    >>> cut([0.1, 0.2, 0.3, 0.4], 0.25)
    0.4
    >>> cut([0.0, 1.0, 1.0, 1.0], 0.5) > 1.0
    True
    """
    values = np.sort(np.asarray(scores, dtype=np.float64))
    reached = 1 - np.searchsorted(values, values, side="left") / len(values)
    fitting = values[reached <= wanted + 1e-12]
    return float(fitting[0]) if len(fitting) else math.nextafter(float(values[-1]), math.inf)


class Sensitivity(NamedTuple):
    """What a channel flags where it is known what is a leak.

    Attributes:
        threshold: In force: rows at or above it count as flagged.
        flagged: Of all rows as they are.
        by_kind: Of the rows that were planted in: `original`, L1 to L4, N1 and N2.
    """

    threshold: float
    flagged: Estimate
    by_kind: dict[str, Estimate]


def sensitivity(
    channel: Channel, rows: pl.DataFrame, *, limit: float | None = None, seed: int = 0
) -> Sensitivity:
    """Flagged shares of planted leaks and of benign controls made from the dataset's own rows.

    Args:
        channel: Fitted on `rows`.
        rows: With description, hazard and category.
        limit: The threshold; by default the one that flags at most 5 % of `rows` themselves. Some
            of these do leak, so the rate is of flags and not of false alarms.
        seed: See `chiasm.audit.leaks.planted`.

    Raises:
        DataError: No leak can be planted.
        ConfigError: The channel can score no row.
    """
    state = channel.fit(rows)
    wanted = threshold(channel, rows, 0.05, state=state) if limit is None else limit
    made = planted(rows, seed=seed)
    by_kind = {kind: _flagged(channel, state, f, wanted) for kind, f in made.items()}
    return Sensitivity(wanted, _flagged(channel, state, rows, wanted), by_kind)


def _flagged(channel: Channel, state: Any, rows: pl.DataFrame, limit: float) -> Estimate:
    """Of the rows that have a score; clusters are the dataset's."""
    scored = channel.score(state, rows)
    known = scored["score"].is_not_null()
    flags = (scored["score"].filter(known) >= limit).cast(pl.Float64).to_numpy()
    clusters = rows["cluster"].fill_null(rows["case"]).filter(known).to_list()
    return clustered(flags, clusters)
