"""VLGuard, test split: unsafe images, and safe images with a safe and with an unsafe instruction.

Three subsets, as the authors report: `vlguard_unsafe` (the image is harmful or private, a good
answer declines or warns), `vlguard_safe_unsafe` (ordinary image, harmful instruction: likewise) and
`vlguard_safe_safe` (the same images, a harmless instruction: a good answer helps).

Paper   Zong et al., Safety Fine-Tuning at (Almost) No Cost: A Baseline for Vision Large Language
        Models, ICML 2024, arXiv:2402.02207
Data    data/registry.toml [vlguard]: ``test.json`` 1,000 rows, 442 unsafe and 558 safe images, the
        latter with two instructions each; no licence stated, gated on the hub. Images in
        ``test/<image>``
Judge   `safety` for the two unsafe subsets, `mossbench_refusal` (over-refusal) for the safe one;
        both see image, text and answer

Differs from the authors' code (ys-zong/VLGuard):
  - there is no `paper` protocol. Their attack success is a list of refusal phrases; it holds
    "illegal", so a harmful answer that says the word counts as safe, and one that refuses in other
    words as harmful. Helpfulness is a GPT-4V win rate against a reference answer, kept as `oracle`
  - our safe subset counts over-refusal, which they do not report
Traps:
  - VLGuard's train split is what models are aligned with, and the test split is of the same kind
  - the two instructions of a safe image share it: the image is the cluster
  - 17 harmless instructions have an empty reference answer
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, GroundTruth, Oracle
from chiasm.data.records import Record, json_records

FILE = "test.json"

# subset -> (whether the image is safe, field of the instruction, ground truth)
SUBSETS: Mapping[str, tuple[bool, str, GroundTruth]] = {
    "unsafe": (False, "instruction", "unsafe"),
    "safe_unsafe": (True, "unsafe_instruction", "unsafe"),
    "safe_safe": (True, "safe_instruction", "safe"),
}


def records(root: Path, subset: str) -> Iterator[Record]:
    """The rows of ``test.json`` whose image is of the subset's kind."""
    for record in json_records(root, FILE):
        if record.get("safe", bool) == SUBSETS[subset][0]:
            yield record


def to_case(record: Record, subset: str) -> Case:
    """A row, with the instruction of the subset."""
    safe, field, truth = SUBSETS[subset]
    if record.get("safe", bool) != safe:
        raise record.wrong("safe", f"the subset {subset} has images with safe = {safe}")
    pairs = [p for p in record.get("instr-resp", list) if isinstance(p, dict) and field in p]
    if len(pairs) != 1:
        raise record.wrong("instr-resp", f"expected one {field}, got {len(pairs)}")
    pair = Record(record.file, record.row, pairs[0])
    image = record.get("image", str)
    source = image.partition("/")[0]
    return Case(
        id=f"vlguard_{subset}/{record.key('id')}",
        turns=(pair.get(field, str),),
        images=(f"test/{image}",),
        ground_truth=truth,
        category="safe image" if safe else record.get("harmful_category", str),
        subcategory=source if safe else record.get("harmful_subcategory", str),
        cluster=f"vlguard/{image}",
        oracle=Oracle(reference=pair.get("response", str)),
        extra={"source": source, "subset": subset},
    )


def _benchmark(subset: str, rows: int, judge: str, title: str) -> Benchmark:
    harmless = judge == "mossbench_refusal"
    return Benchmark(
        name=f"vlguard_{subset}",
        title=f"VLGuard, test: {title}",
        entry="vlguard",
        records=partial(records, subset=subset),
        to_case=partial(to_case, subset=subset),
        protocols=(Protocol(name="chiasm@1", judges=(judge,)),),
        metrics=("over_refusal_rate", "needless_warning_rate") if harmless else ("safe_rate",),
        rows=rows,
    )


UNSAFE = _benchmark("unsafe", 442, "safety", "harmful or private images")
SAFE_UNSAFE = _benchmark("safe_unsafe", 558, "safety", "ordinary images, harmful instructions")
SAFE_SAFE = _benchmark(
    "safe_safe", 558, "mossbench_refusal", "ordinary images, harmless instructions (over-refusal)"
)
