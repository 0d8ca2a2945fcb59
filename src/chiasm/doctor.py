"""`chiasm doctor`: what this machine has, what is broken, and what to do about it.

Nothing is asked over the network, and of a key only its name is shown.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from chiasm.data.registry import cache_dir
from chiasm.models.local.environment import UNINSTALL, installed, torchvision

KEYS = (
    "ANTHROPIC_API_KEY",
    "AZUREAI_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "DEEPSEEK_API_KEY",
    "GOOGLE_API_KEY",
    "GROQ_API_KEY",
    "HF_TOKEN",
    "MISTRAL_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "TOGETHER_API_KEY",
    "XAI_API_KEY",
)
"""Environment variables of Inspect's providers; others that end alike are shown too."""

OPTIONAL = ("transformers", "accelerate", "peft", "bitsandbytes")
GIB = 2**30
ENOUGH_GIB = 2


class Line(NamedTuple):
    """A finding.

    Attributes:
        name: What was looked at.
        state: What was found.
        problem: What is wrong and how to mend it; empty where nothing is.
    """

    name: str
    state: str
    problem: str = ""


def report() -> tuple[str, bool]:
    """The findings as text, and whether all is well; what is optional and absent is well."""
    lines = [*_packages(), *_torch(), *_machine(), _cache(), _keys()]
    width = max(len(line.name) for line in lines)
    text = [f"{line.name:<{width}}  {line.state}" for line in lines]
    problems = [f"problem: {line.problem}" for line in lines if line.problem]
    return "\n".join([*text, "", *(problems or ["no problems found"])]), not problems


def _packages() -> Iterator[Line]:
    yield Line("python", f"{platform.python_version()} ({sys.executable})")
    for name in ("chiasm", "inspect-ai"):
        found = installed(name)
        yield Line(name, found or "not installed", "" if found else f"pip install {name}")
    if not find_spec("torch"):
        missing = "not installed (only local models need it: pip install 'chiasm[local]')"
        yield Line("torch", missing)
    for name in OPTIONAL:
        yield Line(name, installed(name) or "not installed (optional)")
    vision = torchvision()
    if vision.state == "absent":
        yield Line("torchvision", "not installed (needed for Llama 4 only)")
    elif vision.state == "works":
        yield Line("torchvision", vision.version)
    else:
        yield Line(
            "torchvision",
            f"{vision.version} BROKEN: {vision.why}",
            f"torchvision can't be imported, and breaks every image model: {UNINSTALL}",
        )


def _torch() -> Iterator[Line]:
    """torch, if it is there: its version and devices."""
    if not find_spec("torch"):
        return
    try:
        import torch
    except (ImportError, OSError, RuntimeError) as error:
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        yield Line("torch", f"BROKEN: {why}", "torch can't be imported: reinstall it")
        return
    yield Line("torch", f"{torch.__version__}, {torch.get_num_threads()} threads")
    yield Line("device", ", ".join(_devices(torch)))


def _devices(torch: Any) -> Iterator[str]:
    for i in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(i)
        name = torch.cuda.get_device_name(i)
        yield f"cuda:{i} {name} ({free / GIB:.0f} of {total / GIB:.0f} GiB free)"
    if torch.backends.mps.is_available():
        yield "mps"
    yield "cpu"


def _machine() -> Iterator[Line]:
    yield Line("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors")
    memory = _memory()
    if memory:
        yield Line("memory", f"{memory / GIB:.0f} GiB")


def _memory() -> int:
    """Bytes of memory, 0 where the system does not tell (Windows)."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cache() -> Line:
    folder = cache_dir()
    above = next(p for p in [folder, *folder.parents] if p.exists())
    free = shutil.disk_usage(above).free / GIB
    room = f"{free:.0f} GiB free"
    problem = ""
    if not os.access(above, os.W_OK):
        problem = f"{folder} can't be written to: set CHIASM_CACHE to another folder"
    elif free < ENOUGH_GIB:
        problem = f"less than {ENOUGH_GIB} GiB are free at {folder}: set CHIASM_CACHE"
    if not folder.exists():
        return Line("cache", f"{folder} (not there yet, {room})", problem)
    return Line("cache", f"{folder} ({_size(folder) / GIB:.2f} GiB, {room})", problem)


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; a link counts as itself, and none is followed."""
    return sum(
        (Path(root) / name).lstat().st_size for root, _, names in os.walk(folder) for name in names
    )


def _keys() -> Line:
    ending = ("_API_KEY", "_TOKEN")
    known = {n for n in os.environ if n.endswith("_API_KEY")} | (set(KEYS) & set(os.environ))
    named = sorted(name for name in known if os.environ[name].strip() and name.endswith(ending))
    return Line("keys", ", ".join(named) or "none of any provider is set")
