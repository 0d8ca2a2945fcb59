"""The gateway's socket."""

import socket

from chiasm.guard.serve import listen


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with listen("127.0.0.1", 0) as bound, socket.create_connection(bound.getsockname()):
        accepted, _ = bound.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_port_can_be_shared_for_a_restart() -> None:
    with listen("127.0.0.1", 0) as old, listen("127.0.0.1", old.getsockname()[1]) as new:
        assert new.getsockname() == old.getsockname()
