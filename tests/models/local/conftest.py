"""Tiny checkpoints, made once a session. Nothing here needs torch before a test asks for it.

``CHIASM_TEST_TORCHVISION`` names a folder with torchvision, which the tests of families are also
run with. The build on PyPI is for CUDA: where it can't be imported beside a CPU build of torch, the
two operators are declared that it misses; its picture transforms then work.
"""

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chiasm.models.local.engine import Engine

collect_ignore = [] if find_spec("torch") else ["tiny.py"]  # no doctests where it can't load
TORCHVISION = os.environ.get("CHIASM_TEST_TORCHVISION", "")


def use_torchvision(folder: str) -> None:
    sys.path.insert(0, str(Path(folder).resolve()))
    try:
        import torchvision
    except (RuntimeError, ImportError, OSError):
        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        import torch

        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        torchvision.kept = library  # a declaration lasts as long as its object


if TORCHVISION:
    use_torchvision(TORCHVISION)


@pytest.fixture(scope="session")
def one_thread() -> None:
    """Several threads on busy cores are ten times slower than one."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Callable[[str], Path]:
    """Folder of a family's tiny checkpoint."""
    made: dict[str, Path] = {}

    def get(family: str) -> Path:
        from tests.models.local import tiny

        if family not in made:
            made[family] = tiny.make(family, tmp_path_factory.mktemp(family))
        return made[family]

    return get


@pytest.fixture
def open_tiny(checkpoint: Callable[[str], Path]) -> Iterator[Callable[..., "Engine"]]:
    """Loads a family's tiny checkpoint with options; its thread ends with the test."""
    opened = []

    def get(family: str = "llava", **options: Any) -> "Engine":
        from chiasm.models.local.engine import open_engine
        from chiasm.models.local.options import Options

        folder = options.pop("folder", None) or checkpoint(family)
        opened.append(open_engine(Options(model=str(folder), **options)))
        return opened[-1]

    yield get
    for engine in opened:
        engine.worker.close()
