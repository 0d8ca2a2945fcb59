"""The command line as the tests use it, and the figures it prints."""

import json
from typing import Any

from click.testing import CliRunner

from chiasm.cli import main


def chiasm(*args: object, code: int = 0) -> str:
    """Run ``chiasm ARGS`` in this process; its standard output."""
    result = CliRunner().invoke(main, [str(a) for a in args], catch_exceptions=False)
    assert result.exit_code == code, f"exit {result.exit_code}: {result.output}"
    return result.stdout


def estimates(text: str) -> list[dict[str, Any]]:
    """The estimates of ``--format json``."""
    found: list[dict[str, Any]] = json.loads(text)["estimates"]
    return found


def whole(text: str, metric: str, estimand: str = "model") -> dict[str, Any]:
    """The one estimate of a metric over all responses."""
    wanted = {"metric": metric, "group": "all", "estimand": estimand}
    (found,) = [e for e in estimates(text) if wanted.items() <= e.items()]
    return found
