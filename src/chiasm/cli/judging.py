"""`chiasm judge`."""

import click

from chiasm.cli.options import Commands


@click.group(cls=Commands)
def judge() -> None:
    """Judges of our own."""


@judge.command("fit-triage")
@click.option("--data", "folder", help="Folder with the SIUO files; the cache by default.")
def fit_triage(folder: str | None) -> None:
    """Fit the offline triage judge on this machine (SIUO may not be redistributed).

    \b
    Example:
      chiasm judge fit-triage --data DIR
    """
    from chiasm.listing import triage_report

    click.echo(triage_report(folder))
