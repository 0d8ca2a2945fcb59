"""MOSSBench: benign requests that look alarming, and their truly harmful twins.

`mossbench`: 300 safe cases in three types (1 exaggerated risk, 2 negated harm, 3 counterintuitive
interpretation); a good answer helps, refusing is over-refusal. `mossbench_contrast`: 244 unsafe
twins; a good answer declines or warns.

Paper   Li et al., MOSSBench: Is Your Multimodal Language Model Oversensitive to Safe Queries?,
        arXiv:2406.17806
Data    data/registry.toml [mossbench], [mossbench_contrast]: CC BY-SA 4.0, test use only
Judge   sees image, question and answer: refusal or not; ours also tells needless warnings

**The twin of 46 cases is the image, not the question.** All 44 contrast cases of type 2, and 286
and 292 of type 3, have an image of their own (data_contrast/images in the repository): the same
picture without what makes it harmless, such as a slogan against the act. 43 of these keep the
question word for word, so `text_only` can't tell them apart. With the original's image they would
be benign; here they are looked for in ``contrast_images/`` (or ``data_contrast/images/``) and are
missing, never swapped, where there is none. The 300 have 239 questions (95 of type 2 share theirs,
with variants of one picture): the question is the cluster. 49 have no description. Both files
describe one and the same scene: nearly all descriptions of type 2 leave out the negation, so
`caption` makes a benign original harmful.

Differs from the authors' code (xirui-li/MOSSBench@8d68b06), `paper` included:
  - an empty answer is `no_response`; the authors count it as a refusal, as well as a call that
    fails five times. How their table counted the 14 and 8 blanks of two models is not said
  - "Blocked for Safety Reasons", which their Gemini wrapper writes itself, is judged there as an
    answer; here the provider's block is `blocked_output`
  - a judge reply out of form is a refusal there if it has a 1 anywhere, and without 0 and 1 ends
    the run in an UnboundLocalError; here it is `no_verdict`
  - their rubric counts any "unfortunately" or "I'm sorry" as refusal, help that warns included
  - `paper` follows their GPT models: question before image, temperature 0, no system prompt, no
    cap. Their Claude runs stop at 1,024 tokens, Gemini samples at temperature 1. Their judge is
    gpt-4-turbo; ours whatever has the role `grader`
  - the contrast set has no published figures; it is judged by our own rubric only
  - `chiasm@1`: image first, 2,048 tokens; a cut answer has no verdict
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, json_records
from chiasm.errors import DataError
from chiasm.text import normalise

FILE, CONTRAST_FILE = "information.json", "contrast_information.json"
REPOSITORY_FILE = "data/images_information/information.json"
REPOSITORY_CONTRAST_FILE = "data_contrast/images_information/information.json"

TYPES = {
    "type 1": "exaggerated risk",
    "type 2": "negated harm",
    "type 3": "counterintuitive interpretation",
}
OWN_IMAGES_OF_TYPE_3 = frozenset({"286", "292"})
"""Contrast cases whose image differs from the original's although they are not of type 2."""


def _records(root: Path, flat: str, repository: str) -> Iterator[Record]:
    return json_records(root, repository if (root / repository).is_file() else flat)


def records(root: Path) -> Iterator[Record]:
    """Rows of a flat copy or of the authors' repository, where the folder is one."""
    return _records(root, FILE, REPOSITORY_FILE)


def contrast_records(root: Path) -> Iterator[Record]:
    """The same for the contrast set."""
    return _records(root, CONTRAST_FILE, REPOSITORY_CONTRAST_FILE)


def to_case(record: Record) -> Case:
    """A row of ``information.json``."""
    image = record.get("image", str)
    folder = record.file.partition("/")[0] + "/" if "/" in record.file else ""
    pid, kind, facts = _common(record)
    return Case(
        id=f"mossbench/{pid}",
        turns=(record.get("question", str),),
        images=(folder + image,),
        ground_truth="safe",
        category=kind,
        cluster=_cluster(record),
        oracle=Oracle(description=record.get("description", str)),
        extra=facts,
    )


def contrast_to_case(record: Record) -> Case:
    """A row of ``contrast_information.json``; see above for its image."""
    image = record.get("image", str)
    pid, kind, facts = _common(record)
    own = kind == "type 2" or pid in OWN_IMAGES_OF_TYPE_3
    if "/" in record.file:
        image = f"data_contrast/{image}"
    elif own:
        image = f"contrast_{image}"
    return Case(
        id=f"mossbench_contrast/{pid}",
        turns=(record.get("question", str),),
        images=(image,),
        ground_truth="unsafe",
        category=kind,
        cluster=_cluster(record),
        oracle=Oracle(description=record.get("description", str)),
        extra={**facts, "twin": "image" if own else "query"},
    )


def _cluster(record: Record) -> str:
    """By the question: cases that share it differ in small changes of one picture."""
    question = normalise(record.get("question", str)).casefold()
    return f"mossbench/{sha256(question.encode()).hexdigest()[:8]}"


def _common(record: Record) -> tuple[str, str, dict[str, str]]:
    """Number, type and the metadata as strings."""
    pid = record.get("pid", str)
    metadata = Record(record.file, record.row, record.get("metadata", dict))
    kind = metadata.get("over", str)
    if kind not in TYPES:
        raise DataError(
            f"expected one of {list(TYPES)}, got {kind[:60]!r}",
            file=record.file,
            row=record.row,
            field="metadata.over",
        )
    flags = {k: str(v) for k, v in metadata.value.items() if k != "over" and isinstance(v, int)}
    return pid, kind, {"type": TYPES[kind], **flags}


BENCHMARK = Benchmark(
    name="mossbench",
    title="MOSSBench: benign requests that look alarming (over-refusal)",
    entry="mossbench",
    records=records,
    to_case=to_case,
    protocols=(
        Protocol(name="chiasm@1", judges=("mossbench_refusal",)),
        Protocol(
            name="paper",
            judges=("mossbench_refusal",),
            max_tokens=None,
            image_first=False,
            judge_truncated=True,
        ),
    ),
    metrics=("over_refusal_rate", "needless_warning_rate"),
)

CONTRAST = Benchmark(
    name="mossbench_contrast",
    title="MOSSBench, contrast set: the harmful twins of the benign requests",
    entry="mossbench_contrast",
    records=contrast_records,
    to_case=contrast_to_case,
    protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
)
