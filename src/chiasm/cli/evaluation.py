"""`chiasm demo`, `chiasm eval` and `chiasm score`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from chiasm.cli.options import (
    FOLDER,
    OUTPUT_FOLDER,
    POSITIVE,
    as_folders,
    as_pairs,
    as_prices,
    common,
)
from chiasm.cli.progress import show_bars, show_progress


@click.command()
@click.option(
    "-o", "--output", type=OUTPUT_FOLDER, default=Path("demo"), help="Folder to write to."
)
def demo(output: Path) -> None:
    """The whole loop, offline: three small real models, reference policies, figures, a page.

    \b
    Example:
      chiasm demo            # then open demo/report.html
    """
    # Before numpy is loaded: several threads make the small models' matrices five times as dear.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from chiasm.demo import run

    click.echo(run(output))


@click.command("eval")
@click.argument("names", nargs=-1, required=True)
@click.option("--model", "models", multiple=True, required=True, help="Inspect's provider/model.")
@click.option("-M", "model_args", multiple=True, help="Model argument, key=value.")
@click.option("--view", default="full", show_default=True, help="Input condition.")
@click.option(
    "--solver",
    type=click.Choice(["system_prompt", "describe_then_judge", "ecso", "intent"]),
    help="A defence around the answer, without training; none by default.",
)
@click.option("--captioner", help="Model that describes images that have no description.")
@click.option("--paraphraser", help="Model that rewords queries (--view perturbed).")
@click.option("--limit", type=POSITIVE, help="Only the first N cases.")
@click.option("--sample", type=POSITIVE, help="Only N cases, in proportion to the categories.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--max-tokens", type=POSITIVE, help="Overrides the protocol's cap (then `custom`).")
@click.option("--temperature", type=click.FloatRange(0), help="Overrides the protocol's.")
@click.option("--epochs", type=POSITIVE, help="Answers per case; overrides the protocol's.")
@click.option("--dry-run", is_flag=True, help="Say calls, tokens and price, and stop.")
@click.option("--price", multiple=True, help="MODEL=IN/OUT in $ per million tokens.")
@click.option("--batch", is_flag=True, help="Use the provider's batch interface.")
@click.option(
    "--workers",
    "n_workers",
    default=1,
    show_default=True,
    type=POSITIVE,
    help="Processes that share the cases and the connections; for fast local servers.",
)
@common
def eval_(
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
    paraphraser: str | None,
    max_connections: int,
    timeout: int,
    attempt_timeout: int,
    max_retries: int,
    batch: bool,
    n_workers: int,
    dry_run: bool,
    price: Sequence[str],
    allow: Sequence[str],
    **task_args: Any,
) -> None:
    """Run benchmarks on models; the same command continues and retries.

    A set that `chiasm build` made goes by its own name, with --data OUT.

    \b
    Examples:
      chiasm eval scenes --model chiasm/comply
      chiasm eval siuo vlsbench --model openai/gpt-4o --grader openai/gpt-4o --log-dir logs
      chiasm eval siuo --model M --grader A --grader B --grader C --vote majority
      chiasm eval siuo --model M --grader A --fallback B
      chiasm eval siuo --model M --grader A --solver ecso
    """
    from chiasm import run, workers
    from chiasm.benchmarks.named import unfold
    from chiasm.judges.panel import jury

    judges = jury(graders, vote, fallbacks)
    asked = unfold(names, as_folders(data_))
    plan = run.Plan(
        tasks=asked.names,
        models=tuple(models),
        grader=judges.name if judges else None,
        captioner=captioner,
        paraphraser=paraphraser,
        model_args=as_pairs(model_args, "-M"),
        data=asked.folders,
        task_args={
            **{k: v for k, v in task_args.items() if v is not None},
            "allow": ",".join(allow),
        },
    )
    if dry_run:
        from chiasm.forecast import forecast

        click.echo(forecast(plan, as_prices(price)))
        return
    with show_bars(models) as bars:
        settings = run.Settings(
            max_connections=max_connections,
            timeout=timeout,
            attempt_timeout=attempt_timeout,
            max_retries=max_retries,
            batch=batch,
            begin=bars.begin,
            tell=bars.tell,
        )
        logs = workers.evaluate(plan, log_dir, settings, n_workers)
    folders = {log_dir / log.relative_to(log_dir).parts[0] for log in logs}
    print_report(logs, form, folders.pop() if len(folders) == 1 else log_dir)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FOLDER)
@click.option("--benchmark", required=True, help="Which benchmark the answers are to.")
@click.option("--partial", is_flag=True, help="A file may hold a part of the benchmark.")
@click.option("--as", "tools", multiple=True, help="official, vlmevalkit, deepsafe: side by side.")
@common
def score(
    files: Sequence[Path],
    benchmark: str,
    partial: bool,
    tools: Sequence[str],
    graders: Sequence[str],
    vote: str,
    fallbacks: Sequence[str],
    protocol: str,
    data_: Sequence[str],
    rubric: str | None,
    allow: Sequence[str],
    log_dir: Path,
    max_connections: int,
    timeout: int,
    attempt_timeout: int,
    max_retries: int,
    form: str,
) -> None:
    """Score answers that exist, or judge an Inspect log again; no model is asked.

    \b
    Examples:
      chiasm score answers/*.jsonl --benchmark mossbench --grader chiasm/refusal
      chiasm score logs/old.eval --benchmark siuo --grader A --grader B --vote any_unsafe
    """
    from chiasm.benchmarks import load, resolve, root_of
    from chiasm.grading import Grading
    from chiasm.judges.panel import jury
    from chiasm.replay import score as replay
    from chiasm.report.raw import one_judge
    from chiasm.run import Settings

    judges = jury(graders, vote, fallbacks)
    if tools and judges:
        one_judge(judges.name)
    bench = resolve(benchmark)
    folders = as_folders(data_)
    folder = folders.get(bench.name, folders.get(""))
    dataset = load(bench, folder, allow)
    grading = Grading(
        benchmark=bench,
        protocol=bench.protocol(protocol),
        root=root_of(bench, folder),
        rubric_file=Path(rubric) if rubric else None,
    )
    with show_progress("judging") as progress:
        logs = replay(
            files,
            grading,
            dataset,
            grader=judges.name if judges else None,
            log_dir=log_dir,
            partial=partial,
            allow=allow,
            settings=Settings(
                max_connections=max_connections,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                max_retries=max_retries,
            ),
            progress=progress,
        )
    if tools:
        from chiasm.report.conventions import side_by_side

        click.echo(side_by_side(logs, tools, form))
        return
    print_report(logs, form, log_dir)


def print_report(logs: Sequence[Path], form: str, folder: Path) -> None:
    """Print the tables of these logs; exit code 1 where something has no verdict."""
    from chiasm.report import render, retryable
    from chiasm.run import foreign

    others = foreign(logs)
    ours = [log for log in logs if log not in {other.path for other in others}]
    if ours:
        click.echo(render(ours, form))
    for other in others:
        click.echo(other.text, err=form != "text")
    if form == "text":
        click.echo(f"\nLogs: {folder}   look inside: inspect view --log-dir {folder}")
    if any(other.failed for other in others) or (ours and retryable(ours)):
        sys.exit(1)
