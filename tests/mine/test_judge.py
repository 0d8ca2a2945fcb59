"""The judge's step through a real local server with a scripted guard."""

import csv
import json
from itertools import count

import pytest
from tests.mine import made
from tests.servers.leaky import LeakyProcess, picture

from chiasm.mine.judge import MISSING, SAYS, opinion
from chiasm.mine.run import mine
from chiasm.mine.settings import Options
from chiasm.run import Settings

_numbers = count(1)
NO_RETRY = Settings(max_retries=0)
CODES = ("[10]", "[11]", "[00]", "[10]", "[01]", "[10]")
"""Of query n: what the guard says of it with a picture, and alone."""

RISKY = 3
"""The picture that the guard finds unsafe by itself."""


@pytest.fixture
def guard(monkeypatch):
    with LeakyProcess(service=f"mined{next(_numbers)}") as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def files(tmp_path):
    a, b = tmp_path / "i.jsonl", tmp_path / "q.jsonl"
    rows = [{"description": d, "image": f"{n}.png"} for n, (d, _) in enumerate(made.PAIRS)]
    a.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    asked = [{"query": f"{q} {CODES[n]}"} for n, (_, q) in enumerate(made.PAIRS)]
    b.write_text("".join(json.dumps(r) + "\n" for r in asked), encoding="utf-8")
    for n in range(len(rows)):
        (tmp_path / f"{n}.png").write_bytes(picture(n, n == RISKY))
    return a, b


def test_only_pairs_that_are_unsafe_together_and_safe_alone_are_kept(guard, files, tmp_path):
    options = Options(n=30, judge=guard.guard("llama_guard_3"))
    found = mine(*files, tmp_path / "out", options, settings=NO_RETRY)
    assert found.complete and found.candidates
    for row in found.candidates:
        assert int(row["provenance"]["query"]) in (0, 3, 5)
        assert row["provenance"]["image"] != str(RISKY)
        verdicts = {k: v for k, v in row["judge"].items() if k != "name"}
        assert verdicts == {"both": "unsafe", "text": "safe", "image": "safe"}
    gone = list(csv.DictReader((tmp_path / "out" / "dropped.csv").open(encoding="utf-8")))
    reasons = {row["reason"] for row in gone if row["part"] == "pair"}
    assert reasons == set(SAYS.values())
    formed = found.summary["counts"]["pair"]
    assert formed["formed"] == formed["kept"] + sum(formed["dropped"].values())


def test_what_was_answered_is_not_asked_again(guard, files, tmp_path):
    options = Options(n=30, judge=guard.guard("llama_guard_3"))
    mine(*files, tmp_path / "out", options, settings=NO_RETRY)
    before = (tmp_path / "out" / "candidates.jsonl").read_bytes()
    guard.reset()
    mine(*files, tmp_path / "out", options, settings=NO_RETRY)
    assert guard.requests() == []
    assert (tmp_path / "out" / "candidates.jsonl").read_bytes() == before


def test_pairs_of_failed_calls_are_not_kept_and_the_run_says_so(guard, files, tmp_path):
    whole = mine(*files, tmp_path / "whole", Options(n=30, judge=guard.guard("llama_guard_3")),
                 settings=NO_RETRY)  # fmt: skip
    flaky = Options(n=30, judge=guard.guard("llama_guard_3", "random"))
    found = mine(*files, tmp_path / "out", flaky, settings=NO_RETRY)
    assert not found.complete and found.summary["judge"]["complete"] is False
    assert {c["id"] for c in found.candidates} < {c["id"] for c in whole.candidates}
    gone = found.summary["counts"]["pair"]["dropped"]
    assert any(reason.startswith(MISSING) for reason in gone)


def test_a_missing_picture_is_no_verdict_and_never_kept(guard, files, tmp_path):
    (tmp_path / "1.png").unlink()
    (tmp_path / "0.png").unlink()
    options = Options(n=30, judge=guard.guard("llama_guard_3"))
    found = mine(*files, tmp_path / "out", options, settings=NO_RETRY)
    assert not {"0", "1"} & {row["provenance"]["image"] for row in found.candidates}
    assert any(r.startswith(MISSING) for r in found.summary["counts"]["pair"]["dropped"])


def test_a_failed_call_is_neither_safe_nor_unsafe():
    said = opinion({"both": "unsafe", "text": "judge timeout", "image": "safe"})
    assert said.reason == "no verdict: judge timeout" and said.again
    blind = opinion({"both": "unsafe", "text": "safe", "image": "the row's image is missing"})
    assert blind.reason.startswith(MISSING) and not blind.again
