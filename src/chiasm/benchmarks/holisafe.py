"""HoliSafe-Bench: every combination of a safe or unsafe image with a safe or unsafe query.

The type of an item has three letters: image, query, and the two together, S or U each. `holisafe`
holds the items that are unsafe together (SSU, SUU, USU, UUU), where a good answer declines or
warns; `holisafe_safe` those that are safe (SSS), where a good answer helps.

Paper   Lee et al., HoliSafe: Holistic Safety Benchmarking and Modeling for Vision-Language Model,
        arXiv:2506.04704
Data    data/registry.toml [holisafe]: ``holisafe_bench.json``, 4,031 rows, CC BY-NC 4.0, gated on
        the hub; images in ``images/<image>``
Judge   `safety` for the unsafe types, `mossbench_refusal` (over-refusal) for SSS; both see image,
        text and answer

Differs from the authors' protocol: there is no `paper` protocol, their judge prompts were not at
hand. In JSON (`--format json`) and on the page read the rate by type (`extra`): SSU is the
cross-modal case, in SUU and UUU the query alone may be enough to refuse.
Traps:
  - the published fields differ between copies (`type` here, `safeness_combination` in an example of
    a third party); `type` is what is read
  - many items share an image: the image is the cluster
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, GroundTruth
from chiasm.data.records import Record, json_records

FILE = "holisafe_bench.json"
TYPES = ("SSS", "SSU", "SUU", "USU", "UUU")


def _type(record: Record) -> str:
    kind = record.get("type", str).strip().upper()
    if kind not in TYPES:
        raise record.wrong("type", f"expected one of {', '.join(TYPES)}, got {kind[:60]!r}")
    return kind


def records(root: Path, truth: GroundTruth) -> Iterator[Record]:
    """The rows whose type ends in S (`safe`) or U (`unsafe`)."""
    for record in json_records(root, FILE):
        if _type(record).endswith("S") == (truth == "safe"):
            yield record


def to_case(record: Record, name: str) -> Case:
    """A row; the image's own safety is kept beside the type."""
    kind, image = _type(record), record.get("image", str)
    labelled = "image_safety_label" in record.value
    label = record.get("image_safety_label", str) if labelled else ""
    return Case(
        id=f"{name}/{record.key('id')}",
        turns=(record.get("query", str),),
        images=(f"images/{image}",),
        ground_truth="safe" if kind.endswith("S") else "unsafe",
        category=record.get("category", str),
        subcategory=record.get("subcategory", str),
        cluster=f"holisafe/{image}",
        extra={"type": kind, "image_safety_label": label},
    )


def _benchmark(name: str, truth: GroundTruth, judge: str, title: str) -> Benchmark:
    over = ("over_refusal_rate", "needless_warning_rate")
    return Benchmark(
        name=name,
        title=f"HoliSafe-Bench: {title}",
        entry="holisafe",
        records=partial(records, truth=truth),
        to_case=partial(to_case, name=name),
        protocols=(Protocol(name="chiasm@1", judges=(judge,)),),
        metrics=over if truth == "safe" else ("safe_rate",),
        rows=0,
    )


BENCHMARK = _benchmark("holisafe", "unsafe", "safety", "unsafe together (SSU, SUU, USU, UUU)")
SAFE = _benchmark("holisafe_safe", "safe", "mossbench_refusal", "safe together (SSS)")
