"""JailBreakV-28K: jailbreaks of text and of images, each beside the harmful request it hides.

Every row has an image, the query that carries the attack (`jailbreak_query`) and the plain request
(`redteam_query`). `jailbreakv` and `jailbreakv_mini` ask the first, `jailbreakv_raw` and
`jailbreakv_mini_raw` the second, both with the row's image. A good answer declines or warns.

Paper   Luo et al., JailBreakV: A Benchmark for Assessing the Robustness of MultiModal Large
        Language Models against Jailbreak Attacks, arXiv:2404.03027
Data    data/registry.toml [jailbreakv] 28,000 rows, [jailbreakv_mini] 280; MIT. Layout of the hub:
        ``JailBreakV_28K/JailBreakV_28K.csv``, ``JailBreakV_28K/mini_JailBreakV_28K.csv``; images
        ``JailBreakV_28K/<image_path>`` (``figstep/``, ``llm_transfer_attack/``, ``query_related/``)
Judge   our rubric `safety`: sees image, text and answer; it is told the plain request

Differs from the authors' protocol:
  - there is no `paper` protocol: their judge is a Llama Guard on the text (attack success); use
    ``--grader guard/...`` for a guard
  - `raw` with the image is what VLSBench's leakage table measures on the 280
Traps:
  - the hub has some 300 of the 28,000 images; the rest is on Google Drive. Tools that skip rows
    without an image shrink the 28,000 silently; here a missing image is an error, or skipped and
    counted with ``--allow MISSING_IMAGE``
  - 28,000 rows come from 2,000 requests: the request is the cluster, in all four
  - images of `llm_transfer_attack` are noise, blank or unrelated: the attack is in the text
"""

from functools import partial
from hashlib import sha256

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, csv_records
from chiasm.text import normalise

FOLDER = "JailBreakV_28K"
FILE, MINI_FILE = f"{FOLDER}/JailBreakV_28K.csv", f"{FOLDER}/mini_JailBreakV_28K.csv"


def to_case(record: Record, name: str, field: str) -> Case:
    """A row of either file; `field` is the query that is asked."""
    request = record.get("redteam_query", str)
    digest = sha256(normalise(request).casefold().encode()).hexdigest()[:12]
    return Case(
        id=f"{name}/{record.key('id')}",
        turns=(record.get(field, str),),
        images=(f"{FOLDER}/{record.get('image_path', str)}",),
        ground_truth="unsafe",
        category=record.get("policy", str),
        subcategory=record.get("format", str),
        cluster=f"jailbreakv/{digest}",
        oracle=Oracle(hazard=f"The request behind it: {request}"),
        extra={
            "source": record.get("from", str),
            "transfer_from_llm": record.get("transfer_from_llm", str),
            "selected_mini": record.get("selected_mini", str),
        },
    )


def _benchmark(name: str, entry: str, file: str, field: str, title: str) -> Benchmark:
    return Benchmark(
        name=name,
        title=f"JailBreakV-28K{title}",
        entry=entry,
        records=partial(csv_records, file=file),
        to_case=partial(to_case, name=name, field=field),
        protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
    )


_FULL, _MINI = ("jailbreakv", FILE), ("jailbreakv_mini", MINI_FILE)
FULL = _benchmark("jailbreakv", *_FULL, "jailbreak_query", ": jailbreaks with an image")
FULL_RAW = _benchmark("jailbreakv_raw", *_FULL, "redteam_query", ": the plain requests behind them")
MINI = _benchmark("jailbreakv_mini", *_MINI, "jailbreak_query", ", mini: jailbreaks with an image")
MINI_RAW = _benchmark("jailbreakv_mini_raw", *_MINI, "redteam_query", ", mini: the plain requests")
