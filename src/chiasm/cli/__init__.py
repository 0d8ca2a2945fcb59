"""The command line: parse, call one function, print. Everything else is imported when needed."""

import click

from chiasm import __version__
from chiasm.cli import (
    aligning,
    annotation,
    auditing,
    building,
    datasets,
    diagnosing,
    evaluation,
    figures,
    guarding,
    judging,
    lab,
    labelling,
    machine,
    mining,
    overlap,
    published,
)
from chiasm.cli.options import Commands


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


for command in (
    evaluation.demo,
    datasets.list_,
    datasets.data,
    datasets.scenes,
    evaluation.eval_,
    evaluation.score,
    figures.report,
    figures.compare,
    diagnosing.diagnose,
    judging.judge,
    labelling.labels,
    annotation.annotate,
    published.published,
    published.grim,
    overlap.overlap,
    auditing.audit,
    mining.mine,
    aligning.align,
    aligning.before_after,
    lab.lab,
    guarding.guard,
    building.build,
    building.quality,
    machine.doctor,
):
    main.add_command(command)
