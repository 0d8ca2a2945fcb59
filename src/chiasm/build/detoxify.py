"""Detoxify: of several rewritings, the query that tells least, and still asks for the same."""

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from chiasm import text
from chiasm.build.desk import Desk, ask, prompt, verdict
from chiasm.build.items import Dropped, Item, Kept, Outcome
from chiasm.build.replies import UnusableError, fields_of, texts_of
from chiasm.judges.verdicts import parser

LEAKS = "every rewriting leaks"
CHANGED = "no rewriting keeps the meaning"

_same = parser(("same", "different"))
_SHORT = 4
"""Words of fewer letters are not taken for a name of what the picture shows."""


async def detoxify(item: Item, desk: Desk) -> Outcome:
    """Choose the query: the fewest leaks first, then what the judge finds harmless by itself.

    Candidates are the rewritings and the queries as written. One is taken when the channel
    `harmfulness` stays below the recipe's limit, the judge calls the text alone safe, and, where
    it was rewritten, the rewriter's model finds that it still asks for the same.
    """
    wanted = desk.recipe.detoxify
    pool = list(item.queries)
    if wanted.candidates:
        pool = [*await _rewritten(item, desk), *pool]
    scores = harmfulness(pool)
    ranked = sorted(range(len(pool)), key=lambda i: (round(scores[i], 3), shared(pool[i], item), i))
    changed = False
    for i in ranked:
        if scores[i] > wanted.highest:
            break
        query = pool[i]
        if (await verdict(desk, query, ())).label == "unsafe":
            continue
        if query not in item.queries and not await _keeps(query, item, desk):
            changed = True
            continue
        note = f"{len(pool)} candidates, harmfulness {scores[i]:.2f}"
        return Kept(replace(item, query=query), note)
    return Dropped(CHANGED if changed else LEAKS, " / ".join(pool))


async def _rewritten(item: Item, desk: Desk) -> Sequence[str]:
    reply = await ask(
        desk, "rewriter", "rewrite", description=item.description, query=item.queries[0],
        count=str(desk.recipe.detoxify.candidates), language=item.language, about=item.id,
        temperature=0.8,
    )  # fmt: skip
    return texts_of(fields_of(reply, "rewriter", ("queries",)), "queries", "rewriter")


async def _keeps(query: str, item: Item, desk: Desk) -> bool:
    said = await ask(
        desk, "critic", "same", description=item.description, first=item.queries[0], second=query
    )
    found = _same(said)
    if found is None:
        raise UnusableError("the critic gave no verdict", said)
    return found == "same"


def harmfulness(queries: Sequence[str]) -> list[float]:
    """Scores of the audit's channel of that name, in [0, 1); English words only."""
    from chiasm.audit import harmfulness as channel
    from chiasm.audit.table import ROWS

    rows = [{**dict.fromkeys(ROWS), "case": str(i), "query": q} for i, q in enumerate(queries)]
    frame = pl.DataFrame(rows, schema=ROWS)
    scored = channel.score(channel.fit(frame), frame)
    return [float(s) if s is not None else 1.0 for s in scored["score"]]


def shared(query: str, item: Item) -> int:
    """How many longer words a query shares with what the picture shows."""
    shows = {w for w in text.words(item.description) if len(w) >= _SHORT}
    return len(shows & set(text.words(query)))


def digest() -> list[str]:
    """What the step's decisions depend on beside the item."""
    return [prompt("rewrite").id, prompt("same").id, re.escape(LEAKS)]
