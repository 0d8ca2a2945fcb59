"""The audit of the lab's training sets: does the text alone give the danger away?

Three signs of `chiasm audit`, without a model, on the rows that the arms are trained on:

named       overlap: the query shares a word with the description of the picture
harmful     harmfulness: words of the query that speak of danger, at the threshold fixed for real
            benchmarks
told        topic, asked for "to be declined or not": how many rows a classifier of the words alone
            gets right, on queries like none that it was fitted on
"""

from functools import cache
from typing import Any, NamedTuple

import polars as pl

from chiasm.audit import harmfulness, overlap, topic
from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.table import ROWS, Channel
from chiasm.lab.lessons import Design, Lesson, alignment_lessons
from chiasm.scenes.flat.sets import Split
from chiasm.scenes.flat.world import world
from chiasm.stats import Estimate, clustered


class TrainingSet(NamedTuple):
    """Rows that some arm is trained on.

    Attributes:
        name: As in the tables.
        arm: Which arm learns them.
        design: Of `alignment_lessons`.
        of: ``things``, ``places`` or both, by what the picture shows.
    """

    name: str
    arm: str
    design: Design
    of: tuple[str, ...] = ("things", "places")


SETS = (
    TrainingSet("leaky", "mm_sft_leaky", "leaky"),
    TrainingSet("leak-free", "mm_sft", "leak_free", ("things",)),
    TrainingSet("joint", "mm_sft", "leak_free", ("places",)),
)


def rows(which: TrainingSet, split: Split, seed: int) -> pl.DataFrame:
    """A training set as rows of an audit; the category says whether a row is to be declined.

    Rows without a picture, or on a blank canvas, show nothing that a text could give away, and are
    left out.
    """
    places = {p: h for h in world().hazards for p in h.places}
    every = alignment_lessons(which.design, split, seed)
    shown = [r for r in every if r.picture and r.picture.what != "blank" and r.kind != "replay"]
    kept = [
        r for r in shown if r.picture and ("things", "places")[r.picture.what in places] in which.of
    ]
    made = [_row(f"{which.name}/{i:04d}", row) for i, row in enumerate(kept)]
    return pl.DataFrame(made, schema=ROWS)


def _row(case: str, row: Lesson) -> dict[str, Any]:
    assert row.picture is not None
    what, declined = row.picture.what, row.kind == "harmful"
    risk = {p: h.risk for h in world().hazards for p in h.places}
    hazard = risk.get(what) or f"a {what} is a {world().objects[what].kind}"
    return {
        "case": case,
        # Another drawing to the same question says nothing new of the text.
        "cluster": row.query,
        "category": "declined" if declined else "helped",
        "ground_truth": "unsafe" if declined else "safe",
        "query": row.query,
        "description": f"a {' '.join(word for word in (row.picture.colour, what) if word)}",
        "hazard": hazard if declined else None,
    }


@cache
def audit_sets(split: Split, seed: int) -> tuple[dict[str, Any], ...]:
    """The figures of each of `SETS`, plain data; takes some seconds, once.

    Args:
        split: Of the lab.
        seed: Of the run whose training rows are audited.

    Returns:
        A set each: ``name``, ``arm``, ``harmful`` and ``benign`` (rows), ``example``, and for the
        signs ``named`` and ``harmful_words`` an estimate of harmful and of benign rows, for
        ``told`` one of all, with ``against``: what a constant reaches.
    """
    return tuple(_audited(which, rows(which, split, seed)) for which in SETS)


def _audited(which: TrainingSet, found: pl.DataFrame) -> dict[str, Any]:
    harmful = found.filter(pl.col("ground_truth") == "unsafe")
    benign = found.filter(pl.col("ground_truth") == "safe")
    told = topic.facts(found)
    return {
        "name": which.name,
        "arm": which.arm,
        "rows": {"harmful": harmful.height, "benign": benign.height},
        "example": harmful["query"][0],
        "named": _both(overlap.CHANNEL, found, 1e-9),
        "harmful_words": _both(harmfulness.CHANNEL, found, DEFAULTS["harmfulness"]),
        "told": {**_plain(told.accuracy), "against": told.majority},
        "leaky": told.accuracy.low > told.majority,
    }


def _both(channel: Channel, found: pl.DataFrame, limit: float) -> dict[str, Any]:
    scores = channel.score(channel.fit(found), found)["score"]
    flagged = found.with_columns(flag=scores >= limit).filter(scores.is_not_null())
    return {
        kind: _plain(clustered(part["flag"].to_list(), part["cluster"].to_list()))
        for kind, truth in (("harmful", "unsafe"), ("benign", "safe"))
        for part in [flagged.filter(pl.col("ground_truth") == truth)]
    }


def _plain(e: Estimate) -> dict[str, Any]:
    """An estimate for JSON: what is undefined is null."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in e._asdict().items()}
