"""What holds for every test and doctest: no network beyond this machine, nothing of its user."""

import os
import socket
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

SECRET = ("_API_KEY", "_BASE_URL", "_TOKEN", "_ENDPOINT", "_CREDENTIALS", "_ACCESS_KEY")
OURS = ("CHIASM_", "INSPECT_", "HF_", "XDG_", "AWS_", "AZURE_", "OPENAI_", "GOOGLE_")
FOLDERS = {
    "HOME": "home",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
    "CHIASM_CACHE": "chiasm",
    "INSPECT_CACHE_DIR": "inspect/cache",
    "INSPECT_LOG_DIR": "inspect/logs",
    "HF_HOME": "hf",
}


TORCH = (
    *(f"models/local/{name}" for name in ("decoding", "engine", "processors", "weights")),
    *(f"lab/{name}" for name in ("arms", "base", "fusion", "network")),
)
# Where torch is missing, as in `make test`, looking for doctests would fail on these.
collect_ignore = [f"src/chiasm/{name}.py" for name in TORCH if find_spec("torch") is None]


# The same examples every time; `--hypothesis-profile=default` looks for new ones.
settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")


class OfflineError(OSError):
    """A test reached for an address beyond this machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Register what pyproject.toml does not know."""
    config.addinivalue_line("markers", "smoke: quick tests for another version of Inspect")


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, caches and log folder for each test, and no key of any provider.

    Subprocesses inherit them, and find a proxy that refuses all but this machine. What chiasm draws
    itself (``made``) is the same every time and shared by the tests of a process.
    """
    for name in list(os.environ):
        if name.endswith(SECRET) or name.startswith(OURS):
            monkeypatch.delenv(name)
    root = tmp_path_factory.mktemp("isolated")
    for name, folder in FOLDERS.items():
        monkeypatch.setenv(name, str(root / folder))
    (root / "home").mkdir()
    made = tmp_path_factory.getbasetemp() / "made"
    made.mkdir(exist_ok=True)
    (root / "chiasm").mkdir()
    (root / "chiasm" / "made").symlink_to(made, target_is_directory=True)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://tests-are-offline.invalid:9")
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    return root


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """End what Inspect does: it gives an evaluation's retries and time-outs to later calls."""
    yield
    if "inspect_ai.model._generate_config" in sys.modules:
        from inspect_ai.model import GenerateConfig
        from inspect_ai.model._generate_config import set_active_generate_config

        set_active_generate_config(GenerateConfig())


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Refuse every connection and name look-up beyond this machine, and fail the test for it.

    The failure comes at the end too, because libraries swallow errors of the network.
    """
    reached: list[str] = []

    def check(address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if isinstance(host, bytes):
            host = host.decode()
        if host and not (host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.")):
            reached.append(str(address))
            raise OfflineError(f"tests are offline: {address} is beyond this machine")

    for name in ("connect", "connect_ex", "sendto"):
        _guard(monkeypatch, socket.socket, name, check)
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        check((host, port))
        return look_up(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield reached
    if reached:
        pytest.fail(f"tests are offline, but this one reached for {sorted(set(reached))}")


def _guard(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, check: Any) -> None:
    original = getattr(owner, name)

    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(args[-1])
        return original(self, *args)

    monkeypatch.setattr(owner, name, guarded)
