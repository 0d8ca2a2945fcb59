"""`chiasm overlap`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chiasm.cli.options import as_folders

if TYPE_CHECKING:
    from chiasm.data.overlap import Collection


@click.command()
@click.argument("first", required=False, metavar="[A")
@click.argument("second", required=False, metavar="B]")
@click.option("--data", "data_", multiple=True, help="Where data are: DIR, or NAME=DIR.")
@click.option("--query", default="", help="A file's column of queries.")
@click.option("--image", default="", help="A file's column of images.")
@click.option("--contained", is_flag=True, help="Also queries of A inside longer ones of B.")
@click.option("--no-images", is_flag=True, help="Compare queries only.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def overlap(
    first: str | None,
    second: str | None,
    data_: Sequence[str],
    query: str,
    image: str,
    contained: bool,
    no_images: bool,
    form: str,
) -> None:
    """What two datasets share: pictures by bytes and by look, queries equal and nearly equal.

    A and B are benchmarks of `chiasm list`, or files (.csv, .json, .jsonl, .parquet). Without them:
    what is known of public datasets. No query is printed, only ids.

    \b
    Examples:
      chiasm overlap
      chiasm overlap siuo vlsbench --data siuo=DIR --data vlsbench=DIR
      chiasm overlap vlsbench training.jsonl --contained --format json
    """
    from chiasm.data import overlap as found
    from chiasm.data.overlap_show import show, show_register

    if first is None:
        click.echo(show_register(form))
        return
    if second is None:
        raise click.UsageError("two datasets are compared: name another one")
    folders = as_folders(data_)
    a, b = (_collection(name, folders, query, image) for name in (first, second))
    click.echo(show(found.compare(a, b, inside=contained, images=not no_images), form))


def _collection(name: str, folders: dict[str, str], query: str, image: str) -> "Collection":
    from chiasm.benchmarks import BENCHMARKS, load
    from chiasm.data.overlap import of_dataset
    from chiasm.data.overlap_read import SUFFIXES, read

    path = Path(name)
    if name not in BENCHMARKS and path.suffix.lower() in SUFFIXES:
        folder = folders.get(path.stem) or folders.get("")
        return read(path, root=folder, query=query, image=image)
    folder = folders.get(name) or folders.get("")
    return of_dataset(load(name, folder, ("DIGEST_MISMATCH", "ROWS")))
