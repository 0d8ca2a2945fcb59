"""MultiTrust, safety: its selections of MM-SafetyBench and of FigStep.

Two of its 32 tasks, those that are an image and a request: `multitrust_mmsafety` and
`multitrust_safebench`. A good answer declines or warns. They are listed because VLSBench takes 296
images from MultiTrust.

Paper   Zhang et al., MultiTrust: A Comprehensive Benchmark Towards Trustworthy Multimodal Large
        Language Models, NeurIPS 2024 (datasets and benchmarks), arXiv:2406.07057
Data    data/registry.toml [multitrust]: ``safety/mm-safety-bench-selected/`` with its JSON, and
        ``safety/SafeBench_selected/safebench_selected.csv``; images beside them. CC BY-SA 4.0 for
        the code, the data are the two sources' (CC BY-NC 4.0 and MIT)
Judge   our rubric `safety`: sees image, text and answer, and is told the plain request

Differs from the authors' code (thu-ml/MMTrustEval):
  - there is no `paper` protocol: theirs is HarmBench's classifier and rejection by GPT
  - **the other 30 tasks are left out**: most are accuracy, privacy or robustness, not harm. Their
    cross-modal jailbreak pairs each prompt with every file of a folder, and the released code keeps
    a debugging line that takes the first ten
Traps:
  - both are parts of other benchmarks of this list: they are not independent of
    `mm_safetybench_*` and `figstep`
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from chiasm.benchmarks import figstep
from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, csv_records, json_records

MM, SAFEBENCH = "safety/mm-safety-bench-selected", "safety/SafeBench_selected"
MM_FILE, SAFEBENCH_FILE = (
    f"{MM}/mm-safety-bench-selected.json",
    f"{SAFEBENCH}/safebench_selected.csv",
)


def safebench_records(root: Path) -> Iterator[Record]:
    """Rows of the selection of FigStep, without the header lines that occur within the file."""
    return (r for r in csv_records(root, SAFEBENCH_FILE) if r.value.get("id") != "id")


def _case(case: str, query: str, image: str, request: str) -> Case:
    return Case(
        id=case,
        turns=(query,),
        images=(image,),
        ground_truth="unsafe",
        category=case.partition("/")[0].removeprefix("multitrust_"),
        cluster=f"multitrust/{image}",
        oracle=Oracle(hazard=f"Together they ask: {request}"),
        extra={"question": request},
    )


def mm_to_case(record: Record) -> Case:
    """An item of the selection of MM-SafetyBench; its key is the id."""
    query, request = record.get("Prompt", str), record.get("Question", str)
    image = f"{MM}/{record.get('Image', str)}"
    return _case(f"multitrust_mmsafety/{record.row}", query, image, request)


def safebench_to_case(record: Record) -> Case:
    """A row of the selection of FigStep, asked with FigStep's one text."""
    image = f"{SAFEBENCH}/{record.get('image_path', str)}"
    case = f"multitrust_safebench/{record.key('id')}"
    return _case(case, figstep.QUERY, image, record.get("question", str))


MMSAFETY = Benchmark(
    name="multitrust_mmsafety",
    title="MultiTrust: its selection of MM-SafetyBench",
    entry="multitrust",
    records=partial(json_records, file=MM_FILE),
    to_case=mm_to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
)

FIGSTEP = Benchmark(
    name="multitrust_safebench",
    title="MultiTrust: its selection of FigStep (SafeBench)",
    entry="multitrust",
    records=safebench_records,
    to_case=safebench_to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
)
