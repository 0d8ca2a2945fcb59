from pathlib import Path

import pytest

from chiasm.benchmarks.benchmark import Benchmark
from chiasm.benchmarks.scenes import BENCHMARK, MULTIPLE_CHOICE
from chiasm.data.images import read_image
from chiasm.scenes import cases


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenes")


@pytest.mark.parametrize(("benchmark", "choice"), [(BENCHMARK, False), (MULTIPLE_CHOICE, True)])
def test_records_make_the_cases_and_their_pictures(
    benchmark: Benchmark, choice: bool, folder: Path
) -> None:
    made = [benchmark.to_case(record) for record in benchmark.records(folder)]
    assert tuple(made) == cases(choice=choice)
    assert {case.id.partition("/")[0] for case in made} == {benchmark.name}
    for case in made:
        assert (read_image(folder, case.images[0]).width, bool(case.options)) == (512, choice)


def test_protocols() -> None:
    assert BENCHMARK.protocol().template == "{query}"
    assert {"{query}", "{options}"} <= set(MULTIPLE_CHOICE.protocol().template.split())
    assert BENCHMARK.metrics[0] == "group_score"
    assert (BENCHMARK.entry, BENCHMARK.scoring, MULTIPLE_CHOICE.scoring) == ("", "scenes", "choice")
