"""What a build leaves behind: a dataset folder that people, the hub and `chiasm` can read.

metadata.jsonl  images/     rows and their pictures (Hugging Face ``imagefolder``)
README.md  croissant.json   the card, and the same for machines
benchmark.json              what `chiasm eval built --data OUT` reads
funnel.json  funnel.html    what was kept, what was dropped, and why
dropped.json  provenance.json   every dropped item; every kept item's way
work/                       calls, decisions, pictures that were not taken; can be deleted
"""

import json
import math
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from chiasm import __version__
from chiasm.benchmarks.built import FACTS, ROWS, SCHEMA
from chiasm.build.card import card, croissant
from chiasm.build.items import Item
from chiasm.build.quality import Quality, quality
from chiasm.build.recipe import Recipe
from chiasm.build.run import Built
from chiasm.build.steps import absent
from chiasm.scenes.store import replace_file

WORK = "work"


def export(
    built: Built, recipe: Recipe, out: Path, agreement: dict[str, Any] | None = None
) -> Quality:
    """Write the folder; the same build gives the same bytes.

    Pictures of earlier exports that no row shows any more are removed from ``images``.

    Raises:
        OSError: The folder can't be written.
    """
    items = built.kept
    for path in sorted({item.image for item in items}):
        replace_file(out / path, (out / WORK / path).read_bytes())
    for old in (out / "images").glob("*"):
        if f"images/{old.name}" not in {item.image for item in items}:
            old.unlink()
    rows = [row(item, recipe) for item in items]
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()
    replace_file(out / ROWS, lines)
    report = quality(recipe.name, [i.to_case(recipe.name) for i in items], agreement)
    facts = _facts(built, recipe, sha256(lines).hexdigest(), agreement)
    _json(out / FACTS, facts)
    _json(out / "funnel.json", {"schema": SCHEMA, "funnel": [p._asdict() for p in built.funnel]})
    _json(
        out / "dropped.json",
        [{"id": x.item.id, "step": x.step, "reason": x.reason, "detail": x.detail,
          "item": x.item.to_json()} for x in built.lost],
    )  # fmt: skip
    _json(
        out / "provenance.json",
        {i.id: [t._asdict() for t in i.history] for i in items},
    )
    _json(out / "quality.json", {"schema": SCHEMA, **report.to_json()})
    replace_file(out / "README.md", card(built, recipe, report, absent(recipe)).encode())
    _json(out / "croissant.json", croissant(recipe, sha256(lines).hexdigest(), len(items)))
    from chiasm.build.funnel import page

    replace_file(out / "funnel.html", page(built, recipe, out / WORK).encode())
    return report


def row(item: Item, recipe: Recipe) -> dict[str, Any]:
    """A line of metadata.jsonl: flat for other tools, and the whole case as JSON."""
    case = item.to_case(recipe.name)
    return {
        "file_name": item.image,
        "id": case.id,
        "query": item.query,
        "ground_truth": item.ground_truth,
        "category": item.category,
        "subcategory": item.subcategory,
        "language": item.language,
        "description": item.description,
        "hazard": item.hazard,
        "reference": item.reference,
        "options": list(item.options),
        "answer_index": item.answer,
        "explanation": item.explanation,
        "source": item.path,
        "cluster": item.cluster,
        "case": json.dumps(case.to_json(), ensure_ascii=False, sort_keys=True),
    }


def kinds(items: Sequence[Item]) -> list[str]:
    """The benchmarks that can be evaluated on these items, the usual one first."""
    found = []
    if items and all("scenes" in i.extra for i in items):
        found.append("built_scenes")
    if any(i.ground_truth == "unsafe" for i in items):
        found.append("built")
    if any(i.ground_truth == "safe" for i in items):
        found.append("built_safe")
    if any(i.options for i in items):
        found.append("built_mc")
    return found


def _facts(
    built: Built, recipe: Recipe, digest: str, agreement: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "name": recipe.name,
        "title": recipe.title,
        "use": recipe.use,
        "version": __version__,
        "benchmarks": kinds(built.kept),
        "rows": len(built.kept),
        "sha256": digest,
        "recipe": sha256(recipe.path.read_bytes()).hexdigest(),
        "licence": recipe.licence,
        "language": recipe.language,
        "taxonomy": {"name": recipe.taxonomy.name, "source": recipe.taxonomy.source},
        "models": dict(recipe.models),
        "references": list(recipe.references),
        "not_run": absent(recipe),
        "asked": built.asked,
        "labels": "people" if agreement else "machine",
        "agreement": agreement,
    }


def _json(path: Path, value: object) -> None:
    def plain(v: Any) -> Any:
        if isinstance(v, float) and math.isnan(v):
            return None
        if isinstance(v, dict):
            return {k: plain(x) for k, x in v.items()}
        return [plain(x) for x in v] if isinstance(v, list | tuple) else v

    text = json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    replace_file(path, text.encode())
