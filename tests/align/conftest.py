"""A tiny random LLaVA, and small rows about harmless things."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from chiasm.align.rows import Row


def png(seed: int, size: tuple[int, int] = (24, 24)) -> bytes:
    """A plain picture that differs by seed."""
    stream = BytesIO()
    Image.new("RGB", size, ((seed * 53) % 256, (seed * 91) % 256, 120)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def rows() -> Callable[..., list[Row]]:
    """Rows of both kinds; every second one shows a picture."""

    def make(count: int = 8, *, images: bool = True) -> list[Row]:
        made = []
        for k in range(count):
            harmful = k % 4 < 2
            made.append(
                Row(
                    id=f"mild/{k}",
                    dataset="mild",
                    kind="harmful" if harmful else "benign",
                    prompt=f"May I do number {k} now?",
                    images=(png(k),) if images and k % 2 else (),
                    chosen="Better not." if harmful else "Yes, go on.",
                    rejected="Sure, do it." if harmful else "No.",
                )
            )
        return made

    return make


@pytest.fixture(scope="session")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a few thousand random weights."""
    torch = pytest.importorskip("torch")
    from tests.models.local import tiny

    torch.set_num_threads(1)
    return tiny.make("llava", tmp_path_factory.mktemp("llava"))
