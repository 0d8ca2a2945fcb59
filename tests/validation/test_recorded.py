"""Recorded verdicts: files that fit the answers, and files that don't."""

import pytest

from chiasm.errors import ConfigError, DataError
from chiasm.validation.answers import UNSAFE, Answer, People
from chiasm.validation.recorded import recorded


@pytest.fixture
def people():
    answers = tuple(Answer(id=f"msts/{i}", label=i == 0, cluster=i) for i in range(3))
    return People(name="msts", reading=UNSAFE, answers=answers, labelled_by="us", cluster="answer")


def write(tmp_path, *lines):
    path = tmp_path / "verdicts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_in_the_order_of_the_answers(tmp_path, people):
    path = write(tmp_path, "one,two", "unsafe,safe", "safe,unsupported", "safe.,SAFE")
    first, second = recorded(path, people)
    assert (first.judge, first.said) == ("one", (True, False, False))
    assert (second.judge, second.said) == ("two", (False, None, False))
    assert second.without == {"unsupported": 1}
    assert second.seconds is None and second.dollars is None
    assert [v.judge for v in recorded(path, people, "two")] == ["two"]


def test_by_id_in_any_order(tmp_path, people):
    path = write(tmp_path, "id,one", "msts/2,unsafe", "msts/0,safe")
    (found,) = recorded(path, people)
    assert found.said == (False, None, True)


@pytest.mark.parametrize(
    ("lines", "error", "says"),
    [
        (["one", "safe", "safe"], DataError, "2 rows of verdicts, and 3 labelled answers"),
        (["one"], DataError, "holds no verdicts"),
        (["one", "yes", "no", "yes"], DataError, "expected unsafe or safe, got 'yes', 'no'"),
        (["id,one", "msts/9,safe"], DataError, "ids look like 'msts/0'"),
        (["id,one", "msts/1,safe", "msts/1,safe"], DataError, "occurs twice"),
    ],
)
def test_bad_files(tmp_path, people, lines, error, says):
    with pytest.raises(error, match=says):
        recorded(write(tmp_path, *lines), people)


def test_an_unknown_judge_and_a_missing_file(tmp_path, people):
    path = write(tmp_path, "one", "safe", "safe", "safe")
    with pytest.raises(ConfigError, match="no judge 'three'; it has one"):
        recorded(path, people, "three")
    with pytest.raises(DataError, match="no such file"):
        recorded(tmp_path / "nowhere.csv", people)
