from pathlib import Path

import pytest

from chiasm.benchmarks.benchmark import Benchmark
from chiasm.benchmarks.scenes import BENCHMARK, HARD, MULTIPLE_CHOICE, ONE_DANGER, PROBE
from chiasm.cases import Case
from chiasm.data.images import read_image
from chiasm.scenes import cases, probes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenes")


@pytest.mark.parametrize(
    ("benchmark", "expected"),
    [
        (BENCHMARK, cases()),
        (MULTIPLE_CHOICE, cases(choice=True)),
        (ONE_DANGER, cases(tier="one_danger")),
        (HARD, cases(tier="hard")),
        (PROBE, probes()),
    ],
    ids=lambda value: value.name if isinstance(value, Benchmark) else "",
)
def test_records_make_the_cases_and_their_pictures(
    benchmark: Benchmark, expected: tuple[Case, ...], folder: Path
) -> None:
    made = [benchmark.to_case(record) for record in benchmark.records(folder)]
    assert tuple(made) == expected
    assert len(made) == benchmark.size
    assert {case.id.partition("/")[0] for case in made} == {benchmark.name}
    for case in made:
        assert read_image(folder, case.images[0]).width == 512
        assert bool(case.options) == (benchmark is MULTIPLE_CHOICE)


def test_protocols() -> None:
    assert BENCHMARK.protocol().template == "{query}"
    assert {"{query}", "{options}"} <= set(MULTIPLE_CHOICE.protocol().template.split())
    assert BENCHMARK.metrics[0] == "group_score"
    assert (BENCHMARK.entry, BENCHMARK.scoring, MULTIPLE_CHOICE.scoring) == ("", "scenes", "choice")
