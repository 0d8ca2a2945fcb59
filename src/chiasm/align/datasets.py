"""Rows as TRL's datasets; pictures are decoded when a batch needs them."""

from collections.abc import Mapping, Sequence
from typing import Any

from chiasm.align.rows import Row


def end_of_answer(processor: Any) -> str:
    """What an answer has to end with so that the model learns to stop.

    Empty where the chat template ends the assistant's turn with an end-of-sequence token. Many
    templates of older models don't, and a model trained without it never stops.
    """
    tokenizer = processor.tokenizer
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "zqz"}]},
    ]
    ending = processor.apply_chat_template(turns, tokenize=False).rpartition("zqz")[2]
    marks = [str(t) for t in tokenizer.added_tokens_decoder.values() if t.special]
    return "" if any(mark in ending for mark in marks) else str(tokenizer.eos_token)


def example(row: Row, end: str) -> dict[str, Any]:
    """A row as TRL's prompt and completion, with undecoded pictures."""
    return {
        "images": [_image(image) for image in row.images],
        "prompt": [{"role": "user", "content": row.prompt}],
        "completion": [{"role": "assistant", "content": row.chosen + end}],
    }


def sft_rows(rows: Sequence[Row], end: str) -> Any:
    """For SFT: every row with its chosen answer."""
    return _dataset([example(row, end) for row in rows], "completion")


def preferences(rows: Sequence[Row], end: str) -> Any:
    """For DPO: every row with both answers."""
    made = []
    for row in rows:
        found = example(row, end)
        rejected = [{"role": "assistant", "content": row.rejected + end}]
        chosen = found.pop("completion")
        made.append({**found, "chosen": chosen, "rejected": rejected})
    return _dataset(made, "chosen", "rejected")


def prompts(rows: Sequence[Row]) -> Any:
    """For online RL: prompts, and which row each is."""
    made = [{**example(row, ""), "row": k} for k, row in enumerate(rows)]
    for found in made:
        del found["completion"]
    return _dataset(made, "row")


def _dataset(made: list[dict[str, Any]], *columns: str) -> Any:
    from datasets import Dataset, Features, Image, List, Value

    messages = [{"role": Value("string"), "content": Value("string")}]
    # The column of pictures is there even where it is empty: one path of TRL for all sets.
    kinds: dict[str, Any] = {"images": List(Image(mode="RGB")), "row": Value("int64")}
    features = Features(
        {name: kinds.get(name, messages) for name in ("images", "prompt", *columns)}
    )
    return Dataset.from_list(made, features=features)


def _image(image: str | bytes) -> Mapping[str, Any]:
    return (
        {"path": image, "bytes": None} if isinstance(image, str) else {"path": None, "bytes": image}
    )
