"""A server that speaks what `chiasm data get` needs of the Hugging Face hub, and of raw GitHub.

Hub: ``/api/datasets/<id>[/revision/<rev>]`` with siblings, ``/datasets/<id>/resolve/<rev>/<path>``
with ETag, X-Repo-Commit and ranges; large files are redirected to another address, as there.
GitHub: ``/<owner>/<name>/<commit>/<path>``. Faults are set on the object while it runs.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

LFS_SIZE = 10_000
"""From so many bytes on a file is stored with LFS: listed by SHA-256 and redirected."""


class Seen(NamedTuple):
    """A request that came in."""

    method: str
    path: str
    range: str
    token: str


@dataclass
class Repo:
    """A repository with one commit."""

    commit: str
    files: dict[str, bytes]
    gated: bool = False


@dataclass
class Faults:
    """What goes wrong, by a file's path in its repository."""

    cut: dict[str, int] = field(default_factory=dict)  # how often it ends at half of what is left
    busy: dict[str, int] = field(default_factory=dict)  # how often 503
    corrupt: set[str] = field(default_factory=set)
    no_ranges: bool = False
    bytes_per_second: float = 0


class HubServer:
    """Use as a context manager; `url` is for HF_ENDPOINT and CHIASM_GITHUB alike."""

    def __init__(self) -> None:
        self.hub: dict[str, Repo] = {}
        self.github: dict[str, Repo] = {}
        self.faults = Faults()
        self.seen: list[Seen] = []
        self.token = "hf_good"
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def ranges(self, path: str) -> list[str]:
        """The Range headers of the requests for a file's bytes, oldest first."""
        return [s.range for s in self.seen if s.method == "GET" and s.path.endswith(path)]


def _handler(server: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        owner = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    owner: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        seen = Seen(self.command, path, self.headers.get("Range", ""), token)
        self.owner.seen.append(seen)
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "datasets"]:
            self._info("/".join(parts[2:4]), parts[5] if parts[4:5] == ["revision"] else "")
        elif parts[0] == "datasets" and parts[3:4] == ["resolve"]:
            self._resolve("/".join(parts[1:3]), parts[4], "/".join(parts[5:]), token)
        elif parts[0] == "cdn":
            self._bytes("/".join(parts[3:]), self.owner.hub["/".join(parts[1:3])])
        else:
            self._raw("/".join(parts[:2]), parts[2], "/".join(parts[3:]))

    def _repo(self, id: str, revision: str) -> Repo | None:
        repo = self.owner.hub.get(id)
        if repo is None:
            self._error(401, "RepoNotFound")
        elif revision not in ("", "main", repo.commit):
            self._error(404, "RevisionNotFound")
        else:
            return repo
        return None

    def _info(self, id: str, revision: str) -> None:
        if repo := self._repo(id, revision):
            siblings = [_sibling(path, data) for path, data in repo.files.items()]
            body = {"id": id, "_id": "0", "sha": repo.commit, "siblings": siblings}
            self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _resolve(self, id: str, revision: str, path: str, token: str) -> None:
        repo = self._repo(id, revision)
        if repo is None:
            return
        if repo.gated and token != self.owner.token:
            self._error(403 if token else 401, "GatedRepo")
        elif path not in repo.files:
            self._error(404, "EntryNotFound")
        elif len(repo.files[path]) >= LFS_SIZE:
            self._send(302, b"", {"Location": f"/cdn/{id}/{path}", "X-Repo-Commit": repo.commit})
        else:
            self._bytes(path, repo)

    def _raw(self, id: str, commit: str, path: str) -> None:
        repo = self.owner.github.get(id)
        if repo is None or commit != repo.commit or path not in repo.files:
            self._send(404, b"404: Not Found", {})
        else:
            self._bytes(path, repo)

    def _bytes(self, path: str, repo: Repo) -> None:
        faults, data = self.owner.faults, repo.files[path]
        if faults.busy.get(path, 0) > 0:
            faults.busy[path] -= 1
            self._send(503, b"", {})
            return
        headers = {"ETag": f'"{sha256(data).hexdigest()}"', "X-Repo-Commit": repo.commit}
        if path in faults.corrupt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        status, start = 200, 0
        if (asked := self.headers.get("Range")) and not faults.no_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        cut = faults.cut.get(path, 0) > 0
        if cut:
            faults.cut[path] -= 1
        self._send(status, data[start:], headers, cut=cut)

    def _error(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": "no"})

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.close_connection = True
            return
        self._trickle(body)

    def _trickle(self, body: bytes) -> None:
        speed = self.owner.faults.bytes_per_second
        step = int(speed / 50) if speed else len(body) or 1
        for at in range(0, len(body), step):
            try:
                self.wfile.write(body[at : at + step])
            except (BrokenPipeError, ConnectionResetError):  # the other side was killed
                return
            if speed:
                time.sleep(step / speed)


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    blob = sha1(b"blob %d\0" % len(data) + data).hexdigest()
    found: dict[str, Any] = {"rfilename": path, "size": len(data), "blobId": blob}
    if len(data) >= LFS_SIZE:
        found["blobId"] = "0" * 40  # of the pointer file
        found["lfs"] = {"sha256": sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return found
