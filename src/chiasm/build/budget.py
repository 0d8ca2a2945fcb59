"""What a build may cost, and how fast it may ask."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from chiasm.errors import ChiasmError, ConfigError

IMAGE_TOKENS = 1000
"""Of a picture: providers count 85 to 3,000 by size and detail."""


class BudgetError(ChiasmError):
    """The next call could cost more than is left; everything that was answered is kept."""


@dataclass(slots=True)
class Budget:
    """Dollars spent and promised.

    Calls of former runs that are looked up count as spent: the limit is the whole build's.

    Attributes:
        prices: Model -> ($ per million tokens in, out), or ($ a picture, 0) of the painter.
        most: Dollars; None for no limit.
        spent: Dollars so far, by tokens as the providers count them where they do.
        promised: Dollars that calls in flight may cost at most.
    """

    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    most: float | None = None
    spent: float = 0.0
    promised: float = 0.0
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    def price(self, model: str, given: float, taken: float) -> float:
        """Dollars of a call, 0 for a model without a price where there is no limit.

        Raises:
            ConfigError: There is a limit, and the model's price is not known.
        """
        if model not in self.prices:
            if self.most is not None and not model.startswith(("chiasm", "mockllm")):
                raise ConfigError(
                    f"--max-cost needs the price of {model}: --price {model}=IN/OUT "
                    "($ per million tokens), or prices: in the recipe"
                )
            return 0.0
        inward, outward = self.prices[model]
        return (given * inward + taken * outward) / 1e6

    async def promise(self, dollars: float) -> None:
        """Set this much aside for a call; waits while calls in flight may leave enough over.

        Raises:
            BudgetError: It is not there, and nothing is in flight.
        """
        while self.most is not None and dollars > self.most - self.spent - self.promised + 1e-9:
            if self.promised <= 1e-9:
                raise BudgetError(
                    f"the budget of $ {self.most:.2f} is used up: $ {self.spent:.4f} spent, the "
                    f"next call may cost $ {dollars:.4f}; the same command with a higher "
                    "--max-cost goes on"
                )
            self._freed.clear()
            await self._freed.wait()
        self.promised += dollars

    def settle(self, promised: float, spent: float) -> None:
        """A call has ended: give back what was set aside, and count what it cost."""
        self.promised -= promised
        self.spent += spent
        self._freed.set()


class Pace:
    """So many calls a minute, evenly; of each model on its own."""

    def __init__(self, per_minute: int) -> None:
        self.gap = 60 / per_minute if per_minute else 0.0
        self._next: dict[str, float] = {}

    async def wait(self, model: str) -> None:
        """Return when the next call of this model may go out."""
        if not self.gap:
            return
        now = time.monotonic()
        slot = max(now, self._next.get(model, 0.0))
        self._next[model] = slot + self.gap
        await asyncio.sleep(slot - now)
