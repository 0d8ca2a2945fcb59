"""Anybody's data as rows of an audit: kinds of files, columns, and what is wrong with them."""

import io
import json
import tarfile
from pathlib import Path

import polars as pl
import pytest

from chiasm.audit import sources, webdataset
from chiasm.audit.columns import Columns
from chiasm.audit.run import Options, audit_all
from chiasm.audit.sources import open_source
from chiasm.audit.table import ROWS
from chiasm.errors import ChiasmError, ConfigError, DataError

ROW = {
    "question": "What is on the table?",
    "caption": "A table with a lamp.",
    "category": "home",
    "image": "a/1.png",
    "options": ["a lamp", "a chair"],
    "answer": "B",
}
NAMED = Columns(query="question", description="caption", options="options", answer="answer")


def read(name: str | Path, columns: Columns | None = None) -> pl.DataFrame:
    return pl.concat(open_source(str(name), columns=columns).batches())


def tar(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as out:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return path


def write(folder: Path, kind: str) -> Path:
    """The same three rows as a file or folder of each kind."""
    rows = [{**ROW, "question": f"What is on table {i}?"} for i in range(3)]
    path = folder / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows), "utf-8")
    elif kind == "csv":
        flat = [{**r, "options": json.dumps(r["options"])} for r in rows]
        pl.DataFrame(flat).write_csv(path)
    elif kind == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif kind == "tar":
        members = [(f"{i:04}.json", json.dumps(r).encode()) for i, r in enumerate(rows)]
        tar(path, members)
    return path


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet", "tar"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path, kind):
    rows = read(write(tmp_path, kind), NAMED)
    assert dict(rows.schema) == {k: v() if isinstance(v, type) else v for k, v in ROWS.items()}
    first = rows.row(1, named=True)
    assert first["query"] == "What is on table 1?"
    assert first["description"] == "A table with a lamp."
    assert (first["category"], first["image"]) == ("home", "a/1.png")
    assert (first["options"], first["answer"]) == (["a lamp", "a chair"], 1)
    assert first["hazard"] is None
    assert first["case"] == ("rows/0001" if kind == "tar" else "rows/1")
    assert rows["cluster"].n_unique() == 1  # one picture


def test_usual_names_of_columns_are_found(tmp_path):
    source = open_source(str(write(tmp_path, "jsonl")))
    assert source.columns == {
        "query": "question", "image": "image", "description": "caption", "category": "category",
        "options": "options", "answer": "answer",
    }  # fmt: skip
    assert not source.pinned
    assert len(source.digest) == 16


def test_a_folder_of_parquet_with_pictures_inside(tmp_path):
    """As the hub's datasets have them: the bytes are not read, the path is."""
    folder = tmp_path / "mine" / "data"
    folder.mkdir(parents=True)
    for part in range(2):
        image = [{"bytes": b"\x89PNG", "path": f"{part}-{i}.png"} for i in range(3)]
        frame = pl.DataFrame({"text": [f"row {i}" for i in range(3)], "image": image})
        frame.write_parquet(folder / f"train-{part:05}-of-00002.parquet")
    rows = read(tmp_path / "mine")
    assert rows["case"].to_list() == [f"mine/{i}" for i in range(6)]
    assert rows["image"].to_list() == [f"{p}-{i}.png" for p in range(2) for i in range(3)]


def test_batches_of_one_file_and_of_several_number_rows_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BATCH", 2)
    for i in range(2):
        (tmp_path / f"{i}.csv").write_text("query\na\nb\nc\n")
    found = list(open_source(str(tmp_path)).batches())
    assert [b.height for b in found] == [2, 1, 2, 1]
    ids = pl.concat(found)["case"].to_list()
    assert ids == [f"{tmp_path.name}/{i}" for i in range(6)]


def test_samples_of_a_webdataset(tmp_path):
    """A text, a picture that is not read, and fields; members of a sample stand together."""
    picture = b"\x00" * 100
    members = [
        ("s/000.jpg", picture), ("s/000.txt", b"A lamp."), ("s/000.json", b'{"category": "home"}'),
        ("s/001.jpg", picture), ("s/001.txt", b"A chair."), ("s/001.cls", b"7"),
    ]  # fmt: skip
    rows = read(tar(tmp_path / "shard.tar", members))
    assert rows.select("case", "query", "image", "category").rows() == [
        ("shard/s/000", "A lamp.", "s/000.jpg", "home"),
        ("shard/s/001", "A chair.", "s/001.jpg", None),
    ]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("../x.txt", b"a")], "leaves"),
        ([("/etc/x.txt", b"a")], "absolute"),
        ([("a\\x.txt", b"a")], "backslash"),
        ([("a.txt", b"\xff\xfe\x00")], "can't be read"),
        ([("a.json", b"{")], "can't be read"),
        ([("a.json", b"[1]")], "expected an object"),
        ([], "no rows"),
    ],
)
def test_hostile_shards_are_refused(tmp_path, members, said):
    with pytest.raises(DataError, match=said):
        read(tar(tmp_path / "shard.tar", members))


def test_large_members_and_endless_shards_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(webdataset, "MEMBER_LIMIT", 10)
    with pytest.raises(DataError, match="16 MiB"):
        read(tar(tmp_path / "a.tar", [("a.txt", b"x" * 11)]))
    monkeypatch.setattr(webdataset, "MEMBERS_LIMIT", 2)
    with pytest.raises(DataError, match="more than 2 members"):
        read(tar(tmp_path / "b.tar", [(f"{i}.txt", b"x") for i in range(3)]))


