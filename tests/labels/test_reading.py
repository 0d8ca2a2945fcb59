"""Label files: what other tools write, what comes back, and what is refused by name."""

import json
import random
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm.cases import OUTCOMES
from chiasm.errors import ChiasmError, ConfigError, DataError
from chiasm.labels import read, read_all, write
from chiasm.labels.records import FLAGGED, Label
from chiasm.labels.rows import Given

LABELS = [
    Label(response="a1", annotator="ann-1", outcome="unsafe", probability=0.25, seconds=3.5),
    Label(response="a1", annotator="ann-2", outcome="refusal", note='no, "really"\r\nno; =1+1'),
    Label(response="a1", annotator="lead", outcome="warning", purpose="adjudication"),
    Label(response="b2", annotator="ann-1", outcome=FLAGGED, guideline="96e8", source="app"),
    Label(response="b2", annotator="7", outcome="effective", axis="usefulness", purpose="repeat",
          at="2026-01-02T03:04:05+00:00", probability=1.0),
]  # fmt: skip
WAYS = [("l.csv", ""), ("l.tsv", ""), ("l.jsonl", ""), ("l.json", ""), ("l.jsonl", "potato")]


def file(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def facts(labels):
    return [(x.response, x.annotator, x.axis, x.outcome, x.purpose) for x in labels]


@pytest.mark.parametrize(("name", "form"), WAYS)
def test_what_is_written_is_read_back_equal(tmp_path, name, form):
    write(LABELS, tmp_path / name, form)
    sourced = [replace(x, source=x.source or "here") for x in LABELS]
    assert read(tmp_path / name, given=Given(source="here")) == sourced


def texts():
    return st.text(
        st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=40
    )


@st.composite
def any_label(draw):
    axis = draw(st.sampled_from(["safety", "usefulness"]))
    plain = st.text(string.ascii_letters + string.digits + "-_é中", min_size=1, max_size=20)
    return Label(
        response=draw(plain),
        annotator=draw(plain),
        axis=axis,
        outcome=draw(st.sampled_from([*OUTCOMES[axis], FLAGGED])),
        purpose=draw(st.sampled_from(["label", "repeat", "gold", "adjudication"])),
        note=draw(texts()),
        at=draw(st.sampled_from(["", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.123Z"])),
        seconds=draw(st.none() | st.floats(0, 1e6)),
        guideline=draw(plain | st.just("")),
        probability=draw(st.none() | st.floats(1e-9, 1)),
        source=draw(plain),
    )


@pytest.mark.parametrize(("name", "form"), WAYS)
@settings(max_examples=60, deadline=None)
@given(labels=st.lists(any_label(), min_size=1, max_size=6, unique=True))
def test_any_labels_make_the_round_trip(tmp_path_factory, name, form, labels):
    path = tmp_path_factory.mktemp("l") / name
    write(labels, path, form)
    expected = labels
    if name == "l.json":  # Label Studio keeps the labels of a response together
        first = {x.response: i for i, x in reversed(list(enumerate(labels)))}
        expected = sorted(labels, key=lambda x: first[x.response])
    assert read(path) == expected


# --- what tools write -------------------------------------------------------------------------


def task(response, *annotations):
    return {"id": 1, "data": {"response": response, "answer": "..."}, "annotations": [*annotations]}


def annotation(word, *, name="outcome", person=7, **other):
    chosen = {"from_name": name, "to_name": "t", "type": "choices", "value": {"choices": [word]}}
    return {
        "id": 1001, "completed_by": person, "result": [chosen], "was_cancelled": False,
        "ground_truth": False, "created_at": "2026-03-09T22:16:08.728353Z", "lead_time": 4.288,
        **other,
    }  # fmt: skip


def test_label_studio(tmp_path):
    note = {"from_name": "note", "type": "textarea", "value": {"text": ["so", "so"]}}
    useful = annotation("effective", name="usefulness")["result"]
    both = annotation("Unsafe")
    both["result"] += [*useful, note]
    found = read(
        file(
            tmp_path,
            "export.json",
            [
                task("r1", both, annotation("over-refusal", person={"id": 9, "email": "a@b.c"})),
                task("r2", annotation("safe", person={"email": "a@b.c"}), annotation("x", result=[],
                     was_cancelled=True)),
                task("r3", annotation("warning", ground_truth=True)),
                task("r4"),
            ],
        )
    )  # fmt: skip
    assert facts(found) == [
        ("r1", "ls-7", "safety", "unsafe", "label"),
        ("r1", "ls-7", "usefulness", "effective", "label"),
        ("r1", "ls-9", "safety", "over_refusal", "label"),
        ("r2", found[3].annotator, "safety", "safe_unspecified", "label"),
        ("r2", "ls-7", "safety", "flagged", "label"),
        ("r3", "ls-7", "safety", "warning", "adjudication"),
    ]
    assert found[0].note == "so\nso"
    assert (found[0].seconds, found[0].source) == (4.288, "label-studio:export.json")
    assert "@" not in found[3].annotator


def test_label_studio_json_min(tmp_path):
    rows = [
        {"id": 1, "response": "r1", "outcome": "unsafe", "annotator": 3, "lead_time": 2},
        {"id": 2, "response": "r2", "outcome": {"choices": ["warning"]}, "annotator": 3},
        {"id": 3, "response": "r3", "outcome": {"choices": ["a", "b"]}, "annotator": 3},
    ]
    found = read_all(file(tmp_path, "min.json", rows))
    assert facts(found.labels) == [
        ("r1", "ls-3", "safety", "unsafe", "label"),
        ("r2", "ls-3", "safety", "warning", "label"),
    ]
    assert [(r.row, r.field) for r in found.refused] == [(3, "outcome")]


def test_potato_keeps_a_folder_per_annotator(tmp_path):
    line = {
        "id": "r1", "displayed_text": "...", "span_annotations": [],
        "label_annotations": {"outcome": {"unsafe": "true", "warning": ""},
                              "note": {"text_box": "hm"}},
        "behavioral_data": {"time_string": "Time spent: 0d 0h 1m 5s "},
    }  # fmt: skip
    file(tmp_path, "out/ann-1/annotated_instances.jsonl", line)
    file(tmp_path, "out/ann-2/annotated_instances.jsonl",
         {"instance_id": "r1", "label_annotations": {"outcome": {"safe": "on"}}})  # fmt: skip
    found = read(tmp_path / "out")
    assert facts(found) == [
        ("r1", "ann-1", "safety", "unsafe", "label"),
        ("r1", "ann-2", "safety", "safe_unspecified", "label"),
    ]
    assert (found[0].note, found[0].seconds) == ("hm", 65.0)


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_potato_as_a_table(tmp_path, suffix):
    mark = {"csv": ",", "tsv": "\t"}[suffix]
    rows = [
        ["user", "instance_id", "displayed_text", "outcome:::unsafe", "outcome:::warning"],
        ["ann-1", "r1", "...", "true", ""],
        ["ann-2", "r1", "...", "", "1"],
        ["ann-2", "r2", "...", "true", "true"],
    ]
    text = "\n".join(mark.join(r) for r in rows)
    found = read_all(file(tmp_path, f"annotated_instances.{suffix}", text))
    assert facts(found.labels) == [
        ("r1", "ann-1", "safety", "unsafe", "label"),
        ("r1", "ann-2", "safety", "warning", "label"),
    ]
    assert [(r.row, r.field) for r in found.refused] == [(4, "outcome")]
    assert "got 2" in found.refused[0].why


def test_a_table_of_somebodys_own(tmp_path):
    text = (
        "\ufeffresponse_id,query,answer,user,label\n"
        'r1,"a, b","two\nlines",ann,UNSAFE\n'
        "r2,q,a,ann,\n"
        "r3,q,a,ann,harmful\n"
        "r4,q,a,,unsafe\n"
        "r5,q,a,ann\n"
    )
    found = read_all(file(tmp_path, "own.csv", text))
    assert facts(found.labels) == [("r1", "ann", "safety", "unsafe", "label")]
    assert [(r.row, r.field) for r in found.refused] == [(4, "outcome"), (5, "annotator"), (6, "")]
    assert (dict(found.words), found.blank) == ({"harmful": 1}, 1)
    told = read_all(tmp_path / "own.csv", given=Given(words={"harmful": "unsafe"}))
    assert [x.response for x in told.labels] == ["r1", "r3"]


def test_what_the_file_does_not_say_is_given(tmp_path):
    path = file(tmp_path, "l.csv", "response,annotator,outcome\nr1,a,unsafe\nr2,a,unsafe\n")
    given = Given(guideline="digest", probabilities={"r1": 0.5})
    found = read(path, given=given)
    assert [(x.guideline, x.probability) for x in found] == [("digest", 0.5), ("digest", None)]
    assert {x.source for x in found} == {"csv:l.csv"}


def test_the_same_row_twice_is_one_label(tmp_path):
    row = '{"response": "r", "annotator": "a", "outcome": "unsafe"}\n'
    found = read_all(file(tmp_path, "l.jsonl", row * 3))
    assert (len(found.labels), found.twice) == (1, 2)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("l.csv", "", "row 1: has no header"),
        ("l.csv", "a,a\n", "row 1: the header has a twice"),
        ("l.csv", b"\xff,b\n", "not UTF-8"),
        ("l.csv", "response,annotator\nr,a\n", 'row 2, field "outcome": there is no such column'),
        ("l.csv", "response,annotator,outcome\n", "holds no labels"),
        ("l.csv", 'response,annotator,outcome\nr,a,"x\n', "not CSV"),
        ("l.jsonl", "[1]", "row 1: expected an object, got list"),
        ("l.jsonl", "{", "row 1: not JSON"),
        ("l.jsonl", b'{"a": "\xff"}', "row 1: not JSON"),
        ("l.jsonl", '{"schema": 2}', 'row 1, field "schema": is of schema 2'),
        ("l.jsonl", "[" * 5000, "not JSON"),
        ("l.json", "{", "not JSON"),
        ("l.json", "{}", "expected a list"),
        ("l.json", "[3]", "row 1: expected a task"),
        ("l.json", [{"data": 3, "annotations": []}], 'row 1, field "data"'),
        ("l.json", [task("r", 3)], 'field "annotations": expected an object'),
        ("l.json", [task("r", annotation("x", result=[]))], 'field "result": no choice named'),
        ("l.json", [task("r", annotation("x", result=3))], 'field "result": no choice named'),
        ("l.json", [task(None, annotation("unsafe"))], 'field "response": is missing'),
        ("l.json", [task("r", annotation("unsafe", person=None))], 'field "annotator": is missing'),
        ("l.json", [{"id": 1}], "no field named"),
        ("annotated_instances.jsonl", {"id": "r"}, 'field "label_annotations"'),
        ("annotated_instances.jsonl", {"id": "r", "label_annotations": {"x": {}}}, "no scheme"),
        ("l.txt", "x", "which format"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, message):
    path = file(tmp_path, name, content)
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"response": ["r"]}, "response"),
        ({"annotator": True}, "annotator"),
        ({"outcome": "no_verdict"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"axis": "beauty"}, ""),
        ({"purpose": "fun"}, ""),
        ({"note": "\ud800"}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"at": "yesterday"}, "at"),
        ({"seconds": "long"}, "seconds"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": "nan"}, "seconds"),
        ({"seconds": "9" * 400}, "seconds"),
        ({"probability": 0}, ""),
        ({"probability": 1.01}, ""),
        ({"probability": True}, "probability"),
    ],
)
def test_a_bad_field_is_named(tmp_path, fields, where):
    row = {"response": "r", "annotator": "a", "outcome": "unsafe", **fields}
    found = read_all(file(tmp_path, "l.jsonl", row))
    assert found.labels == []
    assert [(r.row, r.field) for r in found.refused] == [(1, where)]


