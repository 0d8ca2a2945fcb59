"""Rows of files with one JSON object a line."""

import pytest

from chiasm.data.records import json_lines, jsonl_records
from chiasm.errors import DataError


def test_lines_say_which_of_them_is_wrong(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\n')
    assert [(r.row, r.value["a"]) for r in json_lines(path)] == [(1, 1), (3, 2)]
    assert [r.row for r in jsonl_records(tmp_path, "rows.jsonl")] == [0, 2]
    for line, wanted in (
        (b"{", "row 2: not JSON"),
        (b"[1]", "row 2: expected an object, got list"),
        (b'{"a": "\xff"}', "row 2: not UTF-8"),
        (b"[" * 100_000, "row 2: not JSON"),
    ):
        path.write_bytes(b"{}\n" + line + b"\n")
        with pytest.raises(DataError, match=wanted):
            list(json_lines(path))
    with pytest.raises(DataError, match=r"none\.jsonl: the file is not in"):
        list(json_lines(tmp_path / "none.jsonl"))
