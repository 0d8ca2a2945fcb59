"""What two datasets share: pictures, queries, rows.

A model that was trained on one of them, or chosen by it, is not tested by the other where they
overlap, and two benchmarks that share cases are not two results. `compare` finds what is shared;
`register` is what is known of public datasets.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.cases import Dataset
from chiasm.data.overlap_images import DISTANCE, Look, Match, image_matches, look, look_of
from chiasm.data.overlap_text import THRESHOLD, Near, contained, near_duplicates
from chiasm.errors import ImageError

__all__ = ["Collection", "Item", "Overlap", "compare", "image_matches", "near_duplicates"]


class Item(NamedTuple):
    """A row of a dataset.

    Attributes:
        id: As a person would look it up.
        query: What the user says; empty where the row has only images.
        images: Paths relative to the collection's root, or the bytes of files.
    """

    id: str
    query: str
    images: tuple[str | bytes, ...] = ()


class Collection(NamedTuple):
    """Rows to be compared.

    Attributes:
        name: For tables.
        root: The folder that image paths are relative to.
        items: In published order.
    """

    name: str
    root: Path
    items: tuple[Item, ...]


class Pictures(NamedTuple):
    """The pictures of a collection, each once.

    Attributes:
        looks: Fingerprints of those that are there.
        rows: The items that show each of them.
        missing: How many have no file.
        unreadable: Errors of those that can't be compared; each names the file.
    """

    looks: tuple[Look, ...]
    rows: tuple[tuple[int, ...], ...]
    missing: int
    unreadable: tuple[str, ...]


class Overlap(NamedTuple):
    """What two collections share; pairs are of rows, by index.

    Attributes:
        a: The first.
        b: The second.
        queries: Equal or nearly equal queries.
        contained: Queries of the first inside longer ones of the second, where asked for.
        images: Pictures that are the same or alike, as pairs of rows that show them.
        pictures_a: See `Pictures`.
        pictures_b: Likewise.
    """

    a: Collection
    b: Collection
    queries: tuple[Near, ...]
    contained: tuple[Near, ...]
    images: tuple[Match, ...]
    pictures_a: Pictures
    pictures_b: Pictures

    @property
    def both(self) -> list[tuple[int, int]]:
        """Pairs of rows that share query and picture."""
        return sorted({(q.i, q.j) for q in self.queries} & {(m.i, m.j) for m in self.images})


def of_dataset(dataset: Dataset) -> Collection:
    """The rows of a benchmark.

    Where the danger is written into the picture (FigStep), the query that is asked is the same in
    all rows; the words in the picture are compared then.
    """
    items = (Item(c.id, c.extra.get("question") or c.query, c.images) for c in dataset)
    return Collection(dataset.name, dataset.root, tuple(items))


def compare(
    a: Collection,
    b: Collection,
    *,
    threshold: float = THRESHOLD,
    distance: int = DISTANCE,
    inside: bool = False,
    images: bool = True,
) -> Overlap:
    """Find what two collections share.

    Args:
        a: The first; the smaller one is faster.
        b: The second; the same again finds its repetitions, each once.
        threshold: See `near_duplicates`.
        distance: See `image_matches`.
        inside: Whether to look for queries of the first inside longer ones of the second.
        images: Whether to read pictures at all.
    """
    queries_a, queries_b = ([item.query for item in c.items] for c in (a, b))
    near = near_duplicates(queries_a, queries_b, threshold=threshold)
    within = contained(queries_a, queries_b) if inside else []
    seen_a, seen_b = (pictures(c) if images else _NO_PICTURES for c in (a, b))
    found = _rows(image_matches(seen_a.looks, seen_b.looks, distance=distance), seen_a, seen_b)
    if a == b:
        near, within = ([n for n in pairs if n.i < n.j] for pairs in (near, within))
        found = [m for m in found if m.i < m.j]
    return Overlap(a, b, tuple(near), tuple(within), tuple(found), seen_a, seen_b)


_NO_PICTURES = Pictures((), (), 0, ())


def pictures(collection: Collection) -> Pictures:
    """Read the pictures of a collection, each once."""
    shown: dict[str | bytes, list[int]] = {}
    for row, item in enumerate(collection.items):
        for image in dict.fromkeys(item.images):
            shown.setdefault(image, []).append(row)
    looks, rows, missing, unreadable = [], [], 0, []
    for image, users in shown.items():
        if isinstance(image, str) and _absent(collection.root, image):
            missing += 1
            continue
        try:
            found = look_of(collection.root, image) if isinstance(image, str) else look(image)
        except ImageError as error:
            unreadable.append(str(error))
            continue
        looks.append(found)
        rows.append(tuple(users))
    return Pictures(tuple(looks), tuple(rows), missing, tuple(unreadable))


def _absent(root: Path, path: str) -> bool:
    from chiasm.data.images import missing_images

    try:
        return bool(missing_images(root, [path]))
    except ImageError:  # a hostile path: told when it is read
        return False


def _rows(matches: Iterable[Match], a: Pictures, b: Pictures) -> list[Match]:
    """From pairs of pictures to pairs of rows; the best of several between the same rows."""
    best: dict[tuple[int, int], Match] = {}
    for m in matches:
        for i in a.rows[m.i]:
            for j in b.rows[m.j]:
                old = best.get((i, j))
                if old is None or (not m.exact, m.distance) < (not old.exact, old.distance):
                    best[i, j] = Match(i, j, m.exact, m.distance)
    return [best[key] for key in sorted(best)]


def counts(found: Overlap) -> list[dict[str, Any]]:
    """How much is shared, a dictionary a kind: pairs, and the rows of each that have a partner."""
    kinds: Mapping[str, Sequence[tuple[int, int]]] = {
        "queries equal": [(q.i, q.j) for q in found.queries if q.exact],
        "queries near": [(q.i, q.j) for q in found.queries if not q.exact],
        "queries contained": [(q.i, q.j) for q in found.contained],
        "images same file": [(m.i, m.j) for m in found.images if m.exact],
        "images alike": [(m.i, m.j) for m in found.images if not m.exact],
        "query and image": found.both,
    }
    return [
        {
            "kind": kind,
            "pairs": len(pairs),
            "rows_a": len({i for i, _ in pairs}),
            "rows_b": len({j for _, j in pairs}),
        }
        for kind, pairs in kinds.items()
    ]
