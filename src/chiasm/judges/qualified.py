"""Which judges have been qualified for which rubrics: records that `chiasm judge qualify` writes.

A record is a JSON file in the cache folder, under ``qualified/``. It holds for one judge with its
address and settings, and for one rubric with its digest: another prompt has no record.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from chiasm.cases import dumps
from chiasm.data.registry import cache_dir
from chiasm.judges.panel import Jury

SCHEMA = 1
"""The newest layout of a record that this version reads."""

MARK = "unqualified judge"
"""Stands beside figures by a model that has no record, or one that says no."""

logger = logging.getLogger(__name__)


def folder() -> Path:
    """Where records are; it may not exist yet."""
    return cache_dir() / "qualified"


def name_of(identity: Sequence[Any], rubric: str) -> str:
    """The stem of a record's file, readable and different for different judges and rubrics.

    Args:
        identity: Of the judge, see `chiasm.models.calls.identity`; its name first.
        rubric: ``name@digest``.
    """
    digest = sha256(dumps([list(identity), rubric]).encode()).hexdigest()[:16]
    readable = "".join(c if c.isalnum() or c in "-." else "-" for c in str(identity[0]))
    return f"{readable[-60:]}--{rubric.partition('@')[0]}--{digest}"


def write(name: str, record: Mapping[str, Any]) -> Path:
    """Put a record there at once and whole, in place of an older one of the same name.

    Raises:
        OSError: The folder can't be written.
    """
    path = folder() / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{name}.{uuid4().hex}.part")
    part.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def find(judge: str, rubric: str) -> Mapping[str, Any] | None:
    """The newest record of a judge of this name for a rubric, None where there is none.

    Logs name a judge, not its address: of records for several addresses the newest counts.

    Args:
        judge: As in a log, provider/model.
        rubric: ``name@digest``.
    """
    found = [r for r in map(_read, sorted(folder().glob("*.json"))) if r is not None]
    same = [r for r in found if (r.get("judge"), r.get("rubric")) == (judge, rubric)]
    return max(same, key=lambda r: str(r.get("created", "")), default=None)


def unqualified(judge: str, rubrics: Mapping[str, str]) -> frozenset[str]:
    """The axes on which a run's verdicts are of a model that is not qualified for their rubric.

    Args:
        judge: As in a log; of a panel or a cascade every member counts. Rules of ours
            (chiasm/...) need no qualification.
        rubrics: Axis -> ``name@digest``, several joined by "+" where members differ; empty where
            no model was asked, as in multiple choice.
    """
    members = Jury.parse(judge).members if judge else ()
    models = [member for member in members if not member.startswith("chiasm/")]
    return frozenset(
        axis
        for axis, rubric in rubrics.items()
        if not all(_is_qualified(model, rubric.split("+")) for model in models)
    )


def _is_qualified(model: str, rubrics: Sequence[str]) -> bool:
    found = (find(model, rubric) for rubric in rubrics)
    return any(record is not None and record.get("qualified") is True for record in found)


def _read(path: Path) -> Mapping[str, Any] | None:
    """A record; None, with a warning, for a file that is none."""
    try:
        record = json.loads(path.read_bytes())
        if isinstance(record, dict) and 1 <= int(record.get("schema", 0)) <= SCHEMA:
            return record
        why = f"schema 1..{SCHEMA} expected"
    except (OSError, ValueError, TypeError) as error:
        why = str(error)
    logger.warning("%s is no record of a qualified judge (%s): left out", path, why)
    return None
