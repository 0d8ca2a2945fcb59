"""`chiasm align`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from chiasm.cli.options import FOLDER, OUTPUT_FOLDER, POSITIVE, as_folders, as_pairs
from chiasm.cli.progress import show_progress


@click.command()
@click.argument("recipe")
@click.argument("names", nargs=-1)
@click.option("--model", help="Folder or hub name of the model to train; the recipe's by default.")
@click.option("--data", "data_", multiple=True, help="Local data: NAME=DIR, training and tests.")
@click.option("-o", "--output", type=OUTPUT_FOLDER, help="Folder of the run: aligned/RECIPE.")
@click.option("--smoke", is_flag=True, help="The recipe's small version: a few steps.")
@click.option("--set", "settings", multiple=True, help="A setting, key=value.")
@click.option("--resume", is_flag=True, help="Go on with a run; one that is there is refused else.")
@click.option("--mix-only", is_flag=True, help="Make and check the mixture, train nothing.")
@click.option("--drop-overlapping", is_flag=True, help="Leave out and count what tests contain.")
@click.option("--export", "form", help="Write the mixture for llama-factory or ms-swift, and stop.")
@click.option("--then-eval", is_flag=True, help="Run the named benchmarks before and after.")
@click.option("--grader", help="The judge of --then-eval.")
@click.option("--limit", type=POSITIVE, help="Of --then-eval: only the first N cases.")
def align(
    recipe: str,
    names: Sequence[str],
    model: str | None,
    data_: Sequence[str],
    output: Path | None,
    smoke: bool,
    settings: Sequence[str],
    resume: bool,
    mix_only: bool,
    drop_overlapping: bool,
    form: str | None,
    then_eval: bool,
    grader: str | None,
    limit: int | None,
) -> None:
    """Train a vision-language model by a recipe; what models are tested on never gets in.

    RECIPE is a name (see docs/align.md), a folder, or a recipe.yaml.

    \b
    Examples:
      chiasm align textual_sft --data pku_saferlhf=DIR --data benign_text=DIR
      chiasm align multimodal_sft --smoke --model FOLDER -o out
      chiasm align textual_dpo --model M --grader G --then-eval scenes vlsbench mossbench
    """
    from chiasm.align import mixtures, recipes, run
    from chiasm.align.processes import is_first

    if bool(names) != then_eval:
        raise click.UsageError("--then-eval goes with names of benchmarks, and they with it")
    found = recipes.read(recipe, smoke=smoke)
    changed = found.settings.changed(as_pairs(settings, "--set"))
    found = replace(found, settings=changed, model=model or found.model)
    out = output or Path("aligned") / found.name
    run.check_folder(out, resume=resume)
    folders = as_folders(data_)
    mixture = run.mix(found, out, folders, drop_overlapping=drop_overlapping)
    first = is_first()
    if first:
        click.echo(mixtures.show(mixture))
    if form:
        click.echo(f"written: {run.hand_over(found, mixture, out, form)}")
        return
    if mix_only:
        return
    with show_progress(f"{found.method} {found.name}") as progress:
        trained = run.fit(found, mixture, out, lambda done, total, _: progress(done, total))
    if first:
        click.echo(f"trained model: {trained}")
    if names and first:
        click.echo(
            run.before_and_after(
                found.model, trained, names, out, grader=grader, folders=folders, limit=limit
            )
        )


@click.command("before-after")
@click.argument("paths", nargs=-1, required=True, type=FOLDER)
@click.option("--base", default="", help="The model before; the others are compared with it.")
@click.option("--groups", type=FOLDER, help="A file of groups and benign sets, before ours.")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text")
def before_after(paths: Sequence[Path], base: str, groups: Path | None, form: str) -> None:
    """Models before and after alignment: leaky, leak-free, joint, with J and ability, from logs.

    J is the safe rate minus over-refusal on matched benign rows. Logs of other tasks that
    Inspect ran are shown as abilities.

    \b
    Example:
      chiasm before-after aligned/textual_sft/eval --base chiasm_hf/llava
    """
    from chiasm.align.table2_text import show

    click.echo(show(paths, form, base=base, groups=groups))
