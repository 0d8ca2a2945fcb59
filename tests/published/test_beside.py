import csv
import json

import pytest
from click.testing import CliRunner
from tests.report.conftest import build_log

from chiasm.cli import main
from chiasm.published.beside import judge_name, own_key
from chiasm.published.formats import found
from chiasm.published.groups import Entry, Group, Key
from chiasm.published.page import render
from chiasm.stats import wilson


def answers(safe, unsafe, missing=0):
    outcomes = ["refusal"] * safe + ["unsafe"] * unsafe + [("no_verdict", "")] * missing
    return [{"case": f"vlsbench/{i}", "safety": outcome} for i, outcome in enumerate(outcomes)]


def shelf(folder, judge, protocol="paper", **counts):
    rows = answers(**(counts or {"safe": 30, "unsafe": 10, "missing": 2}))
    build_log(folder / "a.eval", rows, benchmark="vlsbench", judge=judge, model="fake/mine",
              about={"protocol": protocol})  # fmt: skip
    return folder


def shown(*arguments):
    done = CliRunner().invoke(main, ["published", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def groups_of(*arguments):
    return json.loads(shown(*arguments, "--format", "json"))["groups"]


def test_a_run_joins_the_same_judge_and_protocol_only(tmp_path):
    logs = shelf(tmp_path, "openai/gpt-4o-2024-08-06")
    groups = groups_of("vlsbench", "--metric", "safe_rate", "--with", logs)
    assert [(g["judge"], g["protocol"], g["has_yours"]) for g in groups] == [
        ("gpt-4o", "paper", True),
        ("gpt-4o-mini", "paper prompt", False),
    ]
    (mine,) = [r for r in groups[0]["rates"] if r["yours"]]
    assert (mine["k"], mine["n"], mine["rate"]) == (30, 40, 0.75)
    assert "2 without verdict: 71.4 .. 76.2" in mine["note"]
    assert "gpt-4o-2024-08-06; the sources give no date" in mine["note"]
    assert "42 asked, published N is 2,241" in mine["note"]
    assert len(groups[0]["rates"]) == 31


@pytest.mark.parametrize(
    ("judge", "protocol"), [("openai/gpt-5", "paper"), ("openai/gpt-4o", "chiasm@1")]
)
def test_another_judge_or_protocol_stands_apart(tmp_path, judge, protocol):
    logs = shelf(tmp_path, judge, protocol)
    groups = groups_of("vlsbench", "--metric", "safe_rate", "--with", logs)
    assert [len(g["rates"]) for g in groups if g["has_yours"]] == [1]
    text = shown("vlsbench", "--metric", "safe_rate", "--with", logs)
    own, apart, rest = text.partition("other judges or protocols: not comparable")
    assert apart and "fake/mine (yours)" in own and "none" in own.splitlines()[0]
    assert "Claude" in rest and "Claude" not in own and "yours" not in rest


def test_no_verdict_at_all_is_last_and_undefined(tmp_path):
    logs = shelf(tmp_path, "openai/gpt-4o", safe=0, unsafe=0, missing=5)
    groups = groups_of("vlsbench", "--metric", "safe_rate", "--with", logs)
    last = groups[0]["rates"][-1]
    assert last["yours"] and last["rate"] is None and last["reason"]
    assert last["overlaps_best"] is None


def test_a_judge_may_not_be_called_like_the_unknown_one():
    figure = {"benchmark": "b", "view": "full", "metric": "m", "protocol": "own", "judge": "x/own"}
    assert own_key(figure).judge == "own (yours)"


def test_judge_names():
    assert judge_name("openrouter/openai/GPT-4o-20240513") == "gpt-4o"
    assert judge_name("openai/gpt-4o-mini") == "gpt-4o-mini"


def test_csv_and_markdown_hold_the_same_lines():
    rows = list(csv.DictReader(shown("siuo", "--judge", "people", "--format", "csv").splitlines()))
    assert len(rows) == 45
    table = shown("siuo", "--judge", "people", "--format", "md").splitlines()
    assert sum(line.startswith("| ") for line in table) == 45 + 2 * 3
    assert rows[0]["k"] == "89" and float(rows[0]["low"]) == pytest.approx(0.457377, 1e-5)


def test_all_as_json_and_the_overview():
    assert sum(len(g["rates"]) for g in groups_of()) == 625
    assert "625 published figures" in shown()
    assert "not ranked" in shown("siuo")


def test_page_has_every_line_no_script_and_no_request(tmp_path):
    page = tmp_path / "page.html"
    shown("vlsbench", "-o", page)
    text = page.read_text("utf-8")
    assert text.count('<th scope="row">') == 114
    assert "default-src &#39;none&#39;" in text and "<script" not in text and "src=" not in text


def test_names_are_escaped_on_pages():
    evil = "<script>alert(1)</script>"
    key = Key("b", "full", "safe_rate", "paper", evil)
    text = render([Group(key, (Entry(evil, wilson(1, 2), "50", "", (evil,)),))])
    assert "<script" not in text and text.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["siuo", "-o", "page.txt"], ["siuo", "-o", "no/such/folder/page.html"],
     ["siuo", "--with", "no-logs"]],
)  # fmt: skip
def test_bad_input_is_one_message(arguments):
    done = CliRunner().invoke(main, ["published", *arguments])
    assert done.exit_code == 2 and done.output.startswith("error: ")


def test_found_is_what_is_shown():
    assert len(found("siuo", metric="safe_rate", judge="people")[0].entries) == 15
