"""`chiasm published` and `chiasm grim`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, FORMATS, POSITIVE


@click.command()
@click.argument("benchmark", required=False, default="")
@click.option("--model", default="", help="A part of the model's name.")
@click.option("--metric", default="", help="Such as safe_rate.")
@click.option("--judge", default="", help="A part of the judge's name; people, exact.")
@click.option("--with", "logs", multiple=True, type=FOLDER, help="Logs of yours, beside them.")
@click.option("--format", "form", type=FORMATS, default="text")
@click.option("-o", "--output", type=FOLDER, help="Write a page to this .html file instead.")
def published(
    benchmark: str,
    model: str,
    metric: str,
    judge: str,
    logs: Sequence[Path],
    form: str,
    output: Path | None,
) -> None:
    """Rates that others published, by benchmark, protocol and judge, with their sources.

    Runs of yours stand beside those of the same protocol and judge only. Nothing is ranked across
    judges.

    \b
    Examples:
      chiasm published siuo
      chiasm published vlsbench --metric safe_rate --with logs -o page.html
    """
    words = {"model": model, "metric": metric, "judge": judge}
    if output is None:
        from chiasm.published.formats import published as shown

        click.echo(shown(benchmark, **words, logs=logs, form=form))
        return
    from chiasm.published.formats import found
    from chiasm.published.page import write_page

    size = write_page(found(benchmark, **words, logs=logs), output)
    click.echo(f"Page: {output} ({size / 1e3:.0f} kB)")


@click.command()
@click.argument("rate", required=False, metavar="[RATE | FILE.csv]")
@click.option("--n", "total", type=POSITIVE, help="The stated N of RATE.")
@click.option("--digits", type=click.IntRange(0, 6), help="After the point in print.")
@click.option("--range", "span", help="FROM..TO: which N in it fit RATE.")
@click.option("--table", is_flag=True, help="All published rates of `chiasm published`.")
@click.option("--strict", is_flag=True, help="Exit with 1 when something is impossible.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def grim(
    rate: str | None,
    total: int | None,
    digits: int | None,
    span: str | None,
    table: bool,
    strict: bool,
    form: str,
) -> None:
    """Whether a percentage is possible at its stated N: must equal k/N to the printed digits.

    RATE is in percent, digits as printed (50.90 has two). FILE.csv has columns rate and n, or rate
    and k/total. What is possible is not confirmed; what would fit by chance is told.

    \b
    Examples:
      chiasm grim 53.29 --n 167
      chiasm grim 24.85 --n 167 --range 150..180
      chiasm grim --table
    """
    from chiasm.published import grim_formats

    if sum((table, rate is not None)) != 1:
        raise click.UsageError("give one of RATE --n N, FILE.csv, --table")
    if table:
        text, passed = grim_formats.table(form)
    elif rate is not None and total is not None:
        text, passed = grim_formats.one(rate, total, digits, _range(span), form)
    elif rate is not None and rate.lower().endswith(".csv"):
        text, passed = grim_formats.file(Path(rate), digits, form)
    else:
        raise click.UsageError("RATE needs --n N; a file's name ends with .csv")
    click.echo(text)
    if strict and not passed:
        sys.exit(1)


def _range(span: str | None) -> range | None:
    if span is None:
        return None
    low, dots, high = span.partition("..")
    if not (dots and low.isdecimal() and high.isdecimal() and 0 < int(low) <= int(high)):
        raise click.BadParameter(f"{span!r}: expected FROM..TO", param_hint="--range")
    if int(high) - int(low) > 100_000:
        raise click.BadParameter("at most 100,000 numbers", param_hint="--range")
    return range(int(low), int(high) + 1)
