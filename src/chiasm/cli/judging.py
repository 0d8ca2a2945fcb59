"""`chiasm judge`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, POSITIVE, Commands, as_prices
from chiasm.cli.progress import show_progress


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


@judge.command()
@click.argument("name", metavar="[JUDGE]", default="")
@click.option("--on", required=True, help="msts, siuo_mcqa, mossbench, or a CSV file of labels.")
@click.option("--recorded", type=FOLDER, help="Recorded verdicts: CSV, MSTS folder, or logs.")
@click.option("--data", "folder", help="A local copy of the set; the cache by default.")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text")
@click.option("-o", "--output", type=FOLDER, help="Write it to this file instead.")
def validate(
    name: str, on: str, recorded: Path | None, folder: str | None, form: str, output: Path | None
) -> None:
    """Compare a judge with people's labels: confusion matrix, agreement, bias, missing verdicts.

    Without JUDGE all that have verdicts, a line each; with one, its full report. Offline judges
    (chiasm/refusal, chiasm/triage) run here; of others recorded verdicts are read.

    \b
    Examples:
      chiasm judge validate --on msts --recorded DIR
      chiasm judge validate chiasm/triage --on siuo_mcqa --data DIR
      chiasm judge validate --on labels.csv --format json
      chiasm judge validate --on labels.db --recorded logs
    """
    from chiasm.validation.render import render
    from chiasm.validation.report import validate

    text = render(validate(on, name, recorded_at=recorded, data=folder), form)
    if output is None:
        click.echo(text.rstrip())
        return
    output.write_text(text.rstrip() + "\n", encoding="utf-8")
    click.echo(f"Report: {output}")


@judge.command()
@click.option("--grader", required=True, help="The judge: provider/model.")
@click.option("--benchmark", default="siuo", show_default=True, help="Whose rubrics it will use.")
@click.option("--protocol", default="", help="chiasm@1 (default) or paper.")
@click.option("--rubric", type=click.Path(path_type=Path), help="The authors' file (paper).")
@click.option("--dry-run", is_flag=True, help="Say calls, tokens and price, and stop.")
@click.option("--price", multiple=True, help="MODEL=IN/OUT in $ per million tokens.")
@click.option("--again", is_flag=True, help="Forget stored verdicts and ask everything again.")
@click.option("--max-connections", default=16, show_default=True, type=POSITIVE)
@click.option("--max-retries", default=4, show_default=True, type=click.IntRange(0))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def qualify(
    grader: str,
    benchmark: str,
    protocol: str,
    rubric: Path | None,
    dry_run: bool,
    price: Sequence[str],
    again: bool,
    max_connections: int,
    max_retries: int,
    form: str,
) -> None:
    """Known answers and probes for a judge; exit code 1 if it is not qualified.

    Until a judge is qualified for a rubric, its figures are marked "unqualified judge".

    \b
    Example:
      chiasm judge qualify --grader openai/gpt-4o-mini --benchmark siuo --dry-run
    """
    from chiasm.run import Settings
    from chiasm.validation import qualify as work
    from chiasm.validation.qualify_text import forecast_table, records_table

    todo = work.jobs(benchmark, protocol, rubric)
    told = forecast_table([work.forecast(j) for j in todo], grader, as_prices(price).get(grader))
    click.echo(told, err=not dry_run)
    if dry_run:
        return
    settings = Settings(max_connections=max_connections, max_retries=max_retries)
    with show_progress("asking") as progress:
        records = work.qualify(grader, todo, settings=settings, again=again, progress=progress)
    shown = {"schema": 1, "records": records}
    click.echo(json.dumps(shown, indent=1) if form == "json" else records_table(records))
    if not all(record["qualified"] for record in records):
        sys.exit(1)
