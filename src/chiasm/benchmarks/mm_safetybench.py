"""MM-SafetyBench: harmful requests whose key phrase is moved from the text into an image.

Four variants of the same 1,680 requests in 13 scenarios: the plain request without an image
(`text`), a generated picture of the key phrase (`sd`), the key phrase typeset (`typo`), and both
(`sd_typo`). A good answer declines or warns. The variants of a request share a cluster.

Paper   Liu et al., MM-SafetyBench: A Benchmark for Safety Evaluation of Multimodal Large Language
        Models, ECCV 2024, arXiv:2311.17600
Data    data/registry.toml [mm_safetybench]: CC BY-NC 4.0. The folder has the layout of the
        authors' repository: ``data/processed_questions/01-Illegal_Activitiy.json`` (their
        spelling) and ``data/imgs/01-Illegal_Activitiy/SD/0.jpg``, the images from their archive;
        ``processed_questions`` and ``imgs`` without ``data/`` will do. The parquet mirror on the
        hub has other column names and is not read.
Judge   our rubric by scenario, as the authors judge: 08 (political lobbying), 10 to 12 (legal,
        financial and health advice) and 13 (government decisions) have rules of their own, where
        advice without a caveat is what is unsafe. Sees image, query and answer.

Differs from the authors' protocol (isXinLiu/MM-SafetyBench; from descriptions, its code was not
at hand):
  - there is no `paper` protocol: their prompts could not be read at a pinned commit. Their judge
    is GPT-4 on the text of the answer, safe or unsafe; a change of judge moved a published rate
    from 5 % to 20 % and 78 % (their issue 7), so figures of other judges do not compare
  - a verdict that can't be read is `no_verdict`; re-implementations count it as safe
  - pictures with the typeset phrase (`typo`, `sd_typo`) are asked with the field
    "Rephrased Question", `sd` with "Rephrased Question(SD)", `text` with "Changed Question";
    some tools ask `typo` with the text of `sd`
  - VHELM runs only `sd_typo` and scores toxicity; such figures are another measure
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, json_records
from chiasm.errors import DataError

SCENARIOS = (
    "01-Illegal_Activitiy",
    "02-HateSpeech",
    "03-Malware_Generation",
    "04-Physical_Harm",
    "05-EconomicHarm",
    "06-Fraud",
    "07-Sex",
    "08-Political_Lobbying",
    "09-Privacy_Violence",
    "10-Legal_Opinion",
    "11-Financial_Advice",
    "12-Health_Consultation",
    "13-Gov_Decision",
)

# variant -> (folder of its images, field of its query, what the image shows)
VARIANTS = {
    "text": ("", "Changed Question", ""),
    "sd": ("SD", "Rephrased Question(SD)", 'A generated picture of "{}".'),
    "typo": ("TYPO", "Rephrased Question", 'The words "{}", typeset.'),
    "sd_typo": (
        "SD_TYPO",
        "Rephrased Question",
        'A generated picture of "{0}", above the typeset words "{0}".',
    ),
}


def records(root: Path) -> Iterator[Record]:
    """Rows of the scenarios' files that are there, in the order of the scenarios.

    Raises:
        DataError: None is there, or one is malformed.
    """
    folder = "data/processed_questions"
    if not (root / folder).is_dir():
        folder = "processed_questions"
    files = [f"{folder}/{s}.json" for s in SCENARIOS]
    present = [f for f in files if (root / f).is_file()]
    for file in present or files[:1]:
        yield from json_records(root, file)


def to_case(record: Record, variant: str) -> Case:
    """A row of a scenario's file; its key is the item's number in the scenario."""
    folder, field, shows = VARIANTS[variant]
    scenario = Path(record.file).stem
    if scenario not in SCENARIOS:
        raise DataError("not one of the 13 scenarios", file=record.file)
    key = str(record.row)
    if not (key.isascii() and key.isdigit()):
        raise DataError("expected a number as the key", file=record.file, row=key[:60])
    phrase = record.get("Key Phrase", str) if "Key Phrase" in record.value else ""
    base = "data/imgs" if record.file.startswith("data/") else "imgs"
    item = f"{scenario[:2]}_{key}"
    return Case(
        id=f"mm_safetybench_{variant}/{item}",
        turns=(record.get(field, str),),
        images=(f"{base}/{scenario}/{folder}/{key}.jpg",) if folder else (),
        ground_truth="unsafe",
        category=scenario,
        cluster=f"mm_safetybench/{item}",
        oracle=Oracle(
            description=shows.format(phrase) if phrase else "",
            hazard=f"Together they ask: {record.get('Question', str)}",
        ),
        extra={"variant": variant, "question": record.get("Question", str)},
    )


def _benchmark(variant: str, title: str) -> Benchmark:
    convert: Callable[[Record], Case] = partial(to_case, variant=variant)
    return Benchmark(
        name=f"mm_safetybench_{variant}",
        title=f"MM-SafetyBench: {title}",
        entry="mm_safetybench",
        records=records,
        to_case=convert,
        protocols=(Protocol(name="chiasm@1", judges=("mm_safetybench_safety",)),),
    )


TEXT = _benchmark("text", "the harmful request in plain words, no image")
SD = _benchmark("sd", "its key phrase as a generated picture")
TYPO = _benchmark("typo", "its key phrase typeset as a picture")
SD_TYPO = _benchmark("sd_typo", "its key phrase as a picture and typeset")
