"""Answers that VLMEvalKit and lmms-eval wrote: which row is whose, and what is refused."""

import json
import random

import pytest

from chiasm.cases import Case
from chiasm.errors import ChiasmError, DataError
from chiasm.recorded import Recorded, read_answers

CASES = [
    Case(
        id=f"toy/{1000 + i}",
        turns=(f"Question {i}?",),
        ground_truth="safe",
        category="c",
        cluster=str(i),
    )
    for i in range(4)
]
IDS = [case.id for case in CASES]
PICTURE = "iVBORw0KGgo" * 20_000  # more than a cell of csv's reader may hold


def rows(numbers, shift=0):
    return [
        {
            "index": n,
            "image": PICTURE,
            "question": CASES[(i + shift) % len(CASES)].query,
            "A": "",
            "answer": "the reference",
            "prediction": f"answer {i}\twith a tab",
        }
        for i, n in enumerate(numbers)
    ]


def xlsx(path, found):
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    names = [n for n in found[0] if n != "image"]
    for column, name in enumerate(names):
        sheet.write(0, column, name)
        for line, row in enumerate(found, start=1):
            sheet.write(line, column, row[name])
    book.close()
    return path


def separated(path, found):
    import polars as pl

    pl.DataFrame(found).write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")
    return path


def table(path, found):
    return (xlsx if path.suffix == ".xlsx" else separated)(path, found)


@pytest.mark.parametrize("suffix", [".xlsx", ".tsv", ".csv"])
@pytest.mark.parametrize("first", [0, 1, 1000], ids=["from 0", "from 1", "our ids"])
def test_a_table_of_vlmevalkit(tmp_path, suffix, first):
    found = rows(range(first, first + 4))
    answers = read_answers(table(tmp_path / f"Some-Model_TOY{suffix}", found), CASES)
    assert answers.model == "Some-Model_TOY"
    assert answers.rows == [
        Recorded(case, 1, f"answer {i}\twith a tab") for i, case in enumerate(IDS)
    ]


def test_a_part_of_a_table_and_an_empty_cell(tmp_path):
    found = rows(range(4))[2:]
    found[0]["prediction"] = ""
    answers = read_answers(table(tmp_path / "m.xlsx", found), CASES)
    assert answers.rows == [
        Recorded("toy/1002", 1, None),
        Recorded("toy/1003", 1, "answer 3\twith a tab"),
    ]


@pytest.mark.parametrize("suffix", [".xlsx", ".tsv"])
@pytest.mark.parametrize("first", [0, 1, 1000])
@pytest.mark.parametrize("shift", [1, 2, 3])
def test_shifted_rows_are_refused(tmp_path, suffix, first, shift):
    path = table(tmp_path / f"m{suffix}", rows(range(first, first + 4), shift))
    with pytest.raises(DataError, match=r"row \d.*(may be shifted|is no case of toy)"):
        read_answers(path, CASES)


def test_one_wrong_row_among_right_ones_is_named(tmp_path):
    found = rows(range(4))
    found[2]["question"] = "Something else?"
    with pytest.raises(DataError, match=r'row 4, field "index": the question is not that of toy/1'):
        read_answers(table(tmp_path / "m.tsv", found), CASES)


def test_a_number_alone_is_believed_only_where_it_is_our_id(tmp_path):
    numbers = [{"index": n, "prediction": "a"} for n in (1000, 1001)]
    assert [r.case for r in read_answers(table(tmp_path / "m.tsv", numbers), CASES).rows] == IDS[:2]
    numbers = [{"index": n, "prediction": "a"} for n in (0, 1)]
    with pytest.raises(DataError, match="is no case of toy"):
        read_answers(table(tmp_path / "n.tsv", numbers), CASES)


def test_ids_of_ours_in_a_table_need_no_number(tmp_path):
    found = [{"id": "toy/1003", "index": 0, "response": "a"}]
    answers = read_answers(table(tmp_path / "m.csv", found), CASES)
    assert answers.rows == [Recorded("toy/1003", 1, "a")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"PK\x03\x04 no", "not a readable spreadsheet"),
        ("a.xlsx", b"", "not a readable spreadsheet"),
        ("a.tsv", b"", "not a table"),
        ("a.tsv", b"\xff\xfe\x00\n1\n", "a.tsv"),
        ("a.tsv", b"x\ty\n1\t2\n", "no known column among x, y"),
        ("a.tsv", b"index\tquestion\n1\t2\n", "no column of answers"),
        ("a.tsv", b"index\tprediction\n", "holds no answers"),
        ("a.tsv", b"index\tprediction\n\tx\n", 'row 2, field "index": the row has no number'),
        ("a.tsv", b"index\tprediction\n1000\tx\n1000\tx\n", "row 3.*stands in row 2 too"),
        ("a.tsv", b"index\tprediction\n0\tx\ty\tz\n", "a.tsv"),
    ],
)
def test_bad_tables_are_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_answers(path, CASES)


