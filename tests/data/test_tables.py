"""Tables whose rows hold an image: JSON lines and files, also over several shards, and by get."""

import io
import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from PIL import Image
from tests.servers.hub import HubServer, Repo

from chiasm.cli import main
from chiasm.data import registry as reg
from chiasm.data.get import get
from chiasm.data.registry import Entry, Source
from chiasm.data.tables import unpack_rows
from chiasm.errors import ConfigError, DataError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


def table(*shades: int, path: str | None = "a.png") -> bytes:
    rows = [{"image": {"bytes": picture(s), "path": path}, "question": f"{s}?"} for s in shades]
    out = io.BytesIO()
    pl.DataFrame(rows).write_parquet(out)
    return out.getvalue()


def lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_rows_become_lines_and_files(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(table(10, 20))
    done = unpack_rows(tmp_path / "t", "test/harm-00000-of-00001.parquet", tmp_path)
    rows = lines(tmp_path / "test" / "harm.jsonl")
    assert [r["question"] for r in rows] == ["10?", "20?"]
    assert [r["image"] for r in rows] == ["test/harm/00000_0.png", "test/harm/00000_1.png"]
    assert (tmp_path / rows[1]["image"]).read_bytes() == picture(20)
    assert set(done) == {"test/harm.jsonl", *(r["image"] for r in rows)}
    assert all((tmp_path / path).stat().st_size == size for path, size in done.items())


def test_shards_are_one_list_however_often_they_are_unpacked(tmp_path: Path) -> None:
    for _ in range(2):  # the second time as after an interruption
        for number in range(2):
            (tmp_path / "t").write_bytes(table(number, path=None))
            unpack_rows(tmp_path / "t", f"data/test-{number:05}-of-00002.parquet", tmp_path)
    rows = lines(tmp_path / "data" / "test.jsonl")
    assert [r["image"] for r in rows] == ["data/test/00000_0.jpg", "data/test/00001_0.jpg"]


def test_what_is_no_such_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="not a table"):
        unpack_rows(tmp_path / "t", "a.parquet", tmp_path)
    pl.DataFrame({"image": ["a.png"]}).write_parquet(tmp_path / "t")
    with pytest.raises(DataError, match="expected the bytes of an image"):
        unpack_rows(tmp_path / "t", "a.parquet", tmp_path)


def test_a_suffix_of_the_table_can_not_name_another_place(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(table(1, path="../../x.sh"))
    unpack_rows(tmp_path / "t", "a.parquet", tmp_path)
    assert lines(tmp_path / "a.jsonl")[0]["image"] == "a/00000_0.jpg"


ENTRY = Entry(
    name="toy",
    title="A toy",
    licence="CC0",
    paper="",
    use="evaluation",
    annotations=("test/harm.jsonl",),
    sources=(
        Source(hub="a/toy", revision=COMMIT, patterns=("test/harm-*.parquet",), unpack="rows"),
    ),
    gated=True,
    by_hand="Its pictures: draw them.",
)


def test_get_unpacks_all_shards_and_says_what_is_left_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reg, "registry", lambda: {"toy": ENTRY})
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        shards = {f"test/harm-{i:05}-of-00002.parquet": table(i) for i in (1, 0)}
        server.hub["a/toy"] = Repo(COMMIT, shards)
        root = get(ENTRY, pause=0.01)
        assert [r["question"] for r in lines(root / "test" / "harm.jsonl")] == ["0?", "1?"]
        asked = len(server.seen)
        done = CliRunner().invoke(main, ["data", "get", "toy"])
        assert done.exit_code == 0, done.output
        assert "not fetched, by hand. Its pictures: draw them." in re.sub(r"\s+", " ", done.output)
        assert len(server.seen) == asked


def test_a_gated_set_says_where_its_terms_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        server.hub["etri-vilab/holisafe-bench"] = Repo(
            COMMIT, {"holisafe_bench.json": b"[]"}, gated=True
        )
        with pytest.raises(
            ConfigError, match=r"accept its terms at .*holisafe-bench, then set HF_TOKEN"
        ):
            get(reg.entry("holisafe"), pause=0.01)


def test_a_repository_without_a_commit_is_taken_as_it_is_and_the_receipt_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HubServer() as server:
        monkeypatch.setenv("CHIASM_GITHUB", server.url)
        server.github["apple/ml-vlsu"] = Repo("HEAD", {"data/VLSU.csv": b"prompt\n"})
        root = get(reg.entry("vlsu"), pause=0.01)
    receipt = json.loads((root / ".chiasm" / "vlsu.json").read_bytes())
    assert receipt["sources"]["0"]["revision"] == "HEAD"
