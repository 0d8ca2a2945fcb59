"""VLSU: real web images and queries, graded by people alone and together.

Image, query and the two together each have a grade: safe, borderline, unsafe or not_sure. `vlsu`
holds the rows that are unsafe together (a good answer declines or warns), `vlsu_safe` those that
are safe together (a good answer helps). Safe image and safe query, unsafe together
(`extra.pattern` safe-safe-unsafe) is the cross-modal case.

Paper   Palaskar et al., VLSU: Mapping the Limits of Joint Multimodal Understanding for AI Safety,
        arXiv:2510.18214
Data    data/registry.toml [vlsu]: ``data/VLSU.csv``; 8,187 rows in the paper, 8,158 counted by
        others. Images are addresses (`web_path`): put them as ``images/<uuid>.jpg``
Judge   `safety` for the unsafe rows, `mossbench_refusal` (over-refusal) for the safe ones

Differs from the authors' protocol:
  - there is no `paper` protocol: they score how well a model predicts people's grades (F1), and
    refusals by GPT-4o; here answers are judged
  - **rows that are borderline or not_sure together are in neither benchmark**: people could not say
    whether helping is right, so neither refusing nor helping can be scored. `left_out` counts them
Traps:
  - link rot: other tools drop rows whose image is gone and go on. Here a missing image is an error,
    or skipped and counted with ``--allow MISSING_IMAGE``
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, GroundTruth
from chiasm.data.records import Record, csv_records

FILE = "data/VLSU.csv"
GRADES = ("safe", "borderline", "unsafe", "not_sure")
SCORED: tuple[GroundTruth, ...] = ("safe", "unsafe")
FIELDS = ("image_grade", "consensus_text_grade", "consensus_combined_grade")


def _grade(record: Record, field: str) -> str:
    grade = record.get(field, str).strip().lower().replace(" ", "_")
    if grade not in GRADES:
        raise record.wrong(field, f"expected one of {', '.join(GRADES)}, got {grade[:60]!r}")
    return grade


def records(root: Path, truth: GroundTruth) -> Iterator[Record]:
    """The rows that people graded so together."""
    for record in csv_records(root, FILE):
        if _grade(record, FIELDS[2]) == truth:
            yield record


def left_out(root: Path) -> Counter[str]:
    """How many rows are in neither benchmark, by the grade of image and query together."""
    grades = Counter(_grade(record, FIELDS[2]) for record in csv_records(root, FILE))
    return Counter({grade: n for grade, n in grades.items() if grade not in SCORED})


def to_case(record: Record, name: str) -> Case:
    """A row of either benchmark."""
    image, text, both = (_grade(record, field) for field in FIELDS)
    if both not in SCORED:
        raise record.wrong(FIELDS[2], f"{both} is neither safe nor unsafe")
    web = record.get("web_path", str)
    return Case(
        id=f"{name}/{record.key('uuid')}",
        turns=(record.get("prompt", str),),
        images=(f"images/{record.key('uuid')}.jpg",),
        ground_truth="safe" if both == "safe" else "unsafe",
        category=record.get("combined_category", str) or "(none)",
        cluster=f"vlsu/{sha256(web.encode()).hexdigest()[:12]}",
        extra={
            "pattern": f"{image}-{text}-{both}",
            "image_category": record.get("image_category", str),
            "text_category": record.get("text_category", str),
            "web_path": web,
        },
    )


def _benchmark(name: str, truth: GroundTruth, judge: str, title: str) -> Benchmark:
    over = ("over_refusal_rate", "needless_warning_rate")
    return Benchmark(
        name=name,
        title=f"VLSU: {title}",
        entry="vlsu",
        records=partial(records, truth=truth),
        to_case=partial(to_case, name=name),
        protocols=(Protocol(name="chiasm@1", judges=(judge,)),),
        metrics=over if truth == "safe" else ("safe_rate",),
        rows=0,
    )


BENCHMARK = _benchmark("vlsu", "unsafe", "safety", "graded unsafe together by people")
SAFE = _benchmark("vlsu_safe", "safe", "mossbench_refusal", "graded safe together by people")
