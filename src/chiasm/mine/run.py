"""`chiasm mine`: two pools -> candidates for review, and why everything else is none.

OUT/candidates.jsonl   pairs with score, evidence, category and provenance
OUT/review.jsonl       the same for `chiasm annotate`; it does not show the score
OUT/dropped.csv        every part, and every judged pair, that was left out, with its reason
OUT/summary.json       counts, settings and digests
OUT/judge/             stored calls and verdicts, with --judge
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from chiasm.errors import ConfigError
from chiasm.mine import judge, pools, product
from chiasm.mine.diverse import Candidate, choose
from chiasm.mine.joint import Joined, join
from chiasm.mine.rules import Rules, load_rules
from chiasm.mine.settings import Mined, Options
from chiasm.progress import Tell
from chiasm.run import Settings

NOT_CHOSEN = "in pairs, none of them kept"


def mine(
    images: Path,
    queries: Path,
    out: Path,
    options: Options | None = None,
    *,
    settings: Settings | None = None,
    tell: Tell | None = None,
) -> Mined:
    """Mine, and write OUT; the same inputs give the same bytes.

    Raises:
        ConfigError: A file is not there, an option is out of range, or the judge can't be asked.
        DataError: A pool is not what it should be; names file, row and field.
    """
    options = options or Options()
    _check(options)
    screened, dropped = {}, []
    for part, path, names in (
        ("image", images, options.images),
        ("query", queries, options.queries),
    ):
        pool = pools.read(path, part, names)
        screened[part], gone = pools.screen(pool, options.threshold)
        dropped.append(gone)
    rules = load_rules()
    joined = join(screened["image"], screened["query"], rules, seed=options.seed)
    wanted = (options.top or 2 * options.n) if options.judge else options.n
    rows, pair_reasons = _choose(joined, screened, rules, wanted, options)
    opinions: list[judge.Opinion] = []
    if options.judge:
        root = options.root or (images if images.is_dir() else images.parent)
        opinions = judge.ask(rows, options.judge, root, out, settings, tell)
        rows, gone = _judged(rows, opinions, options, pair_reasons)
        dropped.append(gone)
    dropped += _unused(joined, screened, rows)
    everything = pl.concat(dropped)
    complete = not any(o.again for o in opinions)
    summary = product.summary(
        images, queries, options, rules, everything, rows, pair_reasons, complete
    )
    product.write(out, rows, everything, summary)
    return Mined(rows, everything, summary, complete)


def _check(options: Options) -> None:
    for name, good in (
        ("n", options.n >= 1),
        ("top", options.top == 0 or options.top >= options.n),
        ("threshold", 0 < options.threshold <= 1),
        ("near", 0 <= options.near <= 1),
        ("reuse", options.reuse >= 1),
    ):
        if not good:
            raise ConfigError(f"--{name} {getattr(options, name)}: out of range; see --help")


def _choose(
    joined: Joined, pool: dict[str, pl.DataFrame], rules: Rules, wanted: int, options: Options
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The diverse pairs as rows of candidates.jsonl, and how many others fell to which reason."""
    pairs = joined.pairs
    sides = {part: pool[part].with_row_index("row") for part in ("image", "query")}
    texts, cultures = {}, {}
    for part in ("image", "query"):
        used = sides[part].filter(pl.col("row").is_in(pairs[part].unique().to_list()))
        texts[part] = dict(used.select("row", "text").iter_rows())
        cultures[part] = dict(used.select("row", "culture").iter_rows())
    listed = [
        Candidate(score, i, q, category, cultures["image"][i] or cultures["query"][q])
        for score, i, q, category in pairs.select("score", "image", "query", "category").iter_rows()
    ]
    chosen = choose(
        listed, texts["image"], texts["query"], wanted, near=options.near, reuse=options.reuse
    )
    rows = [
        product.candidate(
            pairs.row(k, named=True),
            pool["image"].row(listed[k].image, named=True),
            pool["query"].row(listed[k].query, named=True),
            rules,
        )
        for k in chosen.order
    ]
    return rows, Counter(chosen.reasons.values())


def _judged(
    rows: Sequence[dict[str, Any]],
    opinions: Sequence[judge.Opinion],
    options: Options,
    reasons: Counter[str],
) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    kept: list[dict[str, Any]] = []
    gone = []
    for row, opinion in zip(rows, opinions, strict=True):
        reason = opinion.reason or ("confirmed, beyond --n" if len(kept) == options.n else "")
        if not reason:
            kept.append({**row, "judge": {"name": options.judge, **opinion.verdicts}})
            continue
        reasons[reason] += 1
        said = ", ".join(f"{what}: {verdict}" for what, verdict in opinion.verdicts.items())
        gone.append(("pair", row["id"], reason, said))
    return kept, pl.DataFrame(gone, schema=pools.DROPPED, orient="row")


def _unused(
    joined: Joined, pool: dict[str, pl.DataFrame], rows: Sequence[dict[str, Any]]
) -> list[pl.DataFrame]:
    """Parts that passed the screen and stand in no candidate."""
    found = []
    for part in ("image", "query"):
        kept = {row["provenance"][part] for row in rows}
        why = joined.why.filter(pl.col("part") == part).drop("part")
        left = (
            pool[part]
            .select("id")
            .with_row_index("row")
            .join(why, on="row", how="left", maintain_order="left")
            .filter(~pl.col("id").is_in(list(kept)))
            .with_columns(
                pl.col("reason").fill_null(NOT_CHOSEN), part=pl.lit(part), detail=pl.lit("")
            )
        )
        found.append(left.select(list(pools.DROPPED)))
    return found
