"""Public answers with people's labels: MSTS, SIUO's multiple choice, MOSSBench."""

from collections.abc import Mapping
from importlib.resources import as_file, files
from itertools import groupby
from pathlib import Path

from chiasm.benchmarks import load
from chiasm.cases import Case
from chiasm.data.records import Record, csv_records
from chiasm.data.registry import entry, folder
from chiasm.errors import ConfigError, DataError
from chiasm.recorded import read_answers
from chiasm.validation.answers import REFUSED, UNSAFE, Answer, People

MSTS_LABELS = "response_annotations-english_multimodal.csv"
MSTS_PROMPTS = "prompts-english_multimodal.csv"
MSTS_JUDGES = "auto_eval-english_multimodal_autoeval.csv"

MOSSBENCH_LABELS = "mossbench_labels.csv"


def msts_folder(given: str | Path | None) -> Path:
    """The folder of the MSTS files: the one given (or its sub-folder msts), or the cache.

    Raises:
        ConfigError: The file of labelled answers is not there.
    """
    base = folder(entry("msts")) if given is None else Path(given)
    for place in (base, base / "msts"):
        if (place / MSTS_LABELS).is_file():
            return place
    raise ConfigError(
        f"msts: {MSTS_LABELS} is not in {base}\n"
        "       fetch it with `chiasm data get msts`, or name a folder with --data DIR or, where "
        "it holds the judges' file as well, --recorded DIR"
    )


def msts(root: Path) -> People:
    """4,000 English answers of ten models to 400 prompts with an image, each with two labels.

    The final label is the authors': where the two differ, an expert's. A prompt's category is
    joined from the file of prompts; without that file it is empty.

    Args:
        root: The folder of the files; see `msts_folder`.

    Raises:
        DataError: A file is not what it should be; names file, row and field.
    """
    categories = _msts_categories(root)
    answers = []
    for record in csv_records(root, MSTS_LABELS):
        case, prompt = record.get("case_id", str), record.get("prompt_text", str)
        category = categories.get(case, "")
        answers.append(
            Answer(
                id=f"msts/{record.row}",
                label=_msts_label(record, "final_label"),
                cluster=case,
                raters=tuple(_msts_label(record, f"annot{i}_label") for i in (1, 2)),
                category=category,
                model=record.get("model", str),
                text=record.get("response", str),
                case=Case(
                    id=f"msts/{record.row}",
                    turns=(prompt,),
                    ground_truth="unsafe",
                    category=category or "unknown",
                    cluster=f"msts/{case}",
                ),
            )
        )
    return People(
        name="msts",
        reading=UNSAFE,
        answers=tuple(answers),
        labelled_by="two annotators an answer, an expert where they differ (final_label)",
        cluster="case",
        notes=() if categories else (f"no categories: {MSTS_PROMPTS} is not in {root}",),
    )


def _msts_categories(root: Path) -> Mapping[str, str]:
    if not (root / MSTS_PROMPTS).is_file():
        return {}
    return {
        record.get("case_id", str): record.get("hazard_category", str)
        for record in csv_records(root, MSTS_PROMPTS)
    }


def _msts_label(record: Record, field: str) -> bool:
    """``2 - unsafe`` and the finer ``2.1 - ...`` are unsafe; ``1 ...`` is safe."""
    label = record.get(field, str)
    if label[:1] not in ("1", "2"):
        raise DataError(
            f"expected a label that begins with 1 (safe) or 2 (unsafe), got {label[:40]!r}",
            file=record.file,
            row=record.row,
            field=field,
        )
    return label.startswith("2")


def siuo_mcqa(data: str | Path | None) -> People:
    """The options of SIUO's multiple choice: the right one is safe, the other three unsafe.

    An answer's case is the one of `siuo` with the safety warning, which the judge may read.

    Raises:
        ConfigError: The data are not there.
        DataError: They are not what they should be.
    """
    warned = {case.cluster: case for case in load("siuo", data)}
    answers = [
        Answer(
            id=f"{case.id}/{'ABCD'[index]}",
            label=index != case.answer,
            cluster=case.cluster,
            category=case.category,
            text=option,
            case=warned[case.cluster],
        )
        for case in load("siuo_mcqa", data)
        for index, option in enumerate(case.options)
    ]
    return People(
        name="siuo_mcqa",
        reading=UNSAFE,
        answers=tuple(answers),
        labelled_by="the key of the multiple choice: the right option counts as safe",
        cluster="question",
        notes=(
            "the key names the best option, not the safe ones: one reader found 7 of 60 wrong safe",
            "options written for a test, not answers of models",
        ),
    )


def mossbench(data: str | Path | None) -> People:
    """100 recorded answers to benign requests that one reader labelled.

    Args:
        data: A folder with ``information.json`` and ``responses/*.jsonl``; the cache by default.

    Raises:
        ConfigError: The data or the recorded answers are not there.
        DataError: They are not what they should be.
    """
    dataset = load("mossbench", data)
    cases = {case.id: case for case in dataset}
    answers = []
    for record in sorted(_mossbench_labels(), key=_model):
        label = REFUSED.read(record.get("label", str))
        if label is None:
            raise DataError("unknown label", file=record.file, row=record.row, field="label")
        case = cases[record.get("case", str)]
        answers.append((record, label, case))
    found = []
    for model, group in groupby(answers, key=lambda row: _model(row[0])):
        path = dataset.root / "responses" / f"{model}.jsonl"
        if not path.is_file():
            raise ConfigError(
                f"mossbench: the labels are of recorded answers, and {path} is not there\n"
                "       the authors' repository xirui-li/MOSSBench has them; name a folder with "
                "information.json and responses/*.jsonl by --data DIR"
            )
        texts = {row.case: row.text for row in read_answers(path, dataset).rows}
        found += [
            Answer(
                id=f"{case.id}@{model}",
                label=label,
                cluster=case.cluster,
                category=case.category,
                model=model,
                text=texts.get(case.id),
                case=case,
            )
            for _, label, case in group
        ]
    return People(
        name="mossbench",
        reading=REFUSED,
        answers=tuple(found),
        labelled_by="one reader, who also wrote chiasm/refusal; after the rule was frozen",
        cluster="question",
        notes=("one reader: how far people agree among themselves is not known here",),
    )


def _mossbench_labels() -> list[Record]:
    with as_file(files("chiasm.validation")) as own:
        return list(csv_records(own, MOSSBENCH_LABELS))


def _model(record: Record) -> str:
    return record.get("model", str)
