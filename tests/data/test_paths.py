from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.data.paths import OutsideError, inside, relative_parts

pieces = st.sampled_from(
    ["..", ".", "", "a", "b.png", "\\", "..\\", "\0", "C:", "~", "%2e%2e", " ", "…", "／", "\ud800"]
)
paths = st.one_of(st.text(max_size=30), st.lists(pieces, max_size=8).map("/".join))


@pytest.mark.parametrize(
    "path",
    [
        *("", ".", "./", "/", "/etc/passwd", "//host/x", "../x", "a/../../x", "a/.."),
        *("a\\b", "..\\x", "C:/x", "C:x", "file:///x", "a\0b", "a\nb", "\ud800.png"),
    ],
)
def test_what_could_mean_another_file_is_refused(path: str) -> None:
    with pytest.raises(OutsideError):
        relative_parts(path)


@pytest.mark.parametrize("path", ["a.png", "./a.png", "a//b.png", "...png", "a/..b", "~/x", "ä ö"])
def test_plain_names_are_taken(path: str, tmp_path: Path) -> None:
    assert inside(tmp_path, path).is_relative_to(tmp_path.resolve())


@given(paths)
def test_no_path_gets_out(path: str) -> None:
    root = Path(__file__).parent
    try:
        found = inside(root, path)
    except OutsideError:
        return
    assert found.is_relative_to(root.resolve())
    assert found != root.resolve()


def test_links_are_followed_before_the_decision(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.png").touch()
    (root / "file.png").symlink_to(outside / "secret.png")
    (root / "folder").symlink_to(outside)
    (root / "real.png").touch()
    (root / "alias.png").symlink_to("real.png")
    (root / "loop.png").symlink_to("loop.png")
    for path in ("file.png", "folder/secret.png", "folder/lost.png"):
        with pytest.raises(OutsideError, match="link"):
            inside(root, path)
    assert inside(root, "alias.png") == (root / "real.png").resolve()
    with pytest.raises(OutsideError):
        if inside(root, "loop.png"):  # Python 3.13 resolves a loop without an error
            raise OutsideError


def test_a_folder_reached_through_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert inside(tmp_path / "link", "x.png") == tmp_path.resolve() / "real" / "x.png"


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data2").mkdir()
    (tmp_path / "data" / "x").symlink_to(tmp_path / "data2")
    with pytest.raises(OutsideError):
        inside(tmp_path / "data", "x/a.png")
