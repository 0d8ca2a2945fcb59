import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from chiasm import scenes
from chiasm.scenes import store

CASES = scenes.cases(tier=None)
PROBES = scenes.probes()
PATHS = [case.images[0] for case in PROBES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scenes")
    scenes.write(root, variants=1)
    return root


def test_manifest_and_files_agree(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["schema"] == 1
    assert manifest["labels"] == "author"
    assert sorted(manifest["images"]) == sorted(c.images[0] for c in scenes.probes(variants=1))
    for path, entry in manifest["images"].items():
        data = (folder / path).read_bytes()
        assert data == scenes.image_bytes(path)
        assert entry["sha256"] == sha256(data).hexdigest()
        assert path == f"images/{entry['family']}-v{entry['variant']}-{entry['image']}.png"
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {"manifest.json", *manifest["images"]}


def test_write_is_idempotent_and_repairs(folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in files}
    scenes.write(folder, variants=1)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in files} == before
    cut, lost = files[3], files[5]
    cut.write_bytes(cut.read_bytes()[:100])
    lost.unlink()
    scenes.write(folder, variants=1)
    assert {p: p.read_bytes() for p in files} == {p: data for p, (_, data) in before.items()}
    kept = files[0]
    assert kept.stat().st_mtime_ns == before[kept][0]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}', b"\xff"])
def test_a_broken_manifest_is_written_anew(folder: Path, content: bytes) -> None:
    good = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(content)
    scenes.write(folder, variants=1)
    assert (folder / "manifest.json").read_bytes() == good


def test_two_processes_at_once(tmp_path: Path, folder: Path) -> None:
    code = "import sys; from chiasm import scenes; from pathlib import Path\n"
    code += "scenes.write(Path(sys.argv[1]), variants=1)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    workers = [subprocess.Popen(command) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    files = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    assert files == {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    assert all((tmp_path / f).read_bytes() == (folder / f).read_bytes() for f in files)


@pytest.mark.parametrize("written", [True, False])
def test_find_by_picture_and_query(written: bool) -> None:
    if written:
        scenes.write(scenes.root())
        manifest = json.loads((scenes.root() / "manifest.json").read_text())
        digests = {path: entry["sha256"] for path, entry in manifest["images"].items()}
    else:
        digests = {path: sha256(scenes.image_bytes(path)).hexdigest() for path in PATHS}
    scenes.pictures.cache_clear()
    for probe in PROBES:
        assert scenes.find(digests[probe.images[0]], probe.query) == probe
    for case, choice in zip(CASES, scenes.cases(choice=True, tier=None), strict=True):
        digest = digests[case.images[0]]
        assert scenes.find(digest, case.query) == case
        assert scenes.find(digest, f"{case.query}\n\nWhich of these?", choice=True) == choice
    digest = digests[CASES[0].images[0]]
    assert scenes.find(digest, "Where is the station?") is None
    assert scenes.find(digest, CASES[-1].query) is None, "a query of another family"
    assert scenes.find("0" * 64, CASES[0].query) is None


def test_root_names_the_version() -> None:
    assert store.root().name.startswith(f"scenes-{scenes.VERSION}-")
