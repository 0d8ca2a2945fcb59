"""Can a published percentage be k out of n? The GRIM test, for rates.

It finds wrong denominators and mistyped figures. A rate that passes is possible, not confirmed,
and where n exceeds 100 x 10^decimals every rate passes.
"""

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
    if n < 1 or decimals < 0:
        raise ValueError(f"need n >= 1 and decimals >= 0, got n={n}, decimals={decimals}")
    # str: the shortest digits that a float stands for are those that somebody typed.
    scaled = Decimal(str(rate_percent)).scaleb(decimals)
    printed = int(scaled)
    if printed != scaled:
        raise ValueError(f"{rate_percent} has more than {decimals} decimals")
    # In whole numbers, with scale k / n the printed figure before rounding: exact at the edges.
    scale = 100 * 10**decimals
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