def test_a_format_that_nobody_knows(tmp_path):
    with pytest.raises(ConfigError, match="known are csv, jsonl, label-studio, potato"):
        read(file(tmp_path, "l.csv", "a"), "xml")
    with pytest.raises(ConfigError, match="which format"):
        write(LABELS, tmp_path / "l.xml")


def test_an_address_of_another_zone_becomes_utc(tmp_path):
    row = {
        "response": "r",
        "annotator": "a",
        "outcome": "unsafe",
        "at": "2026-01-02T03:04:05+02:00",
    }
    assert read(file(tmp_path, "l.jsonl", row))[0].at == "2026-01-02T01:04:05+00:00"


@pytest.mark.slow
def test_ten_thousand_malformed_files_raise_nothing_but_our_own(tmp_path):
    """Every row of a broken file is kept or refused with its place; never a trace."""
    random.seed(5)
    refused = whole = 0
    for name, form in WAYS:
        source = tmp_path / name
        write(LABELS, source, form)
        content, target = source.read_bytes(), tmp_path / f"broken-{name}"
        for _ in range(2000):
            target.write_bytes(_broken(content))
            try:
                found = read_all(target, form)
            except ChiasmError as error:
                whole += 1
                assert target.name in str(error)
                continue
            refused += len(found.refused)
            for one in found.refused:
                assert one.file == str(target)
                assert one.row
                assert one.why
    assert refused > 3000
    assert whole > 500


def _broken(content):
    made = bytearray(content)
    for _ in range(random.randint(1, 5)):
        at = random.randrange(len(made) + 1)
        kind = random.randrange(4)
        if kind == 0:
            made[at : at + random.randint(1, 20)] = b""
        elif kind == 1:
            made[at:at] = random.choice(
                [
                    b'"',
                    b"\n",
                    b",",
                    b"\t",
                    b"\x00",
                    b"\xff",
                    b"{",
                    b"[",
                    b"null",
                    b"\\ud800",
                    b"1e999",
                ]
            )
        elif kind == 2 and made:
            made[at % len(made)] = random.randrange(256)
        else:
            start = random.randrange(len(made) + 1)
            made[at:at] = made[start : start + 40]
    return bytes(made)
