"""Who is asked what."""

from itertools import count

from chiasm.annotate.board import LENT, Board, Plan, Task
from chiasm.annotate.items import Item
from chiasm.labels.database import WITHDRAWN, Row

_ids = count(1)


def items(n: int = 20, gold: int = 0) -> list[Item]:
    plain = Item("", ("q",), (), "", (), "a", "unsafe", probability=0.5)
    return [
        *(plain._replace(response=f"g{i}", gold="unsafe", why="w") for i in range(gold)),
        *(plain._replace(response=f"r{i}") for i in range(n)),
    ]


def board(per_item: int = 2, repeat: float = 0.0, **made: int) -> Board:
    return Board(items(**made), Plan(per_item, repeat, "secret"))


def give(to: Board, person: str, task: Task, outcome: str = "refusal") -> None:
    number = next(_ids)
    to.take([Row(key=str(number), id=number, response=task.item.response, annotator=person,
                 outcome=outcome, purpose=task.purpose)])  # fmt: skip


def work_through(to: Board, person: str, outcome: str = "refusal") -> list[Task]:
    done = []
    while tasks := to.upcoming(person, 0.0, 1):
        give(to, person, tasks[0], outcome)
        done += tasks
    return done


def test_each_person_has_an_order_of_their_own_that_stays() -> None:
    orders = {
        name: [t.item.response for t in board().upcoming(name, 0.0, 99)] for name in ("ann", "ben")
    }
    assert orders["ann"] != orders["ben"]
    assert sorted(orders["ann"]) == sorted(orders["ben"])
    assert [t.item.response for t in board().upcoming("ann", 0.0, 99)] == orders["ann"]


def test_as_many_people_as_wanted_are_asked() -> None:
    one = board(per_item=2)
    counts = [len(work_through(one, name)) for name in ("ann", "ben", "cyn")]
    assert counts == [20, 20, 0]


def test_what_is_lent_is_not_given_to_more_people_for_a_while() -> None:
    one = board(per_item=1, n=3)
    assert len(one.upcoming("ann", 0.0, 3)) == 3
    assert one.upcoming("ben", LENT - 1, 3) == []
    assert len(one.upcoming("ann", LENT - 1, 3)) == 3  # their own stay theirs
    assert one.upcoming("ben", LENT + 1, 3) == []  # and were lent anew
    assert len(one.upcoming("ben", 3 * LENT, 3)) == 3


def test_a_third_person_is_asked_where_two_differ_or_flag() -> None:
    one = board(n=3)
    for person, outcomes in (("ann", "refusal refusal refusal"), ("ben", "refusal unsafe flagged")):
        for item, outcome in zip(one.items.values(), outcomes.split(), strict=True):
            give(one, person, one.of(person, item, "label"), outcome)
    assert {t.item.response for t in one.upcoming("cyn", 0.0, 9)} == {"r1", "r2"}
    assert [one.wanting(f"r{i}") for i in range(3)] == [0, 1, 1]
    work_through(one, "cyn", "warning")
    assert one.upcoming("dan", 0.0, 9) == []


def test_a_decision_ends_the_asking() -> None:
    one = board(n=1)
    [item] = one.items.values()
    give(one, "ann", one.of("ann", item, "label"), "refusal")
    give(one, "ben", one.of("ben", item, "label"), "unsafe")
    give(one, "lead", one.of("lead", item, "adjudication"), "unsafe")
    assert one.upcoming("cyn", 0.0, 9) == []
    decision = one.adjudication("r0")
    assert decision is not None
    assert decision.annotator == "lead"


def test_what_is_withdrawn_comes_back() -> None:
    one = board(n=2)
    [first, _] = one.upcoming("ann", 0.0, 2)
    give(one, "ann", first)
    assert one.progress("ann", 0.0) == (1, 1)
    give(one, "ann", first, WITHDRAWN)
    assert first in one.upcoming("ann", 0.0, 2)
    assert one.progress("ann", 0.0) == (0, 2)


def test_repeats_come_later_and_once() -> None:
    one = board(repeat=0.3, n=60)
    left = one.progress("ann", 0.0).left
    done = work_through(one, "ann")
    assert len(done) == left  # the promised number was right from the start
    repeats = [t for t in done if t.purpose == "repeat"]
    assert 8 <= len(repeats) <= 28
    assert len({t.item.response for t in repeats}) == len(repeats)
    for task in repeats[:-3]:
        first = next(i for i, t in enumerate(done) if t.item is task.item)
        assert done.index(task) > first + 1
    assert len({t.id for t in done}) == len(done)


def test_gold_comes_first_for_everybody() -> None:
    one = board(n=5, gold=3)
    for person in ("ann", "ben", "cyn"):
        assert [t.purpose for t in one.upcoming(person, 0.0, 4)][:3] == ["gold"] * 3
    assert [t.item.response for t in work_through(one, "ann")][:3] == ["g0", "g1", "g2"]


def test_a_task_is_one_persons_and_says_nothing() -> None:
    one = board()
    mine = one.upcoming("ann", 0.0, 1)[0]
    assert one.task("ann", mine.id) == mine
    assert one.task("ben", mine.id) is None
    assert one.task("ann", "0" * 24) is None
    assert mine.item.response not in mine.id
    other = Board(items(), Plan(2, 0.0, "another secret"))
    assert other.of("ann", mine.item, "label").id != mine.id
