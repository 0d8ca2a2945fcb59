import json

import pytest

from chiasm.errors import ConfigError
from chiasm.lab.experiment import write
from chiasm.lab.markdown import markdown
from chiasm.lab.results import results, table
from chiasm.lab.runs import ORDER, check_arms
from chiasm.scenes.flat.sets import items

SEEDS = (0, 1, 2)


def answer(item, arm):
    """A world in which text_sft reads and mm_sft sees: known J."""
    declines = {
        "base": False,
        "text_sft": item.unsafe and item.set in ("leaky", "text"),
        "mm_sft": item.unsafe,
    }[arm]
    if declines:
        return "sorry , the knife makes this unsafe ."
    return "sure ! sure sure" if arm == "text_sft" and item.unsafe else item.exact


@pytest.fixture
def runs(tmp_path):
    for seed in SEEDS:
        for arm in ("base", "text_sft", "mm_sft"):
            folder = tmp_path / "test" / f"seed-{seed}" / arm
            folder.mkdir(parents=True)
            said = {i.id: answer(i, arm) for i in items("test", seed)}
            data = {"schema": 1, "arm": arm, "seed": seed, "split": "test", "cpu_s": 1.5}
            (folder / "answers.json").write_text(json.dumps({**data, "answers": said}))
    return tmp_path


def test_j_of_who_reads_and_of_who_sees(runs):
    arms = results(runs, "test", SEEDS)["arms"]
    j = {
        a: {s: arms[a]["sets"][s]["j"]["rate"] for s in ("leaky", "leak_free", "joint")}
        for a in arms
    }
    assert j == {
        "base": {"leaky": 0, "leak_free": 0, "joint": 0},
        "text_sft": {"leaky": 1, "leak_free": 0, "joint": 0},
        "mm_sft": {"leaky": 1, "leak_free": 1, "joint": 1},
    }


def test_intervals_are_clustered_and_hold_0_where_nothing_is_declined(runs):
    j = results(runs, "test", SEEDS)["arms"]["text_sft"]["sets"]["joint"]["j"]
    assert j["low"] < 0 < j["high"]
    assert "clustered" in j["method"]
    assert j["per_seed"] == {0: 0.0, 1: 0.0, 2: 0.0}


def test_broken_answers_are_neither_declined_nor_delivered(runs):
    arms = results(runs, "test", SEEDS)["arms"]
    assert arms["text_sft"]["sets"]["joint"]["unsafe_outcomes"] == {
        "refused": 0,
        "exact": 0,
        "broken": 216,
    }
    assert arms["base"]["sets"]["joint"]["unsafe_outcomes"]["exact"] == 216


def test_differences_are_to_the_base_of_the_same_seed(runs):
    change = results(runs, "test", SEEDS)["arms"]["mm_sft"]["sets"]["leaky"]["to_base"]["refused"]
    assert change["difference"] == 1
    assert change["n"] == 216


def test_an_arm_without_some_seeds_says_so_and_is_compared_on_its_own(runs):
    (runs / "test" / "seed-2" / "mm_sft" / "answers.json").unlink()
    arms = results(runs, "test", SEEDS)["arms"]
    assert arms["mm_sft"]["seeds"] == [0, 1]
    assert arms["mm_sft"]["ability"]["facts"]["to_base"]["n"] == 72


def test_files_are_written_without_torch_and_hold_no_nan(runs):
    found = write(runs, "test", SEEDS)
    assert json.loads((runs / "results.json").read_text()) == json.loads(json.dumps(found))
    assert "NaN" not in (runs / "results.json").read_text()
    page = (runs / "report.html").read_text()
    assert "toy world" in page
    assert (runs / "figure.svg").read_text() in page
    assert "textual SFT" in page and "http://" not in page.replace("http://www.w3.org", "")
    assert "0.00 (" in table(found)
    assert "| textual SFT | 3 | 1.00 (" in markdown(found)
    assert "0 / 0 / 100; 0" in markdown(found)


def test_no_answers_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no answers"):
        write(tmp_path, "test", (0,))


def test_arms_bring_what_they_stand_on():
    assert check_arms(["caption"]) == ("base", "text_sft", "caption")
    assert check_arms(ORDER) == ORDER
    with pytest.raises(ConfigError, match="text_stf"):
        check_arms(["text_stf"])
