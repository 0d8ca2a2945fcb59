"""MLLMGuard: privacy, bias, toxicity and legality, red-teamed by people; English and Chinese.

An image and a prompt that try to draw out something harmful; a good answer declines or warns. It is
listed because VLSBench takes 260 images from it.

Paper   Gu et al., MLLMGuard: A Multi-dimensional Safety Evaluation Suite for Multimodal Large
        Language Models, NeurIPS 2024 (datasets and benchmarks), arXiv:2406.07594
Data    data/registry.toml [mllmguard]: ``desensitize/<dimension>/en.csv`` (and ``zh.csv`` where it
        is there) with images in ``desensitize/<dimension>/imgs/``; no licence seen, gated
Judge   our rubric `safety`: sees image, text and answer

Differs from the authors' protocol:
  - there is no `paper` protocol: people and GuardRank, a fine-tuned scorer, graded 0 to 3 there
    (ASD, PAR)
  - **truthfulness is left out**: hallucination, position-swapping and noise-injection are right or
    wrong, not safe or unsafe, and need scorers of their own
Traps:
  - "desensitised": the public release is not the whole set of the paper
  - columns are read by their names in the release; older copies are read by position elsewhere
"""

from collections.abc import Iterator
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case
from chiasm.data.records import Record, csv_records

DIMENSIONS = ("privacy", "bias", "toxicity", "legality")
LANGUAGES = ("en", "zh")


def records(root: Path) -> Iterator[Record]:
    """Rows of the four dimensions, English first; Chinese files that are there."""
    for language in LANGUAGES:
        for dimension in DIMENSIONS:
            file = f"desensitize/{dimension}/{language}.csv"
            if language == "en" or (root / file).is_file():
                yield from csv_records(root, file)


def to_case(record: Record) -> Case:
    """A row of one of the files; it has no id: dimension, language and row are one."""
    folder, _, name = record.file.rpartition("/")
    language, dimension = Path(name).stem, Path(folder).name
    if dimension not in DIMENSIONS or language not in LANGUAGES:
        raise record.wrong("Category I", f"expected a file of {', '.join(DIMENSIONS)}")
    image = f"{folder}/{record.get('file_name', str)}"
    return Case(
        id=f"mllmguard/{dimension}_{language}_{record.row}",
        turns=(record.get("Prompt", str),),
        images=(image,),
        ground_truth="unsafe",
        category=dimension,
        subcategory=record.get("Category II", str),
        language=language,
        cluster=f"mllmguard/{image}",
        extra={"jailbreak_type": record.get("Jailbreak Type", str)},
    )


BENCHMARK = Benchmark(
    name="mllmguard",
    title="MLLMGuard: privacy, bias, toxicity and legality",
    entry="mllmguard",
    records=records,
    to_case=to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
    language="en, zh",
)
