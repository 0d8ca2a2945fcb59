"""`chiasm lab` and what belongs to it."""

from pathlib import Path

import click

from chiasm.cli.options import FOLDER, OUTPUT_FOLDER, POSITIVE

SPLIT = click.Choice(["test", "dev"])
FORM = click.Choice(["text", "json", "md"])


@click.group(invoke_without_command=True)
@click.option(
    "-o", "--output", type=OUTPUT_FOLDER, default=Path("lab"), help="Where everything goes."
)
@click.option("--seeds", type=POSITIVE, default=5, show_default=True, help="How many.")
@click.option("--first-seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--arm", "arms", multiple=True, help="Only these (and the base); all by default.")
@click.option("--quick", is_flag=True, help="One seed: base, textual and multimodal SFT, captions.")
@click.option("--jobs", type=POSITIVE, default=1, show_default=True, help="Processes, a core each.")
@click.option("--split", type=SPLIT, default="test", help="dev to try settings; test at the end.")
@click.option("--format", "form", type=FORM, default="text")
@click.pass_context
def lab(
    ctx: click.Context,
    output: Path,
    seeds: int,
    first_seed: int,
    arms: tuple[str, ...],
    quick: bool,
    jobs: int,
    split: str,
    form: str,
) -> None:
    """The papers' central claim in a toy world, with small models trained here (extra `train`).

    Base -> aligned in words, with pictures, both, ... -> leaky, leak-free and joint questions. What
    is there already is not trained again. Writes results.json, figure.svg and report.html.

    \b
    Example:
      chiasm lab --quick -o lab     # under five minutes of one core
      chiasm lab -o lab --jobs 2    # five seeds, all arms: an hour of one core
    """
    if ctx.invoked_subcommand:
        return
    from chiasm.cli.progress import show_stages
    from chiasm.lab.experiment import experiment
    from chiasm.lab.runs import ORDER, QUICK

    with show_stages() as tell:
        found = experiment(
            output,
            split="dev" if split == "dev" else "test",
            seeds=range(first_seed, first_seed + (1 if quick else seeds)),
            arms=arms or (QUICK if quick else ORDER),
            jobs=jobs,
            tell=tell,
        )
    _print(found, form, output)


@lab.command("show")
@click.argument("folder", type=FOLDER)
@click.option("--seeds", type=POSITIVE, default=5, show_default=True)
@click.option("--first-seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--split", type=SPLIT, default="test")
@click.option("--format", "form", type=FORM, default="text")
def show(folder: Path, seeds: int, first_seed: int, split: str, form: str) -> None:
    """Table, figure and page of the answers that are there; trains nothing, needs no torch.

    \b
    Example:
      chiasm lab show lab
    """
    from chiasm.lab.experiment import write

    numbers = range(first_seed, first_seed + seeds)
    _print(write(folder, "dev" if split == "dev" else "test", numbers), form, folder)


@lab.command("train-base")
@click.argument("folder", type=OUTPUT_FOLDER)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def train_base(folder: Path, seed: int) -> None:
    """Train the small base model from scratch, some minutes of one core; a LLaVA like any other.

    \b
    Example:
      chiasm lab train-base base    # then: chiasm eval lab --model chiasm_hf/./base ...
    """
    from chiasm.cli.progress import show_stages
    from chiasm.lab.runs import base_checkpoint

    with show_stages() as tell:
        click.echo(base_checkpoint(folder, seed, tell))


@lab.command("export")
@click.argument("name")
@click.argument("folder", type=OUTPUT_FOLDER)
def export(name: str, folder: Path) -> None:
    """One of the models that come with chiasm (base, text_sft, mm_sft) as a checkpoint.

    \b
    Example:
      chiasm lab export mm_sft checkpoint    # for transformers, chiasm_hf/, chiasm align
    """
    from chiasm.lab.shipped import checkpoint

    click.echo(checkpoint(name, folder))


@lab.command("check")
@click.option(
    "-o", "--output", type=OUTPUT_FOLDER, default=Path("lab-check"), help="Folder to write to."
)
@click.option("--model", "models", multiple=True,
              help="Inspect's provider/model; chiasm_tiny/FOLDER for a checkpoint.")  # fmt: skip
@click.option("--no-random", is_flag=True, help="No copies with a random vision tower.")
@click.option("--sample", type=POSITIVE, help="Only N of 108 cases, in proportion to the sets.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(
    output: Path, models: tuple[str, ...], no_random: bool, sample: int | None, form: str
) -> None:
    """Small models through tasks, judge, audit and diagnosis: one page; needs no torch.

    By default the three that come with chiasm, and a copy of each whose vision tower is random:
    its failures must come out as perception. The same command continues; exit code 1 where an
    answer has no verdict.

    \b
    Examples:
      chiasm lab check -o check     # then open check/check.html
      chiasm lab check --model chiasm_tiny/base --model chiasm_tiny/lab/test/seed-0/mm_dpo
    """
    import json
    import os
    import sys

    # Before numpy is loaded: several threads make the small models' matrices five times as dear.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from chiasm.cli.progress import show_stages
    from chiasm.lab import check as work
    from chiasm.lab.check_page import missing

    with show_stages() as tell:
        found = work.check(
            output, models or work.MODELS, randomised=not no_random, sample=sample, tell=tell
        )
    if form == "json":
        click.echo(json.dumps(found, indent=1))
    else:
        click.echo(f"{work.text(found)}\n\nToy world: a mechanism, no evidence about other models.")
        click.echo(f"Page: {output / work.PAGE_FILE}   figures: {output / work.FIGURES_FILE}")
    lacking = missing(found)
    if lacking:
        click.echo(lacking, err=True)
        sys.exit(1)


def _print(found: dict[str, object], form: str, folder: Path) -> None:
    import json

    from chiasm.lab.markdown import markdown
    from chiasm.lab.results import table

    if form == "json":
        click.echo(json.dumps(found, indent=1))
    elif form == "md":
        click.echo(markdown(found))
    else:
        click.echo(f"{table(found)}\n\nToy world: a mechanism, no evidence about other models.")
        click.echo(f"Page: {folder / 'report.html'}   figures: {folder / 'results.json'}")
