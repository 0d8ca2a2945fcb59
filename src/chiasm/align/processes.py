"""The processes that `accelerate launch` or `torchrun` has started together."""

import os
from typing import Any


def is_alone() -> bool:
    """Whether this process was started by itself."""
    return int(os.environ.get("WORLD_SIZE", "1")) == 1


def is_first() -> bool:
    """Whether this process speaks for all that were launched together."""
    return os.environ.get("RANK", "0") == "0"


def together() -> Any:
    """Accelerate's state, which counts the processes and lets one go first."""
    import torch
    from accelerate import PartialState

    # Where there is no GPU, accelerate sees one process unless it is told to use the CPU.
    return PartialState(cpu=not torch.cuda.is_available())
