"""`chiasm list`, `chiasm data` and `chiasm scenes`."""

from pathlib import Path

import click

from chiasm.cli.options import POSITIVE, Commands


@click.command("list")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def list_(form: str) -> None:
    """Benchmarks: size, language, licence, protocols, and how to get the data.

    \b
    Example:
      chiasm list
    """
    from chiasm.listing import listing

    click.echo(listing(form))


@click.group(cls=Commands)
def data() -> None:
    """Get datasets, and look for what is wrong in them."""


@data.command("get")
@click.argument("name")
def data_get(name: str) -> None:
    """Download a benchmark's data at its pinned revision; continues where it stopped.

    \b
    Example:
      chiasm data get vlsbench
    """
    from chiasm.benchmarks import resolve
    from chiasm.data.get import get
    from chiasm.data.progress import bar
    from chiasm.data.registry import registry

    found = registry().get(name) or resolve(name).source
    if found is None:
        click.echo(
            f"{name} is made by code, or names its data with --data: there is nothing to get"
        )
        return
    click.echo(f"{found.name}: licence {found.licence}. {found.note}".strip())
    with bar() as progress:
        folder = get(found, progress=progress)
    click.echo(f"{found.name}: in {folder}")
    if found.by_hand:
        click.echo(f"{found.name}: not fetched, by hand. {found.by_hand}")


@data.command("check")
@click.argument("name")
@click.option("--data", "folder", help="A local copy; the cache by default.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def data_check(name: str, folder: str | None, form: str) -> None:
    """The data-quality report: anomalies with their row ids, blind baselines.

    \b
    Example:
      chiasm data check siuo_mcqa --data DIR
    """
    from chiasm.listing import quality

    click.echo(quality(name, folder, form))


@click.group(cls=Commands)
def scenes() -> None:
    """Our own pictures and queries: see `docs/scenes.md`."""


@scenes.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--split", type=click.Choice(["evaluation", "training"]), default="evaluation")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--variants", type=POSITIVE, default=2, show_default=True, help="Drawings a family.")
def scenes_export(folder: Path, split: str, seed: int, variants: int) -> None:
    """Write pictures, cases, contact sheets and review sheets into FOLDER.

    \b
    Example:
      chiasm scenes export scenes --split training --variants 8
    """
    from chiasm.scenes.export import export

    done = export(folder, split, seed, variants)
    click.echo(f"{done.families} families, {done.cases} cases, {done.images} pictures in {folder}")
    click.echo(f"pixel digest {done.pixels}; author-labelled, to be confirmed in review.html")
