"""Potato (github.com/davidjurgens/potato): its annotated instances.

``annotated_instances.jsonl`` lies in a folder per annotator: ``id`` (or ``instance_id``),
``label_annotations`` (scheme -> label -> value), ``behavioral_data``. As csv or tsv all annotators
share a file: ``user``, ``instance_id``, and a column ``scheme:::label`` per label.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chiasm.labels.files import lines, table
from chiasm.labels.label_studio import AXES, NOTE
from chiasm.labels.records import Label
from chiasm.labels.rows import Raw, Refused

NAME = "annotated_instances"

UNSET = ("", "false", "none", "null", "0", "nan")
"""Values of a label that was not chosen."""

_SPENT = re.compile(r"(\d+)\s*([dhms])\b")
_UNIT = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def read_instances(path: Path) -> Iterator[Raw | Refused]:
    """Rows of one file, or of every such file below a folder."""
    if path.is_dir():
        for file in sorted(path.rglob(f"{NAME}.*")):
            yield from read_instances(file)
        return
    if path.suffix in (".csv", ".tsv"):
        for found in table(path):
            yield from _cells(found) if isinstance(found, Raw) else [found]
        return
    for found in lines(path):
        yield from _line(found, path.parent.name) if isinstance(found, Raw) else [found]


def to_instances(labels: Iterable[Label]) -> str:
    """Labels as Potato's JSON Lines; what has no place there stands in ``chiasm``."""
    return "".join(json.dumps(_instance(label), ensure_ascii=False) + "\n" for label in labels)


def _instance(label: Label) -> dict[str, Any]:
    scheme = "outcome" if label.axis == "safety" else label.axis
    chosen: dict[str, Any] = {scheme: {label.outcome: "true"}}
    if label.note:
        chosen[NOTE] = {"text_box": label.note}
    return {
        "id": label.response,
        "user_id": label.annotator,
        "label_annotations": chosen,
        "chiasm": asdict(label),
    }


def _line(found: Raw, folder: str) -> Iterator[Raw | Refused]:
    value = found.fields
    if isinstance(value.get("chiasm"), dict):
        yield found._replace(fields=value["chiasm"])  # type: ignore[arg-type]
        return
    schemes = value.get("label_annotations", value.get("annotation"))
    if not isinstance(schemes, dict):
        yield Refused(found.file, found.row, "label_annotations", "expected an object")
        return
    behaviour = value.get("behavioral_data")
    fields = {
        "response": value.get("instance_id", value.get("id")),
        "annotator": value.get("user_id", value.get("user", folder)),
        "seconds": _seconds(behaviour.get("time_string") if isinstance(behaviour, dict) else None),
    }
    yield from _chosen(found, fields, schemes)


def _cells(found: Raw) -> Iterator[Raw | Refused]:
    schemes: dict[str, dict[str, object]] = {}
    for name, value in found.fields.items():
        scheme, mark, label = name.partition(":::")
        if mark:
            schemes.setdefault(scheme, {})[label] = value
    fields = {
        "response": found.fields.get("instance_id", found.fields.get("id")),
        "annotator": found.fields.get("user", found.fields.get("user_id")),
    }
    yield from _chosen(found, fields, schemes)


def _chosen(
    found: Raw, fields: Mapping[str, object], schemes: Mapping[str, object]
) -> Iterator[Raw | Refused]:
    known = {s: v for s, v in schemes.items() if s in AXES and isinstance(v, dict)}
    note = schemes.get(NOTE)
    texts = [v for v in note.values() if isinstance(v, str)] if isinstance(note, dict) else []
    if not known:
        why = f"no scheme named {' or '.join(AXES)}"
        yield Refused(found.file, found.row, "label_annotations", why)
    for scheme, labels in known.items():
        chosen = [name for name, v in labels.items() if str(v).strip().lower() not in UNSET]
        if len(chosen) != 1:
            why = f"expected one label, got {len(chosen)}: {', '.join(map(str, chosen))[:60]}"
            yield Refused(found.file, found.row, scheme, why)
            continue
        more = {"axis": AXES[scheme], "outcome": chosen[0], "note": "\n".join(texts)}
        yield found._replace(fields={**fields, **more})


def _seconds(told: object) -> float | None:
    """Seconds of "Time spent: 0d 0h 1m 5s"; None where nothing is told."""
    parts = _SPENT.findall(told[:100]) if isinstance(told, str) else []
    return float(sum(int(n) * _UNIT[unit] for n, unit in parts)) if parts else None
