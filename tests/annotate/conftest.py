"""Databases to store labels in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.annotate.server import postgres, postgres_programs

NO_POSTGRES = "needs PostgreSQL's server (apt-get install postgresql)"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server for the session; its databases are made by the tests."""
    if postgres_programs() is None:
        pytest.skip(NO_POSTGRES)
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def labels(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "labels.db")
    return new_database(request.getfixturevalue("postgres_server"), tmp_path.name)


def new_database(server: str, name: str) -> str:
    """Make a database on this server; its address."""
    import psycopg

    name = "t_" + "".join(c for c in name.lower() if c.isalnum())[-40:]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.rpartition("/")[0] + f"/{name}"
