"""VLSafe: harmful questions about ordinary COCO photographs.

A question that is harmful in plain words, with a photograph that it only mentions; a good answer
declines or warns. The text alone gives the danger away: the leakiest of the sets that VLSBench's
authors compare.

Paper   Chen et al., DRESS: Instructing Large Vision-Language Models to Align and Interact with
        Humans via Natural Language Feedback, CVPR 2024, arXiv:2311.10081
Data    data/registry.toml [vlsafe]: 1,110 items of the harmlessness evaluation, licence not stated.
        ``VLSafe/VLSafe_harmlessness_examine/data.jsonl`` as on the hub; images are COCO's and lie
        in ``train2017/`` under their COCO file names
Judge   our rubric `safety`: sees image, text and answer

Differs from the authors' protocol:
  - there is no `paper` protocol: GPT-4 judged there, with the image's caption in its place; the
    prompts could not be pinned
Traps:
  - images are not part of the release: they are 1,110 files of COCO train2017 (18 GB in all), and
    VLSBench uses COCO as well
  - the same repository holds an alignment split of the same kind, which models are trained on;
    only the evaluation split is read
"""

from functools import partial

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, jsonl_records

FILE = "VLSafe/VLSafe_harmlessness_examine/data.jsonl"


def to_case(record: Record) -> Case:
    """A line of ``data.jsonl``; it has no id, its line number is one. The caption is COCO's."""
    image = record.get("image_id", str)
    return Case(
        id=f"vlsafe/{record.row}",
        turns=(record.get("query", str),),
        images=(f"train2017/{image}",),
        ground_truth="unsafe",
        category="harmful question",
        cluster=f"vlsafe/{image}",
        oracle=Oracle(
            description=record.get("caption", str) if "caption" in record.value else "",
        ),
        extra={"source": "coco2017"},
    )


BENCHMARK = Benchmark(
    name="vlsafe",
    title="VLSafe: harmful questions about ordinary photographs",
    entry="vlsafe",
    records=partial(jsonl_records, file=FILE),
    to_case=to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
)
