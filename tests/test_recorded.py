import json

import pytest

from chiasm.cases import Case
from chiasm.errors import DataError
from chiasm.recorded import Recorded, read_answers

CASES = [
    Case(
        id=f"toy/{i}", turns=(f"Question {i}?",), ground_truth="safe", category="c", cluster=str(i)
    )
    for i in range(3)
]


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def lines(*rows):
    return "\n".join(json.dumps(r) for r in rows)


def test_json_lines_with_a_model_a_null_and_a_second_answer(tmp_path):
    path = write(
        tmp_path,
        "x.jsonl",
        lines(
            {"pid": "0", "response": "yes", "model": "M 1"},
            {"pid": 1, "response": None, "model": "M 1"},
            {"pid": "0", "response": "no", "model": "M 1"},
        ),
    )
    answers = read_answers(path, CASES)
    assert answers.model == "M 1"
    assert answers.rows == [
        Recorded("toy/0", 1, "yes"),
        Recorded("toy/1", 1, None),
        Recorded("toy/0", 2, "no"),
    ]


def test_model_is_the_files_stem_by_default(tmp_path):
    path = write(tmp_path, "some-model.jsonl", lines({"id": "toy/2", "response": "a"}))
    assert read_answers(path, CASES).model == "some-model"


def test_siuo_authors_results_hold_several_responses(tmp_path):
    row = {"question_id": "1", "question": "Question 1?", "responses": ["a", "b", ""]}
    answers = read_answers(write(tmp_path, "r.json", [row]), CASES)
    assert [(r.epoch, r.text) for r in answers.rows] == [(1, "a"), (2, "b"), (3, "")]


def test_vlsbench_authors_results_are_under_logs(tmp_path):
    logs = [{"id": 0, "question": " Question 0? ", "pred_answer": "a", "safe_label": 1}]
    answers = read_answers(write(tmp_path, "r.json", {"stats": {}, "logs": logs}), CASES)
    assert answers.rows == [Recorded("toy/0", 1, "a")]


def test_an_object_of_records_by_id(tmp_path):
    answers = read_answers(write(tmp_path, "r.json", {"2": {"response": "a"}}), CASES)
    assert answers.rows == [Recorded("toy/2", 1, "a")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "{", "row 1: not JSON"),
        ("a.jsonl", "[1]", "row 1: expected an object"),
        ("a.jsonl", "", "holds no answers"),
        ("a.jsonl", '{"response": "x"}', "none of the fields id, pid"),
        ("a.jsonl", '{"id": 0}', "none of the fields response"),
        ("a.jsonl", '{"id": 9, "response": "x"}', "'9' is no case of toy"),
        ("a.jsonl", '{"id": 0, "response": 3}', "expected text or null, got int"),
        (
            "a.jsonl",
            '{"id": 0, "question": "Question 1?", "response": "x"}',
            "not that of toy/0: the rows may be shifted",
        ),
        (
            "a.jsonl",
            '{"id": 0, "response": "x", "model": "a"}\n{"id": 1, "response": "x", "model": "b"}',
            r"several models: \['a', 'b'\]",
        ),
        ("a.json", "[3]", "row 0: expected an object"),
        ("a.json", '"x"', "expected"),
        ("a.json", "{", "not JSON"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        read_answers(write(tmp_path, name, content), CASES)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_answers(tmp_path / "no.jsonl", CASES)
