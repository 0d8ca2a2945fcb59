"""Published figures as a page: one file, no script, no network, everything from data escaped."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from chiasm.errors import ConfigError
from chiasm.html import environment
from chiasm.published.formats import APART, NO_RANKING, interval, share
from chiasm.published.groups import Entry, Group
from chiasm.published.table import Source, sources
from chiasm.report.figures import interval_bar
from chiasm.report.page import policy


def write_page(groups: Sequence[Group], output: Path) -> int:
    """Write the page.

    Args:
        groups: Of `chiasm.published.formats.found`.
        output: The ``.html`` file; its folder must exist.

    Returns:
        Bytes written.

    Raises:
        ConfigError: The file can't be written, or is no ``.html``.
    """
    if output.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"-o {output}: expected a file that ends with .html")
    page = render(groups).encode()
    try:
        output.write_bytes(page)
    except OSError as error:
        raise ConfigError(f"-o {output}: can't be written ({error.strerror})") from None
    return len(page)


def render(groups: Sequence[Group]) -> str:
    """The page's markup."""
    report = files("chiasm.report").joinpath("templates", "page.css").read_text("utf-8")
    own = files("chiasm.published").joinpath("templates", "published.css").read_text("utf-8")
    style = f"{report}\n{own}"
    shown = [_group(number, one) for number, one in enumerate(groups)]
    return (
        environment("chiasm.published")
        .get_template("published.html.j2")
        .render(
            style=Markup(style),
            policy=policy(style, "", local=False),
            beside=[g for g in shown if g["yours"]],
            apart=[g for g in shown if not g["yours"]],
            apart_title=APART,
            note=NO_RANKING,
            sources=_sources(groups),
            figures=sum(len(g["rows"]) for g in shown),
        )
    )


def _group(number: int, one: Group) -> dict[str, Any]:
    key = one.key
    return {
        "id": f"g{number}",
        "benchmark": key.benchmark,
        "metric": key.metric,
        "view": "" if key.view == "full" else key.view,
        "judge": key.judge,
        "protocol": key.protocol,
        "yours": one.has_yours,
        "rows": [_row(e, e is one.entries[0]) for e in one.entries],
    }


def _row(e: Entry, first: bool) -> dict[str, Any]:
    est = e.estimate
    rated = e.unit == "percent" and est.rate == est.rate
    known = est.low == est.low
    told = f"{e.model}: {e.shown}, interval {interval(e)}"
    bar = interval_bar(
        est.rate if rated else None,
        est.low if known else None,
        est.high if known else None,
        None,
        told,
    )
    return {
        "model": e.model,
        "yours": e.yours,
        "rate": e.shown,
        "interval": interval(e),
        "share": share(e),
        "bar": bar if rated else "",
        "tied": not first and e.overlaps_best is not False,
        "source": e.source,
        "notes": e.notes,
    }


def _sources(groups: Sequence[Group]) -> list[Source]:
    used = dict.fromkeys(e.source for g in groups for e in g.entries if e.source)
    return [sources()[key] for key in used]
