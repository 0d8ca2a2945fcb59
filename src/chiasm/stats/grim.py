"""Can a published percentage be k out of n? The GRIM test, for rates.

It finds wrong denominators and mistyped figures. A rate that passes is possible, not confirmed,
and where n exceeds 100 x 10^decimals every rate passes.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

How = Literal["either", "rounded", "truncated"]


def possible_counts(
    rate_percent: float | str | Decimal, n: int, decimals: int = 2, *, how: How = "either"
) -> range:
    """All k for which 100 k / n prints as the given percentage.

    Args:
        rate_percent: As published, in percent (53.29, not 0.5329).
        n: The supposed denominator, >= 1.
        decimals: Digits after the point in the publication, >= 0: 53.3 printed with two decimals
            is 53.30, which a float can't tell.
        how: "rounded" accepts a half rounded up or down (packages differ), "truncated" cut
            digits, "either" both.

    Returns:
        The counts, in 0..n; empty where there is none.

    Raises:
        ValueError: n < 1, decimals < 0, or the rate has more digits than it is said to have.

    Source:
        Brown & Heathers (2017), Soc. Psychol. Personal. Sci. 8:363.

    >>> list(possible_counts(53.29, 167)), list(possible_counts(75.15, 500))
    ([89], [])
    """
    printed = _printed(rate_percent, n, decimals)
    # In whole numbers, with scale k / n the printed figure before rounding: exact at the edges.
    scale = _scale(n, decimals)
    rounded_from = -(-n * (2 * printed - 1) // (2 * scale))
    rounded_to = n * (2 * printed + 1) // (2 * scale) + 1
    cut_from, cut_to = -(-n * printed // scale), -(-n * (printed + 1) // scale)
    first = cut_from if how == "truncated" else rounded_from
    stop = rounded_to if how == "rounded" else max(cut_to, rounded_to if how == "either" else 0)
    return range(max(0, first), max(0, first, min(n + 1, stop)))


def possible(
    rate_percent: float | str | Decimal, n: int, decimals: int = 2, *, how: How = "either"
) -> bool:
    """Whether some k out of n prints as the given percentage; arguments of `possible_counts`.

    >>> possible(53.29, 167), possible(75.15, 500)
    (True, False)
    """
    return len(possible_counts(rate_percent, n, decimals, how=how)) > 0


def neighbours(
    rate_percent: float | str | Decimal, n: int, decimals: int = 2
) -> tuple[int | None, int | None]:
    """The counts whose rates lie next to a percentage: the largest k at or below it, then above.

    Returns:
        Counts in 0..n; None on a side where there is none (nothing lies above 100 %).

    Raises:
        ValueError: As `possible_counts`.

    >>> neighbours("75.15", 500)
    (375, 376)
    """
    scaled = _printed(rate_percent, n, decimals)
    below = n * scaled // (100 * 10**decimals)
    return (min(below, n) if below >= 0 else None), (max(below + 1, 0) if below < n else None)


def possible_totals(
    rate_percent: float | str | Decimal,
    totals: Iterable[int],
    decimals: int = 2,
    *,
    how: How = "either",
) -> list[int]:
    """Those of some denominators at which the percentage is possible, in their order.

    Without `chance` beside it the list says little: at n near 10^decimals x 100 all are in it.

    >>> possible_totals("24.85", range(163, 170))
    [165, 169]
    """
    return [n for n in totals if possible(rate_percent, n, decimals, how=how)]


def chance(n: int, decimals: int = 2, *, how: How = "either") -> float:
    """The share of all percentages with so many digits that are possible at n.

    What a figure without any connection to n passes by luck: a test that nearly everything
    passes is no evidence. It is 1 where n is at least 100 x 10^decimals.

    Args:
        n: The denominator, >= 1.
        decimals: Digits after the point, >= 0; figures run from 0 to 100 with that step.
        how: As in `possible_counts`.

    Returns:
        In (0, 1].

    Raises:
        ValueError: n < 1 or decimals < 0.

    >>> round(chance(167), 4), round(chance(167, how="rounded"), 4), chance(10_000)
    (0.0251, 0.0168, 1.0)
    """
    scale = _scale(n, decimals)
    if n >= scale:
        return 1.0
    figures: set[int] = set()
    for k in range(n + 1):
        cut, rest = divmod(scale * k, n)
        if how != "rounded":
            figures.add(cut)
        if how != "truncated":
            # A half may be rounded either way; all else goes one way.
            figures.update({cut + (2 * rest > n), cut + (2 * rest >= n)})
    return len(figures) / (scale + 1)


def _scale(n: int, decimals: int) -> int:
    """How many steps of the last digit there are from 0 to 100 %."""
    if n < 1 or decimals < 0:
        raise ValueError(f"need n >= 1 and decimals >= 0, got n={n}, decimals={decimals}")
    return 100 * int(10**decimals)


def _printed(rate_percent: float | str | Decimal, n: int, decimals: int) -> int:
    """The percentage as a whole number of steps of its last digit."""
    _scale(n, decimals)
    # str: the shortest digits that a float stands for are those that somebody typed.
    scaled = Decimal(str(rate_percent)).scaleb(decimals)
    printed = int(scaled)
    if printed != scaled:
        raise ValueError(f"{rate_percent} has more than {decimals} decimals")
    return printed
