"""Gold items: responses whose outcome is known, labelled first, with feedback.

JSON Lines, an object a line: ``outcome``, ``why`` (shown after the label), and either ``item``, the
id of a response in the logs, or a response of its own (``query``, ``response``, ``image``, ...; see
`chiasm.annotate.pool`).
"""

from collections.abc import Mapping
from pathlib import Path

from chiasm.annotate import pool
from chiasm.annotate.items import Item
from chiasm.errors import DataError


def read(file: Path, known: pool.Pool, folders: Mapping[str, str]) -> list[Item]:
    """Read gold items, in their order.

    Raises:
        DataError: A line can't be read, names no response, or its outcome is not possible.
    """
    found: list[Item] = []
    for number, value in pool.lines(file):
        if isinstance(value.get("item"), str):
            texts = _named(str(value["item"]), known, folders)
            if texts is None:
                raise DataError(
                    f"{value['item']!r} is no response of these", file=str(file), row=number
                )
            item = texts
        else:
            item, _ = pool.from_json({"benchmark": "gold", **value}, file, number, folders)
        outcome = value.get("outcome")
        if outcome not in item.outcomes:
            raise DataError(
                f"{outcome!r}: expected one of {', '.join(item.outcomes)}",
                file=str(file), row=number, field="outcome",
            )  # fmt: skip
        found.append(item._replace(gold=outcome, why=str(value.get("why", ""))))
    return found


def _named(response: str, known: pool.Pool, folders: Mapping[str, str]) -> Item | None:
    if response not in set(known.frame["response"].drop_nulls()):
        return None
    return pool.texts(known, {response}, folders).get(response)