def test_a_spreadsheet_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chiasm.recorded_tables.LARGEST", 1000)
    with pytest.raises(DataError, match="unpacks to"):
        read_answers(table(tmp_path / "m.xlsx", rows(range(4))), CASES)


def test_a_cell_that_is_full_is_said(tmp_path, caplog):
    found = rows(range(4))
    found[1]["prediction"] = "x" * 32_767
    read_answers(table(tmp_path / "m.xlsx", found), CASES)
    assert "1 answers fill a cell and were cut" in caplog.text


# --- lmms-eval --------------------------------------------------------------------------------


def sample(i, **other):
    said = f"answer {i}"
    return {
        "doc_id": i,
        "doc": {"question": CASES[i].query, "category": "c"},
        "target": "",
        "arguments": [f"{CASES[i].query}\nAnswer briefly.", {"max_new_tokens": 8}, i, "toy"],
        "resps": [[said]],
        "filtered_resps": [said.upper()],
        "doc_hash": "0",
        **other,
    }


def samples(tmp_path, found, name="vendor__model/20260101_000000_samples_toy.jsonl"):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("\n".join(json.dumps(f) for f in found), "utf-8")
    return path


def test_samples_of_lmms_eval(tmp_path):
    answers = read_answers(samples(tmp_path, [sample(i) for i in (3, 0, 1, 2)]), CASES)
    assert answers.model == "vendor__model"
    assert sorted(answers.rows) == [Recorded(case, 1, f"answer {i}") for i, case in enumerate(IDS)]


def test_the_prompt_tells_where_there_is_no_document(tmp_path):
    found = [sample(i, doc=None) for i in range(4)]
    assert len(read_answers(samples(tmp_path, found), CASES).rows) == 4
    found = [{**s, "input": s["arguments"][0], "arguments": {}} for s in found]
    assert len(read_answers(samples(tmp_path, found), CASES).rows) == 4
    found = [sample(i, doc=None, arguments=[]) for i in range(4)]
    with pytest.raises(DataError, match=r"is no case|only a number says"):
        read_answers(samples(tmp_path, found), CASES)


def test_several_answers_and_only_filtered_ones(tmp_path):
    several = [sample(0, resps=[["a", "b"]])]
    assert [r.text for r in read_answers(samples(tmp_path, several), CASES).rows] == ["a", "b"]
    filtered = [sample(0, resps=None, filtered_resps=["c"])]
    assert [r.text for r in read_answers(samples(tmp_path, filtered), CASES).rows] == ["c"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([sample(0), sample(0)], "row 2.*several filters or runs"),
        ([sample(0, resps=[[-1.5, False]], filtered_resps=[])], "scored by likelihoods"),
        ([sample(0, doc={"question": "Another?"})], r"row 1.*is no case|may be shifted"),
        ([sample(i, doc_id=(i + 1) % 4) for i in range(4)], "may be shifted|is no case"),
    ],
)
def test_bad_samples_are_named(tmp_path, found, message):
    with pytest.raises(DataError, match=message):
        read_answers(samples(tmp_path, found), CASES)


@pytest.mark.parametrize("n", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_broken_tables_and_samples_raise_nothing_but_our_own(tmp_path, n):
    """Bytes of real files changed, cut, repeated: read or refused by name, never a trace."""
    random.seed(11)
    whole = {
        ".tsv": separated(tmp_path / "m.tsv", [{**r, "image": "x"} for r in rows(range(4))]),
        ".jsonl": samples(tmp_path, [sample(i) for i in range(4)]),
    }
    refused = 0
    for suffix, path in whole.items():
        content = path.read_bytes()
        target = tmp_path / f"broken{suffix}"
        for _ in range(n // 2):
            target.write_bytes(broken(content))
            try:
                read_answers(target, CASES)
            except ChiasmError as error:
                refused += 1
                assert "broken" in str(error)
    assert refused > n // 5


def broken(content):
    made = bytearray(content)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(made) + 1)
        kind = random.randrange(4)
        if kind == 0:
            made[at : at + random.randint(1, 30)] = b""
        elif kind == 1:
            made[at:at] = random.choice([b'"', b"\n", b"\t", b"\x00", b"\xff", b"{", b"null", b","])
        elif kind == 2 and made:
            made[at % len(made)] = random.randrange(256)
        else:
            start = random.randrange(len(made) + 1)
            made[at:at] = made[start : start + 40]
    return bytes(made)
