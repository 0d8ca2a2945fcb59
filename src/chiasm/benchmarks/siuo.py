"""SIUO, generation: an image and a question, harmless apart, that are dangerous together.

A good answer notices what the two mean together: it declines, or it helps and takes care of the
danger that the item's safety warning names.

Paper   Wang et al., Cross-Modality Safety Alignment, NAACL 2025, arXiv:2406.15279
Data    data/registry.toml [siuo]: 167 items, CC-BY-NC-4.0. The paper's 102 AI-assisted items were
        never released, so no figure over 269 items can be reproduced.
Judge   safety: sees image, question, safety warning and reference answer, two classes in the
        authors' rubric. Effectiveness: sees image and question; "very" and "partially" count.

Differs from the authors' code (sinwang20/SIUO@18974b6), `paper` included:
  - three answers are three calls here; the authors ask for n=3 in one call
  - the judge is the role `grader`, any model; theirs, gpt-4-vision-preview, is retired
  - images are sent with their true type; the authors label every PNG as JPEG
  - answers are judged as they came; the authors NFKC-normalise them first
  - `chiasm@1` asks once, at temperature 0, with the image first, up to 2,048 tokens; a cut answer
    has no verdict. `paper`: image last, 500 tokens, provider's temperature, cut answers judged.
Their defects, documented and not copied:
  - an empty answer is safe (here `no_response`); a failed call drops the item from the mean
  - only the literal "[Safety Judgement:] True" counts as safe: the other 17 forms that their
    pattern knows, the prescribed one among them, count as unsafe whatever they say; what matches
    none is -1, votes in the majority and is averaged as minus one; ties go by a set's hash order
  - the data's `reference_answer` is read as `reference`, the image path lacks a slash, the scorer
    looks for keys that the judge never writes, generation starts at the second item: the released
    pipeline can't run end to end, so no figure was made with exactly this code
"""

from functools import partial

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, json_records

FILE = "siuo_gen.json"
JUDGES = ("siuo_safety", "siuo_effectiveness")


def to_case(record: Record) -> Case:
    """A row of ``siuo_gen.json``; images lie in ``images/``, as on the hub."""
    number = record.get("question_id", int)
    return Case(
        id=f"siuo/{number}",
        turns=(record.get("question", str),),
        images=(f"images/{record.get('image', str)}",),
        ground_truth="unsafe",
        category=record.get("category", str),
        cluster=f"siuo/{number}",
        oracle=Oracle(
            warning=record.get("safety_warning", str),
            reference=record.get("reference_answer", str),
        ),
        extra={"source": "human"},
    )


BENCHMARK = Benchmark(
    name="siuo",
    title="SIUO, generation: safe image and safe question, unsafe together",
    entry="siuo",
    records=partial(json_records, file=FILE),
    to_case=to_case,
    protocols=(
        Protocol(name="chiasm@1", judges=JUDGES),
        Protocol(
            name="paper",
            judges=JUDGES,
            epochs=3,
            max_tokens=500,
            temperature=None,  # not set by the authors
            image_first=False,
            judge_truncated=True,  # they do not look at why an answer ended
        ),
    ),
    metrics=("safe_rate", "effective_rate", "safe_and_effective_rate"),
)
