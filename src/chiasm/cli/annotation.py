"""`chiasm annotate`."""

from collections.abc import Sequence
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, POSITIVE, as_folders

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=FOLDER)
@click.option("--labels", required=True, help="A file (SQLite), or postgresql://USER@HOST/NAME.")
@click.option("--data", "data_", multiple=True, help="Where images are: DIR, or NAME=DIR.")
@click.option("--annotators", default="", help="Pseudonyms, comma-separated; new ones get a link.")
@click.option("--lead", "leads", default="lead", show_default=True, help="Who decides: likewise.")
@click.option("--invite", is_flag=True, help="New links for everybody; the old ones end.")
@click.option("--per-item", default=2, show_default=True, type=POSITIVE, help="People a response.")
@click.option("--n", "n", default=200, show_default=True, type=POSITIVE, help="Responses drawn.")
@click.option("--all", "all_", is_flag=True, help="All responses instead of a sample.")
@click.option("--seed", default=0, show_default=True, help="Of the draw.")
@click.option("--repeat", default=0.05, show_default=True, help="Share that comes a second time.")
@click.option("--gold", type=FILE, help="Items with a known outcome, for training (.jsonl).")
@click.option("--guideline", type=FILE, help="A Markdown file instead of our own.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0: that of last time, or a free one.")
def annotate(
    paths: Sequence[Path],
    labels: str,
    data_: Sequence[str],
    annotators: str,
    leads: str,
    invite: bool,
    per_item: int,
    n: int,
    all_: bool,
    seed: int,
    repeat: float,
    gold: Path | None,
    guideline: Path | None,
    host: str,
    port: int,
) -> None:
    """A web page in which people label the responses of logs, or of a .jsonl file.

    Blind, by keyboard, several people at once; the lead sees agreement and rates as they come.
    Stop with Ctrl-C; the same command goes on.

    \b
    Example:
      chiasm annotate logs --labels labels.db --annotators ann,ben
    """
    from chiasm.annotate.serve import Options, listen, loopback, open_desk, serve

    options = Options(
        labels=labels, data=as_folders(data_), n=None if all_ else n, per_item=per_item,
        repeat=repeat, seed=seed, gold=gold, guideline=guideline, invite=invite,
        annotators=_names(annotators), leads=_names(leads),
    )  # fmt: skip
    found = open_desk(paths, options)
    bound = listen(found.desk, host, port)
    place = f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if not loopback(host):
        click.echo(
            f"warning: {host} can be reached from other machines, and this connection is not "
            "encrypted: put a proxy with HTTPS before it, or use an SSH tunnel",
            err=True,
        )
    for name, role, token in found.invitations:
        click.echo(f"{name} ({role}): {place}/#{token}")
    if not found.invitations:
        click.echo("Links are those of before; --invite makes new ones.", err=True)
    click.echo(f"Serving on {place}, Ctrl-C stops.", err=True)
    serve(found.desk, bound)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
