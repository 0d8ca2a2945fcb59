"""`chiasm mine`."""

import sys
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, OUTPUT_FOLDER, POSITIVE
from chiasm.cli.progress import show_bars


@click.command()
@click.argument("images", type=FOLDER)
@click.argument("queries", type=FOLDER)
@click.option("-o", "--output", required=True, type=OUTPUT_FOLDER, help="Where results go.")
@click.option("--n", "n", default=200, show_default=True, type=POSITIVE, help="Pairs wanted.")
@click.option("--description", default="", help="IMAGES' column: what the picture shows.")
@click.option("--image", default="", help="IMAGES' column: the picture's path.")
@click.option("--query", default="", help="QUERIES' column: what the user says.")
@click.option("--image-id", default="", help="IMAGES' column of ids.")
@click.option("--query-id", default="", help="QUERIES' column of ids.")
@click.option("--culture", default="", help="IMAGES' column that selection is balanced by.")
@click.option("--query-culture", default="", help="Likewise of QUERIES, where IMAGES says none.")
@click.option("--language", default="", help="IMAGES' column; rows not in English are dropped.")
@click.option("--query-language", default="", help="Likewise of QUERIES.")
@click.option("--data", "root", type=OUTPUT_FOLDER, help="Where pictures are; beside IMAGES.")
@click.option("--judge", default="", help="guard/FORMAT@provider/model: asked about the top pairs.")
@click.option("--top", default=0, type=click.IntRange(0), help="Pairs to judge; 2 x --n.")
@click.option("--threshold", type=float, help="Harmfulness from which a part is dropped.")
@click.option("--near", type=float, help="Likeness in [0, 1] beyond which a pair is a duplicate.")
@click.option("--reuse", default=2, show_default=True, type=POSITIVE, help="Pairs a part is in.")
@click.option("--seed", default=0, show_default=True, help="Decides between equals.")
@click.option("--max-connections", default=16, show_default=True, type=POSITIVE)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def mine(
    images: Path,
    queries: Path,
    output: Path,
    description: str,
    image: str,
    query: str,
    image_id: str,
    query_id: str,
    culture: str,
    query_culture: str,
    language: str,
    query_language: str,
    threshold: float | None,
    near: float | None,
    max_connections: int,
    form: str,
    **more: object,
) -> None:
    """Pairs of a benign picture and a benign query that may be dangerous together, for review.

    IMAGES has a column of descriptions, QUERIES one of queries: .csv, .json, .jsonl, .parquet, or a
    folder of such files. Not all pairs are formed, so pools of 100,000 are fine. With --judge the
    same command continues after an interruption.

    \b
    Example:
      chiasm mine photos.csv questions.jsonl -o mined --n 100
      chiasm annotate mined/review.jsonl --data PHOTOS --labels labels.db
    """
    from chiasm.mine import product
    from chiasm.mine.diverse import NEAR
    from chiasm.mine.pools import THRESHOLD, Names
    from chiasm.mine.run import mine as run
    from chiasm.mine.settings import Options
    from chiasm.run import Settings

    options = Options(
        images=Names(description, image, image_id, culture, language),
        queries=Names(query, "", query_id, query_culture, query_language),
        threshold=THRESHOLD if threshold is None else threshold,
        near=NEAR if near is None else near,
        **more,  # type: ignore[arg-type]
    )
    settings = Settings(max_connections=max_connections)
    with show_bars([options.judge] if options.judge else []) as bars:
        found = run(images, queries, output, options, settings=settings, tell=bars.tell)
    if form == "json":
        import json

        click.echo(json.dumps(found.summary, indent=1, ensure_ascii=False))
    else:
        click.echo(product.text(found, output))
    if not found.complete:
        sys.exit(1)
