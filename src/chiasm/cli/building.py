"""`chiasm build` and `chiasm quality`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chiasm.cli.options import OUTPUT_FOLDER, POSITIVE, as_folders, as_prices
from chiasm.cli.progress import show_progress

if TYPE_CHECKING:
    from chiasm.build.make import Made


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path, dir_okay=False))
@click.option("-o", "--output", type=OUTPUT_FOLDER, help="The folder of the dataset.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and ask nothing.")
@click.option("--max-cost", type=click.FloatRange(0), help="Dollars, over all runs of this build.")
@click.option(
    "--price", multiple=True, help="MODEL=IN/OUT, $ per million tokens; painter: MODEL=$/0."
)
@click.option("--max-connections", default=16, show_default=True, type=POSITIVE)
@click.option("--max-retries", default=4, show_default=True, type=click.IntRange(0))
@click.option("--review", type=click.Path(path_type=Path, dir_okay=False),
              help="Write kept items for `chiasm annotate` to this .jsonl file.")  # fmt: skip
@click.option("--confirmed", default="", help="People's labels: export only what they confirm.")
@click.option("--people", default=2, show_default=True, type=POSITIVE,
              help="People who must have looked at an item.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def build(
    recipe: Path,
    output: Path | None,
    dry_run: bool,
    max_cost: float | None,
    price: Sequence[str],
    max_connections: int,
    max_retries: int,
    review: Path | None,
    confirmed: str,
    people: int,
    form: str,
) -> None:
    """Make a benchmark from a recipe: written, illustrated, filtered, audited, exported.

    The same command continues after an interruption; no answered call is repeated. It exits with 1
    where items wait for a model that failed, or the budget is used up.

    \b
    Examples:
      chiasm build recipes/scenes-only/build.yaml -o out
      chiasm build my.yaml -o out --max-cost 20 --dry-run
    """
    from chiasm.build.budget import BudgetError
    from chiasm.build.make import build as make
    from chiasm.build.run import Options
    from chiasm.run import Settings

    if dry_run:
        _forecast(recipe, price, form)
        return
    if output is None:
        raise click.UsageError("name a folder with -o")
    settings = Settings(max_connections=max_connections, max_retries=max_retries)
    with show_steps() as tell:
        options = Options(max_connections, max_cost, as_prices(price), tell)
        try:
            made = make(recipe, output, options, settings=settings, review=review,
                        confirmed=confirmed, least=people)  # fmt: skip
        except BudgetError as error:
            click.echo(f"stopped: {error}", err=True)
            sys.exit(1)
    _print(made, output, form)
    if made.built.waiting:
        sys.exit(1)


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="OUT|NAME...")
@click.option("--data", "data_", multiple=True, help="Data of a benchmark: NAME=DIR.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def quality(folders: Sequence[str], data_: Sequence[str], form: str) -> None:
    """Sets side by side: short cuts, diversity, difficulty, agreement of people.

    \b
    Example:
      chiasm quality out siuo --data siuo=DIR
    """
    from chiasm.build.quality import measure, show

    data = as_folders(data_)
    reports = [measure(name, data.get(name) or data.get("")) for name in folders]
    if form == "json":
        import json

        click.echo(json.dumps({"schema": 1, "sets": [r.to_json() for r in reports]}, indent=1))
    else:
        click.echo(show(reports))


def _forecast(recipe: Path, price: Sequence[str], form: str) -> None:
    from chiasm.build.forecast import forecast, show

    found = forecast(recipe, as_prices(price))
    if form == "json":
        import json

        click.echo(json.dumps(found, indent=1))
    else:
        click.echo(show(found))


def _print(made: "Made", output: Path, form: str) -> None:
    built = made.built
    if form == "json":
        import json

        quality = made.quality.to_json() if made.quality else None
        click.echo(json.dumps({
            "schema": 1, "name": made.recipe.name, "kept": len(built.kept),
            "funnel": [p._asdict() for p in built.funnel], "waiting": built.waiting,
            "asked": built.asked, "spent": built.spent, "quality": quality,
        }, indent=1, ensure_ascii=False))  # fmt: skip
        return
    click.echo(f"{'step':<28}{'in':>6}{'kept':>6}  dropped")
    for p in built.funnel:
        why = ", ".join(f"{n} {reason}" for reason, n in p.dropped.items())
        waits = f"{p.waiting} wait" if p.waiting else ""
        click.echo(f"{p.step:<28}{p.entered:>6}{p.kept:>6}  {why or waits or '-'}")
    if built.waiting:
        click.echo(f"not finished: {len(built.waiting)} items wait; the first: {built.waiting[0]}")
        click.echo("The same command asks again for these alone.")
        return
    click.echo(f"{len(built.kept)} items in {output}; page: {output / 'funnel.html'}")
    if built.spent:
        click.echo(f"spent: $ {built.spent:.4f}")


@contextmanager
def show_steps() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error that begins anew with every step."""
    with show_progress("items") as show:
        yield lambda step, done, total: show(done, total)
