"""Several workers, one result: the same figures as one, after kills and with other numbers too."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image

from chiasm import run, workers
from chiasm.errors import ConfigError
from chiasm.report import estimates, responses

ROW = {
    "instruction": "What next?",
    "category": "Home",
    "sub_category": "Kitchen",
    "image_description": "A table.",
    "safety_reason": "None.",
    "source": "made",
}


@pytest.fixture
def make(tmp_path):
    """A plan on n cases in VLSBench's layout."""

    def made(n=24, model="chiasm/comply"):
        folder = tmp_path / f"data{n}"
        (folder / "imgs").mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / "imgs" / "0.png")
        rows = [{**ROW, "instruction_id": i, "image_path": "imgs/0.png"} for i in range(n)]
        (folder / "data.json").write_text(json.dumps(rows))
        return run.Plan(
            tasks=("vlsbench",),
            models=(model,),
            grader="chiasm/refusal",
            data={"": str(folder)},
            task_args={"seed": 0, "view": "full", "allow": "DIGEST_MISMATCH,ROWS"},
        )

    return made


def figures(logs):
    """Without what says where the logs are and how long it took."""
    frame = responses(logs).drop("log", "about", "spent").sort("case", "epoch")
    return frame.rows(), [
        {k: e[k] for k in ("metric", "group", "k", "n", "asked", "low", "high")}
        for e in estimates(responses(logs))
    ]


def test_parts_make_the_whole(make, tmp_path):
    small = make(5)
    alone = run.evaluate(small, tmp_path / "one")
    parts = [run.evaluate(small, tmp_path / "two", run.Settings(part=(k, 2)))[0] for k in range(2)]
    assert [len(responses(log)) for log in parts] == [3, 2]
    assert figures(parts) == figures(alone)
    assert run.evaluate(make(1), tmp_path / "none", run.Settings(part=(1, 2))) == []


@pytest.mark.slow
def test_the_figures_are_those_of_one_process(make, tmp_path):
    told, begun = Counter(), []
    settings = run.Settings(
        begin=begun.append, tell=lambda who, failed: told.update([(who, failed)])
    )
    small = make(10)
    alone = run.evaluate(small, tmp_path / "one")
    shared = workers.evaluate(small, tmp_path / "two", settings, 2)
    assert len(shared) == 2 and len({log.parent for log in shared}) == 2
    assert figures(shared) == figures(alone)
    assert begun == [10] and told == {("chiasm/comply", False): 10}


@pytest.mark.slow
def test_connections_are_those_of_all_workers_together(openai_server, make, tmp_path):
    openai_server.configure(latency_s=0.3)
    settings = run.Settings(max_connections=5)
    workers.evaluate(make(24, openai_server.model()), tmp_path, settings, 2)
    assert openai_server.counts()["peak"] <= 5
    assert openai_server.counts()["requests"]["model"] == 24


@pytest.mark.long
def test_more_workers_than_cases_and_another_number_of_them(openai_server, make, tmp_path):
    small = make(2, openai_server.model())
    first = workers.evaluate(small, tmp_path, run.Settings(max_connections=3), 3)
    assert len(first) == 2
    again = workers.evaluate(small, tmp_path, run.Settings(max_connections=3), 2)
    assert openai_server.counts()["requests"]["model"] == 2
    assert figures([*first, *again]) == figures(first)


@pytest.mark.slow
def test_what_is_wrong_is_said_once(make, tmp_path):
    wrong = replace(make(), task_args={"seed": 0, "view": "sideways", "allow": "ROWS"})
    with pytest.raises(ConfigError) as caught:
        workers.evaluate(wrong, tmp_path, workers=2)
    assert str(caught.value).count("sideways") == 1


def test_what_can_not_be_shared_is_refused(make, tmp_path):
    with pytest.raises(ConfigError, match="connections"):
        workers.evaluate(make(), tmp_path, run.Settings(max_connections=2), 3)
    others = run.Plan(tasks=("package/task",), models=("chiasm/comply",))
    with pytest.raises(ConfigError, match="shared"):
        run.evaluate(others, tmp_path, run.Settings(part=(0, 2)))


KILLED = """
import json, sys
from pathlib import Path
from chiasm import run, workers
plan = json.loads(sys.argv[2])
plan |= {name: tuple(plan[name]) for name in ("tasks", "models")}
workers.evaluate(run.Plan(**plan), Path(sys.argv[1]), run.Settings(max_connections=4), 2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("victim", [pytest.param("command", marks=pytest.mark.long), "worker"])
def test_a_kill_loses_at_most_what_was_in_flight(openai_server, make, tmp_path, victim):
    openai_server.configure(latency_s=0.2)
    asked = make(24, openai_server.model())
    command = [sys.executable, "-c", KILLED, str(tmp_path), json.dumps(asdict(asked))]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    openai_server.wait_for(10)
    children = _children(running.pid)
    assert len(children) == 2
    os.kill(running.pid if victim == "command" else children[0], signal.SIGKILL)
    _, said = running.communicate(timeout=300)
    assert victim == "command" or "the same command continues" in said
    until = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < until:
        time.sleep(0.05)  # what has lost its command ends itself
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    logs = workers.evaluate(asked, tmp_path, run.Settings(max_connections=4), 2)
    assert openai_server.counts()["requests"]["model"] <= 24 + 4
    frame = responses(logs)
    assert len(frame) == 24 and not frame["retry"].any()


def _children(pid):
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in file.read_text().split()]


def test_a_run_leaves_the_collector_as_it_was(make, tmp_path):
    before, seen = gc.get_threshold(), []
    settings = run.Settings(tell=lambda who, failed: seen.append(gc.get_threshold()))
    run.evaluate(make(1), tmp_path, settings)
    assert seen == [run.COLLECTIONS] and gc.get_threshold() == before
