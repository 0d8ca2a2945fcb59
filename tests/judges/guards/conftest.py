"""A server of scripted guards for every test, under a name of its own."""

from collections.abc import Iterator
from itertools import count

import pytest
from tests.servers.guards import GuardProcess

_numbers = count(1)


@pytest.fixture
def guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[GuardProcess]:
    """Inspect keeps a model by its name, with the address that it had: hence the new name."""
    with GuardProcess(service=f"guards{next(_numbers)}") as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        yield server
