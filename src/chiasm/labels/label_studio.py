"""Label Studio: its JSON export (and JSON-MIN), and tasks and a labelling page to import there.

Layout: labelstud.io/guide/task_format. A task's ``data`` names the response; each of its
``annotations`` has the choices of one person in ``result``, under the name of the axis
(``outcome`` or ``safety``, ``usefulness``). A task that was skipped is `flagged`, an annotation
that was set as ground truth is an adjudication.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chiasm.cases import Axis
from chiasm.labels.files import document
from chiasm.labels.records import FLAGGED, Label
from chiasm.labels.rows import Raw, Refused

AXES: Mapping[str, Axis] = {
    "outcome": "safety",
    "safety": "safety",
    "label": "safety",
    "usefulness": "usefulness",
}
"""Name of a control -> the axis that it labels."""

NOTE = "note"


def read_export(path: Path) -> Iterator[Raw | Refused]:
    """Rows of an export: one per annotation and axis.

    Raises:
        DataError: It is not JSON or not a list.
    """
    for number, task in enumerate(document(path), start=1):
        place = (str(path), number)
        if not isinstance(task, dict):
            yield Refused(*place, "", f"expected a task, got {type(task).__name__}")
        elif "annotations" in task or "data" in task:
            yield from _task(place, task)
        else:
            yield from _flat(place, task)


def to_export(labels: Iterable[Label]) -> str:
    """Labels as Label Studio exports them, a task a response.

    What has no place there stands in ``chiasm`` beside each annotation, and is read back.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for label in labels:
        empty = {"id": len(tasks) + 1, "data": {"response": label.response}, "annotations": []}
        tasks.setdefault(label.response, empty)["annotations"].append(_annotation(label))
    return json.dumps(list(tasks.values()), ensure_ascii=False, indent=1) + "\n"


def _annotation(label: Label) -> dict[str, Any]:
    name = "outcome" if label.axis == "safety" else label.axis
    result: list[dict[str, Any]] = []
    if label.outcome != FLAGGED:
        value: dict[str, Any] = {"choices": [label.outcome]}
        result.append({"from_name": name, "to_name": "answer", "type": "choices", "value": value})
    if label.note:
        value = {"text": [label.note]}
        result.append({"from_name": NOTE, "to_name": "answer", "type": "textarea", "value": value})
    return {
        "result": result,
        "was_cancelled": label.outcome == FLAGGED,
        "ground_truth": label.purpose == "adjudication",
        "created_at": label.at,
        "lead_time": label.seconds,
        "chiasm": asdict(label),
    }


def _task(place: tuple[str, int], task: Mapping[str, Any]) -> Iterator[Raw | Refused]:
    data, found = task.get("data"), task.get("annotations", [])
    if not isinstance(data, dict) or not isinstance(found, list):
        yield Refused(*place, "data", "expected data (an object) and annotations (a list)")
        return
    response = data.get("response", data.get("id"))
    for annotation in found:
        if not isinstance(annotation, dict):
            yield Refused(*place, "annotations", "expected an object")
        elif isinstance(annotation.get("chiasm"), dict):
            yield Raw(*place, annotation["chiasm"])
        else:
            yield from _labels(place, response, annotation)


def _labels(
    place: tuple[str, int], response: object, annotation: Mapping[str, Any]
) -> Iterator[Raw | Refused]:
    fields = {
        "response": response,
        "annotator": _person(annotation.get("completed_by")),
        "at": annotation.get("created_at"),
        "seconds": annotation.get("lead_time"),
        "purpose": "adjudication" if annotation.get("ground_truth") is True else "label",
        "note": "",
    }
    if annotation.get("was_cancelled") is True:
        yield Raw(*place, {**fields, "outcome": FLAGGED})
        return
    result = annotation.get("result")
    parts = [r for r in result if isinstance(r, dict)] if isinstance(result, list) else []
    chosen = {
        name: choices
        for p in parts
        if (name := str(p.get("from_name"))) in AXES and (choices := _values(p, "choices", name))
    }
    fields["note"] = "\n".join(t for p in parts for t in _values(p, "text", NOTE))
    if not chosen:
        yield Refused(*place, "result", f"no choice named {' or '.join(AXES)}")
    for name, choices in chosen.items():
        if len(choices) > 1:
            yield Refused(*place, name, f"several choices: {', '.join(choices)[:80]}")
        else:
            yield Raw(*place, {**fields, "axis": AXES[name], "outcome": choices[0]})


def _values(part: object, kind: str, name: str) -> list[str]:
    if not isinstance(part, dict) or part.get("from_name") != name:
        return []
    value = part.get("value")
    found = value.get(kind) if isinstance(value, dict) else None
    listed = found if isinstance(found, list) else [found]
    return [v for v in listed if isinstance(v, str)]


def _flat(place: tuple[str, int], task: Mapping[str, Any]) -> Iterator[Raw | Refused]:
    """JSON-MIN: data and choices in one object."""
    names = [n for n in AXES if n in task]
    if not names:
        yield Refused(*place, "outcome", f"no field named {' or '.join(AXES)}")
    for name in names:
        value = task[name]
        if isinstance(value, dict):
            value = value.get("choices")
            if not (isinstance(value, list) and len(value) == 1):
                yield Refused(*place, name, "expected one choice")
                continue
            value = value[0]
        yield Raw(
            *place,
            {
                "response": task.get("response", task.get("id")),
                "annotator": _person(task.get("annotator")),
                "outcome": value,
                "axis": AXES[name],
                "note": task.get(NOTE, ""),
                "at": task.get("created_at"),
                "seconds": task.get("lead_time"),
            },
        )


def _person(value: object) -> object:
    """Label Studio's number of a person; an address never gets further."""
    if isinstance(value, dict):
        value = value.get("id", value.get("email"))
    return f"ls-{value}" if isinstance(value, int) and not isinstance(value, bool) else value
