"""A recipe from its mixture to the trained model, and the same tasks before and after."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chiasm.align import mixtures
from chiasm.align.export import export
from chiasm.align.gate import Passed
from chiasm.align.processes import is_alone, is_first, together
from chiasm.align.recipes import Recipe
from chiasm.align.training import Told, train
from chiasm.errors import ConfigError


def check_folder(out: Path, *, resume: bool) -> None:
    """Refuse a folder with a run in it, unless that run is to go on.

    Raises:
        ConfigError: There is one.
    """
    if not resume and (out / "training.json").exists():
        raise ConfigError(f"{out} holds a training run: --resume goes on with it; or name another")


def mix(
    recipe: Recipe, out: Path, folders: Mapping[str, str], *, drop_overlapping: bool = False
) -> mixtures.Mixture:
    """Make the recipe's mixture in ``OUT/mixture``; see `chiasm.align.mixtures.make`.

    Of several processes that `accelerate launch` has started, the first makes it and the others
    read it.
    """

    def made() -> mixtures.Mixture:
        return mixtures.make(
            recipe.parts,
            out / "mixture",
            home=recipe.home,
            folders=folders,
            seed=recipe.settings.seed,
            drop_overlapping=drop_overlapping,
        )

    if is_alone():
        return made()
    with together().main_process_first():
        if is_first():
            return made()
        return mixtures.Mixture(mixtures.read_mixture(out / "mixture"), {}, Passed((), {}, ()))


def hand_over(recipe: Recipe, mixture: mixtures.Mixture, out: Path, form: str) -> Path:
    """Write the mixture for another trainer into ``OUT/FORM``."""
    return export(mixture.rows, form, out / form, preference=recipe.method == "dpo")


def fit(recipe: Recipe, mixture: mixtures.Mixture, out: Path, tell: Told | None = None) -> Path:
    """Train, or go on training, in ``OUT``; the folder of the model.

    Raises:
        ConfigError: No model is named.
    """
    if not recipe.model:
        raise ConfigError("name the model to train: --model FOLDER")
    return train(recipe.method, recipe.model, mixture.rows, out, recipe.settings, tell=tell)


def before_and_after(
    base: str,
    trained: Path,
    names: Sequence[str],
    out: Path,
    *,
    grader: str | None = None,
    folders: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> str:
    """Ask the base and the trained model the same cases; the tables as text, table 2 at the end.

    Logs are in ``OUT/eval``; what was answered is not asked again. The last table is also in
    ``OUT/before_after.json``.

    Args:
        base: The model before training.
        trained: The folder of the trained one.
        names: Benchmarks of `chiasm list`, built sets by their own name, or tasks that Inspect
            runs.
        out: The run's folder.
        grader: The judge, for benchmarks that need one.
        folders: Local data by benchmark.
        limit: Only the first so many cases.
    """
    from chiasm.align import table2, table2_text
    from chiasm.benchmarks.named import unfold
    from chiasm.report import render
    from chiasm.run import Plan, evaluate, foreign

    models = tuple(f"chiasm_hf/{Path(m).resolve() if Path(m).is_dir() else m}"
                   for m in (base, str(trained)))  # fmt: skip
    asked = unfold(names, folders or {})
    plan = Plan(
        tasks=asked.names,
        models=models,
        grader=grader,
        data=asked.folders,
        task_args={"limit": limit} if limit else {},
    )
    logs = evaluate(plan, out / "eval")
    others = {other.path for other in foreign(logs)}
    ours = [log for log in logs if log not in others]
    found = table2.before_after(logs, base=models[0])
    (out / "before_after.json").write_text(table2_text.as_json(found) + "\n", "utf-8")
    tables = [render(ours, "text")] if ours else []
    return "\n\n".join([*tables, table2_text.text(found)])
