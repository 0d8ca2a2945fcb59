"""What people are asked about: an item, its outcomes, and how it is kept in the database."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from chiasm.cases import SAFETY_OF_SAFE, SAFETY_OF_UNSAFE
from chiasm.errors import DataError
from chiasm.labels.database_tables import ITEMS

OUTCOMES: Mapping[str, tuple[str, ...]] = {
    # People are asked for the finer outcomes; `safe_unspecified` is for judges that know two.
    "unsafe": tuple(o for o in SAFETY_OF_UNSAFE if o != "safe_unspecified"),
    "safe": SAFETY_OF_SAFE,
}
"""Ground truth -> the outcomes that people choose from, in the order of their keys."""


class Item(NamedTuple):
    """One response.

    Attributes:
        response: Its id.
        turns: What the user said.
        images: Paths relative to `root`, untrusted.
        root: The folder of the images; empty where there is none.
        options: Multiple choice: the options.
        answer: What the model said.
        ground_truth: Which outcomes are possible.
        probability: With which it was drawn; None for a gold item.
        gold: The right outcome of a gold item; empty for others.
        why: Shown after a gold item is labelled.
        stratum: It was drawn from; empty for a gold item.
    """

    response: str
    turns: tuple[str, ...]
    images: tuple[str, ...]
    root: str
    options: tuple[str, ...]
    answer: str
    ground_truth: str
    probability: float | None = None
    gold: str = ""
    why: str = ""
    stratum: str = ""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What people choose from."""
        return OUTCOMES[self.ground_truth]


def store(engine: sa.Engine, items: Sequence[Item]) -> None:
    """Store all of them, or none.

    Raises:
        DataError: Two are one and the same response.
    """
    ids = [item.response for item in items]
    if len(set(ids)) < len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise DataError(f"response {twice} is there twice, perhaps also as a gold item")
    rows = [
        {
            "position": position,
            "response": item.response,
            "purpose": "gold" if item.gold else "label",
            "content": _json(item),
            "probability": item.probability,
            "stratum": item.stratum,
        }
        for position, item in enumerate(items)
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(ITEMS), rows)


def load(engine: sa.Engine) -> list[Item]:
    """What was stored, in its order."""
    with engine.connect() as connection:
        found = connection.execute(sa.select(ITEMS).order_by(ITEMS.c.position)).mappings()
        return [
            _item(r["content"], response=r["response"], probability=r["probability"],
                  stratum=r["stratum"])
            for r in found
        ]  # fmt: skip


def _json(item: Item) -> str:
    columns = ("response", "probability", "stratum")
    content = {k: v for k, v in item._asdict().items() if k not in columns}
    return json.dumps(content)  # ASCII: half a surrogate pair or a NUL would stop a database


def _item(content: str, **columns: Any) -> Item:
    fields: dict[str, Any] = json.loads(content)
    lists = {k: tuple(fields[k]) for k in ("turns", "images", "options")}
    return Item(**{**fields, **lists, **columns})
