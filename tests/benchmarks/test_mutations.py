"""Rows of any other form load, or end in an error that names file, row and field."""

import copy
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from chiasm.benchmarks import BENCHMARKS, root_of
from chiasm.cases import Case, Dataset, dumps
from chiasm.data.check import check
from chiasm.errors import ConfigError, DataError
from tests.benchmarks.literal import ROWS, cases

ODD = (
    None, True, False, 0, -1, 1.5, float("nan"), 10**30, "", " ", "x" * 500, "\ud800", "\u200b",
    "../../etc/passwd", "A", "type 9", "9", "{query}", [], [None], [1, "a"], [["a"]], {}, {"A": 1},
    {"over": "type 2"}, {"over": 3}, b"bytes", ("a",),
)  # fmt: skip


def loader(name):
    """The module of a benchmark's `to_case`, also behind a partial."""
    convert = BENCHMARKS[name].to_case
    return getattr(convert, "func", convert).__module__


LOADERS = Counter(map(loader, ROWS))
"""A loader is a file; the 10,000 rows of each are spread over the benchmarks that it brings."""


def mutate(value, rng):
    """Change, drop, add or swap some fields, also those of nested objects."""
    row = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        nested = [v for v in row.values() if isinstance(v, dict) and v]
        target = rng.choice(nested) if nested and rng.random() < 0.3 else row
        if not target:
            break
        field = rng.choice(list(target))
        action = rng.randrange(4)
        if action == 0:
            del target[field]
        elif action == 1:
            target[field] = copy.deepcopy(rng.choice(ODD))
        elif action == 2:
            target[field], other = target[rng.choice(list(target))], target[field]
            target["unknown"] = other
        elif isinstance(target[field], list):
            target[field] = [*target[field], copy.deepcopy(rng.choice(ODD))]
        else:
            target[field] = [target[field]]
    return row


@pytest.mark.parametrize("name", ROWS)
def test_mutated_rows(name):
    rng = random.Random(name)
    _, _, literal = ROWS[name]
    loaded = failed = 0
    checked = []
    for _ in range(-(-10_000 // LOADERS[loader(name)])):
        row = mutate(literal, rng)
        try:
            made = cases(name, row)
        except DataError as error:
            assert error.file
            assert error.row is not None
            assert error.field
            assert str(error).startswith(error.file)
            failed += 1
        else:
            assert made
            for case in made:
                assert isinstance(case, Case)
                dumps(case.to_json()).encode()
                assert case.answer is None or case.answer < len(case.options)
                checked.append(replace(case, id=f"{case.id}#{len(checked)}"))
            loaded += 1
    assert loaded > 20
    assert failed > 150
    # what loads although it is odd gets codes, and none of them is a traceback either
    odd = Dataset(name=name, root=Path("nowhere"), cases=tuple(checked[:200]))
    assert {"ROWS", "CATEGORY_COUNT"} <= {finding.code for finding in check(odd)}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"{", b"null", b"3", b'"text"', b"[1]", b'[{"a": 1}]', b'{"a": 1}',
     b'{"chat": {"a": []}, "embodied": 3}', b"[" * 100_000, b"1" * 5_000, b"\xef\xbb\xbf[{}]",
     b"a,b\n1\n", b'a,b\n"1', b"dataset\nx\n", b'[{"question_id": "\\ud800"}]'],
)  # fmt: skip
def test_malformed_files(name, content, tmp_path):
    file, _, _ = ROWS[name]
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    benchmark = BENCHMARKS[name]
    try:
        made = [benchmark.to_case(record) for record in benchmark.records(tmp_path)]
    except DataError as error:
        # MLLMGuard has four files: where one holds no row the next is missing
        assert error.file == file or "the file is not in" in error.what
    else:
        assert made == []


@pytest.mark.parametrize("name", ROWS)
def test_an_empty_folder_tells_how_to_get_the_data(name, tmp_path):
    with pytest.raises(ConfigError, match="chiasm data get"):
        root_of(BENCHMARKS[name], tmp_path)
    with pytest.raises(DataError):
        list(BENCHMARKS[name].records(tmp_path))
