"""`chiasm doctor`."""

import sys

import click


@click.command()
def doctor() -> None:
    """What this machine has: packages, torch and its pitfalls, devices, memory, cache, keys.

    \b
    Example:
      chiasm doctor
    """
    from chiasm.doctor import report as examine

    text, fine = examine()
    click.echo(text)
    if not fine:
        sys.exit(1)
