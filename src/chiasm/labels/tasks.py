"""Responses on their way to people who label in another tool: blind, with a key that stays here.

Label Studio  ``tasks.json`` and ``labelling.xml``
Potato        ``items.jsonl`` and ``potato.yaml``
CSV           ``responses.csv`` with empty columns for outcome, annotator and note

What people get names no model, no judge and no verdict. The key says of each response how likely
it was to be drawn; without it no rate can be corrected, and in the same folder it would be passed
on with the rest, so it lies beside the folder.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from chiasm.errors import ConfigError, DataError
from chiasm.labels.files import table
from chiasm.labels.records import FLAGGED
from chiasm.labels.rows import Refused

Tool = Literal["label-studio", "potato", "csv"]

TOOLS: tuple[Tool, ...] = get_args(Tool)

KEY = ("response", "probability", "stratum", "benchmark", "view", "model", "case", "epoch", "judge",
       "guideline")  # fmt: skip
"""Columns of the key."""


class Task(NamedTuple):
    """A response as people see it.

    Attributes:
        response: Its id.
        turns: What the user said.
        images: Paths or addresses.
        options: Multiple choice: the options.
        answer: What was answered.
        outcomes: What people choose from.
    """

    response: str
    turns: tuple[str, ...]
    images: tuple[str, ...]
    options: tuple[str, ...]
    answer: str
    outcomes: tuple[str, ...]

    @property
    def query(self) -> str:
        """All that the user says, options included."""
        letters = (f"{chr(ord('A') + i)}. {text}" for i, text in enumerate(self.options))
        return "\n\n".join([*self.turns, *(["\n".join(letters)] if self.options else [])])


def write_tasks(
    tasks: Sequence[Task], folder: Path, tool: str, key: Iterable[Mapping[str, object]]
) -> list[Path]:
    """Write what people get, and the key.

    Args:
        tasks: In the order in which people see them.
        folder: Made where it is not there.
        tool: One of `TOOLS`.
        key: A row a task with the fields of `KEY`.

    Returns:
        The files; the key is the last one.

    Raises:
        ConfigError: There is no such tool, or the folder holds something.
    """
    if tool not in TOOLS:
        raise ConfigError(f"--for {tool}: known are {', '.join(TOOLS)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"-o {folder}: is not empty; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = tuple(dict.fromkeys(o for t in tasks for o in t.outcomes))
    texts = {
        "label-studio": lambda: {
            "tasks.json": _studio(tasks),
            "labelling.xml": _labelling(outcomes, pictures=any(t.images for t in tasks)),
        },
        "potato": lambda: {"items.jsonl": _potato(tasks), "potato.yaml": _scheme(outcomes)},
        "csv": lambda: {"responses.csv": _table(tasks)},
    }
    files = []
    for name, text in texts[tool]().items():
        files.append(folder / name)
        files[-1].write_text(text, encoding="utf-8", newline="")
    beside = key_of(folder)
    beside.write_text(_key(key), encoding="utf-8", newline="")
    return [*files, beside]


def key_of(folder: Path) -> Path:
    """Where the key of a folder lies."""
    return folder.with_name(f"{folder.name}.key.csv")


def read_key(path: Path) -> tuple[dict[str, float], str]:
    """The probability of each response, and the digest of the guideline.

    Raises:
        DataError: It is no key, or a row of it can't be read.
    """
    if not path.is_file():
        raise DataError("no such file", file=str(path))
    known: dict[str, float] = {}
    guidelines: set[str] = set()
    for found in table(path):
        if isinstance(found, Refused):
            raise found.error()
        try:
            known[str(found.fields["response"])] = float(str(found.fields["probability"]))
        except (KeyError, ValueError):
            raise DataError(
                "expected response and probability", file=str(path), row=found.row
            ) from None
        guidelines.add(str(found.fields.get("guideline", "")))
    return known, guidelines.pop() if len(guidelines) == 1 else ""


def _studio(tasks: Sequence[Task]) -> str:
    rows = [
        {
            "id": number,
            "data": {
                "response": t.response,
                "query": t.query,
                "answer": t.answer,
                "image": t.images[0] if t.images else "",
                "images": list(t.images),
            },
        }
        for number, t in enumerate(tasks, start=1)
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _labelling(outcomes: Sequence[str], *, pictures: bool) -> str:
    choices = "\n".join(
        f'    <Choice value="{escape(o)}" hotkey="{i}"/>'
        for i, o in enumerate((*outcomes, FLAGGED), start=1)
    )
    image = '  <Image name="image" value="$image"/>\n' if pictures else ""
    return (
        f'<View>\n{image}  <Text name="query" value="$query"/>\n'
        '  <Text name="answer" value="$answer"/>\n'
        '  <Choices name="outcome" toName="answer" choice="single" required="true">\n'
        f"{choices}\n  </Choices>\n"
        '  <TextArea name="note" toName="answer" placeholder="note"/>\n</View>\n'
    )


def _potato(tasks: Sequence[Task]) -> str:
    """Potato shows an item's text as markup, so the texts in it are escaped."""
    rows = []
    for t in tasks:
        pictures = "".join(f'<img src="{escape(i)}" alt=""><br>' for i in t.images)
        query, answer = (escape(x).replace("\n", "<br>") for x in (t.query, t.answer))
        text = f"{pictures}<b>Query</b><br>{query}<br><br><b>Answer</b><br>{answer}"
        rows.append({"id": t.response, "text": text})
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _scheme(outcomes: Sequence[str]) -> str:
    """JSON, which is YAML."""
    about: dict[str, Any] = {
        "annotation_task_name": "responses",
        "data_files": ["items.jsonl"],
        "item_properties": {"id_key": "id", "text_key": "text"},
        "output_annotation_dir": "annotation_output",
        "output_annotation_format": "jsonl",
        "annotation_schemes": [
            {
                "annotation_type": "radio",
                "name": "outcome",
                "description": "What became of the query?",
                "labels": [*outcomes, FLAGGED],
                "sequential_key_binding": True,
            },
            {"annotation_type": "text", "name": "note", "description": "Note"},
        ],
    }
    return json.dumps(about, indent=1) + "\n"


def _table(tasks: Sequence[Task]) -> str:
    head = ("response", "query", "images", "answer", "choose from", "outcome", "annotator", "note")
    rows = [
        (
            t.response,
            _cell(t.query),
            _cell(" ".join(t.images)),
            _cell(t.answer),
            ", ".join((*t.outcomes, FLAGGED)),
            "",
            "",
            "",
        )
        for t in tasks
    ]
    return _csv([head, *rows])


def _key(rows: Iterable[Mapping[str, object]]) -> str:
    return _csv([KEY, *([row.get(name, "") for name in KEY] for row in rows)])


def _csv(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _cell(text: str) -> str:
    """What a spreadsheet would run as a formula begins with an apostrophe."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
