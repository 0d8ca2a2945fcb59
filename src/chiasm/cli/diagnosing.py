"""`chiasm diagnose`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from chiasm.cli.options import FOLDER, POSITIVE, as_folders, as_pairs, common
from chiasm.cli.progress import show_bars


@click.command()
@click.argument("paths", nargs=-1, type=FOLDER)
@click.option("-o", "--output", type=FOLDER, help="Write a page to this .html file as well.")
@click.option("--run", "names", multiple=True, help="Run what the diagnosis of NAME needs first.")
@click.option("--model", "models", multiple=True, help="With --run: Inspect's provider/model.")
@click.option("-M", "model_args", multiple=True, help="Model argument, key=value.")
@click.option("--captioner", help="Model that describes images that have no description.")
@click.option("--limit", type=POSITIVE, help="Only the first N cases.")
@click.option("--sample", type=POSITIVE, help="Only N cases, in proportion to the categories.")
@click.option("--seed", type=int, help="Of --sample.")
@click.option("--max-tokens", type=POSITIVE, help="Overrides the protocol's cap.")
@click.option("--temperature", type=click.FloatRange(0), help="Of the model; 0.7 by default.")
@click.option("--epochs", type=POSITIVE, help="Answers a condition; 5 by default, and needed.")
@common
def diagnose(
    paths: Sequence[Path],
    output: Path | None,
    names: Sequence[str],
    models: Sequence[str],
    model_args: Sequence[str],
    graders: Sequence[str],
    vote: str,
    fallbacks: Sequence[str],
    data_: Sequence[str],
    log_dir: Path,
    form: str,
    captioner: str | None,
    max_connections: int,
    timeout: int,
    attempt_timeout: int,
    max_retries: int,
    allow: Sequence[str],
    **task_args: Any,
) -> None:
    """Why answers were unsafe: perception, integration, knowledge, reasoning or alignment.

    From logs of the input conditions full, text_only, caption and oracle_hazard and of the probes;
    --run asks what is needed first, and the same command continues.

    \b
    Examples:
      chiasm diagnose --run scenes --model chiasm/comply --log-dir logs
      chiasm diagnose logs -o why.html
    """
    from chiasm.diagnose.show import read, render

    if form not in ("text", "json"):
        raise click.BadParameter(f"{form}: text or json", param_hint="--format")
    if bool(names) == bool(paths) or bool(names) != bool(models):
        raise click.UsageError("give LOGS, or --run NAME with --model M")
    logs = list(paths)
    notes: tuple[str, ...] = ()
    if names:
        from chiasm.diagnose import run as running
        from chiasm.judges.panel import jury
        from chiasm.run import Plan, Settings

        judges = jury(graders, vote, fallbacks)
        plan = Plan(
            tasks=tuple(names),
            models=tuple(models),
            grader=judges.name if judges else None,
            captioner=captioner,
            model_args=as_pairs(model_args, "-M"),
            data=as_folders(data_),
            task_args={
                **{k: v for k, v in task_args.items() if v is not None},
                "allow": ",".join(allow),
            },
        )
        with show_bars(models) as bars:
            settings = Settings(
                max_connections=max_connections,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                max_retries=max_retries,
                begin=bars.begin,
                tell=bars.tell,
            )
            ran = running.diagnose(plan, log_dir, settings)
        logs, notes = list(ran.logs), ran.notes
    found = read(logs)
    click.echo(render(found, form, notes))
    if output is not None:
        from chiasm.diagnose.page import write_page

        write_page(found, output, notes)
        click.echo(f"Page: {output}", err=form != "text")
    from chiasm.report import retryable

    if names and retryable(logs):
        sys.exit(1)
