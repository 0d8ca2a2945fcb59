"""What `chiasm grim` prints."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chiasm.published import grim
from chiasm.published.grim import Check, Fits
from chiasm.stats.grim import possible_totals

SCHEMA = 1
MOST_TOTALS = 100_000


def one(
    rate: str, n: int, digits: int | None = None, totals: range | None = None, form: str = "text"
) -> tuple[str, bool]:
    """A percentage against N, as text or JSON, and whether it is possible.

    Args:
        rate: As printed.
        n: The stated denominator.
        digits: After the point in print.
        totals: Other denominators to look at.
        form: text or json.

    Raises:
        ConfigError: See `chiasm.published.grim.check`.
    """
    found = grim.check(rate, n, digits)
    others = None
    if totals is not None:
        others = possible_totals(found.rate, totals, found.decimals)
    if form == "json":
        more = {} if others is None else {"totals_in_range": others}
        return json.dumps({"schema": SCHEMA, **as_json(found), **more}, indent=1), found.possible
    lines = _told(found)
    if others is not None and totals is not None:
        named = ", ".join(map(str, others[:40])) + (" ..." if len(others) > 40 else "")
        lines.append(
            f"{len(others):,} of {len(totals):,} denominators from {totals.start:,} to "
            f"{totals.stop - 1:,} fit: {named or 'none'}"
        )
    return "\n".join(lines), found.possible


def several(checks: Sequence[Check], form: str = "text") -> tuple[str, bool]:
    """Percentages of a file, and whether all are possible."""
    passed = all(c.possible for c in checks)
    if form == "json":
        body = {"schema": SCHEMA, "rates": [as_json(c) for c in checks], "possible": passed}
        return json.dumps(body, indent=1), passed
    fit, expected = sum(c.possible for c in checks), sum(c.chance for c in checks)
    lines = [f"{fit} of {len(checks)} are possible ({expected:.1f} would be by chance)"]
    lines += [f"  {c.label}: {_impossible(c)}" for c in checks if not c.possible]
    return "\n".join(lines), passed


def file(path: Path, digits: int | None, form: str) -> tuple[str, bool]:
    """As `several`, of a CSV file.

    Raises:
        DataError: See `chiasm.published.grim.check_file`.
    """
    return several(grim.check_file(path, digits), form)


def table(form: str = "text") -> tuple[str, bool]:
    """The published table: sources against their N, then each figure that is impossible."""
    by_source, checks = grim.fits_table(), grim.check_table()
    passed = all(c.possible for c in checks)
    if form == "json":
        body = {
            "schema": SCHEMA,
            "sources": [f._asdict() for f in by_source],
            "impossible": [as_json(c) for c in checks if not c.possible],
        }
        return json.dumps(body, indent=1), passed
    head = f"{'source':<18}{'benchmark':<24}{'N':>6}{'fit':>9}{'rounded':>9}{'cut':>5}"
    lines = [f"{head}{'by chance':>11}{'p':>9}{'models':>9}"]
    lines += [_fits_line(f) for f in by_source]
    lines.append(
        "\nfit: figures that are possible, rounded or cut. by chance: how many would be if they "
        "had\nnothing to do with N. p: chance of so many or more. models: all figures possible.\n"
    )
    bad = [c for c in checks if not c.possible]
    lines.append(f"{len(bad)} of {len(checks)} figures are impossible at their N:")
    lines += [f"  {c.label}: {_impossible(c)}" for c in bad]
    return "\n".join(lines), passed


def _fits_line(f: Fits) -> str:
    share, models = f"{f.fit}/{f.figures}", f"{f.models_fit}/{f.models}"
    head = f"{f.source:<18}{f.benchmark:<24}{f.n:>6}{share:>9}{f.rounded:>9}{f.truncated:>5}"
    return f"{head}{f.expected:>11.1f}{f.p:>9.1g}{models:>9}"


def as_json(c: Check) -> dict[str, Any]:
    """Plain data; ``chance`` in [0, 1], rates as printed."""
    return {
        "label": c.label,
        "rate": c.rate,
        "n": c.n,
        "digits": c.decimals,
        "possible": c.possible,
        "rounded": list(c.rounded),
        "truncated": list(c.truncated),
        "stated_k": c.stated,
        "below": _beside(c.below, c),
        "above": _beside(c.above, c),
        "chance": c.chance,
        "totals": list(c.totals),
    }


def _beside(k: int | None, c: Check) -> dict[str, Any] | None:
    return None if k is None else {"k": k, "percent": _percent(k, c)}


def _percent(k: int, c: Check) -> str:
    """One digit more than printed, so that both ways of shortening can be seen."""
    return f"{100 * k / c.n:.{c.decimals + 1}f}"


def _told(c: Check) -> list[str]:
    digits = f"{c.decimals} digit{'' if c.decimals == 1 else 's'}"
    if not c.possible:
        lines = [f"{c.rate} % of N = {c.n:,} is impossible ({digits}): {_neighbours(c)}"]
        near = ", ".join(f"{n:,}" for n in c.totals)
        lines.append(f"it fits N = {near} (nearest first)" if near else "it fits no N nearby")
    else:
        lines = [f"{c.rate} % of N = {c.n:,} is possible ({digits})"]
        for how, counts in (("rounded", c.rounded), ("cut", c.truncated)):
            named = ", ".join(f"{k:,}/{c.n:,} = {_percent(k, c)} %" for k in counts[:3])
            more = f" and {len(counts) - 3} more" if len(counts) > 3 else ""
            lines.append(f"  {how}: {named or 'none'}{more}")
    return [*lines, _chance(c)]


def _chance(c: Check) -> str:
    if c.chance == 1:
        return f"every percentage of {c.decimals} digits is possible at N = {c.n:,}: no evidence"
    share = f"{100 * c.chance:.1f} %"
    return f"by chance: {share} of all percentages of so many digits fit N = {c.n:,}"


def _impossible(c: Check) -> str:
    if c.stated is not None and (c.rounded or c.truncated):
        return f"{c.stated:,}/{c.n:,} is {_percent(c.stated, c)} %, not {c.rate}"
    near = f"; fits N = {', '.join(f'{n:,}' for n in c.totals[:4])}" if c.totals else ""
    return f"{c.rate} of {c.n:,}: {_neighbours(c)}{near}"


def _neighbours(c: Check) -> str:
    both = [k for k in (c.below, c.above) if k is not None]
    return ", ".join(f"{k:,} is {_percent(k, c)} %" for k in both)
