"""`chiasm guard`."""

from pathlib import Path
from typing import Any

import click

from chiasm.cli.options import POSITIVE

SECONDS = click.FloatRange(min=0, min_open=True)


@click.group()
def guard() -> None:
    """A gateway that checks picture and text together, before and after the model.

    \b
    Example:
      chiasm guard serve --upstream http://127.0.0.1:8000/v1 --check guard/llama_guard_4@M
    """


@guard.command()
@click.option("--upstream", required=True, help="The API behind it: http(s)://HOST/v1.")
@click.option("--check", required=True, help="Asked of the pair: guard/FORMAT@provider/model.")
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
