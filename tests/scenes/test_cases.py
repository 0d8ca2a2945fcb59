import itertools
from collections import Counter, defaultdict

import pytest

from chiasm.cases import Case
from chiasm.judges.scenes import exact
from chiasm.models.policies import DECLINE, HEDGE, HELP
from chiasm.report.metrics import grid_items
from chiasm.scenes import (
    cases,
    families,
    good_answer,
    good_option,
    probes,
    query_risk,
    risk_of,
    select,
)  # fmt: skip
from chiasm.scenes.grammar import SPLITS, TIERS

FREE = cases()
CHOICE = cases(choice=True)
EVERY = [c for split in SPLITS for c in cases(tier=None, split=split)]
DIAGONAL = [name for name, f in families().items() if f.tier != "one_danger"]
ONE_DANGER = [f.name for f in select("one_danger", "evaluation")]
CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]
RIGHT = {"refusal", "warning", "helped"}


def test_complete_balanced_and_of_one_id() -> None:
    assert len(FREE) == len(select("diagonal", "evaluation")) * 2 * 4
    assert len({case.id for case in FREE}) == len(FREE)
    assert Counter(case.ground_truth for case in FREE)["unsafe"] * 2 == len(FREE)
    for field in ("query", "images", "category", "subcategory", "cluster"):
        by = defaultdict(Counter[str])
        for case in FREE:
            by[getattr(case, field)][case.ground_truth] += 1
        assert all(count["unsafe"] == count["safe"] for count in by.values()), field


def test_tiers_and_splits() -> None:
    prefixes = Counter(case.id.partition("/")[0] for case in EVERY)
    expected = {"scenes": "diagonal", "scenes_one_danger": "one_danger", "scenes_hard": "hard"}
    for name, tier in expected.items():
        assert prefixes.pop(name) == len(select(tier, "evaluation")) * 8
        assert {c.extra["tier"] for c in cases(tier=tier)} == {tier}
    assert prefixes == {"scenes_training": len(select(None, "training")) * 8}
    assert len({case.id for case in EVERY}) == len(EVERY)
    reserved = {c.cluster for c in EVERY if c.extra["split"] == "evaluation"}
    assert not reserved & {c.cluster for c in cases(tier=None, split="training")}
    for wrong in ({"tier": "easy"}, {"split": "test"}):
        with pytest.raises(ValueError, match="expected one of"):
            cases(**wrong)  # type: ignore[arg-type]


def test_no_query_or_drawing_is_in_both_splits() -> None:
    texts, shown = (
        [
            {what for f in select(None, split) for what in found(f)}
            for split in SPLITS
        ]
        for found in (
            lambda f: [t for q in f.queries for t in q.texts],
            lambda f: [t.draw for i in f.images for t in i.things],
        )
    )  # fmt: skip
    assert not texts[0] & texts[1]
    assert not shown[0] & shown[1]


def test_probes_are_one_a_picture_and_the_same_for_both_pictures_of_a_grid() -> None:
    asked = probes()
    assert sorted(c.images for c in asked) == sorted({c.images for c in cases(tier=None)})
    by_grid = defaultdict(set)
    for case in asked:
        by_grid[case.extra["grid"]].add(case.query)
    assert {len(queries) for queries in by_grid.values()} == {1}
    assert probes(tier="hard") == tuple(c for c in asked if c.extra["tier"] == "hard")
    assert {c.id.partition("/")[0] for c in probes(split="training")} == {"scenes_training_probe"}


def test_cases_survive_json() -> None:
    every = [*EVERY, *CHOICE, *probes()]
    assert [Case.from_json(case.to_json()) for case in every] == every


def test_seeds_and_variants() -> None:
    assert cases() == cases()
    assert cases(variants=3)[:8] == FREE[:8]
    assert not {c.images for c in FREE} & {c.images for c in cases(seed=1)}
    assert not {c.id for c in FREE} & {c.id for c in cases(seed=1)}
    assert len({c.query for c in FREE if c.cluster == "diet"}) == 4
    with pytest.raises(ValueError, match="variants"):
        cases(variants=0)


def test_options_say_nothing_by_text_order_or_position() -> None:
    grids = defaultdict(list)
    for case in CHOICE:
        grids[case.extra["grid"]].append(case)
    for grid in grids.values():
        by_query = {(c.extra["query"], c.query, c.options) for c in grid}
        assert len(by_query) == 2, "the two cells of a query have the same options in one order"
        assert Counter(c.answer for c in grid) == {0: 2, 1: 2}
        assert len({(c.extra["query"], c.answer) for c in grid}) == 4
        assert len({(c.extra["image"], c.answer) for c in grid}) == 4
    first = Counter(c.options[0] == _query(c).hold for c in CHOICE)
    assert first[True] == first[False]


def _query(case: Case):  # type: ignore[no-untyped-def]
    return families()[case.cluster].queries[int(case.extra["query"])]


def test_good_answers() -> None:
    for free, choice in zip(FREE, CHOICE, strict=True):
        assert good_answer(free) == free.oracle.reference
        assert good_answer(choice) == good_option(choice, choice.options)
        assert good_option(free, choice.options) == good_answer(choice)
        assert good_option(free, choice.options[::-1]) != good_answer(choice)


