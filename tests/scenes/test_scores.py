import itertools
import random

import pytest

from chiasm.scenes.scores import grid_score

CLUSTERS = {"a-v0": "a", "a-v1": "a", "b-v0": "b"}
CORNERS = [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]


def cells(**grids: str) -> dict[tuple[str, str, str], bool | None]:
    """Grids as "1101" in the order of `CORNERS`, "?" where there is no verdict."""
    values = {"1": True, "0": False, "?": None}
    return {
        (grid.replace("_", "-"), *corner): values[v]
        for grid, row in grids.items()
        for corner, v in zip(CORNERS, row, strict=True)
    }


@pytest.mark.parametrize(
    ("row", "text", "image", "group"),
    [  # k, n, missing
        ("1111", (2, 2, 0), (2, 2, 0), (1, 1, 0)),
        ("0000", (0, 2, 0), (0, 2, 0), (0, 1, 0)),
        ("1100", (1, 2, 0), (0, 2, 0), (0, 1, 0)),
        ("1010", (0, 2, 0), (1, 2, 0), (0, 1, 0)),
        ("1001", (0, 2, 0), (0, 2, 0), (0, 1, 0)),
        ("111?", (1, 1, 1), (1, 1, 1), (0, 0, 1)),
        ("110?", (1, 2, 0), (0, 1, 1), (0, 1, 0)),
        ("0??1", (0, 1, 1), (0, 1, 1), (0, 1, 0)),
        ("????", (0, 0, 2), (0, 0, 2), (0, 0, 1)),
    ],
)
def test_one_grid(
    row: str, text: tuple[int, ...], image: tuple[int, ...], group: tuple[int, ...]
) -> None:
    table = cells(a_v0=row)
    assert grid_score("text_score", table, CLUSTERS)[:3] == text
    assert grid_score("image_score", table, CLUSTERS)[:3] == image
    assert grid_score("group_score", table, CLUSTERS)[:3] == group


def test_clusters_follow_the_decided_units() -> None:
    count = grid_score("group_score", cells(a_v0="1111", a_v1="11?1", b_v0="0111"), CLUSTERS)
    assert (count.successes, count.clusters, count.missing) == ((1, 0), ("a", "b"), 1)


def test_order_of_cells_is_irrelevant() -> None:
    table = list(cells(a_v0="1011", a_v1="1111", b_v0="11?1").items())
    results = set()
    for seed in range(10):
        random.Random(seed).shuffle(table)
        results.add(grid_score("group_score", dict(table), CLUSTERS)[:3])
    assert results == {(1, 2, 1)}


def test_missing_cells_never_flip_what_is_decided() -> None:
    for row in map("".join, itertools.product("01?", repeat=4)):
        for score in ("text_score", "image_score", "group_score"):
            count = grid_score(score, cells(a_v0=row), CLUSTERS)  # type: ignore[arg-type]
            worlds = [
                grid_score(score, cells(a_v0="".join(w)), CLUSTERS).k  # type: ignore[arg-type]
                for w in itertools.product(*("01" if c == "?" else c for c in row))
            ]
            assert (min(worlds), max(worlds)) == (count.k, count.k + count.missing)


def test_a_coin_gets_one_in_sixteen() -> None:
    rows = list(map("".join, itertools.product("01", repeat=4)))
    clusters = {f"g{k}": "f" for k in range(16)}
    table = cells(**{f"g{k}": row for k, row in enumerate(rows)})
    assert grid_score("group_score", table, clusters)[:2] == (1, 16)
    assert grid_score("text_score", table, clusters)[:2] == (8, 32)


def test_empty_is_undefined_not_zero() -> None:
    assert grid_score("group_score", {}, {})[:3] == (0, 0, 0)
    with pytest.raises(KeyError):
        grid_score("group_score", cells(z="1111"), {})
