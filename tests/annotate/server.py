"""`chiasm annotate` in a process of its own, and a PostgreSQL that belongs to the test."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from chiasm.annotate.people import LEAD


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """A running application.

    Attributes:
        url: Where it is.
        links: Name -> invitation, of the first start.
    """

    def __init__(self, responses: Path, labels: str, *more: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [
            sys.executable, "-m", "chiasm.cli", "annotate", str(responses), "--labels", labels,
            "--port", str(self.port), *more,
        ]  # fmt: skip
        self.links: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with tempfile.TemporaryFile("w+") as printed:
            self._process = subprocess.Popen(
                self._command, stdout=printed, stderr=subprocess.PIPE, text=True
            )
            assert self._process.stderr is not None
            said = []
            for line in self._process.stderr:
                said.append(line)
                if line.startswith("Serving"):
                    break
            else:
                raise RuntimeError("".join(said))
            self._wait()
            printed.seek(0)
            for line in printed:
                self.links.setdefault(line.split()[0], line.split()[-1])

    def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def token(self, name: str) -> str:
        return self.links[name].partition("#")[2]

    def _wait(self) -> None:
        for _ in range(600):
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1),
            ):
                return
            time.sleep(0.1)
        raise RuntimeError("the server does not listen")


@contextlib.contextmanager
def serving(responses: Path, labels: str, *more: str) -> Iterator[Server]:
    server = Server(responses, labels, *more)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = str(found[-1]) if found else shutil.which("initdb")
    return Path(path).parent if path else None


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Address of an empty database on a server that is started here and ends with the test.

    PostgreSQL refuses to run as root: it then runs as nobody, in a folder of nobody's.
    """
    programs = postgres_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="chiasm-pg-", dir="/tmp"))
    port = free_port()
    as_: dict[str, object] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_ = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"
    run = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **as_}
    process = None
    try:
        initdb = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "tester",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        ]
        subprocess.run(initdb, check=True, **run)  # type: ignore[call-overload]
        command = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port),
                   "-k", folder]  # fmt: skip
        process = subprocess.Popen(command, **run)  # type: ignore[call-overload]
        ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
        for _ in range(600):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            time.sleep(0.1)
        yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            # Fast shutdown: SIGTERM would wait until every pool of the tests is closed.
            process.send_signal(signal.SIGINT)
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["LEAD", "Server", "free_port", "postgres", "postgres_programs", "serving"]
