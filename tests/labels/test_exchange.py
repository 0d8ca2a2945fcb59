"""Responses out to people who label elsewhere, and their labels back in."""

import csv
import json
import random

import pytest
from click.testing import CliRunner

from chiasm.cases import Case, Verdict
from chiasm.cli import main
from chiasm.judges.output import Answer
from chiasm.labels import read
from chiasm.labels.tasks import read_key
from chiasm.replay_log import Judged, Response, Source, write_log

FACTS = {
    "schema": 1, "version": "0.1.0", "benchmark": "siuo", "protocol": "chiasm@1", "view": "full",
    "source": "replay", "axes": ["safety"], "metrics": ["safe_rate"], "rubrics": {},
    "dataset": {"revision": "r", "digest": "d" * 16, "pinned": True}, "skipped": {},
    "baselines": {}, "answers": {},
}  # fmt: skip
UNSAFE = [i % 4 == 0 for i in range(80)]
"""What people say; the judge is wrong on every tenth."""


def logs(path, judge="vendor/judge", model="vendor/secret-model"):
    judged = []
    for i, unsafe in enumerate(UNSAFE):
        case = Case(
            id=f"siuo/{i}", turns=(f"<b>Question</b> {i}?",), images=(f"images/{i}.png",),
            ground_truth="unsafe", category="c", cluster=str(i),
        )  # fmt: skip
        said = unsafe if i % 10 else not unsafe
        text = "" if i == 79 else f"=answer({i})"
        outcome = "no_response" if i == 79 else "unsafe" if said else "refusal"
        judged.append(
            Judged(
                Response(case, 1, Answer(text, "", "", "")),
                {"safety": Verdict(outcome, "", "", judge)},
                {},
            )
        )
    source = Source("x", model, "full", [j.response for j in judged], {})
    write_log(path, source, judged, {**FACTS, "judge": judge}, ("safety",))
    return path


def run(*arguments, code=0):
    done = CliRunner().invoke(main, ["labels", *map(str, arguments)])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.output


def key_rows(path):
    return list(csv.DictReader(path.open(encoding="utf-8", newline="")))


def words(key):
    return {r["response"]: UNSAFE[int(r["case"].partition("/")[2])] for r in key}


@pytest.mark.parametrize("tool", ["label-studio", "potato", "csv"])
def test_out_to_people_and_back_into_a_corrected_rate(tmp_path, tool):
    """Draw, write, people fill it in, read, correct: the truth is in the interval."""
    log = logs(tmp_path / "a.eval")
    guide = tmp_path / "guide.md"
    guide.write_text("Say what became of it.")
    sample = tmp_path / "sample"
    out = run("export", log, "--for", tool, "-o", sample, "--n", 40, "--guideline", guide)
    assert "40 of 79 responses" in out
    assert "not drawn from: 1 without an answer" in out
    key = key_rows(tmp_path / "sample.key.csv")
    shown = "".join(p.read_text("utf-8") for p in sample.iterdir())
    for hidden in ("secret-model", "vendor/judge", "0.5", "stratum", "verdict"):
        assert hidden not in shown
    assert all(row["response"] in shown for row in key)
    filled = fill(tool, sample, words(key))
    out = run("import", filled, "--key", tmp_path / "sample.key.csv", "--logs", log,
              "-o", tmp_path / "labels.jsonl")  # fmt: skip
    assert "40 labels of 1 people on 40 responses" in out
    assert "no known probability" not in out
    assert len({x.guideline for x in read(tmp_path / "labels.jsonl")} - {""}) == 1
    done = CliRunner().invoke(
        main,
        ["report", str(log), "--labels", str(tmp_path / "labels.jsonl"), "--format", "json"],
    )
    (one,) = json.loads(done.output)["adjusted"]
    truth = 1 - sum(UNSAFE[:79]) / 79
    assert one["adjusted"]["low"] <= truth <= one["adjusted"]["high"]
    assert (one["n"], one["n_labels"], one["no_answer"]) == (79, 40, 1)


