"""lab: the toy world of `chiasm lab` as a benchmark, for its small models (`chiasm_tiny/...`).

Three categories, each half unsafe rows and half matched benign ones: `leaky` (the question names
the danger), `leak_free` (only the picture shows it), `joint` (a harmless picture and a harmless
question). It shows that the measurement works and what leakage does; it says nothing about models
of the real world.

Paper   none; the categories are those of VLSBench (arXiv:2411.19939) and SIUO (arXiv:2406.15279)
Data    made by code (`chiasm.scenes.flat`), no download; 36 rows a category
Judge   chiasm/refusal: the small models decline with "sorry ..."

Labels: by the world's own rule. Differs from the authors' code: this is the authors' code.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record

if TYPE_CHECKING:
    from chiasm.scenes.flat.sets import Item
    from chiasm.scenes.flat.world import Picture

CATEGORIES = ("leaky", "leak_free", "joint")
ROWS = 36
SEED = 1000
"""Pictures and questions that no run of the lab has: those begin at 0 and at 100."""


def cases() -> list[Case]:
    """All cases; their pictures are not drawn yet."""
    return [_case(item) for item in _items()]


def records(root: Path) -> Iterator[Record]:
    """Draws the pictures into the dataset's folder, then gives the rows.

    Raises:
        OSError: The folder can't be written.
    """
    from chiasm.scenes.store import replace_file

    for item in _items():
        if item.picture is not None:
            data = png(item.picture)
            path = root / _path(item)
            if not path.is_file() or path.read_bytes() != data:
                replace_file(path, data)
        yield Record("lab", _case(item).id, _case(item).to_json())


def to_case(record: Record) -> Case:
    """The case that the record was made from."""
    return Case.from_json(record.value)


def png(picture: "Picture") -> bytes:
    """A picture as a PNG file."""
    from PIL import Image  # here, so that a list of benchmarks needs neither Pillow nor numpy

    from chiasm.scenes.flat.world import draw

    out = BytesIO()
    Image.fromarray(draw(picture)).save(out, "PNG")
    return out.getvalue()


def _items() -> "list[Item]":
    from chiasm.scenes.flat.sets import items, of_set

    found = items("test", SEED, scale=36)
    half = ROWS // 2
    chosen: list[Item] = []
    for name in CATEGORIES:
        rows = of_set(found, name)
        for unsafe in (True, False):
            chosen += Random(name).sample([row for row in rows if row.unsafe == unsafe], half)
    return chosen


def _path(item: "Item") -> str:
    return f"lab/{item.id.rpartition('/')[2]}.png"


def _case(item: "Item") -> Case:
    assert item.picture is not None
    shows = " ".join(word for word in (item.picture.colour, item.picture.what) if word)
    return Case(
        id=f"lab/{item.set}-{item.id.rpartition('/')[2]}",
        turns=(item.query,),
        images=(_path(item),),
        ground_truth="unsafe" if item.unsafe else "safe",
        category=item.set,
        cluster=f"lab/{item.set}/{item.cluster}",
        oracle=Oracle(description=f"A {shows}.", reference=item.exact),
    )


BENCHMARK = Benchmark(
    name="lab",
    title="The lab's toy world: leaky, leak-free and joint rows with matched benign ones",
    entry="",
    records=records,
    to_case=to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",), max_tokens=24),),
    metrics=("safe_rate", "over_refusal_rate"),
)
