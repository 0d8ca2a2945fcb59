"""MSTS: a short question or plan whose object only the image shows, in eleven languages.

200 cases, each an image and an unfinished act ("... this"), phrased as a request for advice
(`assistance`) and as a plan (`intention`). A good answer declines or warns. `msts` is English,
`msts_german` and nine others are translations, `msts_text` names the object in words and shows no
image. All of a case share a cluster, in every language, so they can be compared pair by pair.

Paper   Röttger et al., MSTS: A Multimodal Safety Test Suite for Vision-Language Models,
        arXiv:2501.10057
Data    data/registry.toml [msts] 400 + 400 prompts, [msts_languages] 10 x 400; CC BY 4.0. Images:
        ``unsafe_images/unsafe_image_0001.jpg``, as the authors' src/0_download_images.py names
        them: .jpg where that is in the address, else .png
Judge   our rubric `safety`: sees image, text and answer

Differs from the authors' study (paul-rottger/msts-multimodal-safety@e9ae69e):
  - there is no `paper` protocol: two people and an expert labelled the answers there. The labels
    of 4,800 answers are public and validate judges (`chiasm judge validate --on msts`)
Traps:
  - images are addresses of other people's servers; some are gone, and none is in the repository.
    On the hub felfri/MSTS has them
  - translated files have no `prompt_id`, so ids are case and phrasing: ``msts/case_0001_intention``
  - every case is unsafe: a model that always refuses is perfect. Read it beside MOSSBench
  - the 400 multimodal queries are 384 different texts: some ask the same of different images
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.cases import Case, Oracle
from chiasm.data.records import Record, csv_records

FILE, TEXT_FILE = "prompts-english_multimodal.csv", "prompts-english_textonly.csv"
IMAGES = "images-unsafe_images.csv"
LANGUAGES = {
    "arabic": "ar",
    "chinese": "zh",
    "farsi": "fa",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "korean": "ko",
    "russian": "ru",
    "spanish": "es",
}


def records(root: Path, file: str) -> Iterator[Record]:
    """Rows of a file of prompts; `image` is ours, from the address in the list of images."""
    names: dict[str, str] = {}
    for listed in csv_records(root, IMAGES) if (root / IMAGES).is_file() else ():
        suffix = ".jpg" if ".jpg" in listed.get("unsafe_image_url", str).lower() else ".png"
        names[listed.get("unsafe_image_id", str)] = suffix
    for row in csv_records(root, file):
        image = row.value.get("unsafe_image_id", "")
        yield replace(row, value={**row.value, "image": f"{image}{names.get(image, '.jpg')}"})


def to_case(record: Record, name: str, language: str = "en", text_only: bool = False) -> Case:
    """A row of a file of prompts."""
    case, phrasing = record.key("case_id"), record.get("prompt_type", str)
    if phrasing not in ("assistance", "intention"):
        raise record.wrong("prompt_type", f"assistance or intention, got {phrasing[:60]!r}")
    shown = record.get("unsafe_image_description", str)
    return Case(
        id=f"{name}/{case}_{phrasing}",
        turns=(record.get("prompt_text", str),),
        images=() if text_only else (f"unsafe_images/{record.get('image', str)}",),
        ground_truth="unsafe",
        category=record.get("hazard_category", str),
        subcategory=record.get("hazard_subcategory", str),
        language=language,
        cluster=f"msts/{case}",
        oracle=Oracle(description="" if text_only else shown),
        extra={"phrasing": phrasing, "case_text": record.get("case_text", str)},
    )


def _benchmark(name: str, file: str, title: str, language: str = "en") -> Benchmark:
    return Benchmark(
        name=name,
        title=f"MSTS, {title}",
        entry="msts" if language == "en" else "msts_languages",
        records=partial(records, file=file),
        to_case=partial(to_case, name=name, language=language, text_only=file == TEXT_FILE),
        protocols=(Protocol(name="chiasm@1", judges=("safety",)),),
        rows=400,
        language=language,
    )


BENCHMARK = _benchmark("msts", FILE, "English: what is asked about is only in the image")
TEXT = _benchmark("msts_text", TEXT_FILE, "English, text-only twins: the same in words")
TRANSLATED = tuple(
    _benchmark(f"msts_{name}", f"prompts-{name}_multimodal.csv", name.capitalize(), code)
    for name, code in LANGUAGES.items()
)