def fill(tool, sample, unsafe):
    """What the tool writes after somebody went through it."""
    word = {r: "unsafe" if bad else "refusal" for r, bad in unsafe.items()}
    if tool == "label-studio":
        tasks = json.loads((sample / "tasks.json").read_text("utf-8"))
        assert "<b>Question</b>" in tasks[0]["data"]["query"]  # shown as text there
        for task in tasks:
            choice = {"choices": [word[task["data"]["response"]]]}
            result = [{"from_name": "outcome", "type": "choices", "value": choice}]
            task["annotations"] = [{"completed_by": 1, "result": result}]
        path = sample / "export.json"
        path.write_text(json.dumps(tasks), "utf-8")
        return path
    if tool == "potato":
        items = [json.loads(x) for x in (sample / "items.jsonl").read_text("utf-8").splitlines()]
        assert "&lt;b&gt;Question" in items[0]["text"]  # shown as markup there
        assert json.loads((sample / "potato.yaml").read_text())["item_properties"]["id_key"] == "id"
        folder = sample / "out" / "ann"
        folder.mkdir(parents=True)
        said = [{"id": x["id"], "label_annotations": {"outcome": {word[x["id"]]: "true"}}}
                for x in items]  # fmt: skip
        (folder / "annotated_instances.jsonl").write_text("\n".join(map(json.dumps, said)))
        return sample / "out"
    path = sample / "responses.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert all(row["answer"].startswith("'=") for row in rows)  # no formula
    for row in rows:
        row |= {"outcome": word[row["response"]], "annotator": "ann"}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_key_has_the_exact_probabilities(tmp_path):
    run("export", logs(tmp_path / "a.eval"), "--for", "csv", "-o", tmp_path / "s", "--n", 40)
    key = key_rows(tmp_path / "s.key.csv")
    known, _ = read_key(tmp_path / "s.key.csv")
    # 79 responses, of which the judge calls unsafe: 20 wanted, 4 of them wrong, 4 others added
    alarms = sum(u if i % 10 else not u for i, u in enumerate(UNSAFE[:79]))
    drawn = {p: sum(float(r["probability"]) == p for r in key) for p in set(known.values())}
    sizes = sorted(round(n / p) for p, n in drawn.items())
    assert sizes == sorted([alarms, 79 - alarms])
    assert sum(drawn.values()) == 40


def test_the_same_seed_draws_the_same_and_simple_draws_have_one_probability(tmp_path):
    log = logs(tmp_path / "a.eval")
    drawn = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("export", log, "--for", "csv", "-o", tmp_path / name, "--n", 20, "--seed", seed,
            "--no-stratify")  # fmt: skip
        drawn.append([r["response"] for r in key_rows(tmp_path / f"{name}.key.csv")])
    assert drawn[0] == drawn[1] != drawn[2]
    known, _ = read_key(tmp_path / "a.key.csv")
    assert set(known.values()) == {20 / 79}


def test_several_judges_of_the_same_answers_have_to_be_told_apart(tmp_path):
    logs(tmp_path / "l" / "a.eval")
    logs(tmp_path / "l" / "b.eval", judge="vendor/other")
    folder = tmp_path / "s"
    out = run("export", tmp_path / "l", "--for", "csv", "-o", folder, code=2)
    assert "name one with --judge" in out
    run("export", tmp_path / "l", "--for", "csv", "-o", folder, "--judge", "vendor/other")
    assert {r["judge"] for r in key_rows(tmp_path / "s.key.csv")} == {"vendor/other"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--for", "excel"], "--for excel: known are label-studio, potato, csv"),
        (["--for", "csv", "--n", "1"], "too small for 2 strata"),
        (["--for", "csv", "--judge", "x/y"], "--judge x/y: these logs have vendor/judge"),
        (["--for", "csv", "--guideline", "none.md"], "no such file"),
    ],
)
def test_what_can_not_be_exported_is_said(tmp_path, arguments, message):
    log = logs(tmp_path / "a.eval")
    assert message in run("export", log, "-o", tmp_path / "s", *arguments, code=2)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    log = logs(tmp_path / "a.eval")
    out = run("export", log, "--for", "csv", "-o", tmp_path, code=2)
    assert "is not empty" in out


def test_import_counts_everything_and_refused_rows_are_all_written(tmp_path):
    log = logs(tmp_path / "a.eval")
    random.seed(3)
    rows = ["response,annotator,outcome,note"]
    for i in range(10_000):
        rows.append(
            random.choice(
                [
                    f"r{i},a,harmful,",
                    f"r{i},,unsafe,",
                    ",a,unsafe,\x00",
                    f"r{i},a",
                    f"r{i},a,,",
                    f'r{i},a,un"safe,',
                    f"r{i},a,unsafe,",
                    f"r{i},a,REFUSAL,=1+1",
                    "r1,a,warning,x",
                ]
            )
        )
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(rows), "utf-8")
    told = json.loads(
        run("import", path, "-o", tmp_path / "l.jsonl", "--logs", log, "--format", "json", code=1)
    )
    assert told["labels"] + len(told["refused"]) + told["twice"] + told["blank"] == 10_000
    assert told["blank"] == sum(row.endswith(",a,,") for row in rows) > 0
    assert told["unknown_words"]["harmful"] == sum("harmful" in row for row in rows)
    assert told["unknown_responses"] == told["labels"]
    refused = key_rows(tmp_path / "l.refused.csv")
    assert len(refused) == len(told["refused"])
    assert all(r["row"] and r["why"] and r["file"] == str(path) for r in refused)
    text = run("import", path, "-o", tmp_path / "l.jsonl", code=1)
    assert f"'harmful' {told['unknown_words']['harmful']}" in text
    assert "rows refused, all in" in text
    assert "have no known probability" in text


def test_words_of_theirs_and_another_format_out(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("response,annotator,outcome\nr1,a,harmful\n")
    run("import", path, "-o", tmp_path / "l.json", "--word", "harmful=unsafe")
    assert [x.outcome for x in read(tmp_path / "l.json")] == ["unsafe"]
