import os
import struct
import tracemalloc
import zlib
from base64 import b64decode
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from chiasm.data import images
from chiasm.data.images import data_uri, missing_images, read_image
from chiasm.errors import ImageError


def encode(format: str, size: tuple[int, int] = (64, 48)) -> bytes:
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    out = BytesIO()
    more = {"save_all": True, "append_images": [picture]} if format == "MPO" else {}
    picture.save(out, format, **more)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "images").mkdir(parents=True)
    (root / "images" / "a.png").write_bytes(encode("PNG"))
    (tmp_path / "secret.png").write_bytes(encode("PNG", (10, 10)))
    return root


@pytest.mark.parametrize(
    ("format", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("MPO", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
    ],
)
def test_content_decides_what_a_file_is(root: Path, format: str, mime: str) -> None:
    data = encode(format)
    (root / "x.txt").write_bytes(data)
    image = read_image(root, "x.txt", sha256=sha256(data).hexdigest())
    assert image == (data, mime, sha256(data).hexdigest(), 64, 48, "")
    head, _, body = data_uri(image).partition(",")
    assert head == f"data:{mime};base64"
    assert b64decode(body) == data


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_image_is_refused(root: Path, format: str, share: float) -> None:
    data = encode(format)
    (root / "cut.png").write_bytes(data[: int(share * len(data))])
    with pytest.raises(ImageError, match=r"cut\.png"):
        read_image(root, "cut.png")


def test_a_thumbnail_does_not_hide_a_cut_jpeg(root: Path) -> None:
    data, small = encode("JPEG"), encode("JPEG", (16, 16))
    segment = b"\xff\xe1" + struct.pack(">H", len(small) + 2) + small
    whole = data[:2] + segment + data[2:]
    (root / "whole.jpg").write_bytes(whole)
    assert read_image(root, "whole.jpg").width == 64
    (root / "cut.jpg").write_bytes(whole[:-200])
    with pytest.raises(ImageError, match="truncated"):
        read_image(root, "cut.jpg")


def test_bytes_after_the_end_are_no_damage(root: Path) -> None:
    for format in ("PNG", "JPEG", "GIF", "WEBP"):
        (root / "x").write_bytes(encode(format) + b"trailing\xff\xda")
        assert read_image(root, "x").width == 64


@pytest.mark.parametrize("data", [b"", b"GIF", b"<svg/>", b"%PDF-1.4", b"not an image" * 99])
def test_what_is_no_image_is_refused_and_named(root: Path, data: bytes) -> None:
    (root / "x.png").write_bytes(data)
    with pytest.raises(ImageError, match=r"x\.png: not an image"):
        read_image(root, "x.png")


def test_formats_that_providers_refuse_are_refused(root: Path) -> None:
    (root / "x.png").write_bytes(encode("BMP"))
    with pytest.raises(ImageError, match="expected PNG, JPEG, GIF or WebP"):
        read_image(root, "x.png")


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_000, 8_948), (14_000, 12_783)])
def test_a_bomb_is_refused_from_its_header(root: Path, size: tuple[int, int]) -> None:
    (root / "bomb.png").write_bytes(bomb(*size))
    tracemalloc.start()
    with pytest.raises(ImageError, match="pixels"):
        read_image(root, "bomb.png")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_the_limit_holds_when_another_package_lifted_pillows(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    (root / "bomb.png").write_bytes(bomb(60_000, 60_000))
    with pytest.raises(ImageError, match="60000 x 60000 pixels"):
        read_image(root, "bomb.png")


def test_large_files_are_refused_unread(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (root / "big.png").open("wb") as stream:
        stream.truncate(images.MAX_BYTES + 1)
    with pytest.raises(ImageError, match="50 MB"):
        read_image(root, "big.png")


def test_another_digest_is_refused(root: Path) -> None:
    with pytest.raises(ImageError, match=f"expected {'0' * 64}"):
        read_image(root, "images/a.png", sha256="0" * 64)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "images/../../secret.png"])
def test_a_path_out_of_the_folder_is_refused(root: Path, path: str) -> None:
    with pytest.raises(ImageError, match="path"):
        read_image(root, path)
    with pytest.raises(ImageError, match="path"):
        missing_images(root, [path])


def test_a_link_out_of_the_folder_is_refused(root: Path) -> None:
    (root / "images" / "link.png").symlink_to(root.parent / "secret.png")
    with pytest.raises(ImageError, match="cp -rL"):
        read_image(root, "images/link.png")


def test_folders_pipes_and_lost_files_are_missing(root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    for path in ("images", "pipe.png", "lost.png", "images/a.png/b.png"):
        with pytest.raises(ImageError, match="missing"):
            read_image(root, path)
    assert missing_images(root, ["b.png", "images/a.png", "a.png", "b.png"]) == ["b.png", "a.png"]


pieces = st.sampled_from(
    ["..", ".", "", "images", "a.png", "secret.png", "root", "out", "\\", "\0"]
)


@given(st.one_of(st.text(max_size=20), st.lists(pieces, max_size=6).map("/".join)))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_reads_the_secret(root: Path, path: str) -> None:
    if not (root / "out").is_symlink():
        (root / "out").symlink_to(root.parent)
    secret = sha256((root.parent / "secret.png").read_bytes()).hexdigest()
    try:
        image = read_image(root, path)
    except ImageError:
        return
    assert image.sha256 != secret


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_never_raises_anything_else(root: Path, data: st.DataObject) -> None:
    blob = bytearray(encode(data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"])), (9, 7)))
    del blob[data.draw(st.integers(0, len(blob))) :]
    for at in data.draw(st.lists(st.integers(0, 120), max_size=4)):
        if at < len(blob):
            blob[at] = data.draw(st.integers(0, 255))
    (root / "x.png").write_bytes(bytes(blob))
    try:
        assert read_image(root, "x.png").data == bytes(blob)
    except ImageError as error:
        assert error.file == "x.png"


def test_real_images_are_read_whatever_their_names_say(shared: Path) -> None:
    """Two of MOSSBench's files are WebP under the name of PNG."""
    root = shared / "mossbench"
    found = {f.name: read_image(root, f"images/{f.name}") for f in (root / "images").iterdir()}
    assert len(found) == 60
    assert {n for n, i in found.items() if i.mime == "image/webp"} == {"131.png", "170.png"}
