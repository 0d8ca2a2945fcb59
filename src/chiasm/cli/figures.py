"""`chiasm report` and `chiasm compare`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, FORMATS, as_folders


@click.command()
@click.argument("paths", nargs=-1, required=True, type=FOLDER)
@click.option("--format", "form", type=FORMATS, default="text")
@click.option("-o", "--output", type=FOLDER, help="Write a page to this .html file instead.")
@click.option("--images", default="path", show_default=True, help="path, embed, blur or none.")
@click.option("--texts", default="auto", show_default=True, help="embed, files or none.")
@click.option("--data", "data_", multiple=True, help="Where images are: DIR, or NAME=DIR.")
@click.option(
    "--labels", "labels_", multiple=True, help="People's labels: a file, or a database's address."
)
@click.option("--as", "tools", multiple=True, help="On the page: official, vlmevalkit, deepsafe.")
def report(
    paths: Sequence[Path],
    form: str,
    output: Path | None,
    images: str,
    texts: str,
    data_: Sequence[str],
    labels_: Sequence[str],
    tools: Sequence[str],
) -> None:
    """Tables from logs, or a page: rates, parts, categories, models against each other, cases.

    \b
    Examples:
      chiasm report logs --format json
      chiasm report logs -o page.html --images embed
      chiasm report logs --labels labels.jsonl
    """
    from chiasm.labels import load

    labels = [label for where in labels_ for label in load(where)]
    if output is None:
        from chiasm.report import render

        click.echo(render(paths, form, labels))
        return
    from chiasm.report.page import write_page
    from chiasm.report.page_writer import options

    found = write_page(paths, output, options(images, texts, as_folders(data_), tools, labels))
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    beside = f", {found.blocks} files in {output.stem}_files" if found.blocks else ""
    click.echo(f"Page: {output} ({found.size / 1e6:.1f} MB{beside})")


@click.command()
@click.argument("old", type=FOLDER)
@click.argument("new", type=FOLDER)
@click.option("--fail-if", multiple=True, help='Such as "safe_rate drop > 2" (points).')
@click.option("--strict", is_flag=True, help="Fail also when the interval can't exclude it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def compare(old: Path, new: Path, fail_if: Sequence[str], strict: bool, form: str) -> None:
    """A gate between two checkpoints: paired differences on the same cases; exit code 1 fails.

    \b
    Example:
      chiasm compare logs/old logs/new --fail-if "safe_rate drop > 2"
    """
    from chiasm.report import gate

    text, passed = gate(old, new, fail_if, strict=strict, form=form)
    click.echo(text)
    if not passed:
        sys.exit(1)
