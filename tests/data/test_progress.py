from concurrent.futures import ThreadPoolExecutor

import pytest

from chiasm.data.progress import Meter, Step, StoppedError, bar


def test_threads_add_up() -> None:
    steps: list[Step] = []
    meter = Meter("toy", 8000, 8, steps.append)

    def work(_: int) -> None:
        for _ in range(1000):
            meter.tick(1)
        meter.file()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert steps[-1] == Step("toy", 8000, 8000, 8, 8)
    assert [s.done for s in steps] == sorted(s.done for s in steps)


def test_a_stopped_meter_stops_its_threads() -> None:
    meter = Meter("toy", None, 1, None)
    meter.tick(5)
    meter.stop()
    with pytest.raises(StoppedError):
        meter.tick(5)


def test_the_bar_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with bar() as show:
        show(Step("toy", 50, 100, 1, 2))
        show(Step("toy", 100, 100, 2, 2))
        show(Step("toy", 7, None, 1, 3))
    out, err = capsys.readouterr()
    assert not out
    assert "toy" in err
    assert "2/2 files" in err
    assert "1/3 files" in err