def test_links_in_shards_are_passed_over(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as out:
        link = tarfile.TarInfo("a.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
        info = tarfile.TarInfo("b.txt")
        info.size = 1
        out.addfile(info, io.BytesIO(b"x"))
    assert read(path)["query"].to_list() == ["x"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"query": 3}', 'row 0, field "query": expected text, got int'),
        ('{"query": "a", "options": ["x", 4]}', "expected options that are text"),
        ('{"query": "a", "options": "x"}', "JSON list"),
        ('{"query": "a", "options": ["x", "y"], "right": "Z"}', "no index, letter or text"),
        ('{"query": "a", "options": ["x", "y"], "right": 2}', "no index, letter or text"),
        ("[1]", "expected an object"),
        ("{", "row 1: not JSON"),
    ],
)
def test_bad_rows_are_named(tmp_path, line, said):
    path = tmp_path / "bad.jsonl"
    path.write_text(line + "\n", "utf-8")
    columns = Columns(query="query" if "query" in line else "", answer="right" * ("right" in line))
    with pytest.raises(DataError, match=said.replace("(", r"\(")):
        read(path, columns)


@pytest.mark.parametrize("made_by_build", [True, False])
def test_a_folder_given_for_a_name_counts_and_not_what_is_called_so_here(
    tmp_path, monkeypatch, made_by_build
):
    monkeypatch.chdir(tmp_path)
    for folder, query in (("mine", "of the folder here"), ("given", "of the folder given")):
        Path(folder).mkdir()
        Path(folder, "metadata.jsonl").write_text(json.dumps({"query": query}))
    if made_by_build:
        Path("given", "benchmark.json").write_text('{"schema": 1, "name": "mine"}')

    def found(**folders: str) -> list[str]:
        keys = {k.replace("every", ""): v for k, v in folders.items()}
        options = Options(workers=1, channels=("residue",))
        (one,) = audit_all(["mine"], tmp_path / "out", options, folders=keys)
        assert one.source.name == "mine"
        return pl.concat(one.source.batches())["query"].to_list()

    assert found(mine="given") == ["of the folder given"]
    assert found(every="given") == found() == ["of the folder here"]
    with pytest.raises(ConfigError, match="--data mine=gone: no such"):
        found(mine="gone")


@pytest.mark.parametrize(
    ("name", "columns", "said"),
    [
        ("vlsbensch", Columns(), "neither a benchmark"),
        ("x.jsonl", Columns(query="nope"), "--query: no column 'nope'; there are speech"),
        ("x.jsonl", Columns(), "no column of queries"),
        ("x.jsonl", Columns(query="speech", options="A,B"), "--options: no column 'A'"),
        ("x.txt", Columns(), "expected .parquet"),
        ("empty.jsonl", Columns(), "no rows"),
        ("empty", Columns(), "no such file"),
        ("mixed", Columns(), "several kinds"),
        ("not.parquet", Columns(), "not a parquet table"),
        ("not.tar", Columns(), "not a readable tar"),
    ],
)
def test_what_cannot_be_audited_says_why(tmp_path, monkeypatch, name, columns, said):
    monkeypatch.chdir(tmp_path)
    Path("x.jsonl").write_text('{"speech": "a"}\n')
    Path("x.txt").write_text("a")
    Path("empty.jsonl").touch()
    Path("empty").mkdir()
    Path("mixed").mkdir()
    Path("mixed/a.csv").touch()
    Path("mixed/b.jsonl").touch()
    Path("not.parquet").write_text("a")
    Path("not.tar").write_text("a")
    with pytest.raises(ChiasmError, match=said):
        read(name, columns)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("query\na\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").symlink_to(outside)
    with pytest.raises(DataError, match="link that leaves"):
        read(folder)


def test_options_in_several_columns(tmp_path):
    path = tmp_path / "mc.csv"
    path.write_text("query,A,B,C,right\nwhich?,one,two,three,C\nwho?,x,y,z,y\n")
    rows = read(path, Columns(options="A,B,C", answer="right"))
    assert rows["options"].to_list() == [["one", "two", "three"], ["x", "y", "z"]]
    assert rows["answer"].to_list() == [2, 1]


def test_a_dataset_of_the_hub_comes_from_its_cache(tmp_path, monkeypatch):
    """Offline, as huggingface_hub left it: a snapshot of links into blobs."""
    commit = "a" * 40
    cache = tmp_path / "hub" / "datasets--owner--some"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots" / commit / "data").mkdir(parents=True)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    pl.DataFrame({"query": ["a", "b"]}).write_parquet(cache / "blobs" / "b1")
    (cache / "snapshots" / commit / "data" / "train.parquet").symlink_to(cache / "blobs" / "b1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    source = open_source(f"hf://owner/some@{commit}")
    assert (source.name, source.revision) == ("some", commit)
    assert pl.concat(source.batches())["query"].to_list() == ["a", "b"]
    with pytest.raises(ConfigError, match="hf://owner/other: can't be fetched"):
        open_source("hf://owner/other")


def test_registered_benchmarks_keep_their_facts(shared):
    source = open_source(
        "siuo", folders={"siuo": str(shared / "siuo")}, allow=("DIGEST_MISMATCH", "ROWS")
    )
    rows = pl.concat(source.batches())
    assert rows.height == 167
    assert rows["case"].str.starts_with("siuo/").all()
    assert source.columns == {}
