"""The gate: nothing that models are tested on gets into a training mixture.

A mixture is refused when it names an evaluation dataset or a reserved family of our scenes, or when
its rows share a picture (by bytes or look) or a query (equal or nearly) with one. Grids that
`chiasm build` made for evaluation, and the lab, show a picture in many rows and ask a query in many
by design: there both must be of one case. What is not at hand can't be compared, and is said.
"""

import re
from collections.abc import Collection as Names
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.align.rows import Row
from chiasm.benchmarks import BENCHMARKS, built, load
from chiasm.data.overlap import Collection, Item, Overlap, compare, of_dataset
from chiasm.data.registry import registry
from chiasm.errors import ConfigError, DataError
from chiasm.scenes.flat import grids

SHARED = {"query": "a query", "image": "an image", "pair": "a query and its image"}
"""What rows may be left out for; those that name a test set are refused."""

MORE = ("mis", "mis_easy", "mis_hard", "mis_real", "holisafe_bench", "ch3ef", "mme", "mmvet")
"""Evaluation sets that are neither benchmarks here nor in the registry."""

NO_TRAINING = {"mossbench", "mossbench_contrast"}
"""Whose authors forbid training."""

ANY = ("ROWS", "DIGEST_MISMATCH")
"""Another version of an evaluation set is compared as well."""

SHOWN = 10

_GRID = re.compile(r"([a-z_]+?)(?:-s-?\d+)?-v\d+-\d+")


class Hit(NamedTuple):
    """A row that must not be trained on.

    Attributes:
        row: Its id.
        of: The evaluation set, or "scenes" with the family.
        case: The case of it that the row shares something with; empty where a name says it.
        why: "named", "reserved family", "reserved pair", "query", "image",
            "pair" (query and picture of one case).
        similarity: Of queries the Jaccard similarity, of images 1 - bits/64; 1 where equal.
    """

    row: str
    of: str
    case: str
    why: str
    similarity: float = 1.0


class Passed(NamedTuple):
    """What the gate has looked at.

    Attributes:
        hits: Rows that must not be trained on.
        compared: Evaluation sets whose rows were compared, with the number of their pictures.
        not_compared: Evaluation sets whose files are not here.
    """

    hits: tuple[Hit, ...]
    compared: Mapping[str, int]
    not_compared: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        hits = [hit._asdict() for hit in self.hits]
        return {**self._asdict(), "hits": hits, "compared": dict(self.compared)}


def reserved_name(name: str) -> str:
    """The evaluation set that a name means, as ``AI45Lab/VLSBench`` means vlsbench; else empty.

    >>> reserved_name("AI45Lab/VLSBench"), reserved_name("vlguard_train")
    ('vlsbench', '')
    """
    last = _plain(name.rpartition("/")[2])
    names = {_plain(n): n for n in evaluation_names()}
    return names.get(_plain(name)) or names.get(last, "")


def evaluation_names() -> tuple[str, ...]:
    """All names that no mixture may use."""
    kept = [name for name, entry in registry().items() if entry.use == "evaluation"]
    return tuple(dict.fromkeys([*BENCHMARKS, *kept, *MORE]))


def check_names(names: Iterable[str]) -> None:
    """Refuse a mixture by what it names, before anything is read.

    Raises:
        ConfigError: A name is an evaluation set's, or a reserved family's.
    """
    for name in names:
        if found := reserved_name(name):
            why = (
                "its authors forbid training on it (its licence, CC BY-SA 4.0, with that condition)"
                if found in NO_TRAINING
                else "models are tested on it"
            )
            raise ConfigError(f"mixture: {name} is an evaluation set: {why}; take it out")
        if name in _families():
            raise ConfigError(
                f"mixture: {name} is a reserved family of scenes: nothing is trained on it; the "
                "training families are those of the loader scenes_training"
            )


def inspect(
    rows: Sequence[Row], folders: Mapping[str, str] | None = None, against: Names[str] = ()
) -> Passed:
    """Compare rows with every evaluation set that is at hand.

    Args:
        rows: With pictures as files or bytes.
        folders: Local copies by name; the key "" stands for a folder with all of them.
        against: Only these sets; all by default.

    Raises:
        ConfigError: One of `against` is not at hand.
        ImageError: A picture of a row can't be read.
    """
    folders = folders or {}
    mine = Collection("mixture", Path("/"), tuple(_item(row) for row in rows))
    hits = [*_named(rows), *_hits(compare(mine, _reserved()), "scenes")]
    compared, absent = {"scenes": len(_reserved().items)}, []
    if not against or "lab" in against:
        hits += _of_lab(mine)
        compared["lab"] = len(_lab().items)
    for name, benchmark in BENCHMARKS.items():
        if (against and name not in against) or not benchmark.entry:
            continue
        try:
            theirs = of_dataset(load(name, folders.get(name, folders.get("")), ANY))
        except (ConfigError, DataError) as error:
            if name in against:
                raise
            absent.append(name if isinstance(error, ConfigError) else f"{name} ({error})")
            continue
        found = compare(mine, theirs)
        compared[name] = len(found.pictures_b.looks)
        if found.pictures_a.unreadable:
            raise DataError(found.pictures_a.unreadable[0])
        hits += _hits(found, name)
    for name, theirs, joint in _built(folders):
        found = compare(mine, theirs)
        compared[name] = len(found.pictures_b.looks)
        hits += _hits(found, name, joint)
    unique = {(h.row, h.of, h.why): h for h in reversed(hits)}
    order = {row.id: k for k, row in enumerate(rows)}
    kept = sorted(unique.values(), key=lambda h: (order.get(h.row, -1), h.of, h.why))
    return Passed(tuple(kept), compared, tuple(absent))


