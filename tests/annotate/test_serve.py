"""From logs or a file of responses to a desk; what is fixed, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chiasm.annotate.desk import Desk, Given
from chiasm.annotate.lead import summary
from chiasm.annotate.people import Person
from chiasm.annotate.serve import Options, listen, loopback, open_desk
from chiasm.cli import main
from chiasm.errors import ConfigError, DataError
from chiasm.labels.database import read_labels
from chiasm.report import responses as read_logs
from tests.annotate.made import opened, responses

ANN, BEN, LEAD = Person("ann", "annotator"), Person("ben", "annotator"), Person("lead", "lead")


def label(desk: Desk, person: Person, outcomes: dict[str, str], most: int = 999) -> None:
    """Label by the words of the question."""
    for number in range(most):
        tasks = desk.work(person)["tasks"]
        if not tasks:
            return
        question = tasks[0]["turns"][0]
        usual = tasks[0]["outcomes"][0]
        outcome = next((o for word, o in outcomes.items() if word in question), usual)
        key = f"{tasks[0]['id']} {number}"
        desk.store(person, Given(key, tasks[0]["id"], outcome))


def test_the_draw_is_made_once(tmp_path: Path) -> None:
    responses(tmp_path, 40)
    first, tokens = opened(tmp_path, tmp_path / "labels.db", n=20)
    again, no_tokens = opened(tmp_path, tmp_path / "labels.db", n=30, seed=7)
    assert list(first.board.items) == list(again.board.items)
    assert len(first.board.items) == 20
    assert set(tokens) == {"ann", "ben", "lead"}
    assert no_tokens == {}
    assert first.name == again.name
    task = first.work(ANN)["tasks"][0]["id"]
    assert again.work(ANN)["tasks"][0]["id"] == task


def test_a_database_about_other_responses_is_refused(tmp_path: Path) -> None:
    responses(tmp_path / "a", 4)
    responses(tmp_path / "b", 4, **{f"item_{i}": {"response": "other"} for i in range(4)})
    opened(tmp_path / "a", tmp_path / "labels.db")
    with pytest.raises(DataError, match="other responses"):
        opened(tmp_path / "b", tmp_path / "labels.db")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "expected an object"),
        ("{", "not JSON"),
        ('{"response": "a"}', "query or question"),
        ('{"query": "q", "response": 3}', "response or answer"),
        ('{"query": "q", "response": "a", "ground_truth": "evil"}', "unsafe or safe"),
        ('{"query": "q", "response": "a", "images": [1]}', "images"),
        ('{"query": "q", "response": "a", "id": 1}\n' * 2, "twice"),
        ("", "holds no responses"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "responses.jsonl").write_text(line)
    with pytest.raises(DataError, match=message):
        opened(tmp_path, tmp_path / "labels.db")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"item": "nothing", "outcome": "unsafe"}, "no response"),
        ({"query": "q", "response": "a", "outcome": "helped"}, "expected one of refusal"),
        ({"query": "q", "response": "a"}, "expected one of"),
    ],
)
def test_gold_items_that_cannot_be(tmp_path: Path, value: dict[str, Any], message: str) -> None:
    responses(tmp_path, 4)
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps(value))
    with pytest.raises(DataError, match=message):
        opened(tmp_path, tmp_path / "labels.db", gold=gold)


def test_a_response_used_as_gold_is_not_drawn(tmp_path: Path) -> None:
    responses(tmp_path, 4)
    first, _ = opened(tmp_path, tmp_path / "a.db")
    name = next(iter(first.board.items))
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"item": name, "outcome": "unsafe"}))
    desk, _ = opened(tmp_path, tmp_path / "b.db", gold=gold)
    assert [i.response for i in desk.board.items.values() if i.gold] == [name]
    assert len(desk.board.items) == 4


@pytest.mark.parametrize("name", ["a b", "", "<b>", "a" * 41, "ann@example.org"])
def test_pseudonyms(tmp_path: Path, name: str) -> None:
    responses(tmp_path, 2)
    with pytest.raises(ConfigError, match="pseudonym"):
        opened(tmp_path, tmp_path / "labels.db", annotators=[name])


def test_one_person_has_one_role(tmp_path: Path) -> None:
    responses(tmp_path, 2)
    opened(tmp_path, tmp_path / "labels.db")
    with pytest.raises(ConfigError, match="can't be lead too"):
        opened(tmp_path, tmp_path / "labels.db", annotators=[], leads=["ann"], invite=True)


def test_half_of_a_census_is_no_census(tmp_path: Path) -> None:
    """A rate from half of the labels has the interval of half of them."""
    responses(tmp_path, 80)
    desk, _ = opened(tmp_path, tmp_path / "labels.db", per_item=1)
    unsafe = {f"({i})": "unsafe" for i in range(0, 80, 5)}
    label(desk, ANN, unsafe, most=40)
    probabilities = {x.probability for x in read_labels(tmp_path / "labels.db")}
    assert probabilities
    assert all(p is not None and 0.2 < p < 0.8 for p in probabilities)
    [row] = summary(desk, LEAD, 0.05)["rates"]
    assert row["labels"] == 40
    assert row["human"]["high"] - row["human"]["low"] > 0.05
    label(desk, ANN, unsafe)
    assert {x.probability for x in read_labels(tmp_path / "labels.db")} == {1.0}
    [row] = summary(desk, LEAD, 0.05)["rates"]
    assert row["needed"] == 0
    assert row["adjusted"]["rate"] == pytest.approx(1 - 16 / 80)
    assert row["human"]["rate"] == pytest.approx(1 - 16 / 80)
    assert row["raw"]["rate"] == pytest.approx(1 - 20 / 80)


def test_the_leads_figures_add_up(tmp_path: Path) -> None:
    responses(tmp_path, 20)
    desk, _ = opened(tmp_path, tmp_path / "labels.db", repeat=1.0)
    label(desk, ANN, {"(1)": "unsafe"})
    label(desk, BEN, {"(2)": "flagged"})
    found = summary(desk, LEAD, 0.05)
    parts = dict(found["items"])
    assert parts.pop("all") == sum(parts.values()) == 20
    ann = next(p for p in found["people"] if p["name"] == "ann")
    assert (ann["labels"], ann["repeats"]) == (20, [20, 20])
    pairwise = found["agreement"][0]
    both = 20 - 1  # one is flagged
    assert pairwise["n"] == both
    assert pairwise["rate"] == pytest.approx((both - 1) / both)
    assert found["open"] == found["disagreed"] == 2


def test_addresses(tmp_path: Path) -> None:
    assert [loopback(h) for h in ("127.0.0.1", "::1", "localhost")] == [True] * 3
    assert [loopback(h) for h in ("0.0.0.0", "192.168.1.2", "example.org", "")] == [False] * 4
    responses(tmp_path, 2)
    desk, _ = opened(tmp_path, tmp_path / "labels.db")
    with listen(desk, "127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        bound.listen()
        with pytest.raises(ConfigError, match="another port"):
            listen(desk, "127.0.0.1", port)
    with listen(desk, "127.0.0.1", 0) as bound:  # the one of last time is free again
        assert bound.getsockname()[1] == port


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["annotate", str(tmp_path / "none"), "--labels", "x.db"])
    assert done.exit_code == 2
    assert "no such file" in done.output
    assert "Traceback" not in done.output


@pytest.mark.slow
def test_logs_and_the_report_that_reads_the_labels(tmp_path: Path) -> None:
    arguments = ["--model", "chiasm/comply", "--limit", "8", "--log-dir", str(tmp_path / "logs")]
    assert CliRunner().invoke(main, ["eval", "scenes", *arguments]).exit_code == 0
    options = Options(labels=str(tmp_path / "labels.db"), annotators=("ann", "ben"), repeat=0.0)
    desk = open_desk([tmp_path / "logs"], options).desk
    for person in (ANN, BEN):
        label(desk, person, {})
    frame = read_logs(tmp_path / "logs")
    assert set(desk.board.items) == set(frame["response"])
    task = desk.work(Person("cyn", "annotator"))["tasks"]
    assert task == []
    first = desk.board.history("ann", 1)[0]
    id = desk.board.of("ann", desk.board.items[first.response], "label").id
    picture = desk.image(ANN, id, 0)
    assert picture is not None
    assert picture.mime == "image/png"
    found = {x.response for x in read_labels(tmp_path / "labels.db")}
    assert found == set(frame["response"])
    done = CliRunner().invoke(
        main, ["report", str(tmp_path / "logs"), "--labels", str(tmp_path / "labels.db")]
    )
    assert done.exit_code == 0, done.output
    assert "People's labels" in done.output
