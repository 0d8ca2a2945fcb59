"""Who may take part: pseudonyms, their roles, and invitations.

An invitation is a link with a random token. The database holds its SHA-256 only, so that a copy of
the database lets nobody in; a lost link is replaced by a new one, and the old one ends.
"""

import re
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, NamedTuple

import sqlalchemy as sa

from chiasm.errors import ConfigError
from chiasm.labels.database_tables import PEOPLE

Role = Literal["annotator", "lead"]

LEAD = "lead"
"""The lead's pseudonym where none is given."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


class Person(NamedTuple):
    """Somebody who holds an invitation."""

    name: str
    role: Role


def invite(engine: sa.Engine, name: str, role: Role) -> str:
    """A new token for this person; an older one of theirs ends.

    Raises:
        ConfigError: The name can't be a pseudonym, or has the other role.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} can't be a pseudonym: expected up to 40 letters, digits, '.', '_' or '-'"
        )
    known = {person.name: person.role for person in everybody(engine)}
    if known.get(name, role) != role:
        raise ConfigError(f"{name} is {known[name]} in this database and can't be {role} too")
    token = secrets.token_urlsafe(32)
    values = {"token": _digest(token), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    with engine.begin() as connection:
        if name in known:
            connection.execute(sa.update(PEOPLE).where(PEOPLE.c.name == name).values(values))
        else:
            connection.execute(sa.insert(PEOPLE).values(name=name, role=role, **values))
    return token


def everybody(engine: sa.Engine) -> list[Person]:
    """All people, by name."""
    with engine.connect() as connection:
        found = connection.execute(sa.select(PEOPLE.c.name, PEOPLE.c.role).order_by(PEOPLE.c.name))
        return [Person(str(name), _role(role)) for name, role in found]


def holder(engine: sa.Engine, token: str) -> Person | None:
    """Whose token it is; None if nobody's. The database is asked each time: links can end."""
    query = sa.select(PEOPLE.c.name, PEOPLE.c.role).where(PEOPLE.c.token == _digest(token))
    with engine.connect() as connection:
        found = connection.execute(query).first()
    return None if found is None else Person(str(found[0]), _role(found[1]))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _role(role: str) -> Role:
    return "lead" if role == "lead" else "annotator"
