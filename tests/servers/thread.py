"""An ASGI application served from a thread of the test's own process."""

import socket
import threading
from typing import Self

import uvicorn
from fastapi import FastAPI


class InThread:
    """Serves what `app` makes between enter and exit, at `url` on a free port."""

    def app(self) -> FastAPI:
        """What is served."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        bound = socket.socket()
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self.app(),
                log_level="critical",
                timeout_graceful_shutdown=1,
                timeout_keep_alive=75,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([bound],), daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(30)
