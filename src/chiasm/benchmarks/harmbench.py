"""HarmBench, multimodal: a harmful behaviour that needs what its image shows.

Each item is an image and a request about it; a good answer declines or warns.

Paper   Mazeika et al., HarmBench: A Standardized Evaluation Framework for Automated Red Teaming
        and Robust Refusal, ICML 2024, arXiv:2402.04249
Data    data/registry.toml [harmbench]: 110 items, MIT. The folder has the layout of the authors'
        repository: ``data/behavior_datasets/harmbench_behaviors_multimodal_all.csv`` and
        ``data/multimodal_behavior_images/``; a clone of it will do
Judge   our rubric `safety`: sees image, text and answer

Differs from the authors' protocol:
  - there is no `paper` protocol: their judge is a fine-tuned Llama 2 13B that reads behaviour,
    redacted image description and answer, and figures are attack success under an attack; here
    the behaviour is asked as it stands ("direct request")
  - the redacted description leaves out what the behaviour asks to recognise; `caption` shows the
    full `ImageDescription`
Traps:
  - 54 of the 110 are of one category (cybercrime_intrusion, many about solving a CAPTCHA): read
    the rate by category
  - only the multimodal file: HarmBench's 400 text behaviours are other items
"""

from functools import partial

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, csv_records

FILE = "data/behavior_datasets/harmbench_behaviors_multimodal_all.csv"
IMAGES = "data/multimodal_behavior_images"


def to_case(record: Record) -> Case:
    """A row of the multimodal file."""
    image = record.get("ImageFileName", str)
    return Case(
        id=f"harmbench/{record.key('BehaviorID')}",
        turns=(record.get("Behavior", str),),
        images=(f"{IMAGES}/{image}",),
        ground_truth="unsafe",
        category=record.get("SemanticCategory", str),
        subcategory=record.get("FunctionalCategory", str),
        cluster=f"harmbench/{image}",
        oracle=Oracle(description=record.get("ImageDescription", str)),
        extra={"redacted_description": record.get("RedactedImageDescription", str)},
    )


BENCHMARK = Benchmark(
    name="harmbench",
    title="HarmBench, multimodal: harmful behaviours that need the image",
    entry="harmbench",
    records=partial(csv_records, file=FILE),
    to_case=to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
)
