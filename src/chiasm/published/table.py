"""The table of published figures, and what k and N each of them implies."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from chiasm.errors import ConfigError
from chiasm.stats import Estimate, wilson
from chiasm.stats.grim import possible_counts

UNKNOWN = "N unknown"
STANDS_ALONE = ("own", "not stated")
"""A protocol or judge of this name is another one in every source."""


class Source(NamedTuple):
    """Where figures are from.

    Attributes:
        key: As in the table.
        title: Authors or short name.
        place: Table or text.
        url: Empty where the source was read second-hand.
    """

    key: str
    title: str
    place: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One published figure.

    Attributes:
        benchmark: Our name for it where we have it.
        view: What of the cases the model was shown.
        model: As the source writes it.
        metric: Our name for it where we have it.
        value: With all its digits; in percent, or in points of its own scale.
        unit: "percent" or "points".
        kind: "rate" (k of n), "average" (of rates), "score" (no k).
        judge: A model's name without its provider; "people", "exact" (a rule) or "not stated".
        protocol: "paper" (the benchmark's own), "paper prompt" (its prompts, other settings) or
            "own" (the source's).
        source: Key of its `Source`.
        n: Its denominator; None where unknown.
        n_from: "stated" in the source; "size", that of the public dataset, which the source may not
            have used in full; "doubtful", that size, which the source's figures fit no better
            than chance. Empty where unknown.
        n_fits: The denominator that all figures of the model in this table fit, where they do not
            all fit `n`; see `chiasm.published.grim`.
        k: Where the source gives it.
        complement: Whether the source prints 100 minus it.
        note: What must be known with it, in our words.
    """

    benchmark: str
    view: str
    model: str
    metric: str
    value: str
    unit: str
    kind: str
    judge: str
    protocol: str
    source: str
    n: int | None
    n_from: str
    n_fits: int | None
    k: int | None
    complement: bool
    note: str

    @property
    def number(self) -> float:
        """In [0, 1] for percent, else in points."""
        return float(self.value) / 100 if self.unit == "percent" else float(self.value)

    @property
    def decimals(self) -> int:
        """Digits after the point."""
        return len(self.value.partition(".")[2])

    @property
    def printed(self) -> str:
        """As the source prints it."""
        if not self.complement:
            return self.value
        whole = 100 * 10**self.decimals - int(self.value.replace(".", ""))
        digits = f"{whole:0{self.decimals + 1}d}"
        return f"{digits[: -self.decimals]}.{digits[-self.decimals :]}" if self.decimals else digits

    def counts(self, n: int) -> list[int]:
        """All k that this figure can be of n."""
        found = possible_counts(self.printed, n, self.decimals)
        return [n - k if self.complement else k for k in found]


def load() -> tuple[Rate, ...]:
    """All published figures, in the order of their sources."""
    return _load()


@cache
def _load() -> tuple[Rate, ...]:
    return tuple(_rate(row) for row in _rows("rates.csv"))


@cache
def sources() -> dict[str, Source]:
    """Sources by their keys."""
    return {row["key"]: Source(**row) for row in _rows("sources.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("chiasm.published").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _rate(row: dict[str, str]) -> Rate:
    numbers = {name: int(row[name]) if row[name] else None for name in ("n", "n_fits", "k")}
    words = {name: value for name, value in row.items() if name not in numbers}
    complement = words.pop("complement") == "yes"
    return Rate(**words, **numbers, complement=complement)  # type: ignore[arg-type]


def select(
    rates: Iterable[Rate],
    *,
    benchmark: str = "",
    model: str = "",
    metric: str = "",
    judge: str = "",
) -> list[Rate]:
    """The figures that all of the given words fit.

    Args:
        rates: Of `load`.
        benchmark: Its exact name.
        model: A part of the name, in any case.
        metric: Its exact name.
        judge: A part of the name, in any case.

    Raises:
        ConfigError: No figure is of that benchmark, model, metric or judge; names what there is.
    """
    found = list(rates)
    for name, wanted, exact in (
        ("benchmark", benchmark, True),
        ("metric", metric, True),
        ("model", model, False),
        ("judge", judge, False),
    ):
        if not wanted:
            continue
        known = {str(getattr(r, name)) for r in found}
        fit = {v for v in known if (v == wanted if exact else wanted.lower() in v.lower())}
        if not fit:
            raise ConfigError(_unknown(name, wanted, known))
        found = [r for r in found if getattr(r, name) in fit]
    return found


def _unknown(name: str, wanted: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = get_close_matches(wanted, names, n=3, cutoff=0.5)
    told = f"did you mean {', '.join(close)}?" if close else f"there are {_some(names)}"
    return f"no published figure of {name} {wanted!r} here; {told}"


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def estimate(rate: Rate) -> Estimate:
    """The figure with its Wilson interval, from the only k that it can be of its N.

    Where N, or k, is not known, low and high are NaN, `k` and `n` are 0, and ``reason`` says why;
    ``rate`` is as published. The interval takes cases as independent, as the sources do.
    """
    why = _no_interval(rate)
    if why:
        return Estimate(rate.number, math.nan, math.nan, 0, 0, "as published", why)
    n = rate.n_fits or rate.n or 0
    k = rate.k if rate.k is not None else rate.counts(n)[0]
    found = wilson(k, n)
    return found._replace(rate=rate.number, method=f"{found.method}; {_where(rate)}")


def _no_interval(rate: Rate) -> str:
    """Why a figure has no interval; empty where it has one."""
    if rate.kind != "rate":
        return "an average of rates" if rate.kind == "average" else "a score, not k of N"
    if rate.n is None:
        return UNKNOWN
    if rate.n_from == "doubtful":
        return f"N in doubt: the source's figures fit {rate.n:,} no better than chance"
    counts = rate.counts(rate.n_fits or rate.n)
    if not counts:
        return f"no k of {rate.n:,} gives it"
    return "" if rate.k is not None or len(counts) == 1 else "more than one k gives it"


def _where(rate: Rate) -> str:
    """Where N and k are from, for a footnote."""
    if rate.n_fits:
        return f"N and k by GRIM, {rate.n:,} does not fit"
    of = "N stated" if rate.n_from == "stated" else "N is the dataset's size"
    return of if rate.k is not None else f"{of}, k by GRIM"
