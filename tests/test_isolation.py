"""The fixtures of conftest.py do what every other test relies on."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("example.org", 80)])
def test_connections_beyond_this_machine_are_refused_and_remembered(offline, address):
    with pytest.raises(OSError, match=f"offline: .*{address[0]}"):
        socket.create_connection(address, timeout=1)
    with socket.socket() as plain, pytest.raises(OSError, match="offline"):
        plain.connect(address)
    assert len(offline) == 2
    offline.clear()  # or this test would fail for it


def test_this_machine_is_within_reach(offline):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
    assert offline == []


def test_subprocesses_reach_nothing_either():
    code = "import httpx; httpx.get('http://192.0.2.1', timeout=2)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ConnectError" in done.stderr  # the proxy's name; not a time-out of the address


def test_home_and_caches_are_of_this_test(isolated):
    for name in ("CHIASM_CACHE", "INSPECT_LOG_DIR", "XDG_CACHE_HOME", "HF_HOME"):
        assert Path(os.environ[name]).is_relative_to(isolated)
    assert list(Path.home().iterdir()) == []
    assert not [name for name in os.environ if name.endswith("_API_KEY")]