def refuse(found: Passed) -> None:
    """Raise where the gate has found anything.

    Raises:
        DataError: Names the rows, and what each shares with which case.
    """
    if not found.hits:
        return
    rows = list(dict.fromkeys(hit.row for hit in found.hits))
    lines = [
        f"  {h.row}: {h.why} of {h.of}{f' ({h.case}, {h.similarity:.2f})' if h.case else ''}"
        for h in found.hits[:SHOWN]
    ]
    if len(found.hits) > SHOWN:
        lines.append(f"  and {len(found.hits) - SHOWN} more in gate.json")
    listed = "\n".join(lines)
    raise DataError(
        f"the mixture is refused: {len(rows)} of its rows are in evaluation sets\n{listed}\n"
        "take them out, or let --drop-overlapping do so and count them"
    )


def left_out(found: Passed, *, drop: bool) -> dict[str, str]:
    """Rows to leave out, by id, with the reason; none where the gate has found nothing.

    Args:
        found: Of `inspect`.
        drop: Whether rows that share something with an evaluation set may be left out; those that
            name one never are.

    Raises:
        DataError: See `refuse`.
    """
    if drop and all(hit.why in SHARED for hit in found.hits):
        return {hit.row: f"shares {SHARED[hit.why]} with {hit.of}" for hit in found.hits}
    refuse(found)
    return {}


def _built(folders: Mapping[str, str]) -> Iterator[tuple[str, Collection, set[int]]]:
    """Sets that `chiasm build` made for evaluation, of the folders that are named.

    With the numbers of their items that share pictures and queries with others by design.
    """
    for folder in dict.fromkeys(folders.values()):
        root = Path(folder)
        if not (root / built.FACTS).is_file() or built.use_of(root) == "training":
            continue
        rows = list(built.cases(root))
        items = tuple(Item(case.id, case.query, case.images) for case in rows)
        name = str(built.facts_of(root).get("name", folder))
        joint = {
            i
            for i, case in enumerate(rows)
            if case.extra.get("source") == "grids" or case.extra.get("composed")
        }
        yield name, Collection(name, root.resolve(), items), joint


def _of_lab(mine: Collection) -> list[Hit]:
    """Rows that share both with one case of the lab; other pictures are not read for it."""
    near = compare(mine, _lab(), images=False).queries
    rows = tuple(mine.items[i] for i in sorted({q.i for q in near}))
    found = compare(mine._replace(items=rows), _lab())
    return _hits(found, "lab", range(len(_lab().items)))


def _item(row: Row) -> Item:
    images = tuple(
        str(Path(i).resolve().relative_to("/")) if isinstance(i, str) else i for i in row.images
    )
    return Item(row.id, row.prompt, images)


def _named(rows: Sequence[Row]) -> list[Hit]:
    hits = []
    for row in rows:
        for name in (row.dataset, row.id.partition("/")[0]):
            if found := reserved_name(name):
                hits.append(Hit(row.id, found, "", "named"))
        if grids.reserved(row.id):
            hits.append(Hit(row.id, "lab", "", "reserved pair"))
        match = _GRID.search(row.id)
        if match and match[1] in _families():
            hits.append(Hit(row.id, f"scenes, {match[1]}", "", "reserved family"))
    return hits


def _hits(found: Overlap, name: str, joint: Names[int] = ()) -> list[Hit]:
    """Rows that share a query or a picture; with the cases `joint` only those that share both."""
    a, b = found.a.items, found.b.items
    seen = {(m.i, m.j) for m in found.images}
    hits = []
    for q in found.queries:
        if q.j not in joint or (q.i, q.j) in seen:
            why = "pair" if q.j in joint else "query"
            hits.append(Hit(a[q.i].id, name, b[q.j].id, why, q.similarity))
    for m in found.images:
        if m.j not in joint:
            hits.append(Hit(a[m.i].id, name, b[m.j].id, "image", 1 - m.distance / 64))
    return hits


@lru_cache(maxsize=1)
def _reserved() -> Collection:
    """The reserved families: every wording of their queries, and their drawings, small."""
    from chiasm.scenes.cases import cases, image_bytes

    items, seen = [], set()
    for case in cases(tier=None):
        for text in (case.query, case.extra["paraphrase"]):
            if (text, case.images) not in seen:
                seen.add((text, case.images))
                items.append(Item(case.id, text, (image_bytes(case, 128),)))
    return Collection("scenes", Path("/"), tuple(items))


@lru_cache(maxsize=1)
def _lab() -> Collection:
    """The lab's rows; with the pictures' bytes, since files can go while this is kept."""
    made = load("lab")
    items = tuple(
        Item(case.id, case.query, tuple((made.root / i).read_bytes() for i in case.images))
        for case in made
    )
    return Collection("lab", made.root, items)


@lru_cache(maxsize=1)
def _families() -> frozenset[str]:
    from chiasm.scenes.grammar import families

    return frozenset(name for name, f in families().items() if f.split == "evaluation")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
