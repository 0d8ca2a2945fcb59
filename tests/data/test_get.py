import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from hashlib import sha1, sha256
from pathlib import Path

import pytest
from tests.servers.hub import HubServer, Repo

from chiasm.data.get import get, receipt
from chiasm.data.progress import Step
from chiasm.data.registry import Entry, Source, entry, locate, registry
from chiasm.errors import ConfigError, DataError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROWS = b'[{"image": "images/0.png", "question": "What is it?"}]'
IMAGES = {f"images/{i}.png": random.Random(i).randbytes(40_000) for i in range(12)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("CHIASM_GITHUB", server.url)
        files = {"toy.json": ROWS, "README.md": b"read me", **IMAGES}
        server.hub["a/toy"] = Repo(COMMIT, files)
        server.github["a/toy"] = Repo(COMMIT, {"data/toy.json": ROWS})
        yield server


def toy(*sources: Source, digest: str = sha256(ROWS).hexdigest(), **more: object) -> Entry:
    facts = {"title": "A toy", "licence": "CC0", "paper": "", "use": "evaluation"} | more
    whole = Source(hub="a/toy", revision=COMMIT, patterns=("toy.json", "images/*"))
    return Entry(
        name="toy",
        annotations=("toy.json",),
        sha256={"toy.json": digest},
        sources=sources or (whole,),
        **facts,  # type: ignore[arg-type]
    )


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def fetch(wanted: Entry) -> Path:
    return get(wanted, pause=0.01)


def test_the_pinned_revision_arrives_whole_and_once(server: HubServer) -> None:
    steps: list[Step] = []
    root = get(toy(), progress=steps.append)
    assert root == Path(os.environ["CHIASM_CACHE"]) / "data" / "toy"
    assert (root / "toy.json").read_bytes() == ROWS
    assert all((root / path).read_bytes() == data for path, data in IMAGES.items())
    assert not (root / "README.md").exists()
    total = len(ROWS) + sum(map(len, IMAGES.values()))
    assert steps[-1] == Step("toy", total, total, 13, 13)
    assert {s.path.split("/")[-2] for s in server.seen if "resolve/" in s.path} <= {
        COMMIT,
        "images",
    }
    asked = len(server.seen)
    assert fetch(toy()) == root
    assert len(server.seen) == asked


def test_what_was_lost_or_changed_is_fetched_again(server: HubServer) -> None:
    root = fetch(toy())
    (root / "images" / "3.png").unlink()
    (root / "images" / "4.png").write_bytes(b"short")
    server.seen.clear()
    fetch(toy())
    assert all((root / path).read_bytes() == data for path, data in IMAGES.items())
    fetched = {s.path.rsplit("/")[-1] for s in server.seen if "cdn" in s.path}
    assert fetched == {"3.png", "4.png"}


def test_a_cut_connection_is_continued_with_a_range(server: HubServer) -> None:
    server.faults.cut["images/0.png"] = 2
    root = fetch(toy())
    assert (root / "images" / "0.png").read_bytes() == IMAGES["images/0.png"]
    assert server.ranges("cdn/a/toy/images/0.png") == ["", "bytes=20000-", "bytes=30000-"]


def test_a_later_call_continues_what_an_earlier_one_kept(server: HubServer) -> None:
    server.faults.cut["images/0.png"] = 5
    with pytest.raises(ConfigError, match=r"38,750 bytes are kept; the same command"):
        fetch(toy())
    server.seen.clear()
    root = fetch(toy())
    assert (root / "images" / "0.png").read_bytes() == IMAGES["images/0.png"]
    assert server.ranges("cdn/a/toy/images/0.png") == ["bytes=38750-"]


def test_a_server_without_ranges_sends_it_all_again(server: HubServer) -> None:
    server.faults.cut["images/0.png"] = 1
    server.faults.no_ranges = True
    steps: list[Step] = []
    root = get(toy(), progress=steps.append, pause=0.01)
    assert (root / "images" / "0.png").read_bytes() == IMAGES["images/0.png"]
    assert steps[-1].done == steps[-1].total


def test_a_busy_server_is_asked_again(server: HubServer) -> None:
    server.faults.busy = {"images/0.png": 3, "toy.json": 1}
    root = fetch(toy())
    assert (root / "images" / "0.png").is_file()


@pytest.mark.parametrize("path", ["toy.json", "images/0.png"])
def test_damage_on_the_way_is_refused_and_not_kept(server: HubServer, path: str) -> None:
    server.faults.corrupt.add(path)
    with pytest.raises(DataError, match=r"expected sha256:.*\n.*run the same command") as caught:
        fetch(toy())
    assert caught.value.file == path
    root = Path(os.environ["CHIASM_CACHE"]) / "data" / "toy"
    assert not (root / path).exists()
    assert not (root / f"{path}.part").exists()
    server.faults.corrupt.clear()
    assert (fetch(toy()) / path).is_file()


def test_another_version_than_the_registered_one_is_refused(server: HubServer) -> None:
    with pytest.raises(DataError, match=f"expected sha256:{'0' * 64}"):
        fetch(toy(digest="0" * 64))


def test_a_damaged_small_file_is_found_by_its_git_id(server: HubServer) -> None:
    server.hub["a/toy"].files["images/small.png"] = b"small"
    server.faults.corrupt.add("images/small.png")
    with pytest.raises(DataError, match="expected git:" + sha1(b"blob 5\0small").hexdigest()):
        fetch(toy())


def test_gated_sets_tell_how_to_get_access(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.hub["a/toy"].gated = True
    for token in ("", "hf_bad"):
        monkeypatch.setenv("HF_TOKEN", token)
        with pytest.raises(ConfigError) as caught:
            fetch(toy())
        assert "https://huggingface.co/datasets/a/toy" in str(caught.value)
        assert "HF_TOKEN" in str(caught.value)
    monkeypatch.setenv("HF_TOKEN", server.token)
    assert (fetch(toy()) / "toy.json").is_file()


def test_a_lost_revision_and_a_lost_repository_are_explained(server: HubServer) -> None:
    lost = Source(hub="a/toy", revision="f" * 40, patterns=("*",))
    with pytest.raises(ConfigError, match=r"no revision ffff.*\n.*--data DIR"):
        fetch(toy(lost))
    with pytest.raises(ConfigError, match="private or gated"):
        fetch(toy(Source(hub="a/lost", revision=COMMIT, patterns=("*",))))
    with pytest.raises(DataError, match=r"has no \*\.zip"):
        fetch(toy(Source(hub="a/toy", revision=COMMIT, patterns=("*.zip",))))
    with pytest.raises(ConfigError, match=r"not there \(HTTP 404\)"):
        fetch(toy(Source(github="a/toy", revision="f" * 40, files={"toy.json": "data/toy.json"})))


def test_no_network_is_explained(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ConfigError, match=r"a/toy: can't be listed at http://127\.0\.0\.1:9"):
        fetch(toy())
    monkeypatch.setenv("CHIASM_GITHUB", "http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="did not arrive after 5 attempts"):
        fetch(toy(Source(github="a/toy", revision=COMMIT, files={"toy.json": "x"})))


def test_an_open_revision_is_recorded_and_then_kept(server: HubServer) -> None:
    wanted = toy(Source(hub="a/toy", patterns=("toy.json",)))
    root = fetch(wanted)
    assert receipt(wanted, root)["0"] == {
        "from": "https://huggingface.co/datasets/a/toy",
        "revision": COMMIT,
        "files": {"toy.json": len(ROWS)},
    }
    (root / "toy.json").unlink()
    server.hub["a/toy"].commit = "f" * 40
    with pytest.raises(ConfigError, match=f"no revision {COMMIT}"):
        fetch(wanted)


def test_annotations_from_github_and_images_from_an_archive_on_the_hub(server: HubServer) -> None:
    server.hub["a/toy"].files["imgs.tar"] = tar_of(
        {path.replace("images", "./imgs"): data for path, data in IMAGES.items()}
    )
    server.faults.cut["imgs.tar"] = 1
    github = Source(github="a/toy", revision=COMMIT, files={"toy.json": "data/toy.json"})
    hub = Source(hub="a/toy", revision=COMMIT, patterns=("imgs.tar",), unpack="archive")
    wanted = toy(github, hub)
    root = fetch(wanted)
    assert (root / "toy.json").read_bytes() == ROWS
    assert (root / "imgs" / "7.png").read_bytes() == IMAGES["images/7.png"]
    assert not list((root / ".chiasm" / "downloads").iterdir())
    server.seen.clear()
    fetch(wanted)
    assert not server.seen


def test_a_hostile_archive_or_listing_stays_in_the_folder(server: HubServer) -> None:
    server.hub["a/toy"].files["imgs.tar"] = tar_of({"../../out.png": b"x"})
    github = Source(github="a/toy", revision=COMMIT, files={"toy.json": "data/toy.json"})
    hub = Source(hub="a/toy", revision=COMMIT, patterns=("imgs.tar",), unpack="archive")
    with pytest.raises(DataError, match="leaves the dataset's folder"):
        fetch(toy(github, hub))
    server.hub["a/toy"].files = {"toy.json": ROWS, "images/../../../out.png": b"x"}
    with pytest.raises(DataError, match="a file whose path leaves"):
        fetch(toy())
    cache = Path(os.environ["CHIASM_CACHE"])
    assert not list(cache.parent.rglob("out.png"))


def test_tables_become_images_named_after_the_questions(server: HubServer) -> None:
    import polars as pl

    rows = {
        "id": ["0", "1"],
        "image": [{"bytes": b"zero", "path": "0"}, {"bytes": b"one", "path": ""}],
    }
    table = io.BytesIO()
    pl.DataFrame(rows).write_parquet(table)
    server.hub["a/toy"].files = {"data/HateSpeech/SD.parquet": table.getvalue()}
    questions = "data/processed_questions/02-HateSpeech.json"
    server.github["a/toy"].files[questions] = b"{}"
    github = Source(
        github="a/toy", revision=COMMIT, files={"toy.json": "data/toy.json", questions: questions}
    )
    hub = Source(hub="a/toy", revision=COMMIT, patterns=("data/*/SD.parquet",), unpack="parquet")
    root = fetch(toy(github, hub))
    assert (root / "data/imgs/02-HateSpeech/SD/1.jpg").read_bytes() == b"one"
    server.hub["a/toy"].files = {"data/Sex/SD.parquet": table.getvalue()}
    with pytest.raises(DataError, match="no question file is named after 'Sex'"):
        fetch(toy(github, hub, folder="other"))


def test_a_full_disk_is_told_before(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chiasm.data.get.free_space", lambda folder: 1000)
    with pytest.raises(ConfigError, match="CHIASM_CACHE"):
        fetch(toy())


def test_real_entries_through_the_local_server(server: HubServer, shared: Path) -> None:
    """The registry's own addresses, digests and layout, on the real bytes."""
    tiny = {
        f"data/images/SafeBench-Tiny/{f.name}": f.read_bytes()
        for f in (shared / "figstep" / "images").iterdir()
    }
    csv = (shared / "figstep" / "SafeBench-Tiny.csv").read_bytes()
    found = entry("figstep_tiny")
    files = {"data/question/SafeBench-Tiny.csv": csv, **tiny}
    server.github["ThuCCSLab/FigStep"] = Repo(found.revision, files)
    root = fetch(found)
    assert locate("figstep_tiny") == root
    assert len(list((root / "data" / "images" / "SafeBench-Tiny").glob("*.png"))) == 50

    found = entry("vlsbench")
    data = (shared / "vlsbench" / "data.json").read_bytes()
    names = sorted({row["image_path"] for row in json.loads(data)})
    server.github["AI45Lab/VLSBench"] = Repo(found.revision, {"data/data.json": data})
    archive = tar_of({name: name.encode() for name in names})
    hub = found.sources[1]
    server.hub[hub.hub] = Repo(hub.revision, {"imgs.tar": archive})
    root = fetch(found)
    assert sum(1 for _ in (root / "imgs").iterdir()) == len(names) == 1957


def test_every_entry_can_be_asked_for(server: HubServer) -> None:
    """No entry needs a field that the code does not know: all fail only for want of files."""
    for found in registry().values():
        with pytest.raises((ConfigError, DataError), match=r"not there|gated"):
            fetch(found)


KILLED = """
import sys
from chiasm.data.get import get
from chiasm.data.registry import Entry, Source
source = Source(hub="a/toy", revision=sys.argv[1], patterns=("toy.json", "big.bin"))
get(Entry(name="toy", title="", licence="", paper="", use="evaluation",
          annotations=("toy.json",), sources=(source,)))
"""


@pytest.mark.slow
def test_killed_downloads_go_on_where_they_were(server: HubServer) -> None:
    size = 30_000_000
    server.hub["a/toy"].files["big.bin"] = random.Random(0).randbytes(size)
    server.faults.bytes_per_second = 10_000_000
    part = Path(os.environ["CHIASM_CACHE"]) / "data" / "toy" / "big.bin.part"
    starts: list[int] = []
    for share in (0.2, 0.5, 0.8):
        child = subprocess.Popen([sys.executable, "-c", KILLED, COMMIT], env=dict(os.environ))
        until = time.monotonic() + 60
        while not part.is_file() or part.stat().st_size < share * size:
            assert time.monotonic() < until, "nothing arrived"
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        starts.append(part.stat().st_size)
    server.faults.bytes_per_second = 0
    subprocess.run([sys.executable, "-c", KILLED, COMMIT], check=True)
    assert (part.parent / "big.bin").read_bytes() == server.hub["a/toy"].files["big.bin"]
    assert server.ranges("cdn/a/toy/big.bin") == ["", *(f"bytes={s}-" for s in starts)]
