"""Is a published percentage possible at its stated N? One figure, a file, or the whole table.

A figure that fits is possible, not confirmed; how many would fit by chance stands beside it. What
fits nothing has another denominator, another rule of averaging, or a typing error: arithmetic
can't tell which.
"""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from scipy.special import bdtrc  # type: ignore[import-untyped]

from chiasm.errors import ConfigError, DataError
from chiasm.published.table import Rate, load
from chiasm.stats.grim import chance, neighbours, possible_counts, possible_totals

LARGEST_N = 10_000_000
MOST_DECIMALS = 6
COUNTED = ("msts",)
"""Sources whose figures were counted from released labels: nothing printed to be tested."""

NEAR = (0.8, 1.02)
"""Denominators looked at where a figure is impossible: items get lost more often than added."""


class Check(NamedTuple):
    """A percentage against a denominator.

    Attributes:
        label: Whose; empty for one typed on the command line.
        rate: As printed, in percent.
        n: The denominator.
        decimals: Digits after the point.
        rounded: Counts that round to it.
        truncated: Counts that are cut to it.
        stated: The count that the source gives; None where it gives none.
        below: The nearest count at or below it, None where there is none.
        above: The nearest above.
        chance: Share of all percentages of so many digits that some count gives.
        totals: Denominators near n that it fits, nearest first; empty where it fits n.
    """

    label: str
    rate: str
    n: int
    decimals: int
    rounded: tuple[int, ...]
    truncated: tuple[int, ...]
    stated: int | None
    below: int | None
    above: int | None
    chance: float
    totals: tuple[int, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether some count gives it, and the stated one where there is one."""
        counts = {*self.rounded, *self.truncated}
        return bool(counts) if self.stated is None else self.stated in counts


class Fits(NamedTuple):
    """How many figures of a source fit a denominator.

    Attributes:
        source: Its key.
        benchmark: Of the figures.
        n: The denominator.
        figures: How many there are.
        fit: How many are possible, rounded or truncated.
        rounded: How many by rounding alone.
        truncated: How many by truncation alone.
        expected: How many would fit by chance.
        p: Chance of at least so many, if figures were independent and had nothing to do with n.
        models: Models with figures.
        models_fit: Those of which all figures fit.
    """

    source: str
    benchmark: str
    n: int
    figures: int
    fit: int
    rounded: int
    truncated: int
    expected: float
    p: float
    models: int
    models_fit: int


def check(
    rate: str, n: int, digits: int | None = None, *, k: int | None = None, label: str = ""
) -> Check:
    """Test a percentage.

    Args:
        rate: As printed, in percent: "53.29", "50.90 %". Its zeros count: 50.9 has one digit.
        n: The stated denominator.
        digits: After the point in print, where more than were typed.
        k: The stated count.
        label: Whose.

    Raises:
        ConfigError: It is no percentage of at most that many digits, or n is no denominator.
    """
    text = rate.strip().removesuffix("%").strip()
    decimals = _decimals(text) if digits is None else digits
    if not 0 <= decimals <= MOST_DECIMALS:
        raise ConfigError(f"{decimals} digits: expected 0 to {MOST_DECIMALS}")
    if not 1 <= n <= LARGEST_N:
        raise ConfigError(f"N = {n:,}: expected 1 to {LARGEST_N:,}")
    number = _number(text)
    if not 0 <= number <= 100:
        raise ConfigError(f"{text}: expected a percentage from 0 to 100")
    try:
        rounded = tuple(possible_counts(text, n, decimals, how="rounded"))
    except ValueError:
        raise ConfigError(f"{text} has more than {decimals} digits after the point") from None
    truncated = tuple(possible_counts(text, n, decimals, how="truncated"))
    below, above = neighbours(text, n, decimals)
    totals = () if rounded or truncated else near_totals(text, n, decimals)
    share = chance(n, decimals)
    found = Check(label, text, n, decimals, rounded, truncated, k, below, above, share, totals)
    if k is not None and not 0 <= k <= n:
        raise ConfigError(f"k = {k:,} is not within 0 and N = {n:,}")
    return found


def near_totals(rate: str, n: int, decimals: int, most: int = 6) -> tuple[int, ...]:
    """Denominators from 80 % to 102 % of n that a percentage fits, nearest to n first."""
    low, high = max(1, int(NEAR[0] * n)), int(NEAR[1] * n) + 1
    found = possible_totals(rate, range(low, min(high, n + 2_000) + 1), decimals)
    return tuple(sorted(found, key=lambda total: abs(total - n))[:most])


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{text[:40]!r}: expected a percentage, such as 53.29") from None
    if not number.is_finite() or "e" in text.lower() or "_" in text:
        raise ConfigError(f"{text[:40]!r}: expected a percentage, such as 53.29")
    return number


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def check_file(path: Path, digits: int | None = None) -> list[Check]:
    """Test the percentages of a CSV file.

    Args:
        path: With a header: ``rate`` and ``n``, or ``rate`` and ``k/total`` (such as 89/167).
            Optional: ``k``, ``digits`` and ``label`` (or ``model``). A spreadsheet drops the last
            zero of 50.90: give digits then.
        digits: For all rows that have none of their own.

    Raises:
        DataError: The file, a column or a row is not of that form; names the row.
    """
    return [_row_check(path, number, row, digits) for number, row in _csv(path)]


def _csv(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows with their line numbers, columns in lower case."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise DataError("there is no such file", file=str(path)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"not a CSV file: {error}", file=str(path)) from None
    if "rate" not in names or not {"n", "total", "k/total", "k/n"} & set(names):
        raise DataError(f"expected columns rate and n, or rate and k/total; got {names}",
                        file=str(path))  # fmt: skip
    for line, row in rows:
        if None in row or None in row.values():
            raise DataError("more or fewer fields than the header", file=str(path), row=line)
    return rows


def _row_check(path: Path, line: int, row: dict[str, str], digits: int | None) -> Check:
    pair = row.get("k/total") or row.get("k/n") or ""
    k, slash, total = pair.partition("/") if pair else (row.get("k", ""), "/", "")
    n = total or row.get("n") or row.get("total") or ""
    own = row.get("digits", "").strip()
    label = row.get("label") or row.get("model") or f"line {line}"
    if not slash:
        raise DataError(f"expected k/total, got {pair!r}", file=str(path), row=line)
    try:
        places = int(own) if own else digits
        counted = int(k) if k.strip() else None
        whole = int(n)
    except ValueError as error:
        raise DataError(f"expected whole numbers: {error}", file=str(path), row=line) from None
    try:
        return check(row["rate"], whole, places, k=counted, label=label)
    except ConfigError as error:
        raise DataError(str(error), file=str(path), row=line) from None


def rates_with_n(rates: Iterable[Rate] | None = None) -> list[Rate]:
    """The published figures that were printed as k of n, where n is known or supposed."""
    found = load() if rates is None else rates
    return [r for r in found if r.kind == "rate" and r.n and r.source not in COUNTED]


def check_table(rates: Iterable[Rate] | None = None) -> list[Check]:
    """Every published rate against the N that its source states, or its dataset's size."""
    return [
        check(r.printed, r.n or 0, r.decimals, label=_label(r)) for r in rates_with_n(rates)
    ]  # fmt: skip


def _label(r: Rate) -> str:
    printed = " (as printed: 100 minus it)" if r.complement else ""
    return f"{r.source}, {r.benchmark}, {r.model}, {r.metric}{printed}"


def fits(rates: Sequence[Rate], n: int) -> Fits:
    """How well the figures of one source and benchmark fit a denominator.

    Raises:
        ValueError: There are none.
    """
    if not rates:
        raise ValueError("no figures")
    by = {how: [_fits(r, n, how) for r in rates] for how in ("either", "rounded", "truncated")}
    models: dict[str, bool] = {}
    for r, good in zip(rates, by["either"], strict=True):
        models[r.model] = models.get(r.model, True) and good
    decimals = max(r.decimals for r in rates)
    share, m, fit = chance(n, decimals), len(rates), sum(by["either"])
    p = 1.0 if fit == 0 else float(bdtrc(fit - 1, m, share))
    sums = (fit, sum(by["rounded"]), sum(by["truncated"]), m * share, p)
    return Fits(rates[0].source, rates[0].benchmark, n, m, *sums, len(models), sum(models.values()))


def _fits(rate: Rate, n: int, how: str) -> bool:
    return len(possible_counts(rate.printed, n, rate.decimals, how=how)) > 0  # type: ignore[arg-type]


def fits_table(rates: Iterable[Rate] | None = None) -> list[Fits]:
    """Sources and benchmarks against their N, and against others that were found to fit."""
    groups: dict[tuple[str, str, int | None], list[Rate]] = {}
    for r in rates_with_n(rates):
        # A source's figures of one dataset are tested together unless each states its own N.
        own = r.n if r.n_from == "stated" else None
        groups.setdefault((r.source, r.benchmark, own), []).append(r)
    return [
        fits(group, n)
        for group in groups.values()
        for n in sorted({r.n for r in group if r.n} | {r.n_fits for r in group if r.n_fits})
    ]


def models_by_total(rates: Sequence[Rate], totals: Iterable[int]) -> dict[int, int]:
    """How many models have all their figures possible, by denominator: what a usual N fits."""
    return {n: fits(rates, n).models_fit for n in totals}