def _right_by_cell(family: str) -> list[tuple[bool, ...]]:
    """For every answer that we know of, in which cells (`CORNERS`) it is right."""
    table = families()[family]
    answers = [HELP, HEDGE, DECLINE, *(c.answer for c in table.cells.values())]
    answers += [text for q in table.queries for text in (q.help, q.hold)]
    at = {(int(c.extra["image"]), int(c.extra["query"])): c for c in EVERY if c.cluster == family}
    return [tuple(exact(at[corner], a).outcome in RIGHT for corner in CORNERS) for a in answers]


@pytest.mark.parametrize("family", DIAGONAL)
def test_no_deterministic_unimodal_policy_scores(family: str) -> None:
    right = _right_by_cell(family)
    for first, second in itertools.product(range(len(right)), repeat=2):
        by_image = [right[(first, second)[i]][k] for k, (i, _) in enumerate(CORNERS)]
        by_query = [right[(first, second)[q]][k] for k, (_, q) in enumerate(CORNERS)]
        assert _scores(by_image, family)["text_score"] == 0
        assert _scores(by_query, family)["image_score"] == 0
        assert _scores(by_image, family)["group_score"] == 0
        assert _scores(by_query, family)["group_score"] == 0


@pytest.mark.parametrize("family", ONE_DANGER)
def test_one_danger_no_unimodal_policy_gets_a_group_or_more_than_half_of_the_pairs(
    family: str,
) -> None:
    right = _right_by_cell(family)
    best = Counter[str]()
    for first, second in itertools.product(range(len(right)), repeat=2):
        for side in (0, 1):
            cells = [right[(first, second)[at[side]]][k] for k, at in enumerate(CORNERS)]
            for name, k in _scores(cells, family).items():
                best[name] = max(best[name], k)
    assert best == {"text_score": 1, "image_score": 1, "group_score": 0}


def _patterns() -> set[tuple[bool, ...]]:
    """Which cells lie above the threshold, for all risks of two images and two queries."""
    grid = [k / 4 for k in range(-4, 5)]
    return {
        tuple(i + q >= 0 for i, q in ((a, c), (a, d), (b, c), (b, d)))
        for a, b, c, d in itertools.product(grid, repeat=4)
    }


def test_additive_policies_decide_in_all_ways_but_the_diagonals() -> None:
    assert set(itertools.product((False, True), repeat=4)) - _patterns() == {
        (True, False, False, True), (False, True, True, False),
    }  # fmt: skip


@pytest.mark.parametrize("family", DIAGONAL)
def test_no_additive_policy_scores(family: str) -> None:
    assert not _additive_group_scores(family)


@pytest.mark.parametrize("family", ONE_DANGER)
def test_one_danger_an_additive_policy_can_score(family: str) -> None:
    # why this is the easier column: danger is an AND there, which a sum and a threshold can tell
    assert _additive_group_scores(family)


def _additive_group_scores(family: str) -> bool:
    distinct = sorted(set(_right_by_cell(family)))
    return any(
        _scores([(high if above[k] else low)[k] for k in range(4)], family)["group_score"]
        for above in _patterns()
        for low, high in itertools.product(distinct, repeat=2)
    )


def _scores(cells: list[bool], family: str) -> dict[str, int]:
    """What the report makes of these cells, right or wrong; rows as it reads them from logs."""
    rows = [
        {
            "case": f"{family}-{i}{q}",
            "cluster": family,
            "family": family,
            "epoch": 1,
            "grid": "g",
            "image": str(i),
            "query": str(q),
            "perceived": None,
            "ground_truth": "safe",
            "choice": None,
            "usefulness": None,
            "safety": "helped" if right else "over_refusal",
        }
        for (i, q), right in zip(CORNERS, cells, strict=True)
    ]
    return {name: grid_items(name, rows).k for name in ("text_score", "image_score", "group_score")}


def test_joining_policy_scores_everywhere() -> None:
    for family, table in families().items():
        assert table.dangerous == TIERS[table.tier]
        best = [any(column) for column in zip(*_right_by_cell(family), strict=True)]
        assert _scores(best, family) == {"text_score": 2, "image_score": 2, "group_score": 1}


@pytest.mark.parametrize("table", [CHOICE], ids=["scenes_mc"])
def test_no_unimodal_or_additive_policy_scores_by_letter(table: tuple[Case, ...]) -> None:
    grids = defaultdict(dict)
    for case in table:
        grids[case.extra["grid"]][int(case.extra["image"]), int(case.extra["query"])] = case.answer
    for keys in grids.values():
        answers = [keys[corner] for corner in CORNERS]
        for a, b in itertools.product((0, 1), repeat=2):
            assert [(a, b)[i] for i, _ in CORNERS] != answers
            assert [(a, b)[q] for _, q in CORNERS] != answers
        for risks in itertools.product((-2, -1, 0, 1, 2), repeat=4):
            above = [int(risks[i] + risks[2 + q] >= 0) for i, q in CORNERS]
            assert above != answers


def test_risks_depend_on_one_side_only_and_vary() -> None:
    values = {query_risk(case.query) for case in FREE} | {risk_of("ab" * 32), risk_of("cd" * 32)}
    assert all(0 <= value < 1 for value in values)
    assert len(values) > len(families())
