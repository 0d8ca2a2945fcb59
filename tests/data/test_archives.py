import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chiasm.data.archives import free_space, unpack
from chiasm.errors import DataError

FILES = {"imgs/0.png": b"zero", "imgs/1.png": b"one" * 1000, "readme.txt": b""}


def tar(path: Path, files: dict[str, bytes], mode: str = "w", **more: object) -> Path:
    with tarfile.open(path, mode) as out:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("imgs")
        folder.type = tarfile.DIRTYPE
        out.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in more.items():
                setattr(info, key, value)
            out.addfile(info, io.BytesIO(data))
    return path


def zipped(path: Path, files: dict[str, bytes], *, mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("imgs/", b"")
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, data)
    return path


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def written(into: Path) -> dict[str, bytes]:
    files = (f for f in into.rglob("*") if f.is_file() or f.is_symlink())
    return {f.relative_to(into).as_posix(): f.read_bytes() for f in files}


@pytest.mark.parametrize(
    "make",
    [
        lambda path: tar(path, FILES),
        lambda path: tar(path, FILES, "w:gz"),
        lambda path: tar(path, FILES, "w:xz"),
        lambda path: tar(path, {f"./{n}": d for n, d in FILES.items()}),
        lambda path: zipped(path, FILES),
        lambda path: zipped(path, FILES, mode=stat.S_IFREG | 0o644),
    ],
)
def test_files_arrive_as_they_are(make: Callable[[Path], Path], tmp_path: Path, into: Path) -> None:
    archive = make(tmp_path / "archive")
    assert unpack(archive, into) == {name: len(data) for name, data in FILES.items()}
    assert written(into) == FILES
    (into / "imgs" / "0.png").write_bytes(b"half")
    (into / "imgs" / "1.png.part").write_bytes(b"of a call that was killed")
    assert unpack(archive, into)
    assert written(into) == FILES


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\..\\x", "C:/x", "a\nb", "imgs/.."])
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_path_out_of_the_folder_refuses_the_archive(
    make: Callable[..., Path], name: str, tmp_path: Path, into: Path
) -> None:
    archive = make(tmp_path / "archive", {"fine.png": b"x", name: b"x"})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="archive"):
        unpack(archive, into)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_refuse_the_archive(kind: bytes, tmp_path: Path, into: Path) -> None:
    archive = tar(tmp_path / "archive", {"x": b""}, type=kind, linkname="/etc/passwd")
    with pytest.raises(DataError, match="link, a device"):
        unpack(archive, into)
    assert not written(into)


def test_a_link_in_a_zip_refuses_it(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path / "archive", {"x": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    with pytest.raises(DataError, match="link or a device"):
        unpack(archive, into)


def test_a_link_that_is_there_does_not_lead_out(tmp_path: Path, into: Path) -> None:
    (tmp_path / "outside").mkdir()
    (into / "imgs").symlink_to(tmp_path / "outside")
    with pytest.raises(DataError, match="link"):
        unpack(tar(tmp_path / "archive", FILES), into)
    assert not list((tmp_path / "outside").iterdir())


def test_a_name_twice_refuses_the_archive(tmp_path: Path, into: Path) -> None:
    archive = tar(tmp_path / "archive", {"a/x": b"1", "./a/x": b"2"})
    with pytest.raises(DataError, match="occurs twice"):
        unpack(archive, into)


@pytest.mark.parametrize("limits", [{"max_file": 999}, {"max_total": 1999}])
def test_limits_are_judged_before_anything_is_written(
    limits: dict[str, int], tmp_path: Path, into: Path
) -> None:
    archive = zipped(tmp_path / "archive", {"a": b"0" * 1000, "b": b"0" * 1000})
    with pytest.raises(DataError, match="too large"):
        unpack(archive, into, **limits)
    assert not written(into)


def test_a_zip_that_hides_its_size_is_stopped(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path / "archive", {"bomb": b"0" * 1_000_000})
    raw = archive.read_bytes()
    size = (1_000_000).to_bytes(4, "little")
    assert raw.count(size) == 2
    archive.write_bytes(raw.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"another size|damaged"):
        unpack(archive, into)
    assert sum(len(d) for d in written(into).values()) <= 1 << 20


@pytest.mark.parametrize("data", [b"", b"not an archive", b"PK\5\6" + b"\0" * 18])
def test_what_is_no_archive(data: bytes, tmp_path: Path, into: Path) -> None:
    (tmp_path / "archive").write_bytes(data)
    if data.startswith(b"PK"):
        assert unpack(tmp_path / "archive", into) == {}
    else:
        with pytest.raises(DataError, match="archive"):
            unpack(tmp_path / "archive", into)


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_raises_nothing_else_and_writes_nothing_outside(
    tmp_path: Path, into: Path, data: st.DataObject
) -> None:
    make = data.draw(st.sampled_from([tar, zipped]))
    blob = bytearray(make(tmp_path / "whole", FILES).read_bytes())
    del blob[data.draw(st.integers(0, len(blob))) :]
    for at in data.draw(st.lists(st.integers(0, 2000), max_size=4)):
        if at < len(blob):
            blob[at] = data.draw(st.integers(0, 255))
    (tmp_path / "damaged").write_bytes(bytes(blob))
    try:
        unpack(tmp_path / "damaged", into)
    except DataError as error:
        assert "damaged" in str(error) or "member" in str(error)
    assert {p.name for p in tmp_path.iterdir()} <= {"into", "whole", "damaged"}


def test_free_space_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert free_space(tmp_path / "a" / "b") > 0
