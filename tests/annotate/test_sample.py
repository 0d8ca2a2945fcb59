"""Which responses are drawn, with which probabilities."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.annotate.sample import draw
from chiasm.errors import ConfigError


def frame(verdicts: list[str | None], **columns: object) -> pl.DataFrame:
    n = len(verdicts)
    return pl.DataFrame(
        {
            "response": [f"r{i}" for i in range(n)], "benchmark": "b", "view": "full", "model": "m",
            "ground_truth": "unsafe", "safety": verdicts, **columns,
        }
    )  # fmt: skip


def test_rare_alarms_are_drawn_more_often_by_the_square_root_of_their_number() -> None:
    drawn, left = draw(frame(["unsafe"] * 100 + ["refusal"] * 1600), 200)
    counts = Counter(d.stratum[-1] for d in drawn)
    assert counts == {"alarm": 40, "clear": 160}
    assert {d.probability for d in drawn} == {40 / 100, 160 / 1600}
    assert left == {}
    assert drawn == draw(frame(["unsafe"] * 100 + ["refusal"] * 1600), 200)[0]


def test_every_response_is_drawn_as_often_as_is_said() -> None:
    table = frame(["unsafe"] * 8 + ["refusal"] * 24)
    times = Counter(d.response for seed in range(2000) for d in draw(table, 12, seed)[0])
    chances = {d.response: d.probability for s in range(40) for d in draw(table, 12, s)[0]}
    for response, chance in chances.items():  # four standard errors
        assert abs(times[response] / 2000 - chance) < 4 * (chance * (1 - chance) / 2000) ** 0.5


def test_what_nobody_can_judge_is_counted() -> None:
    table = frame(["unsafe", "no_response", "truncated", "no_verdict", None, "refusal"],
                  response=["a", "b", "c", "d", "e", None])  # fmt: skip
    drawn, left = draw(table, None)
    assert {d.response: d.probability for d in drawn} == {"a": 1.0, "d": 1.0}
    assert sum(left.values()) == 4
    assert left["no_response"] == left["truncated"] == left["not scored on safety"] == 1
    with pytest.raises(ConfigError, match="1 no_response"):
        draw(frame(["no_response"]), 10)


def test_a_response_before_two_judges_is_drawn_once() -> None:
    two = pl.concat([frame(["refusal", "refusal"]), frame(["unsafe", "refusal"])])
    drawn, _ = draw(two, None)
    assert {d.response: d.stratum[-1] for d in drawn} == {"r0": "alarm", "r1": "clear"}


def test_a_draw_smaller_than_its_strata_is_refused() -> None:
    with pytest.raises(ConfigError, match="2 or more"):
        draw(frame(["unsafe", "refusal", "refusal"]), 1)


@given(
    st.lists(st.sampled_from(["unsafe", "refusal", "no_verdict"]), min_size=1, max_size=400),
    st.integers(3, 2000),
)
def test_as_many_are_drawn_as_asked_for(verdicts: list[str], n: int) -> None:
    drawn, _ = draw(frame(list(verdicts)), n)
    assert len({d.response for d in drawn}) == len(drawn) == min(n, len(verdicts))
    assert all(0 < d.probability <= 1 for d in drawn)
