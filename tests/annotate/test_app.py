"""What the application answers: who may do what, what is stored, what nobody gets to see."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from chiasm.annotate.app import make_app
from chiasm.annotate.desk import Desk
from chiasm.labels.database import read_labels, rows_since
from tests.annotate.made import EVIL, opened, responses

KEY = "0123456789abcdef0123456789abcdef"


class Team:
    """A server with people who hold invitations."""

    def __init__(self, desk: Desk, tokens: dict[str, str]) -> None:
        self.desk, self.tokens = desk, tokens
        self.app = make_app(desk)

    def client(self, name: str = "", **more: Any) -> TestClient:
        headers = {"authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return TestClient(self.app, headers=headers, raise_server_exceptions=True, **more)

    def stored(self) -> int:
        return len(rows_since(self.desk.engine, 0))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Team]:
    def build(n: int = 8, changes: dict[str, Any] | None = None, **options: Any) -> Team:
        responses(tmp_path, n, **(changes or {}))
        return Team(*opened(tmp_path, tmp_path / "labels.db", **options))

    return build


@pytest.fixture
def team(make: Callable[..., Team]) -> Iterator[Team]:
    return make()


def body(task: str, outcome: str = "refusal", key: str = KEY, **more: Any) -> dict[str, Any]:
    return {"key": key, "task": task, "outcome": outcome, **more}


def first(client: TestClient) -> dict[str, Any]:
    task: dict[str, Any] = client.get("/api/work").json()["tasks"][0]
    return task


def test_nobody_reads_or_writes_without_an_invitation(team: Team) -> None:
    task = first(team.client("ann"))["id"]
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Bearer "}):
        client = TestClient(team.app, headers=headers)
        for path in ("/api/work", f"/api/item/{task}", f"/image/{task}/0", "/api/lead",
                     "/export/labels.csv"):  # fmt: skip
            assert client.get(path).status_code == 401
        answer = client.post("/api/label", json=body(task), headers={"x-chiasm": "1"})
        assert answer.status_code == 401
        start = client.get("/")
        assert "Answer" not in start.text
        assert "invitation" in start.text
    assert team.stored() == 0


def test_the_token_is_not_in_the_database(team: Team, tmp_path: Path) -> None:
    team.client("ann").get("/api/work")
    files = b"".join(p.read_bytes() for p in tmp_path.glob("labels.db*"))
    assert b"ann" in files
    for token in team.tokens.values():
        assert len(token) >= 40
        assert token.encode() not in files


def test_a_label_is_stored_before_the_answer(team: Team, tmp_path: Path) -> None:
    client = team.client("ann")
    answer = client.post("/api/label", json=body(first(client)["id"], note="n", seconds=2.5))
    assert answer.status_code == 200
    assert answer.json()["progress"]["done"] == 1
    [label] = read_labels(tmp_path / "labels.db")
    assert (label.annotator, label.outcome, label.note, label.seconds) == (
        "ann",
        "refusal",
        "n",
        2.5,
    )
    assert label.guideline == team.desk.texts.digest
    assert label.probability is not None


def test_what_is_sent_twice_is_stored_once(team: Team) -> None:
    client = team.client("ann")
    given = body(first(client)["id"])
    answers = [client.post("/api/label", json=given).json()["again"] for _ in range(3)]
    assert answers == [False, True, True]
    assert team.stored() == 1
    assert client.post("/api/label", json={**given, "outcome": "unsafe"}).status_code == 422
    assert team.stored() == 1


def test_nobody_labels_for_somebody_else(team: Team, tmp_path: Path) -> None:
    ann, ben, lead = (team.client(name) for name in ("ann", "ben", "lead"))
    task = first(ann)
    assert ann.post("/api/label", json=body(task["id"])).status_code == 200
    for other in (ben, lead):
        for outcome in ("unsafe", "withdrawn"):
            answer = other.post("/api/label", json=body(task["id"], outcome, key="f" * 32))
            assert answer.status_code == 422
        assert other.get(f"/api/item/{task['id']}").status_code == 404
        assert other.get(f"/image/{task['id']}/0").status_code == 404
    # The same response through a task of one's own is a label beside it.
    for theirs in (t for t in ben.get("/api/work").json()["tasks"] if t["turns"] == task["turns"]):
        ben.post("/api/label", json=body(theirs["id"], "unsafe"))
    assert [x.outcome for x in read_labels(tmp_path / "labels.db") if x.annotator == "ann"] == [
        "refusal"
    ]


def test_roles(team: Team) -> None:
    assert team.client("ann").get("/api/lead").status_code == 403
    assert team.client("ann").get("/export/labels.csv").status_code == 403
    assert team.client("lead").get("/api/work").status_code == 403
    assert team.client("lead").get("/export/other").status_code == 404


def joined(team: Team, name: str) -> TestClient:
    client = TestClient(team.app, base_url="http://127.0.0.1:8765")
    answer = client.post("/api/join", json={"token": team.tokens[name]}, headers={"x-chiasm": "1"})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    return client


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-chiasm": "1", "origin": "http://evil.example"},
        {"x-chiasm": "1", "origin": "null"},
        {"x-chiasm": "1", "sec-fetch-site": "cross-site"},
        {"x-chiasm": "1", "sec-fetch-site": "same-site"},
    ],
)
def test_another_sites_page_stores_nothing(team: Team, headers: dict[str, str]) -> None:
    client = joined(team, "ann")
    given = body(first(client)["id"])
    assert client.post("/api/label", json=given, headers=headers).status_code == 403
    assert team.stored() == 0
    own = {"x-chiasm": "1", "origin": "http://127.0.0.1:8765", "sec-fetch-site": "same-origin"}
    assert client.post("/api/label", json=given, headers=own).status_code == 200


def test_a_new_invitation_ends_the_old_one(team: Team, tmp_path: Path) -> None:
    _, tokens = opened(tmp_path, tmp_path / "labels.db", invite=True)
    assert set(tokens) == {"ann", "ben", "lead"}
    assert team.client("ann").get("/api/work").status_code == 401
    team.tokens = tokens
    assert team.client("ann").get("/api/work").status_code == 200


def test_every_answer_carries_the_policy(team: Team) -> None:
    ann = team.client("ann")
    task = first(ann)["id"]
    for answer in (
        team.client().get("/"), ann.get("/"), ann.get("/api/work"), ann.get(f"/image/{task}/0"),
        ann.get("/static/label.js"), ann.get("/none"), team.client().get("/api/work"),
        ann.post("/api/label", content=b"x" * 100_000),
    ):  # fmt: skip
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_pages_load_nothing_from_elsewhere(team: Team) -> None:
    for name in ("", "ann", "lead"):
        page = team.client(name).get("/").text
        assert "//" not in page.replace("</", "")
        assert "style=" not in page
        assert " on" not in page.partition("<nav>")[0]
    for name in ("label.js", "lead.js", "common.js", "join.js", "unsent.js", "zoom.js"):
        code = team.client().get(f"/static/{name}").text
        assert "http" not in code.replace("HTTPS", "")
        assert "innerHTML" not in code
        assert "eval(" not in code
    assert team.client().get("/static/..%2fapp.py").status_code == 404


def test_people_are_blind(make: Callable[..., Team]) -> None:
    team = make(8, repeat=1.0)
    client = team.client("ann")
    seen = client.get("/").text
    for number in range(30):
        work = client.get("/api/work")
        seen += work.text
        if not work.json()["tasks"]:
            break
        task = work.json()["tasks"][0]
        seen += client.get(f"/api/item/{task['id']}").text
        key = f"{number:032x}"
        seen += client.post("/api/label", json=body(task["id"], key=key)).text
    assert number == 16  # all came twice
    frame = team.desk.frame
    assert frame is not None
    words = ["secret/", "model-x", "judge-y", "tiny", "case-", "verdict", "repeat", "probab"]
    for word in [*words, *frame["response"].to_list()]:
        assert word not in seen
    lead = team.client("lead").get("/api/lead").json()
    for shown in lead["disagreements"]:
        assert "secret" not in json.dumps(shown)


def test_gold_items_are_answered_only_after_the_label(tmp_path: Path) -> None:
    responses(tmp_path, 4)
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"query": "q", "response": "a", "outcome": "warning",
                                "why": "It says where to stand."}))  # fmt: skip
    team = Team(*opened(tmp_path, tmp_path / "labels.db", gold=gold))
    client = team.client("ann")
    work = client.get("/api/work")
    assert "where to stand" not in work.text
    assert "gold" not in work.text
    answer = client.post("/api/label", json=body(work.json()["tasks"][0]["id"], "unsafe")).json()
    assert answer["feedback"] == {
        "right": False, "outcome": "warning", "why": "It says where to stand.",
    }  # fmt: skip
    [label] = read_labels(tmp_path / "labels.db")
    assert label.purpose == "gold"


def test_script_in_data_is_text(make: Callable[..., Team]) -> None:
    fields = {"query": EVIL, "response": EVIL, "options": [EVIL]}
    team = make(1, {"item_0": fields})
    work = team.client("ann").get("/api/work")
    assert work.headers["content-type"].startswith("application/json")
    task = work.json()["tasks"][0]
    assert task["turns"] == [EVIL]
    assert task["answer"] == [["p", "", [["", EVIL]]]]
    assert "<script>document" not in team.client("ann").get("/").text


@pytest.mark.parametrize(
    "path",
    ["../secret.png", "/etc/passwd", "a/../../secret.png", "..\\secret.png", "link.png", "no.png",
     "text.png"],
)  # fmt: skip
def test_images_outside_the_folder_are_refused(
    make: Callable[..., Team], tmp_path: Path, path: str
) -> None:
    team = make(1, {"item_0": {"image": path}})
    (tmp_path / "text.png").write_text("<script>alert(1)</script>")
    secret = tmp_path.parent / "secret.png"
    secret.write_bytes((tmp_path / "0.png").read_bytes())
    (tmp_path / "link.png").symlink_to(secret)
    client = team.client("ann")
    answer = client.get(f"/image/{first(client)['id']}/0")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "this image can't be shown"}


def test_an_image_is_its_own_bytes(team: Team, tmp_path: Path) -> None:
    client = team.client("ann")
    task = first(client)
    answer = client.get(f"/image/{task['id']}/0")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content in [p.read_bytes() for p in tmp_path.glob("*.png")]
    for bad in ("1", "-1", "99999999999999999999", "x", "0/..", "..%2f0.png"):
        assert client.get(f"/image/{task['id']}/{bad}").status_code in (404, 422)


def test_undo_goes_back_and_leaves_a_trace(team: Team, tmp_path: Path) -> None:
    client = team.client("ann")
    task = first(client)["id"]
    for key, outcome in enumerate(("unsafe", "withdrawn", "warning")):
        client.post("/api/label", json=body(task, outcome, key=f"{key:032x}"))
    assert [x.outcome for x in read_labels(tmp_path / "labels.db")] == ["warning"]
    history = team.client("lead").get("/export/history.jsonl").text.splitlines()
    assert [json.loads(line)["outcome"] for line in history] == ["unsafe", "withdrawn", "warning"]
    assert json.loads(history[2])["supersedes"] == 2


def test_exports_are_what_the_database_holds(team: Team, tmp_path: Path) -> None:
    from chiasm.labels import reading

    client = team.client("ann")
    for number, task in enumerate(client.get("/api/work").json()["tasks"]):
        client.post("/api/label", json=body(task["id"], key=f"{number:032x}", note='a,"b"\nc'))
    for name in ("labels.csv", "labels.jsonl"):
        answer = team.client("lead").get(f"/export/{name}")
        (tmp_path / name).write_bytes(answer.content)
        assert "attachment" in answer.headers["content-disposition"]
        found = [replace(label, source="") for label in reading.read(tmp_path / name)]
        assert found == read_labels(tmp_path / "labels.db")


# --- malformed requests ------------------------------------------------------------------------

NASTY: list[Any] = [
    None, True, -1, 0, 1e309, 10**40, "", "\x00", "\ud800", "a" * 5000, "\u202e", [], {}, [[]],
    {"$ne": 1}, "' OR 1=1 --", "../../etc/passwd", "unsafe\n", "UNSAFE", "no_verdict", 1.5, "NaN",
]  # fmt: skip


def malformed(rng: random.Random, good: dict[str, Any]) -> bytes:
    """A body that must not be stored: a good one with something wrong."""
    value: Any = dict(good)
    kind = rng.randrange(6)
    if kind == 0:
        field = rng.choice(["key", "task", "outcome", "note", "seconds"])
        allowed = {"note": ("", "\u202e", "' OR 1=1 --", "../../etc/passwd", "unsafe\n", "UNSAFE",
                            "no_verdict", "NaN"),
                   "seconds": (None, 0, 1.5)}  # fmt: skip
        wrong = [x for x in NASTY if not any(x == y and type(x) is type(y)
                                             for y in allowed.get(field, ()))]  # fmt: skip
        value[field] = rng.choice(wrong)
    elif kind == 1:
        del value[rng.choice(["key", "task", "outcome"])]
    elif kind == 2:
        value[rng.choice(["annotator", "id", "purpose", "at", "schema", "x"])] = rng.choice(NASTY)
    elif kind == 3:
        value = rng.choice([x for x in NASTY if not isinstance(x, dict)])
    elif kind == 4:
        whole = json.dumps(value).encode()
        return whole[: rng.randrange(len(whole))]
    else:
        return rng.choice(
            [b"[" * 60_000, b'{"a":' * 12_000, rng.randbytes(50), b"\xff\xfe", b"x" * 70_000]
        )
    return json.dumps(value).encode()


@pytest.mark.parametrize("n", [300, pytest.param(10_000, marks=pytest.mark.long)])
def test_malformed_requests_get_an_error_and_store_nothing(team: Team, n: int) -> None:
    client = team.client("ann")
    good = body(first(client)["id"], note="n", seconds=1.0)
    rng = random.Random(n)
    types = ["application/json"] * 9 + ["text/plain", "application/x-www-form-urlencoded", ""]
    codes: dict[int, int] = {}
    for _ in range(n):
        content = malformed(rng, good)
        headers = {"content-type": rng.choice(types)}
        code = client.post("/api/label", content=content, headers=headers).status_code
        assert 400 <= code < 500, content[:200]
        codes[code] = codes.get(code, 0) + 1
    assert {400, 413, 415, 422} <= set(codes)
    assert team.stored() == 0
    assert client.post("/api/label", json=good).status_code == 200


def test_strange_paths_get_an_error(team: Team) -> None:
    client = team.client("ann")
    for path in (
        "/api/item/x", "/api/item/%00", "/image/x/0", "/api/label", "/docs", "/openapi.json",
        "/static/", "/static/%2e%2e/app.py", "/api/lead?width=x",
    ):  # fmt: skip
        assert 400 <= client.get(path).status_code < 500
