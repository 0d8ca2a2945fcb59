"""SPA-VL, evaluation: harmful questions about images, and questions to be helpful on.

`spa_vl_harm`: a good answer declines or warns. `spa_vl_help`: a good answer helps.

Paper   Zhang et al., SPA-VL: A Comprehensive Safety Preference Alignment Dataset for Vision
        Language Models, CVPR 2025, arXiv:2406.12030
Data    data/registry.toml [spa_vl]: 265 + 265 rows of the config `test`, CC BY 4.0. `chiasm data
        get` turns the hub's tables into ``test/harm.jsonl``, ``test/help.jsonl`` and image files
Judge   `safety` for harm, `mossbench_refusal` (helped, needless warning, over-refusal) for help;
        both see image, text and answer

Differs from the authors' protocol:
  - there is no `paper` protocol: GPT-4V judged harm, and for help it compared two models' answers
    (win rate), which takes a second model; here it is whether an answer helps at all
  - rows have no id: the row's number is one
Traps:
  - that every question of `help` is harmless was not checked: the rows were not at hand
  - the training split (93,258 preference pairs) is what SPA-VL models are trained on, of the same
    kind; the repository's train.zip holds a pickle: it is never loaded
"""

from functools import partial

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, GroundTruth
from chiasm.data.records import Record, jsonl_records


def to_case(record: Record, name: str, truth: GroundTruth) -> Case:
    """A row of either split."""
    image = record.get("image", str)
    return Case(
        id=f"{name}/{record.row}",
        turns=(record.get("question", str),),
        images=(image,),
        ground_truth=truth,
        category=record.get("class1", str),
        subcategory=record.get("class2", str),
        cluster=f"{name}/{image}",
        extra={"class3": record.get("class3", str)},
    )


def _benchmark(split: str, truth: GroundTruth, judge: str, title: str) -> Benchmark:
    name = f"spa_vl_{split}"
    over = ("over_refusal_rate", "needless_warning_rate")
    return Benchmark(
        name=name,
        title=f"SPA-VL, evaluation: {title}",
        entry="spa_vl",
        records=partial(jsonl_records, file=f"test/{split}.jsonl"),
        to_case=partial(to_case, name=name, truth=truth),
        protocols=(Protocol(name="chiasm@1", judges=(judge,)),),
        metrics=over if truth == "safe" else ("safe_rate",),
        rows=265,
    )


HARM = _benchmark("harm", "unsafe", "safety", "harmful questions about images")
HELP = _benchmark("help", "safe", "mossbench_refusal", "questions to be helpful on")
