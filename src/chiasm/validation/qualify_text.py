"""A qualification and its forecast as tables for a terminal."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chiasm.validation.qualify import Forecast

WIDTH = 100


def forecast_table(
    found: Sequence[Forecast], grader: str, price: tuple[float, float] | None
) -> str:
    """Calls, tokens and price of what would be asked.

    Args:
        found: One a rubric.
        grader: The judge.
        price: $ per million tokens (sent, returned); None where unknown.
    """
    head = f"{'rubric':<40}{'calls':>7}{'tokens in':>12}{'out, usual':>12}{'out <=':>10}"
    lines = [f"judge {grader}", head]
    for row in found:
        lines.append(
            f"{row.rubric:<40}{row.calls:>7,}{row.given:>12,}{row.taken:>12,}{row.at_most:>10,}"
        )
    if price is None:
        lines.append(f"price unknown: --price {grader}=IN/OUT ($ per million tokens)")
    else:
        usual, most = (
            sum(r.given * price[0] + getattr(r, out) * price[1] for r in found) / 1e6
            for out in ("taken", "at_most")
        )
        lines.append(f"about $ {usual:,.2f}, at most $ {most:,.2f}")
    lines.append("less what an earlier run has stored; an image counted as 1,000 tokens")
    return "\n".join(lines)


def records_table(records: Sequence[Mapping[str, Any]]) -> str:
    """All records, one table each, verdict last."""
    return "\n\n".join("\n".join(_table(record)) for record in records)


def _table(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"{record['rubric']} - judge {record['judge']}"
    yield f"  {record['questions']} questions; labels of authors"
    yield (
        f"  {'':<31}{'rate':>6}  {'95 % interval':<15}{'k/N':>8}  {'no verdict':<11}"
        f"{'wrong before':<13}wanted"
    )
    for figure in record["figures"]:
        yield _row(figure).rstrip()
    failed = ", ".join(f"{n} {kind}" for kind, n in record["failed"].items())
    if failed:
        yield from _wrap(f"without a verdict, neither right nor wrong: {failed}", "  ")
    if record["qualified"]:
        yield "  qualified"
    else:
        yield from _wrap(f"not qualified, because {'; '.join(record['problems'])}", "  ")


def _row(figure: Mapping[str, Any]) -> str:
    share = f"{figure['k']}/{figure['n']}"
    interval = f"{_percent(figure['low'])} .. {_percent(figure['high'])}"
    if figure["at_least"] is not None:
        wanted = f">= {_percent(figure['at_least'])}"
    else:
        wanted = f"<= {_percent(figure['at_most'])}"
    flag = "  <-" if figure["problem"] else ""
    return (
        f"  {figure['title']:<31}{_percent(figure['rate']):>6}  {interval:<15}{share:>8}  "
        f"{figure['missing'] or '0':<11}{figure['unusable'] or '0':<13}{wanted}{flag}"
    )


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.1f}"


def _wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
