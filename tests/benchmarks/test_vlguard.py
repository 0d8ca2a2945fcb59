"""VLGuard's three subsets on the real test.json, counted against the file itself."""

import json
from collections import Counter

import pytest

from chiasm.benchmarks import BENCHMARKS, load
from chiasm.errors import DataError
from tests.benchmarks.literal import VLGUARD_SAFE, VLGUARD_UNSAFE, cases

SUBSETS = {"vlguard_unsafe": 442, "vlguard_safe_unsafe": 558, "vlguard_safe_safe": 558}


@pytest.mark.parametrize(("name", "n"), SUBSETS.items())
def test_the_real_file(shared, name, n):
    dataset = load(name, shared / "vlguard")
    assert len(dataset) == n == BENCHMARKS[name].size
    assert dataset.pinned
    assert len({c.cluster for c in dataset}) == n
    truth = "safe" if name == "vlguard_safe_safe" else "unsafe"
    assert {c.ground_truth for c in dataset} == {truth}
    assert all(c.images[0].startswith("test/") for c in dataset)
    assert sum(not c.oracle.reference for c in dataset) == (17 if truth == "safe" else 0)


def test_the_subsets_are_all_of_the_file(shared):
    rows = json.loads((shared / "vlguard" / "test.json").read_bytes())
    published = Counter(
        text
        for row in rows
        for pair in row["instr-resp"]
        for field, text in pair.items()
        if field != "response"
    )
    loaded = Counter(c.query for name in SUBSETS for c in load(name, shared / "vlguard"))
    assert loaded == published
    assert sum(loaded.values()) == 1558


def test_both_instructions_of_an_image_share_its_cluster(shared):
    harmful = load("vlguard_safe_unsafe", shared / "vlguard")
    harmless = load("vlguard_safe_safe", shared / "vlguard")
    assert [c.cluster for c in harmful] == [c.cluster for c in harmless]
    categories = Counter(c.category for c in load("vlguard_unsafe", shared / "vlguard"))
    expected = {"risky behavior": 270, "discrimination": 85, "privacy": 69, "deception": 18}
    assert categories == expected


def test_judges_fit_the_subset():
    judges = {name: BENCHMARKS[name].protocol().judges for name in SUBSETS}
    assert judges["vlguard_safe_safe"] == ("mossbench_refusal",)
    assert judges["vlguard_unsafe"] == judges["vlguard_safe_unsafe"] == ("safety",)


def test_a_row_of_another_subset_or_without_its_instruction_is_an_error():
    with pytest.raises(DataError, match="images with safe = True"):
        cases("vlguard_safe_safe", VLGUARD_UNSAFE)
    with pytest.raises(DataError, match="expected one unsafe_instruction, got 0"):
        cases("vlguard_safe_unsafe", {**VLGUARD_SAFE, "instr-resp": []})
