"""`chiasm audit`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chiasm.cli.audit_judge import ask_judges, judge_options
from chiasm.cli.options import OUTPUT_FOLDER, POSITIVE, as_folders
from chiasm.cli.progress import show_progress

if TYPE_CHECKING:
    from chiasm.audit.gate import Check


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME|FILE...")
@click.option("-o", "--output", required=True, type=OUTPUT_FOLDER, help="Where results go.")
@click.option("--data", "data_", multiple=True, help="Where data are: DIR, or NAME=DIR.")
@click.option("--allow", multiple=True, help="DIGEST_MISMATCH or ROWS, as in `chiasm eval`.")
@click.option("--query", default="", help="A file's column: what the user says.")
@click.option("--image", default="", help="A file's column: the picture's path.")
@click.option("--description", default="", help="A file's column: what the picture shows.")
@click.option("--hazard", default="", help="A file's column: what is dangerous about the pair.")
@click.option("--category", default="", help="A file's column of categories.")
@click.option("--source", default="", help="A file's column: where a row was taken from.")
@click.option("--options", default="", help="Multiple choice: a column with a list, or A,B,C,D.")
@click.option("--answer", default="", help="Multiple choice: index, letter or text of the answer.")
@click.option("--id", "key", default="", help="A file's column of ids.")
@click.option("--channel", "channels", multiple=True, help="Only this one; may be repeated.")
@click.option("--embedding-model", default="",
              help="Of --channel embedding: OWNER/NAME@REVISION, or a folder.")  # fmt: skip
@click.option("--false-alarms", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Set thresholds that flag at most this share of harmless rows.")  # fmt: skip
@click.option(
    "--fail-over",
    type=click.FloatRange(0, 1, max_open=True),
    help="Exit with 1 where more than this share is flagged.",
)
@click.option("--gate", multiple=True, help="The channel that counts for --fail-over.")
@click.option("--strict", is_flag=True, help="Fail also where the interval does not decide.")
@click.option("--rows", default=5, show_default=True, type=click.IntRange(0),
              help="Striking rows of each channel on the page; 0 shows no text.")  # fmt: skip
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option("--workers", type=POSITIVE, help="Processes; all cores by default.")
@click.option("--seed", default=0, show_default=True, help="Of samples.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@judge_options
def audit(
    names: Sequence[str],
    output: Path,
    data_: Sequence[str],
    allow: Sequence[str],
    channels: Sequence[str],
    embedding_model: str,
    false_alarms: float | None,
    fail_over: float | None,
    gate: Sequence[str],
    strict: bool,
    rows: int,
    engine: str,
    workers: int | None,
    seed: int,
    form: str,
    key: str,
    judges: Sequence[str],
    controls: str,
    repeats: int,
    max_connections: int,
    dry_run: bool,
    **columns: str,
) -> None:
    """Does the text alone give the danger away? Findings for each row, rates, a card, a page.

    NAME is a benchmark of `chiasm list`; FILE a .csv, .json, .jsonl, .parquet or .tar, a folder of
    such files, or hf://OWNER/NAME of the hub. Several are put into one table. The same command
    continues after an interruption.

    \b
    Examples:
      chiasm audit vlsbench siuo --data vlsbench=DIR --data siuo=DIR -o audit
      chiasm audit rows.jsonl --query question --description caption -o audit --fail-over 0.1
      chiasm audit vlsbench --judge guard/llama_guard_4@PROVIDER/MODEL --controls mossbench -o audit
    """
    import os
    from typing import cast

    from chiasm.audit import compare, product
    from chiasm.audit import gate as gates
    from chiasm.audit.columns import Columns
    from chiasm.audit.run import Engine, Options, audit_all

    chosen = Options(
        channels=tuple(channels), false_alarms=false_alarms, engine=cast(Engine, engine),
        workers=workers or os.cpu_count() or 1, seed=seed, striking=rows,
        embedding_model=embedding_model,
    )  # fmt: skip
    folders, wanted = as_folders(data_), Columns(id=key, **columns)
    asked: dict[str, Any] = {"folders": folders, "columns": wanted, "controls": controls,
                             "repeats": repeats, "allow": allow}  # fmt: skip
    if dry_run and judges:
        from chiasm.audit.judged import dry_run as planned

        click.echo(planned(names, judges, **asked))
        return
    with show_rows() as tell:
        audits = audit_all(names, output, chosen, folders=folders, columns=wanted, allow=allow,
                           tell=tell)  # fmt: skip
    judged = None
    if judges:
        judged = ask_judges(names, judges, output, max_connections=max_connections, **asked)
    beside = judged.beside if judged else None
    figures: dict[str, Any] = product.write(audits, output, chosen, beside=beside)
    checks = [] if fail_over is None else gates.check(audits, fail_over, gate)
    if form == "json":
        import json

        click.echo(json.dumps({**figures, "gate": [c._asdict() for c in checks]}, indent=1))
    else:
        click.echo(compare.text(audits))
        click.echo("".join(_line(c) for c in checks) + f"\nPage: {output / product.PAGE_FILE}")
        if judged:
            click.echo(f"\n{judged.text}")
    if gates.failed(checks, strict=strict) or (judged and not judged.complete):
        sys.exit(1)


@contextmanager
def show_rows() -> Iterator[Callable[[str, int, int], None]]:
    """A bar a dataset on standard error until the block ends."""
    with show_progress("rows") as show:
        yield lambda name, done, total: show(done, total)


def _line(check: "Check") -> str:
    return f"\n{check.status:<13}{check.dataset}, {check.channel}: {check.text}"
