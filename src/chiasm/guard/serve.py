"""`chiasm guard serve`: opens the guards and serves until a signal.

SIGTERM and Ctrl-C stop accepting and finish what is in flight. The port can be shared
(SO_REUSEPORT): a new process is started beside the old one before that one is told to stop.
"""

import socket

from chiasm.errors import ConfigError
from chiasm.guard.check import Checker
from chiasm.guard.decisions import Decisions
from chiasm.guard.policy import Policy

BACKLOG = 2048

KEEP_ALIVE_S = 75
"""Longer than clients keep an idle connection (5 s in Python's): who closes first loses nothing."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound; port 0 takes a free one.

    Raises:
        ConfigError: The address can't be had.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. asyncio sets it only for sockets that name their protocol, and without
    # it an answer's second packet waits for the client's delayed acknowledgement, 40 ms.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)  # from now on clients wait; none is refused
    except OSError as error:
        bound.close()
        why = error.strerror or error
        raise ConfigError(f"--host {host} --port {port}: {why}; try another port") from None
    return bound


def opened(policy: Policy) -> tuple[Checker, Decisions]:
    """Guards and log, ready.

    Raises:
        ConfigError: One of them can't be had; or the packages of the extra `serve` are missing.
    """
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ConfigError(f'{error.name} is missing: pip install "chiasm[serve]"') from None
    if not policy.upstream.startswith(("http://", "https://")):
        raise ConfigError(f"--upstream {policy.upstream}: expected http(s)://HOST/v1")
    return Checker(policy), Decisions(policy.log)


def serve(policy: Policy, checker: Checker, decisions: Decisions, bound: socket.socket) -> None:
    """Serve until a signal ends it."""
    import uvicorn

    from chiasm.guard.app import make_app

    config = uvicorn.Config(
        make_app(policy, checker, decisions),
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    uvicorn.Server(config).run(sockets=[bound])
