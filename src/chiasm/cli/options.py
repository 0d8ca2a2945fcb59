"""Options, arguments and checks that commands share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

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


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Options that `eval` and `score` share."""
    options = [
        click.option(
            "--grader",
            "graders",
            multiple=True,
            help="The judge: provider/model, guard/FORMAT@provider/model, chiasm/refusal, ...; "
            "several are a panel.",
        ),
        click.option("--vote", default="", help="Of a panel: majority, any_unsafe, unanimous."),
        click.option(
            "--fallback",
            "fallbacks",
            multiple=True,
            help="Asked only where the judge before refused, was blocked or can't be read.",
        ),
        click.option("--protocol", default="", help="chiasm@1 (default) or paper."),
        click.option("--data", "data_", multiple=True, help="Local data: DIR, or NAME=DIR."),
        click.option("--rubric", help="Authors' rubric file (paper), or a guard's instruction."),
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


def as_pairs(items: Sequence[str], flag: str) -> dict[str, str]:
    """Read ``key=value`` items of this option."""
    pairs = {}
    for item in items:
        key, sign, value = item.partition("=")
        if not (key and sign):
            raise click.BadParameter(f"{item!r}: expected key=value", param_hint=flag)
        pairs[key] = value
    return pairs


def as_folders(items: Sequence[str]) -> dict[str, str]:
    """``DIR`` for all benchmarks (key ""), ``NAME=DIR`` for one."""
    folders = {}
    for item in items:
        name, sign, folder = item.partition("=")
        folders[name if sign else ""] = folder if sign else item
    return folders


def as_prices(items: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read ``MODEL=IN/OUT``: dollars per million tokens sent and generated, by model."""
    prices = {}
    for model, value in as_pairs(items, "--price").items():
        try:
            given, taken = (float(v) for v in value.split("/"))
        except ValueError:
            raise click.BadParameter(f"{value!r}: expected IN/OUT", param_hint="--price") from None
        prices[model] = (given, taken)
    return prices
