"""Which optional packages are there, and whether they work.

Nothing is imported to find out, but torchvision, whose presence alone says nothing.
"""

import importlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal, NamedTuple

from chiasm.errors import ConfigError

EXTRA = (
    "pip install 'chiasm[local]' (for the CPU build of torch before that: "
    "pip install torch --index-url https://download.pytorch.org/whl/cpu)"
)
NEEDED = ("torch", "transformers", "accelerate")
UNINSTALL = "pip uninstall torchvision"


class Package(NamedTuple):
    """A package of the environment.

    Attributes:
        name: As it is imported.
        version: Empty where it is not installed.
        state: "broken" is worse than "absent": libraries find it and then fail to import it.
        why: What importing it raised; empty unless broken.
    """

    name: str
    version: str
    state: Literal["absent", "works", "broken"]
    why: str = ""


def require(names: Sequence[str] = NEEDED, *, get: str = EXTRA) -> None:
    """Say what is missing, and how to get it.

    Args:
        names: Modules.
        get: The command that installs them.

    Raises:
        ConfigError: One of the packages is not installed.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"local models need {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} "
            f"not installed: {get}"
        )


def installed(name: str) -> str:
    """The version of a distribution; empty where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def torchvision() -> Package:
    """Whether torchvision is there and can be imported.

    A build for another torch or for CUDA installs without complaint and dies on import. From then
    on transformers, which only looks whether it is there, can't load any processor.
    """
    if find_spec("torchvision") is None:
        return Package("torchvision", "", "absent")
    try:
        importlib.import_module("torchvision")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return Package("torchvision", installed("torchvision"), "broken", why)
    return Package("torchvision", installed("torchvision"), "works")


def check_torchvision() -> None:
    """Stop before transformers trips over a broken torchvision.

    Raises:
        ConfigError: It is installed and can't be imported.
    """
    found = torchvision()
    if found.state == "broken":
        raise ConfigError(
            f"torchvision {found.version} is installed but can't be imported ({found.why}), which "
            f"breaks every image model; it is not needed for most families: {UNINSTALL}"
        )
