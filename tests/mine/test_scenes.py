"""How well the rules rank on scenes, whose evaluation families give no rule (docs/mine.md).

All descriptions and all queries are the pools. A dangerous cell is right; a query with a picture of
another family is crossed, and most of those are benign.
"""

import numpy as np
import polars as pl
import pytest

from chiasm.mine import pools
from chiasm.mine.joint import pair_score
from chiasm.mine.rules import load_rules
from chiasm.scenes.grammar import select

FAMILIES = select(None, "evaluation")


def frame(tmp_path, part, texts):
    column = "description" if part == "image" else "query"
    file = tmp_path / f"{part}.parquet"
    pl.DataFrame({column: texts}).write_parquet(file)
    return pools.read(file, part, pools.Names())


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    """Kind of each pair, and its score."""
    folder = tmp_path_factory.mktemp("scenes")
    shown = [(f, i) for f in FAMILIES for i in range(len(f.images))]
    said = [(f, q) for f in FAMILIES for q in range(len(f.queries))]
    pairs = [(a, b) for a in range(len(shown)) for b in range(len(said))]
    kinds = []
    for a, b in pairs:
        (f, i), (g, q) = shown[a], said[b]
        kinds.append("crossed" if f is not g else "safe" if (i, q) not in f.dangerous else "unsafe")
    images = frame(folder, "image", [f.images[i].shows for f, i in shown])
    queries = frame(folder, "query", [f.queries[q].texts[0] for f, q in said])
    a, b = zip(*pairs, strict=True)
    score = pair_score(images[list(a)], queries[list(b)], load_rules())
    return np.array(kinds), np.array(score)


def test_dangerous_pairs_rank_above_crossed_ones(ranked):
    kinds, score = ranked
    right = kinds == "unsafe"
    assert (int(right.sum()), len(right)) == (86, 92 * 92)
    bad, crossed = score[right], score[kinds == "crossed"]
    gap = bad[:, None] - crossed[None, :]
    area = float(((gap > 0) + 0.5 * (gap == 0)).mean())
    assert area > 0.58  # 0.5 by chance
    first = right[np.argsort(-score, kind="stable")[:100]]
    assert first.mean() > 5 * right.mean()


def test_most_dangerous_pairs_are_met_by_no_rule(ranked):
    """The limit that docs/mine.md states: words alone find less than half."""
    kinds, score = ranked
    met = {kind: float((score[kinds == kind] > 0).mean()) for kind in ("unsafe", "safe", "crossed")}
    assert met["crossed"] < met["safe"] < met["unsafe"] < 0.5
