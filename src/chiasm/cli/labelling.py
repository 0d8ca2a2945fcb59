"""`chiasm labels`: people's labels from and to other tools."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, OUTPUT_FOLDER, POSITIVE, Commands, as_pairs

SHOWN = 10


@click.group(cls=Commands)
def labels() -> None:
    """People's labels: in from other tools, and responses out to them."""


@labels.command("import")
@click.argument("files", nargs=-1, required=True, type=FOLDER)
@click.option("-o", "--output", type=FOLDER, required=True, help=".jsonl, .csv, .tsv or .json.")
@click.option("--from", "form", default="", help="csv, jsonl, label-studio or potato.")
@click.option("--word", "words", multiple=True, help="A word of theirs: harmful=unsafe.")
@click.option("--key", type=FOLDER, help="The key that `labels export` wrote beside the folder.")
@click.option("--logs", type=FOLDER, multiple=True, help="Count labels on other responses.")
@click.option("--format", "shown", type=click.Choice(["text", "json"]), default="text")
def import_(
    files: Sequence[Path],
    output: Path,
    form: str,
    words: Sequence[str],
    key: Path | None,
    logs: Sequence[Path],
    shown: str,
) -> None:
    """Read labels of other tools; rows that can't be read are named and counted (exit code 1).

    \b
    Example:
      chiasm labels import export.json --key sample.key.csv -o labels.jsonl
    """
    from chiasm.report.labels_in import import_labels

    found = import_labels(
        files, output, form=form, words=as_pairs(words, "--word"), key=key, logs=logs
    )
    if shown == "json":
        click.echo(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
    else:
        for line in found.lines(output, SHOWN):
            click.echo(line)
    if found.refused:
        sys.exit(1)


@labels.command()
@click.argument("logs", nargs=-1, required=True, type=FOLDER)
@click.option("--for", "tool", required=True, help="label-studio, potato or csv.")
@click.option("-o", "--output", type=OUTPUT_FOLDER, required=True, help="A new folder.")
@click.option("--n", type=POSITIVE, help="How many responses; all by default.")
@click.option("--stratify/--no-stratify", default=True, help="By model and the judge's verdict.")
@click.option("--seed", default=0, show_default=True, help="Of the draw.")
@click.option("--judge", default="", help="Whose verdicts, where there are several judges'.")
@click.option("--image-prefix", default="", help="Before each image's path, such as an address.")
@click.option("--guideline", type=FOLDER, help="What people read; its digest is kept.")
def export(
    logs: Sequence[Path],
    tool: str,
    output: Path,
    n: int | None,
    stratify: bool,
    seed: int,
    judge: str,
    image_prefix: str,
    guideline: Path | None,
) -> None:
    """Write responses for people to label in another tool: no model named, no verdict shown.

    \b
    Example:
      chiasm labels export logs --for label-studio --n 200 -o sample
    """
    from chiasm.report.to_label import export as write

    found = write(
        logs,
        output,
        tool,
        n=n,
        stratify=stratify,
        seed=seed,
        judge=judge,
        image_prefix=image_prefix,
        guideline=guideline,
    )
    click.echo(f"{found.drawn} of {found.of} responses: {', '.join(map(str, found.files[:-1]))}")
    for why, count in found.left.items():
        click.echo(f"not drawn from: {count} {why}")
    click.echo(f"Key (stays with you, `labels import --key` needs it): {found.files[-1]}")
