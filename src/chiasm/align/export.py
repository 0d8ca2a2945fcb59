"""Rows for other trainers: LLaMA-Factory and ms-swift."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiasm.align.pictures import unpack
from chiasm.align.rows import Row
from chiasm.errors import ConfigError


def export(rows: Sequence[Row], form: str, out: Path, *, preference: bool = False) -> Path:
    """Write rows in another trainer's format, with pictures as files beside.

    Args:
        rows: Of a mixture.
        form: One of `FORMATS`.
        out: A folder.
        preference: Whether with the rejected answer, for preference training.

    Returns:
        The file of rows.

    Raises:
        ConfigError: There is no such format, or a row has no rejected answer.
    """
    if form not in FORMATS:
        raise ConfigError(f"--export {form}: one of {', '.join(FORMATS)}")
    if preference and (bad := next((r.id for r in rows if not r.rejected), "")):
        raise ConfigError(f"--export: {bad} has no rejected answer")
    out.mkdir(parents=True, exist_ok=True)
    return FORMATS[form](unpack(list(rows), out / "images"), out, preference)


def _llama_factory(rows: Sequence[Row], out: Path, preference: bool) -> Path:
    """ShareGPT layout and the entry of ``dataset_info.json`` that explains it."""
    turn = {"role": "from", "content": "value", "user": "human", "assistant": "gpt"}
    made = []
    for row in rows:
        asked = {turn["role"]: turn["user"], turn["content"]: _marked(row)}
        said = [{turn["role"]: turn["assistant"], turn["content"]: t}
                for t in (row.chosen, row.rejected)]  # fmt: skip
        answers = {"chosen": said[0], "rejected": said[1]} if preference else {}
        talk = [asked] if preference else [asked, said[0]]
        made.append({"conversations": talk, **answers, "images": list(row.images)})
    file = out / "chiasm.json"
    file.write_text(json.dumps(made, ensure_ascii=False, indent=1), "utf-8")
    columns = {"messages": "conversations", "images": "images"}
    if preference:
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    info: dict[str, Any] = {"file_name": file.name, "formatting": "sharegpt", "columns": columns}
    info |= {"ranking": True} if preference else {}
    text = json.dumps({"chiasm": info}, indent=1)
    (out / "dataset_info.json").write_text(text, "utf-8")
    return file


def _ms_swift(rows: Sequence[Row], out: Path, preference: bool) -> Path:
    """JSON Lines of messages, images and, for preferences, rejected_response."""
    file = out / "chiasm.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            made: dict[str, Any] = {
                "messages": [
                    {"role": "user", "content": _marked(row)},
                    {"role": "assistant", "content": row.chosen},
                ],
                "images": list(row.images),
            }
            if preference:
                made["rejected_response"] = row.rejected
            stream.write(json.dumps(made, ensure_ascii=False) + "\n")
    return file


def _marked(row: Row) -> str:
    """The prompt with a mark for each picture; one in the prompt itself would be too many."""
    return "<image>" * len(row.images) + row.prompt.replace("<image>", "< image >")


FORMATS: Mapping[str, Callable[[Sequence[Row], Path, bool], Path]] = {
    "llama-factory": _llama_factory,
    "ms-swift": _ms_swift,
}
