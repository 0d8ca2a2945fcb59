"""`chiasm guard`."""

from pathlib import Path
from typing import Any

import click

from chiasm.cli.options import FOLDER, OUTPUT_FOLDER, POSITIVE, as_folders

SECONDS = click.FloatRange(min=0, min_open=True)
SHARE = click.FloatRange(min=0, max=1, min_open=True, max_open=True)
FORM = click.Choice(["text", "md", "json"])


@click.group()
def guard() -> None:
    """A gateway that checks picture and text together, and a guard trained for it.

    \b
    Example:
      chiasm guard serve --upstream http://127.0.0.1:8000/v1 --check guard/llama_guard_4@M
      chiasm guard train rows.jsonl --tower openai/clip-vit-base-patch32 -o myguard
    """


@guard.command()
@click.option("--upstream", required=True, help="The API behind it: http(s)://HOST/v1.")
@click.option(
    "--check", required=True, help="Of the pair: guard/FORMAT@provider/model, trained@DIR."
)
@click.option("--after", help="Asked of answers; --check by default where it can; none: nobody.")
@click.option(
    "--on-unsafe", type=click.Choice(["decline", "warn"]), default="decline", show_default=True
)
@click.option(
    "--fail",
    type=click.Choice(["open", "closed"]),
    default="closed",
    show_default=True,
    help="Without a verdict: let pass, or refuse with 503.",
)
@click.option("--timeout", type=SECONDS, default=20.0, show_default=True, help="For a verdict.")
@click.option("--upstream-timeout", type=SECONDS, default=300.0, show_default=True)
@click.option("--max-body", type=POSITIVE, default=50_000_000, show_default=True, help="Bytes.")
@click.option("--max-connections", type=POSITIVE, default=64, show_default=True)
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="Decisions, .jsonl.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8400, show_default=True, help="0: a free one.")
def serve(check: str, after: str | None, host: str, port: int, **settings: Any) -> None:
    """An OpenAI-compatible proxy: /v1/chat/completions, /v1/moderations, LiteLLM's guardrail.

    SIGTERM or Ctrl-C finish what is in flight.

    \b
    Example:
      chiasm guard serve --upstream https://api.openai.com/v1 --on-unsafe warn \\
        --check guard/llama_guard_4@openai-api/local/llama-guard-4 --log decisions.jsonl
    """
    from chiasm.guard.policy import Policy
    from chiasm.guard.serve import listen, opened
    from chiasm.guard.serve import serve as run
    from chiasm.judges.guards import guard_of

    if after is None:
        form = guard_of(check)
        after = check if form is not None and "response" in form.judges else ""
        if not after:
            click.echo(f"note: {check} judges no answers: they are not checked (--after)", err=True)
    policy = Policy(check=check, after="" if after == "none" else after, **settings)
    checker, decisions = opened(policy)
    bound = listen(host, port)
    click.echo(f"Serving on http://{host}:{bound.getsockname()[1]}/v1, Ctrl-C stops.", err=True)
    run(policy, checker, decisions, bound)


@guard.command()
@click.argument("rows", nargs=-1, required=True)
@click.option("--tower", required=True, help="CLIP, SigLIP or VLM: a folder or a hub name.")
@click.option("-o", "--output", type=OUTPUT_FOLDER, required=True, help="Folder of the guard.")
@click.option("--test", "tests", multiple=True, help="Rows or a benchmark to measure on.")
@click.option("--head", default="concat", show_default=True, help="The one that serves.")
@click.option("--heads", default="", help="Only these, with commas between; all by default.")
@click.option("--seeds", type=POSITIVE, default=3, show_default=True)
@click.option("--steps", type=POSITIVE, default=400, show_default=True, help="Of each head.")
@click.option("--hold-out", type=SHARE, default=0.25, show_default=True, help="Families to test.")
@click.option("--validation", type=SHARE, default=0.2, show_default=True, help="To calibrate.")
@click.option("--false-alarms", type=SHARE, default=0.05, show_default=True, help="Wanted.")
@click.option("--data", "data_", multiple=True, help="Evaluation sets: DIR, or NAME=DIR.")
@click.option("--drop-overlapping", is_flag=True, help="Leave out and count what tests contain.")
@click.option("--look", default="", help="What a VLM is asked for captions.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--format", "form", type=FORM, default="text")
def train(
    rows: tuple[str, ...],
    tower: str,
    output: Path,
    tests: tuple[str, ...],
    data_: tuple[str, ...],
    drop_overlapping: bool,
    look: str,
    device: str,
    form: str,
    head: str,
    heads: str,
    steps: int,
    **plan: Any,
) -> None:
    """Train a guard on frozen towers, and compare its heads on held-out families.

    ROWS: .jsonl, .csv, .parquet or a folder (query, image, label safe/unsafe, family, carrier,
    category); lab_world; scenes_training; LOADER=DIR. Evaluation data are refused.

    \b
    Example:
      chiasm guard train rows.jsonl --tower openai/clip-vit-base-patch32 -o myguard
      chiasm guard train scenes_training --test scenes_hard --tower FOLDER -o myguard
    """
    from chiasm.align.for_guard import let_through, sources
    from chiasm.cli.progress import show_stages
    from chiasm.guard.trained.run import train as run

    folders = as_folders(data_)
    named, lost = sources(rows, tests, folders)
    kept, gate = let_through(named, folders, drop=drop_overlapping, lost=lost)
    plan |= {"serve": head, "settings": {"steps": steps}}
    if heads:
        plan["heads"] = tuple(heads.split(","))
    with show_stages() as tell:
        found = run(kept, tower, output, plan, gate=gate, device=device, look=look, tell=tell)
    _print(found, form)
    if form == "text":
        dropped = f", {len(gate['dropped'])} rows left out" if gate["dropped"] else ""
        for name, reasons in lost.items():
            for reason, n in sorted(reasons.items()):
                click.echo(f"\nleft out of {name}: {n:,} {reason}", nl=False)
        click.echo(f"\ngate: compared with {', '.join(gate['compared'])}{dropped}; not at hand: "
                   f"{len(gate['not_compared'])} sets\nguard: {output}, head: {head}")  # fmt: skip


@guard.command("eval")
@click.argument("folder", type=FOLDER)
@click.argument("rows", nargs=-1)
@click.option("--tower", default="", help="The checkpoint, where it is now.")
@click.option("--data", "data_", multiple=True, help="Local copies: DIR, or NAME=DIR.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--format", "form", type=FORM, default="text")
def eval_(
    folder: Path,
    rows: tuple[str, ...],
    tower: str,
    data_: tuple[str, ...],
    device: str,
    form: str,
) -> None:
    """Measure a trained guard, all its heads and seeds, on ROWS: files or benchmarks.

    Without ROWS: what was measured in training.

    \b
    Example:
      chiasm guard eval myguard scenes_hard mossbench --data mossbench=DIR
    """
    from chiasm.align.for_guard import sources
    from chiasm.cli.progress import show_stages
    from chiasm.guard.trained.run import evaluate

    with show_stages() as tell:
        found = evaluate(
            folder, sources((), rows, as_folders(data_)).rows, tower=tower, device=device, tell=tell
        )
    _print(found, form)


def _print(found: dict[str, Any], form: str) -> None:
    import json

    from chiasm.guard.trained.show import table

    if form == "json":
        click.echo(json.dumps(found, indent=1))
    else:
        click.echo(table(found, markdown=form == "md"))
