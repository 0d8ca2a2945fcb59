"""A server of scripted builders, under a name of its own for every test."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.build.world import BuildServer

_numbers = count(1)


@pytest.fixture
def builders(monkeypatch: pytest.MonkeyPatch) -> Iterator[BuildServer]:
    with BuildServer(service=f"builders{next(_numbers)}") as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        yield server
