"""Ten people at once, over real connections, with a server that dies and lost answers."""

import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from chiasm.labels.database import connect, current, rows_since
from tests.annotate.made import responses
from tests.annotate.server import Server, serving

PEOPLE = [f"p{i}" for i in range(10)]


class Simulated(threading.Thread):
    """Labels until told to stop; keeps what the server said it has stored.

    One answer in ten is treated as lost: the same label is sent again. When the server does not
    answer at all, it is asked until it does.
    """

    def __init__(self, server: Server, name: str, seconds: float, most: int) -> None:
        super().__init__(daemon=True)
        self.person, self.server = name, server
        self.until, self.most = time.monotonic() + seconds, most
        self.rng = random.Random(name)
        self.confirmed: dict[str, tuple[str, str]] = {}
        self.problems: list[str] = []

    def run(self) -> None:
        headers = {"authorization": f"Bearer {self.server.token(self.person)}"}
        with httpx.Client(base_url=self.server.url, headers=headers, timeout=20) as client:
            while time.monotonic() < self.until and len(self.confirmed) < self.most:
                work = self.ask(client, "GET", "/api/work").json()
                if not work["tasks"]:
                    return
                for task in work["tasks"][:3]:
                    self.label(client, task)

    def label(self, client: httpx.Client, task: dict[str, object]) -> None:
        outcomes = task["outcomes"]
        assert isinstance(outcomes, list)
        given = {
            "key": f"{self.rng.getrandbits(128):032x}", "task": task["id"],
            "outcome": self.rng.choice([*outcomes, "flagged"]), "seconds": 1.5,
        }  # fmt: skip
        if self.rng.random() < 0.1:
            self.ask(client, "POST", "/api/label", given)
        answer = self.ask(client, "POST", "/api/label", given)
        if answer.status_code == 200:
            self.confirmed[str(given["key"])] = (str(given["task"]), str(given["outcome"]))
        else:
            self.problems.append(answer.text)

    def ask(
        self, client: httpx.Client, method: str, path: str, body: object = None
    ) -> httpx.Response:
        while True:
            try:
                answer = client.request(method, path, json=body)
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status_code < 500:
                return answer
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("seconds", "most"), [(20.0, 12), pytest.param(60.0, 10_000, marks=pytest.mark.long)]
)
def test_ten_people_lose_no_label(tmp_path: Path, labels: str, seconds: float, most: int) -> None:
    file = responses(tmp_path, 600)
    options = ("--annotators", ",".join(PEOPLE), "--per-item", "9", "--all", "--repeat", "0.1")
    with serving(file, labels, *options) as server:
        people = [Simulated(server, name, seconds, most) for name in PEOPLE]
        for person in people:
            person.start()
        while sum(len(p.confirmed) for p in people) < 40:
            time.sleep(0.05)
        server.kill()
        server.start()
        for person in people:
            person.join(seconds + 120)
            assert not person.is_alive()
    rows = rows_since(connect(labels), 0)
    assert [problem for person in people for problem in person.problems] == []
    stored = {row.key: row for row in rows}
    assert len(stored) == len(rows)
    for person in people:
        assert len(person.confirmed) >= min(most, 12)
        for key, (_, outcome) in person.confirmed.items():
            assert (stored[key].annotator, stored[key].outcome) == (person.person, outcome)
    confirmed = sum(len(person.confirmed) for person in people)
    assert len(rows) == confirmed
    assert len(current(rows)) == confirmed  # no task was given twice
    by_item: dict[str, set[str]] = {}
    for row in rows:
        by_item.setdefault(row.response, set()).add(row.annotator)
    assert max(map(len, by_item.values())) <= 10
