"""Public training sets and our own exports, as rows. What can't be used is counted with its reason.

Layouts: VLGuard and SPA-VL as on the hub (never SPA-VL's train.zip, a pickle), PKU-SafeRLHF's JSON
Lines, MIS's JSON, Alpaca's JSON, rows of `write_rows`, and the training families of our scenes.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from chiasm.align import own_sets
from chiasm.align.rows import Loaded, Row, read_rows
from chiasm.data.images import missing_images
from chiasm.data.records import Record, json_lines, json_records
from chiasm.errors import ConfigError, DataError

ANSWERS = ("response", "answer", "output")
"""Names of the field with the answer that are tried in MIS's files, which don't agree on one."""


Loader = Callable[[Path], Loaded]


def vlguard(root: Path) -> Loaded:
    """VLGuard's training split: ``train.json`` with the pictures in ``train/``.

    A picture that is unsafe has one instruction; a safe one has a benign and a harmful one.
    """
    rows, dropped = [], Counter[str]()
    for record in json_records(root, "train.json"):
        image = f"train/{record.get('image', str)}"
        if missing_images(root, [image]):
            dropped["image missing"] += len(record.get("instr-resp", list))
            continue
        for k, pair in enumerate(record.get("instr-resp", list)):
            key = next((key for key in _VLGUARD if key in pair), "")
            if not key or not str(pair.get("response", "")).strip():
                dropped["no instruction or response"] += 1
                continue
            rows.append(
                Row(
                    id=f"vlguard_train/{record.get('id', str)}-{k}",
                    dataset="vlguard_train",
                    kind="benign" if key == "safe_instruction" else "harmful",
                    prompt=pair[key],
                    images=(str(root / image),),
                    chosen=pair["response"],
                    category=str(record.value.get("harmful_category", "")),
                )
            )
    return Loaded(rows, dropped)


_VLGUARD = ("safe_instruction", "unsafe_instruction", "instruction")


def spa_vl(root: Path) -> Loaded:
    """SPA-VL's parquet files ``data/train*.parquet``; pictures stay in them until they are needed.

    Raises:
        DataError: There are none; a ``train.zip`` is not read.
    """
    import polars as pl

    files = sorted((root / "data").glob("train*.parquet"))
    if not files:
        pickle = (root / "train.zip").exists()
        hint = "; train.zip is a pickle and is never loaded" if pickle else ""
        raise DataError(f"no data/train*.parquet{hint}", file=str(root))
    rows, dropped = [], Counter[str]()
    for file in files:
        names = pl.read_parquet_schema(file).keys()
        if lost := {"image", "question", "chosen", "rejected"} - names:
            raise DataError(f"columns are missing: {', '.join(sorted(lost))}", file=str(file))
        kept: list[str] = [n for n in ("question", "chosen", "rejected", "class1") if n in names]
        for k, found in enumerate(pl.read_parquet(file, columns=kept).to_dicts()):
            texts = [found[name] for name in ("question", "chosen", "rejected")]
            if not all(isinstance(t, str) and t.strip() for t in texts):
                dropped["question or an answer is empty"] += 1
                continue
            rows.append(
                Row(
                    id=f"spa_vl_train/{file.stem}-{k}",
                    dataset="spa_vl_train",
                    kind="harmful",
                    prompt=texts[0],
                    images=(f"{file}#{k}",),
                    chosen=texts[1],
                    rejected=texts[2],
                    category=str(found.get("class1") or ""),
                )
            )
    return Loaded(rows, dropped)


def pku_saferlhf(root: Path) -> Loaded:
    """PKU-SafeRLHF's ``data/*/train.jsonl``: pairs of which one answer is safe and one is not.

    The safe one is chosen. Pairs that are both safe or both unsafe are counted and left out.
    """
    rows, dropped = [], Counter[str]()
    files = sorted(root.glob("data/*/train.jsonl")) or sorted(root.glob("train.jsonl"))
    if not files:
        raise DataError("no data/*/train.jsonl", file=str(root))
    for file in files:
        for record in json_lines(file):
            safe = [record.get(f"is_response_{i}_safe", bool) for i in (0, 1)]
            if safe[0] == safe[1]:
                dropped["both answers safe" if safe[0] else "both answers unsafe"] += 1
                continue
            good = 0 if safe[0] else 1
            harms = record.value.get(f"response_{1 - good}_harm_category") or {}
            rows.append(
                Row(
                    id=f"pku_saferlhf/{file.parent.name}-{record.row}",
                    dataset="pku_saferlhf",
                    kind="harmful",
                    prompt=record.get("prompt", str),
                    chosen=record.get(f"response_{good}", str),
                    rejected=record.get(f"response_{1 - good}", str),
                    category=next((name for name, held in harms.items() if held), ""),
                )
            )
    return Loaded(rows, dropped)


def mis(root: Path) -> Loaded:
    """MIS's training file ``mis_train.json``: two pictures, a question, an answer that reasons."""
    rows, dropped = [], Counter[str]()
    for record in json_records(root, "mis_train.json"):
        images = [record.get(f"image_path{i}", str) for i in (1, 2)]
        answer = next((record.value[a] for a in ANSWERS if record.value.get(a)), "")
        if not answer:
            dropped[f"no answer (tried {', '.join(ANSWERS)})"] += 1
        elif missing_images(root, images):
            dropped["image missing"] += 1
        else:
            rows.append(
                Row(
                    id=f"mis_train/{record.row}",
                    dataset="mis_train",
                    kind="harmful",
                    prompt=record.get("question", str),
                    images=tuple(str(root / image) for image in images),
                    chosen=answer,
                    category=str(record.value.get("category", "")),
                )
            )
    return Loaded(rows, dropped)


