"""The command line: parse, call one function, print. Everything else is imported when needed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from chiasm import __version__
from chiasm.errors import ChiasmError

FORMATS = click.Choice(["text", "json", "csv", "md"])
FOLDER = click.Path(path_type=Path)
OUTPUT_FOLDER = click.Path(path_type=Path, file_okay=False)
POSITIVE = click.IntRange(1)


class Commands(click.Group):
    """A group that shows its commands in the order of a user's day, and errors without traces."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of definition."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what chiasm raises on purpose becomes one message and exit code 2."""
        try:
            return super().invoke(ctx)
        except ChiasmError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("stopped: what was answered is kept, the same command continues", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chiasm")
@click.option("-v", "--verbose", is_flag=True, help="Say more about what is done.")
def main(verbose: bool) -> None:
    """Measure the cross-modal safety of vision-language models.

    Is a model safe when the danger lies only in picture and question together? Every figure
    carries k and N, an interval, what has no verdict, and its worst-case bounds.

    \b
    Example:
      chiasm eval siuo --model openai/gpt-4o --grader openai/gpt-4o --log-dir logs
    """
    import logging

    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s")


@main.command()
@click.option(
    "-o", "--output", type=OUTPUT_FOLDER, default=Path("demo"), help="Folder to write to."
)
def demo(output: Path) -> None:
    """The whole loop on scenes, offline: reference policies, figures, a page.

    \b
    Example:
      chiasm demo            # then open demo/report.html
    """
    from chiasm.demo import run

    click.echo(run(output))


@main.command("list")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def list_(form: str) -> None:
    """Benchmarks: what, how many, licence, protocols.

    \b
    Example:
      chiasm list
    """
    from chiasm.listing import listing

    click.echo(listing(form))


@main.group(cls=Commands)
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
    from chiasm.benchmarks import BENCHMARKS
    from chiasm.data.get import get
    from chiasm.data.progress import bar
    from chiasm.data.registry import entry

    if name in BENCHMARKS and not BENCHMARKS[name].entry:
        click.echo(f"{name} is made by code: there is nothing to get")
        return
    found = entry(BENCHMARKS[name].entry if name in BENCHMARKS else name)
    click.echo(f"{found.name}: licence {found.licence}. {found.note}".strip())
    with bar() as progress:
        folder = get(found, progress=progress)
    click.echo(f"{found.name}: in {folder}")


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


@main.group(cls=Commands)
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


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """Options that `eval` and `score` share."""
    options = [
        click.option("--grader", help="The judge: provider/model, or chiasm/refusal, ..."),
        click.option("--protocol", default="", help="chiasm@1 (default) or paper."),
        click.option("--data", "data_", multiple=True, help="Local data: DIR, or NAME=DIR."),
        click.option("--rubric", help="A local copy of the authors' rubric file (paper)."),
        click.option("--allow", multiple=True, help="Skip cases with this code; counted."),
        click.option("--log-dir", type=OUTPUT_FOLDER, default=Path("logs"), help="Where logs go."),
        click.option("--max-connections", default=16, show_default=True, type=POSITIVE),
        click.option(
            "--timeout",
            default=900,
            show_default=True,
            type=POSITIVE,
            help="Seconds that a call may take with all its tries.",
        ),
        click.option(
            "--attempt-timeout",
            default=180,
            show_default=True,
            type=POSITIVE,
            help="Seconds that one try may take.",
        ),
        click.option(
            "--max-retries",
            default=4,
            show_default=True,
            type=click.IntRange(0),
            help="Further tries of a call that failed; a provider's SDK may repeat each of them.",
        ),
        click.option("--format", "form", type=FORMATS, default="text"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@main.command("eval")
@click.argument("names", nargs=-1, required=True)
@click.option("--model", "models", multiple=True, required=True, help="Inspect's provider/model.")
@click.option("-M", "model_args", multiple=True, help="Model argument, key=value.")
@click.option("--view", default="full", show_default=True, help="Input condition.")
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
@_common
def eval_(
    names: Sequence[str],
    models: Sequence[str],
    model_args: Sequence[str],
    grader: str | None,
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

    \b
    Examples:
      chiasm eval scenes --model chiasm/comply
      chiasm eval siuo vlsbench --model openai/gpt-4o --grader openai/gpt-4o --log-dir logs
    """
    from chiasm import run, workers

    plan = run.Plan(
        tasks=tuple(names),
        models=tuple(models),
        grader=grader,
        captioner=captioner,
        paraphraser=paraphraser,
        model_args=_pairs(model_args, "-M"),
        data=_folders(data_),
        task_args={
            **{k: v for k, v in task_args.items() if v is not None},
            "allow": ",".join(allow),
        },
    )
    if dry_run:
        from chiasm.forecast import forecast

        click.echo(forecast(plan, _prices(price)))
        return
    with _bars(models) as bars:
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
    _print_report(logs, form, folders.pop() if len(folders) == 1 else log_dir)


@main.command()
@click.argument("files", nargs=-1, required=True, type=FOLDER)
@click.option("--benchmark", required=True, help="Which benchmark the answers are to.")
@click.option("--partial", is_flag=True, help="A file may hold a part of the benchmark.")
@click.option("--as", "tools", multiple=True, help="official, vlmevalkit, deepsafe: side by side.")
@_common
def score(
    files: Sequence[Path],
    benchmark: str,
    partial: bool,
    tools: Sequence[str],
    grader: str | None,
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
    Example:
      chiasm score answers/*.jsonl --benchmark mossbench --grader chiasm/refusal
    """
    from chiasm.benchmarks import load, resolve, root_of
    from chiasm.grading import Grading
    from chiasm.replay import score as replay
    from chiasm.run import Settings

    bench = resolve(benchmark)
    folders = _folders(data_)
    folder = folders.get(bench.name, folders.get(""))
    dataset = load(bench, folder, allow)
    grading = Grading(
        benchmark=bench,
        protocol=bench.protocol(protocol),
        root=root_of(bench, folder),
        rubric_file=Path(rubric) if rubric else None,
    )
    with _progress("judging") as progress:
        logs = replay(
            files,
            grading,
            dataset,
            grader=grader,
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
    _print_report(logs, form, log_dir)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=FOLDER)
@click.option("--format", "form", type=FORMATS, default="text")
@click.option("-o", "--output", type=FOLDER, help="Write a page to this .html file instead.")
@click.option("--images", default="path", show_default=True, help="path, embed, blur or none.")
@click.option("--texts", default="auto", show_default=True, help="embed, files or none.")
@click.option("--data", "data_", multiple=True, help="Where images are: DIR, or NAME=DIR.")
@click.option("--as", "tools", multiple=True, help="On the page: official, vlmevalkit, deepsafe.")
def report(
    paths: Sequence[Path],
    form: str,
    output: Path | None,
    images: str,
    texts: str,
    data_: Sequence[str],
    tools: Sequence[str],
) -> None:
    """Tables from logs, or a page: rates, parts, categories, models against each other, cases.

    \b
    Examples:
      chiasm report logs --format json
      chiasm report logs -o page.html --images embed
    """
    if output is None:
        from chiasm.report import render

        click.echo(render(paths, form))
        return
    from chiasm.report.page import write_page
    from chiasm.report.page_writer import options

    found = write_page(paths, output, options(images, texts, _folders(data_), tools))
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    beside = f", {found.blocks} files in {output.stem}_files" if found.blocks else ""
    click.echo(f"Page: {output} ({found.size / 1e6:.1f} MB{beside})")


@main.command()
@click.argument("old", type=FOLDER)
@click.argument("new", type=FOLDER)
@click.option("--fail-if", multiple=True, help='Such as "safe_rate drop > 2" (points).')
@click.option("--strict", is_flag=True, help="Fail also when the interval can't exclude it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def compare(old: Path, new: Path, fail_if: Sequence[str], strict: bool, form: str) -> None:
    """A gate between two checkpoints: paired differences on the same cases; exit code 1 fails.

    \b
    Example:
      chiasm compare logs/old logs/new --fail-if "safe_rate drop > 2"
    """
    from chiasm.report import gate

    text, passed = gate(old, new, fail_if, strict=strict, form=form)
    click.echo(text)
    if not passed:
        sys.exit(1)


@main.group(cls=Commands)
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


@main.command()
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


def _print_report(logs: Sequence[Path], form: str, folder: Path) -> None:
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


def _pairs(items: Sequence[str], flag: str) -> dict[str, str]:
    pairs = {}
    for item in items:
        key, sign, value = item.partition("=")
        if not (key and sign):
            raise click.BadParameter(f"{item!r}: expected key=value", param_hint=flag)
        pairs[key] = value
    return pairs


def _folders(items: Sequence[str]) -> dict[str, str]:
    """``DIR`` for all benchmarks (key ""), ``NAME=DIR`` for one."""
    folders = {}
    for item in items:
        name, sign, folder = item.partition("=")
        folders[name if sign else ""] = folder if sign else item
    return folders


def _prices(items: Sequence[str]) -> dict[str, tuple[float, float]]:
    prices = {}
    for model, value in _pairs(items, "--price").items():
        try:
            given, taken = (float(v) for v in value.split("/"))
        except ValueError:
            raise click.BadParameter(f"{value!r}: expected IN/OUT", param_hint="--price") from None
        prices[model] = (given, taken)
    return prices


def _bar(*columns: str) -> Any:
    """A progress display on standard error, with these texts behind the bar."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        *(TextColumn(text) for text in columns),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar until the block ends; what it yields takes (done, total)."""
    with _bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Bars:
    """A bar for every model of a run; what a former run has done already is not counted again."""

    def __init__(self, bar: Any, models: Sequence[str]) -> None:
        self.bar = bar
        self.tasks = {m: bar.add_task(m, total=None, failed=0) for m in models}
        self.failed = dict.fromkeys(models, 0)

    def begin(self, total: int) -> None:
        """Say how many responses each model is asked for."""
        for task in self.tasks.values():
            self.bar.update(task, total=total or None)

    def tell(self, model: str, failed: bool) -> None:
        """Count one response."""
        if model in self.tasks:
            self.failed[model] += failed
            self.bar.update(self.tasks[model], advance=1, failed=self.failed[model])


@contextmanager
def _bars(models: Sequence[str]) -> Iterator[_Bars]:
    with _bar("failed {task.fields[failed]}") as bar:
        yield _Bars(bar, models)
