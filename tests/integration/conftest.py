"""A server of its own for every test, under a name of its own."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.servers.process import OpenAIServer

_numbers = count(1)


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """As the fixture of all tests.

    Inspect keeps a model by its name for as long as the process lives, with the address that it
    had: under the same name, a test's calls would go to the server of the test before.
    """
    with OpenAIServer(service=f"local{next(_numbers)}") as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        yield server