def alpaca(root: Path) -> Loaded:
    """Benign instructions in Alpaca's layout: one JSON file of instruction, input, output."""
    rows, dropped = [], Counter[str]()
    files = sorted(root.glob("*.json"))
    if len(files) != 1:
        raise DataError(f"expected one .json file, found {len(files)}", file=str(root))
    for record in json_records(root, files[0].name):
        parts = (record.value.get("instruction"), record.value.get("input"))
        asked = "\n".join(str(part) for part in parts if part)
        answer = str(record.value.get("output") or "")
        if not asked.strip() or not answer.strip():
            dropped["instruction or output is empty"] += 1
            continue
        name = f"{files[0].stem}/{record.row}"
        rows.append(Row(id=name, dataset=files[0].stem, kind="benign", prompt=asked, chosen=answer))
    return Loaded(rows, dropped)


def own(root: Path) -> Loaded:
    """Rows as `write_rows` and our builds export them: all ``*.jsonl`` of a folder, or one file.

    Paths of images are relative to the file's folder.
    """
    files = [root] if root.is_file() else sorted(root.glob("*.jsonl"))
    if not files:
        raise DataError("no *.jsonl", file=str(root))
    rows, dropped = [], Counter[str]()
    for file in files:
        for row in read_rows(file):
            paths = [image for image in row.images if isinstance(image, str)]
            if missing_images(file.parent, paths):
                dropped["image missing"] += 1
                continue
            images = [i if isinstance(i, bytes) else str(file.parent / i) for i in row.images]
            data = {name: getattr(row, name) for name in row.__slots__}
            rows.append(Row(**{**data, "images": tuple(images)}))
    return Loaded(rows, dropped)


def scenes(root: Path | None = None, *, variants: int = 4) -> Loaded:
    """The training families of our scenes, drawn here, or a folder of `chiasm scenes export`."""
    if root is not None and (root / "cases.jsonl").is_file():
        return Loaded([_exported(root, record) for record in json_lines(root / "cases.jsonl")],
                      Counter())  # fmt: skip
    from chiasm.scenes.cases import cases, image_bytes
    from chiasm.scenes.grammar import families

    rows = []
    for case in cases(variants=variants, tier=None, split="training"):
        query = families()[case.cluster].queries[int(case.extra["query"])]
        rows.append(
            Row(
                id=case.id,
                dataset="scenes_training",
                kind="harmful" if case.ground_truth == "unsafe" else "benign",
                prompt=case.query,
                images=(image_bytes(case),),
                chosen=case.oracle.reference,
                rejected=query.help if case.ground_truth == "unsafe" else query.hold,
                category=case.category,
            )
        )
    return Loaded(rows, Counter())


def _exported(root: Path, record: Record) -> Row:
    options = record.get("options", list)
    right = record.get("right_option", int)
    unsafe = record.get("ground_truth", str) == "unsafe"
    return Row(
        id=record.get("id", str),
        dataset=record.get("id", str).partition("/")[0],
        kind="harmful" if unsafe else "benign",
        prompt="\n\n".join(record.get("turns", list)),
        images=tuple(str(root / image) for image in record.get("images", list)),
        chosen=record.get("oracle", dict)["reference"],
        rejected=options[1 - right],
        category=record.get("category", str),
    )


LOADERS: Mapping[str, Loader] = {
    "vlguard_train": vlguard,
    "spa_vl_train": spa_vl,
    "pku_saferlhf": pku_saferlhf,
    "mis_train": mis,
    "alpaca": alpaca,
    "rows": own,
    "built": own_sets.built,
    "scenes_training": scenes,
    "lab_replay": own_sets.lab_replay,
}
"""By the word of a mixture's ``loader``, which by default is the dataset's name."""

DRAWN: Mapping[str, Callable[[], Loaded]] = {
    "scenes_training": scenes,
    "lab_replay": own_sets.lab_replay,
}
"""Made by code where no folder is named."""

LICENCES: Mapping[str, str] = {
    "vlguard_train": "none stated; gated on the hub",
    "spa_vl_train": "CC BY 4.0",
    "pku_saferlhf": "CC BY-NC 4.0: no commercial use",
    "mis_train": "not known to us",
    "scenes_training": "as this package, Apache-2.0",
    "lab_replay": "as this package, Apache-2.0",
}


def loader(name: str) -> Loader:
    """The loader of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in LOADERS:
        raise ConfigError(f"mixture: no loader {name!r}; there are {', '.join(LOADERS)}")
    return LOADERS[name]
