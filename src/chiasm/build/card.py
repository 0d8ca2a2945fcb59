"""The dataset card (Hugging Face) and its Croissant description."""

from collections import Counter
from typing import Any

from chiasm import __version__
from chiasm.build.quality import Quality, show
from chiasm.build.recipe import Recipe
from chiasm.build.run import Built

TERMS = (
    "For measuring and improving the safety of assistants. Not for training a model to do harm, "
    "not for deployment decisions about people, not for showing to minors. Rows are made to be "
    "mild; they still describe dangers."
)
FOR = {
    "evaluation": "Made to evaluate models: do not train one on it.",
    "training": "Made to train models: do not evaluate one on it that has seen it.",
}

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))

COLUMNS = (
    "file_name", "id", "query", "ground_truth", "category", "subcategory", "language",
    "description", "hazard", "reference", "explanation", "source", "cluster", "case",
)  # fmt: skip


def card(built: Built, recipe: Recipe, report: Quality, not_run: list[str]) -> str:
    """README.md: what it is, for whom, how it was made, what was dropped, what was measured."""
    count = len(built.kept)
    size = next((name for limit, name in SIZES if count < limit), "n>100K")
    people = report.agreement
    said = (
        f"{people['people']} people looked at {people['items']} rows; Krippendorff's alpha "
        f"{_number(people['alpha'])} {people['reason'] or ''}".strip()
        if people
        else "Nobody has confirmed these labels: they are machine-made or the authors' own."
    )
    return "\n".join(
        [
            "---",
            f"license: {recipe.licence}",
            f"language: [{recipe.language}]",
            f"pretty_name: {_yaml(recipe.title or recipe.name)}",
            "task_categories: [visual-question-answering]",
            "tags: [safety, evaluation, multimodal, not-for-all-audiences]",
            f"size_categories: [{size}]",
            "configs:",
            "- config_name: default",
            "  data_files:",
            f"  - split: {'train' if recipe.use == 'training' else 'test'}",
            "    path: [metadata.jsonl, images/*]",
            "---",
            "",
            f"# {_line(recipe.title or recipe.name)}",
            "",
            (f"{count} rows, made by `chiasm build` {__version__}. Picture and query are harmless "
            "apart; a row says whether they are dangerous together (`ground_truth`)."),
            "",
            "## For whom, and terms of use",
            "",
            f"{TERMS} {FOR[recipe.use]}",
            "",
            "## Use",
            "",
            f"    chiasm eval {recipe.name} --data . --model MODEL --grader JUDGE",
            f"    chiasm audit {recipe.name} --data . -o audit",
            "",
            ("That is `built` (dangerous rows), `built_safe` and `built_mc`, as benchmark.json "
            "names; for scenes alone `built_scenes`, which needs no judge."),
            "",
            "## Taxonomy",
            "",
            f"{_line(recipe.taxonomy.name)}: {_line(recipe.taxonomy.source)}",
            "",
            *_taxonomy(built, recipe),
            "",
            "## How rows were kept",
            "",
            *_funnel(built),
            "",
            *([f"Not run, no model was named: {', '.join(not_run)}.", ""] if not_run else []),
            "## Audit and quality",
            "",
            ("Offline text channels and counts; rates with 95 % intervals by cluster, chance in "
            "parentheses."),
            "",
            *(f"    {line}".rstrip() for line in show([report]).splitlines()),
            "",
            "## Agreement of people",
            "",
            said,
            "",
            "## Models that made it",
            "",
            *([f"- {_line(role)}: {_line(name)}" for role, name in recipe.models.items()]
              or ["None: drawn and written by code."]),
            "",
        ]
    )  # fmt: skip


def _taxonomy(built: Built, recipe: Recipe) -> list[str]:
    rows = Counter((i.category, i.subcategory) for i in built.kept)
    known = [(s.category, s.name, s.definition) for s in recipe.taxonomy]
    named = {(category, name) for category, name, _ in known}
    lines = [f"- {_line(c)}{f' / {_line(n)}' if n else ''} ({rows[c, n]} rows): {_line(d)}"
             for c, n, d in known if rows[c, n]]  # fmt: skip
    others = sorted(set(rows) - named)
    return lines + [
        f"- {_line(c)}{f' / {_line(n)}' if n else ''} ({rows[c, n]} rows)" for c, n in others
    ]


def _funnel(built: Built) -> list[str]:
    lines = ["| step | in | kept | dropped | why |", "|---|---|---|---|---|"]
    for p in built.funnel:
        why = "; ".join(f"{_line(reason)} ({n})" for reason, n in p.dropped.items())
        lines.append(f"| {p.step} | {p.entered} | {p.kept} | {sum(p.dropped.values())} | {why} |")
    return lines


def croissant(recipe: Recipe, digest: str, rows: int) -> dict[str, Any]:
    """The Croissant 1.0 description of the folder."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{name}",
            "name": name,
            "dataType": "sc:Text",
            "source": {"fileObject": {"@id": "metadata"}, "extract": {"jsonPath": f"$.{name}"}},
        }
        for name in COLUMNS
    ]
    return {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "rai": "http://mlcommons.org/croissant/RAI/",
            "dct": "http://purl.org/dc/terms/",
            "conformsTo": "dct:conformsTo",
            "recordSet": "cr:recordSet",
            "field": "cr:field",
            "fileObject": "cr:fileObject",
            "fileSet": "cr:fileSet",
            "includes": "cr:includes",
            "containedIn": "cr:containedIn",
            "extract": "cr:extract",
            "jsonPath": "cr:jsonPath",
            "source": "cr:source",
            "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        },
        "@type": "sc:Dataset",
        "name": recipe.name,
        "description": f"{recipe.title or recipe.name}: {rows} rows made by chiasm build.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": recipe.licence,
        "inLanguage": recipe.language,
        "rai:dataUseCases": TERMS,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "metadata",
                "name": "metadata.jsonl",
                "contentUrl": "metadata.jsonl",
                "encodingFormat": "application/jsonlines",
                "sha256": digest,
            },
            {
                "@type": "cr:FileSet",
                "@id": "images",
                "encodingFormat": "image/*",
                "includes": "images/*",
            },
        ],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}],
    }


def _line(text: str) -> str:
    """Untrusted text in one line of Markdown, without markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{c}" if c in "|<>`*_[]" else c for c in flat)


def _yaml(text: str) -> str:
    import json

    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"
