from collections import Counter
from pathlib import Path

import pytest

from chiasm import select
from chiasm.cases import Case, Dataset, Oracle
from chiasm.errors import ConfigError, DataError, ImageError


def case(i, category="a", **changes):
    fields = {
        "id": f"toy/{i}",
        "turns": (f"query {i}",),
        "images": (f"images/{i}.png",),
        "ground_truth": "unsafe",
        "category": category,
        "cluster": f"c{i}",
    }
    return Case(**(fields | changes))


CASES = [case(i, "ab"[i % 3 == 0]) for i in range(30)]  # 10 of "b", 20 of "a"


def test_sample_is_in_proportion_in_order_and_seeded():
    drawn = select.subset(CASES, sample=9, seed=1)
    assert Counter(c.category for c in drawn) == {"a": 6, "b": 3}
    assert drawn == sorted(drawn, key=CASES.index)
    assert drawn == select.subset(CASES, sample=9, seed=1)
    assert drawn != select.subset(CASES, sample=9, seed=2)


@pytest.mark.parametrize("n", range(1, 31))
def test_sample_draws_exactly_as_many(n):
    assert len(select.subset(CASES, sample=n)) == n


def test_the_cells_of_a_grid_stay_together():
    cells = [case(f"{g}-{c}", extra={"grid": f"g{g}"}) for g in range(5) for c in range(4)]
    for chosen in (select.subset(cells, sample=7, seed=2), select.subset(cells, limit=7)):
        assert Counter(Counter(c.extra["grid"] for c in chosen).values()) == {4: 2}


def test_limit_takes_the_first():
    assert select.subset(CASES, limit=4) == CASES[:4]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"sample": -1}, {"limit": 1, "sample": 1}])
def test_subset_refuses(wrong):
    with pytest.raises(ConfigError, match="--limit"):
        select.subset(CASES, **wrong)


def test_swaps_give_another_image_cluster_and_category():
    swaps = select.swaps(CASES, seed=3)
    assert set(swaps) == {c.id for c in CASES}
    for c in CASES:
        other = swaps[c.id]
        assert other.images != c.images
        assert other.cluster != c.cluster
        assert other.category != c.category
    assert swaps == select.swaps(CASES, seed=3)


def test_swaps_need_two_clusters():
    with pytest.raises(ConfigError, match="two clusters"):
        select.swaps([case(1, cluster="x"), case(2, cluster="x")], seed=0)


def test_caption_is_unavailable_without_descriptions():
    with pytest.raises(ConfigError, match=r"2 of 2 cases have no\s+image description"):
        select.check_view([case(1), case(2)], "caption", captioner=False, name="toy")
    select.check_view([case(1), case(2)], "caption", captioner=True, name="toy")


def test_oracle_hazard_needs_a_hazard():
    described = case(1, oracle=Oracle(description="a jar"))
    with pytest.raises(ConfigError, match="name no hazard"):
        select.check_view([described], "oracle_hazard", captioner=False, name="toy")


def dataset(tmp_path: Path, cases) -> Dataset:
    return Dataset(name="toy", root=tmp_path, cases=tuple(cases))


def test_an_empty_query_stops_unless_allowed(tmp_path):
    cases = [case(1), case(2, turns=("  ",))]
    options = {"images": False, "view": "full"}
    with pytest.raises(DataError, match=r"toy/2: the query is empty(?s:.*)EMPTY_QUERY"):
        select.runnable(dataset(tmp_path, cases), cases, allow=(), **options)
    kept, skipped = select.runnable(
        dataset(tmp_path, cases), cases, allow=("EMPTY_QUERY",), **options
    )
    assert [c.id for c in kept] == ["toy/1"]
    assert [(s.case, s.code) for s in skipped] == [("toy/2", "EMPTY_QUERY")]


def test_missing_images_are_named_and_counted(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images/1.png").write_bytes(b"present")
    cases = [case(i) for i in range(1, 9)]
    data = dataset(tmp_path, cases)
    with pytest.raises(ImageError, match=r"7 images(?s:.*)images/2.png(?s:.*)and 2 more"):
        select.runnable(data, cases, images=True, view="full", allow=())
    kept, skipped = select.runnable(data, cases, images=True, view="full", allow=("MISSING_IMAGE",))
    assert [c.id for c in kept] == ["toy/1"]
    assert len(skipped) == 7
    kept, skipped = select.runnable(data, cases, images=False, view="text_only", allow=())
    assert (len(kept), skipped) == (8, [])
