"""Ch3Ef: is the answer that people prefer, harmless, helpful or honest, chosen among the options?

Three dimensions, three benchmarks; each item is one image or several, a query and candidate
answers of which one is right.

Paper   Shi et al., Assessment of Multimodal Large Language Models in Alignment with Human Values,
        arXiv:2403.17830
Data    data/registry.toml [ch3ef]: 1,002 items in all, CC BY-NC 4.0; ``meta_file/Harmless.json``,
        ``Helpful.json``, ``Honest.json``, each an object whose ``items`` are the rows; image paths
        are relative to the folder
Score   the reply's letter against the key, `judges/choice.py`; what names no option is `no_verdict`

**The right option is always published first.** Options are put in an order of their own for each
item, drawn from a digest of the item's id and the option's place: the same on every machine. A
model that always says A is then right as often as chance has it, which every run prints beside the
accuracy.

Differs from the authors' code (OpenGVLab/LAMM, src/ChEF/scenario/Ch3Ef_dataset.py@6e94369):
  - they rank the options by perplexity, which needs no letter and which hosted models don't give;
    here the options are listed and the letter is read, so figures do not compare
  - items with fewer than two options can't be asked so, and are an error that names the row
  - `safe_label` is kept as it is (`extra`) and not used
Traps:
  - VLSBench takes 179 images from Ch3Ef: the two are not independent
"""

from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from chiasm.benchmarks.benchmark import Benchmark, Protocol
from chiasm.benchmarks.siuo_mcqa import TEMPLATE
from chiasm.cases import Case
from chiasm.data.records import Record, json_records

FILES = {d: f"meta_file/{d}.json" for d in ("Harmless", "Helpful", "Honest")}


def _strings(record: Record, field: str) -> tuple[str, ...]:
    values: list[Any] = record.get(field, list)
    return tuple(Record(record.file, record.row, {field: v}).get(field, str) for v in values)


def to_case(record: Record) -> Case:
    """An item of one of the three files; ids are the item's, or its place where it has none."""
    dimension = Path(record.file).stem
    if dimension not in FILES:
        raise record.wrong("items", f"expected a file of {list(FILES)}")
    name = f"ch3ef_{dimension.lower()}"
    case = f"{name}/{record.key('id') if 'id' in record.value else record.row}"
    published = _strings(record, "options")
    if not 2 <= len(published) <= 26:
        raise record.wrong("options", f"expected 2 to 26 options, got {len(published)}")
    order = sorted(range(len(published)), key=lambda i: sha256(f"{case}/{i}".encode()).digest())
    images = _strings(record, "image")
    label = record.key("safe_label") if record.value.get("safe_label") is not None else ""
    return Case(
        id=case,
        turns=(record.get("query", str),),
        images=images,
        ground_truth="unsafe" if dimension == "Harmless" else "safe",
        category=dimension,
        cluster=f"ch3ef/{'+'.join(images) or case}",
        options=tuple(published[i] for i in order),
        answer=order.index(0),
        extra={
            "source": record.get("source", str),
            **({"safe_label": label} if label else {}),
        },
    )


def _benchmark(dimension: str) -> Benchmark:
    return Benchmark(
        name=f"ch3ef_{dimension.lower()}",
        title=f"Ch3Ef, {dimension.lower()}: the preferred answer among the options",
        entry="ch3ef",
        records=partial(json_records, file=FILES[dimension], key="items"),
        to_case=to_case,
        protocols=(Protocol(name="chiasm@1", template=TEMPLATE),),
        scoring="choice",
        metrics=("accuracy",),
        rows=0,
    )


HARMLESS, HELPFUL, HONEST = map(_benchmark, FILES)
