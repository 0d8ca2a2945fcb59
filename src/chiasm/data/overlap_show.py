"""What `chiasm overlap` prints: two collections compared, or the register. No query is shown."""

import csv
import json
import textwrap
import tomllib
from importlib.resources import files
from typing import Any, NamedTuple

from chiasm.data.overlap import Overlap, Pictures, counts
from chiasm.errors import ConfigError

SCHEMA = 1
PAIRS_SHOWN = 10


class Relation(NamedTuple):
    """What two public datasets, or a model's training data and a dataset, share.

    Attributes:
        a: The first.
        b: The second.
        kind: cases, images, queries, both or training.
        what: In a sentence.
        source: Where it can be seen.
    """

    a: str
    b: str
    kind: str
    what: str
    source: str


def register() -> list[Relation]:
    """What is known of public datasets."""
    text = files("chiasm.data").joinpath("overlap.toml").read_text("utf-8")
    return [Relation(**row) for row in tomllib.loads(text)["relation"]]


def computed() -> list[dict[str, Any]]:
    """Counts of all pairs of the datasets whose files were at hand; rows as numbers."""
    text = files("chiasm.data").joinpath("overlap_counts.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return [{k: v if k in "ab" else int(v) for k, v in row.items()} for row in rows]


def show_register(form: str = "text") -> str:
    """The register and the computed counts, as text or JSON.

    Raises:
        ConfigError: There is no such format.
    """
    if form == "json":
        known = [relation._asdict() for relation in register()]
        return json.dumps({"schema": SCHEMA, "known": known, "computed": computed()}, indent=1)
    if form != "text":
        raise ConfigError(f"--format {form}: known are text, json")
    lines = ["Known to share cases, pictures, queries, or training data", ""]
    for r in register():
        lines += textwrap.wrap(f"{r.a} - {r.b} ({r.kind}): {r.what}", 98)
        lines += textwrap.wrap(f"[{r.source}]", 98, initial_indent="    ", subsequent_indent="    ")
    shared = [c for c in computed() if _any(c)]
    lines += ["", "Computed", ""]
    lines.append(f"{'':<42}{'equal queries':>15}{'near':>8}{'same file':>11}{'alike':>7}")
    for c in shared:
        pair = f"{c['a']} - {c['b']}"
        images = (c["images_same"], c["images_alike"])
        seen = c["pictures_a"] and c["pictures_b"]
        same, alike = images if seen else ("-", "-")
        numbers = f"{c['queries_equal']:>15}{c['queries_near']:>8}{same:>11}{alike:>7}"
        lines.append(f"{pair:<42}{numbers}")
    rest = len(computed()) - len(shared)
    lines += ["", "Pairs of rows; - where pictures were not at hand."]
    lines.append(f"The other {rest} of {len(computed())} pairs that were compared share nothing.")
    return "\n".join(lines)


def _any(row: dict[str, Any]) -> bool:
    kinds = ("queries_equal", "queries_near", "images_same", "images_alike")
    return any(row[kind] for kind in kinds)


def show(found: Overlap, form: str = "text") -> str:
    """A comparison as text or JSON: counts, what could not be compared, and pairs by their ids.

    Raises:
        ConfigError: There is no such format.
    """
    if form == "json":
        return json.dumps(as_json(found), indent=1, ensure_ascii=False)
    if form != "text":
        raise ConfigError(f"--format {form}: known are text, json")
    a, b = found.a, found.b
    lines = [f"{a.name} ({len(a.items):,} rows) and {b.name} ({len(b.items):,} rows)", ""]
    lines.append(f"{'':<20}{'pairs':>8}{'rows of first':>16}{'rows of second':>16}")
    for c in counts(found):
        lines.append(f"{c['kind']:<20}{c['pairs']:>8,}{c['rows_a']:>16,}{c['rows_b']:>16,}")
    lines += ["", *_pictures(a.name, found.pictures_a), *_pictures(b.name, found.pictures_b)]
    pairs = _pairs(found)
    for pair in pairs[:PAIRS_SHOWN]:
        lines.append(f"  {pair['a']} - {pair['b']}: {pair['kind']} {pair['similarity']:.2f}")
    if len(pairs) > PAIRS_SHOWN:
        lines.append(f"  ... {len(pairs) - PAIRS_SHOWN:,} more with --format json")
    return "\n".join(lines)


def _pictures(name: str, found: Pictures) -> list[str]:
    lines = [f"{name}: {len(found.looks):,} pictures compared, {found.missing:,} not there"]
    lines += [f"  can't be compared: {error}" for error in found.unreadable[:PAIRS_SHOWN]]
    rest = len(found.unreadable) - PAIRS_SHOWN
    return [*lines, f"  and {rest:,} more"] if rest > 0 else lines


def _pairs(found: Overlap) -> list[dict[str, Any]]:
    a, b = found.a.items, found.b.items
    rows: list[tuple[int, int, str, float]] = []
    rows += [(q.i, q.j, "query equal" if q.exact else "query near", q.similarity)
             for q in found.queries]  # fmt: skip
    rows += [(q.i, q.j, "query contained", q.similarity) for q in found.contained]
    rows += [(m.i, m.j, "image same file" if m.exact else "image alike", 1 - m.distance / 64)
             for m in found.images]  # fmt: skip
    return [
        {"a": a[i].id, "b": b[j].id, "row_a": i, "row_b": j, "kind": kind, "similarity": value}
        for i, j, kind, value in rows
    ]


def as_json(found: Overlap) -> dict[str, Any]:
    """Plain data: similarity is Jaccard or a share for queries, 1 - bits/64 for pictures."""
    sides = {}
    for side, c, seen in (("a", found.a, found.pictures_a), ("b", found.b, found.pictures_b)):
        sides[side] = {
            "name": c.name,
            "rows": len(c.items),
            "pictures": len(seen.looks),
            "pictures_missing": seen.missing,
            "pictures_unreadable": list(seen.unreadable),
        }
    return {"schema": SCHEMA, **sides, "counts": counts(found), "pairs": _pairs(found)}
